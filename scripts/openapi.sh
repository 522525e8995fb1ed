#!/usr/bin/env bash
# Writes the OpenAPI documents of both services into openapi/.
#   openapi.sh           regenerate
#   openapi.sh --check   fail when what is committed is not what the code says
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

build_for_tests
quire=$(target_dir)/debug/quire
into=openapi
if [ "${1:-}" = --check ]; then
  into=$(mktemp -d)
  trap 'rm -rf "$into"' EXIT
fi
"$quire" openapi "$into"
if [ "$into" != openapi ] && ! diff -ru openapi "$into"; then
  say "openapi/ is out of date: run make openapi and commit the result."
  exit 1
fi
