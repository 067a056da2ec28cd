#!/bin/sh
# Installs Debian packages that a test needs, and says what and why. Does nothing when all is there.
# Usage: tests/setup/debian.sh WHY COMMAND:PACKAGE…
# Services that come with them are not started: a test runs what it needs itself.
# Without root or apt-get it says what is missing and leaves it to the test to say SKIPPED.
set -eu

why=${1:?usage: tests/setup/debian.sh WHY COMMAND:PACKAGE…}
shift
missing=
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed, for $why:$missing. As root on Debian or Ubuntu: apt-get install$missing" >&2
    exit 0
fi
echo "installing$missing, for $why" >&2
# What a package's scripts ask before they start its service.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
# The lists may be old or absent in a container; they are fetched only when the first try fails.
install() {
    # shellcheck disable=SC2086 # one word per package is meant
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null
}
install 2>/dev/null || { apt-get update >/dev/null && install; }
