#!/bin/sh
# Installs what tests/redis.rs logs in to: redis-server. Without it those tests say SKIPPED. Its service is not started.
set -eu

exec "$(dirname "$0")/debian.sh" "the tests at a real Redis" redis-server:redis-server
