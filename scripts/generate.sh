#!/usr/bin/env bash
# Writes what is made from the code and committed: openapi/ and .env.example.
#   generate.sh           write them
#   generate.sh --check   fail when what is there is not what the code says
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

build_for_tests
quire=$(target_dir)/debug/quire
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$quire" openapi "$made/openapi"
"$quire" env-example >"$made/.env.example"

if [ "${1:-}" = --check ]; then
  if ! { diff -ru openapi "$made/openapi" && diff -u .env.example "$made/.env.example"; }; then
    say "openapi/ or .env.example is out of date: run make openapi and commit the result."
    exit 1
  fi
else
  mkdir -p openapi
  cp "$made"/openapi/*.json openapi/
  cp "$made/.env.example" .env.example
fi
