#!/usr/bin/env bash
# All tests, on one broker for all packages: Apache Kafka where it can be had,
# else the embedded one. The last lines say which, what was skipped and why, and
# "N passed, N failed, N skipped". Arguments go to go test; without any: ./...
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- ./...

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -o "$tools/" ./internal/kafkatest/broker ./internal/testreport
"$tools/broker" -- go test -json -timeout 15m "$@" | "$tools/testreport"
