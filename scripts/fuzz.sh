#!/usr/bin/env bash
# Every fuzz target for the time given (default 30s); packages may follow. Goes
# on after a failure and lists at the end what failed.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
shift || true
[ $# -gt 0 ] || set -- ./...

# go test lists the targets of a package before the line that names it.
targets=$(go test -list '^Fuzz' "$@" |
	awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }')
failed=()
count=0
while read -r package target; do
	[ -n "$package" ] || continue
	count=$((count + 1))
	echo "fuzz: $package $target for $time"
	go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" </dev/null || failed+=("$package $target")
done <<<"$targets"

for name in ${failed[@]+"${failed[@]}"}; do
	echo "failed: $name"
done
echo "$count fuzz targets for $time each, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
