#!/bin/sh
# Puts the Node packages that tests/cors_node.rs needs into DIR/node_modules: express 5, express 4 (as express-4), cors.
# Usage: tests/setup/node.sh DIR. Run again it does nothing, unless the versions below have changed.
set -eu

dir=${1:?usage: tests/setup/node.sh DIR}
wanted='{
  "private": true,
  "dependencies": {
    "cors": "2.8.6",
    "express": "5.3.0",
    "express-4": "npm:express@4.21.2"
  }
}'

"$(dirname "$0")/debian.sh" "the tests of the rewritten server" node:nodejs npm:npm
if ! command -v npm >/dev/null 2>&1; then
  exit 0
fi

mkdir -p "$dir"
# The copy in .installed is written last, so that an interrupted installation is done again.
if [ -f "$dir/.installed" ] && [ "$(cat "$dir/.installed")" = "$wanted" ]; then
  exit 0
fi
printf '%s\n' "$wanted" >"$dir/package.json"
(cd "$dir" && npm install --silent --no-audit --no-fund --no-update-notifier --ignore-scripts >&2)
printf '%s\n' "$wanted" >"$dir/.installed"
