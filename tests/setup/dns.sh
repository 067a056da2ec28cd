#!/bin/sh
# Installs what tests/dns.rs asks: knotd, a name server that is authoritative for zones, and unbound, one that looks
# further itself. Without them those tests say SKIPPED. Their services are not started.
set -eu

exec "$(dirname "$0")/debian.sh" "the tests at real name servers" knotd:knot unbound:unbound
