#!/usr/bin/env bash
# Builds Quire and starts it: everything in one process, with a PostgreSQL of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# With a database named there is none to bring along.
[ -n "${DATABASE_URL:-}" ] || scripts/install-deps.sh run
cargo build --release --locked -p quire
exec "$(target_dir)/release/quire" up "$@"
