#!/bin/sh
# Installs what tests/tls.rs visits: nginx, which shows good and bad certificates. Without it those tests say SKIPPED. Its
# service is not started.
set -eu

exec "$(dirname "$0")/debian.sh" "the tests at a real web server" nginx:nginx-light
