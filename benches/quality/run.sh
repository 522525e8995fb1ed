#!/usr/bin/env bash
# Compares the answers of the local methods with those of other programs, and writes the figures into
# docs/QUALITY.md.
#
#   benches/quality/run.sh [keywords|summary|sentiment|sentences|language|speed|samples...]
#
# BENCH_CACHE   where the texts and the other programs are kept (about 1 GB)
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh

cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quire-bench-quality}
parts=("$@")
[ $# -gt 0 ] || parts=(keywords summary sentiment sentences language speed samples)
mkdir -p "$cache"
python=$cache/peers/bin/python

# What the other measurements need: the programs that are compared with, the texts, and our own program.
prepare() {
  have git || { say "There is no git: install git"; exit 1; }
  if ! cmp -s benches/quality/requirements.txt "$cache/peers/installed.txt"; then
    say "Installing what is compared with into $cache/peers"
    rm -rf "$cache/peers"
    python3 -m venv "$cache/peers"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement benches/quality/requirements.txt
    cp benches/quality/requirements.txt "$cache/peers/installed.txt"
  fi
  "$python" benches/quality/data.py "$cache"
  cargo build --locked --release -p quire-ai --features measuring --example local_methods
}

program=$(target_dir)/release/examples/local_methods
# The samples are scored by the tests alone.
[ "${parts[*]}" = samples ] || prepare

for part in "${parts[@]}"; do
  case $part in
    keywords | summary | sentiment | sentences | language | speed)
      say "=== $part"
      "$python" "benches/quality/$part.py" --cache "$cache" --quire "$program"
      ;;
    samples)
      say "=== $part"
      python3 benches/quality/samples.py --cache "$cache"
      ;;
    *) say "There is no measurement $part"; exit 64 ;;
  esac
done
python3 benches/quality/report.py --cache "$cache"
say "docs/QUALITY.md has the figures."
