#!/bin/sh
# Builds FerretDB, a server that speaks MongoDB's protocol and keeps its data in SQLite, as DIR/ferretdb: tests/mongo.rs
# logs in to it. Needs Go. Usage: tests/setup/mongodb.sh DIR. Run again it does nothing, unless the version has changed.
set -eu

dir=${1:?usage: tests/setup/mongodb.sh DIR}
version=v1.24.2
# Names the build: the version, and what is mended below.
build=$version+skip-empty-exchange
module=github.com/FerretDB/FerretDB

if ! command -v go >/dev/null 2>&1; then
    echo "not built, for the tests of the database driver: FerretDB needs Go" >&2
    exit 0
fi
mkdir -p "$dir"
# The version is written last, so that an interrupted build is done again.
if [ -x "$dir/ferretdb" ] && [ "$(cat "$dir/.installed" 2>/dev/null)" = "$build" ]; then
    exit 0
fi
rm -rf "$dir/build" "$dir/.installed"
mkdir "$dir/build"
cd "$dir/build"
export GOFLAGS=-mod=mod
go mod init build >/dev/null 2>&1
go get -tool "$module/cmd/ferretdb@$version" >/dev/null 2>&1
# The published module lacks the file that names its version, and the program does not start without it.
cp -r "$(go list -m -f '{{.Dir}}' "$module")" source
chmod -R u+w source
printf '%s\n' "$version" >source/build/version/version.txt
# MongoDB ends SCRAM with its own last word when the driver asks for that (skipEmptyExchange, since 4.4), and the driver
# relies on it. FerretDB always wants one more exchange.
sasl=source/internal/handler/msg_saslcontinue.go
grep -q '"done", valid, // for compatibility' "$sasl"
sed -i 's|"done", valid, // for compatibility.*|"done", conv.Valid(),|' "$sasl"
go mod edit -replace "$module=./source"
go build -o "$dir/ferretdb" "$module/cmd/ferretdb"
cd ..
rm -rf "$dir/build"
printf '%s\n' "$build" >"$dir/.installed"
