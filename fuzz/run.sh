#!/usr/bin/env bash
# Runs every fuzz target (or those named) for some time, one after another.
#
#   FUZZ_SECONDS=600 fuzz/run.sh [TARGET...]
#
# The inputs that taught something stay in the build directory and are built upon by the next run.
# Inputs that crash a reader are copied to fuzz/artifacts/TARGET/, and the script fails. The parsers of
# libraries run in a child process with limits on time and memory: there, what takes long or much is
# kept beside them, and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

seconds=${FUZZ_SECONDS:-600}
work=$(target_dir)/fuzzing
cargo_fuzz=0.13.2

if [ ! -x "$work/bin/cargo-fuzz" ]; then
  say "Installing cargo-fuzz $cargo_fuzz into $work"
  cargo install --quiet --locked --root "$work" --version "$cargo_fuzz" cargo-fuzz
fi
# The sanitizer wants flags that only a nightly compiler takes, or a stable one that is told so.
toolchain=()
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  toolchain=(+nightly)
else
  export RUSTC_BOOTSTRAP=1
fi
PATH=$work/bin:$PATH
mapfile -t all < <(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//')
targets=("$@")
[ $# -gt 0 ] || targets=("${all[@]}")

python3 fuzz/seeds.py "$work/seeds"
cargo "${toolchain[@]}" fuzz build --fuzz-dir fuzz

# What a parser of ours may take; libraries are held by the limits of the child process.
declare -A patient=([pdf]=1 [render]=1 [split]=1 [image]=1 [media]=1)
failed=0
mkdir -p "$work/results"
for target in "${targets[@]}"; do
  corpus=$work/corpus/$target found=$work/found/$target
  rm -rf "$found"
  mkdir -p "$corpus" "$found"
  options=(-fork=1 -ignore_crashes=1 "-max_total_time=$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536
    "-artifact_prefix=$found/" -print_final_stats=1)
  if [ "${patient[$target]:-}" ]; then
    options+=(-ignore_timeouts=1 -ignore_ooms=1)
  fi
  if [ -e "fuzz/dictionaries/$target.dict" ]; then
    options+=("-dict=fuzz/dictionaries/$target.dict")
  fi
  say "Fuzzing $target for $seconds s"
  # A stack as large as the child's, and as much again for what the sanitizer adds to each frame.
  (ulimit -s 65536 && cargo "${toolchain[@]}" fuzz run --fuzz-dir fuzz "$target" \
    "$corpus" "$work/seeds/$target" -- "${options[@]}") >"$work/$target.log" 2>&1 || true
  crashes=$(find "$found" '(' -name 'crash-*' -o -name 'leak-*' ')' | wc -l)
  slow=$(find "$found" '(' -name 'oom-*' -o -name 'timeout-*' ')' | wc -l)
  # What takes long or much is a finding in a reader of ours.
  [ "${patient[$target]:-}" ] || crashes=$((crashes + slow))
  covered=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$work/$target.log" | tail -1)
  runs=$(sed -n 's/^#\([0-9]*\): cov.*/\1/p' "$work/$target.log" | tail -1)
  say "$target: ${runs:-no} runs, ${covered:-no} edges, $crashes crashes, $slow over time or memory"
  printf '{"target": "%s", "seconds": %d, "runs": %d, "edges": %d, "crashes": %d, "slow": %d}\n' \
    "$target" "$seconds" "${runs:-0}" "${covered:-0}" "$crashes" "$slow" >"$work/results/$target.json"
  if [ "$crashes" -gt 0 ] || [ -z "$runs" ]; then
    failed=1
    mkdir -p "fuzz/artifacts/$target"
    find "$found" -type f -exec cp -t "fuzz/artifacts/$target" {} +
  fi
done
exit "$failed"
