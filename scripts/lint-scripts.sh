#!/usr/bin/env bash
# Checks the shell scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

"$(tools_bin)/shellcheck" --external-sources scripts/*.sh benches/extract/*.sh fuzz/*.sh .ci/run
