#!/usr/bin/env bash
# Runs every test of the workspace against one private PostgreSQL, which is stopped at the
# end. Arguments go to the test runner: `scripts/test.sh -p quire-store`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/install-deps.sh test
use_node || { say "The tests need Node 20.15 or newer."; exit 1; }
make --no-print-directory test-tools

# The system's own cargo-nextest first; the pinned one comes after it on the path.
PATH=$PATH:$(tools_bin) || say "Without the tools the tests run with cargo test."
if have cargo-nextest; then
  profile=default
  [ -z "${CI:-}" ] || profile=ci
  runner=(cargo nextest run --profile "$profile")
else
  runner=(cargo test)
fi
build_for_tests
target=$(target_dir)
trap '"$target/debug/quire-test-servers" stop' EXIT
"$target/debug/quire-test-servers" start
if [ $# -gt 0 ]; then
  "${runner[@]}" --locked "$@"
else
  "${runner[@]}" --locked --workspace
  # Examples in the documentation; nextest has no part in them.
  cargo test --locked --workspace --doc --quiet
fi
