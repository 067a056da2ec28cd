#!/bin/sh
# Installs Debian packages that a test needs, and says what and why. Does nothing when all is there.
# Usage: tests/setup/debian.sh WHY COMMAND:PACKAGE…
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
# The lists may be old or absent in a container; they are fetched only when the first try fails.
install() {
    # shellcheck disable=SC2086 # one word per package is meant
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null
}
install 2>/dev/null || { apt-get update >/dev/null && install; }
