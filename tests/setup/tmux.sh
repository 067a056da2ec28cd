#!/bin/sh
# Installs tmux, the terminal that tests look at golive through.
set -eu

exec "$(dirname "$0")/debian.sh" "the tests in a real terminal" tmux:tmux
