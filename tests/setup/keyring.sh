#!/bin/sh
# Installs what tests/vault_keyring.rs needs to try a real Secret Service: gnome-keyring (the service), dbus-daemon
# (a private session bus), dbus-send (to see when the service is ready) and secret-tool (another program that changes
# entries behind golive's back). Without them that test says SKIPPED. Does nothing when all are there.
set -eu

exec "$(dirname "$0")/debian.sh" "the tests against a real keyring" \
    gnome-keyring-daemon:gnome-keyring dbus-run-session:dbus-daemon dbus-send:dbus-bin secret-tool:libsecret-tools
