#!/usr/bin/env bash
# Compares what Quire makes of documents with what other programs make of them, and writes the figures
# into docs/EXTRACTION.md.
#
#   benches/extract/run.sh [words|docx|speed|split|thumbnails|hostile|written...]
#
# BENCH_CACHE   where the documents and the other programs are kept (about 1 GB)
# BENCH_EXTRA   directories of further PDFs, divided by colons
# BENCH_JOBS    documents measured at a time (2)
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh

cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quire-bench-extract}
jobs=${BENCH_JOBS:-2}
parts=("$@")
[ $# -gt 0 ] || parts=(words written docx speed split thumbnails hostile)

needed=(pdftotext:poppler-utils qpdf:qpdf npm:npm)
for program in "${needed[@]}"; do
  have "${program%%:*}" || { say "There is no ${program%%:*}: install ${program##*:}"; exit 1; }
done
# Without it poppler does not know the encodings of most Chinese, Japanese and Korean PDFs.
[ -d /usr/share/poppler/cMap ] || { say "The reference needs poppler's character maps: install poppler-data"; exit 1; }

mkdir -p "$cache"
python=$cache/peers/bin/python
if ! cmp -s benches/extract/requirements.txt "$cache/peers/installed.txt"; then
  say "Installing what is compared with into $cache/peers"
  rm -rf "$cache/peers"
  python3 -m venv "$cache/peers"
  "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement benches/extract/requirements.txt
  cp benches/extract/requirements.txt "$cache/peers/installed.txt"
fi
"$python" benches/extract/fetch.py "$cache"

cargo build --locked --release -p quire --bin quire
cargo build --locked --release -p quire-extract --examples
built=$(target_dir)/release
common=(--cache "$cache" --quire "$built/quire")
extra=()
IFS=: read -r -a folders <<<"${BENCH_EXTRA:-}"
for folder in ${folders[@]+"${folders[@]}"}; do extra+=(--extra "$folder"); done

measure() { "$python" "benches/extract/$1.py" "${common[@]}" "${@:2}"; }
failed=0
for part in "${parts[@]}"; do
  say "=== $part"
  case $part in
    words) measure score --jobs "$jobs" ${extra[@]+"${extra[@]}"} ;;
    written) measure written ;;
    docx) measure score_docx --jobs "$jobs" ;;
    speed) measure speed ;;
    split) measure split --jobs "$jobs" --split "$built/examples/split" ;;
    thumbnails) measure thumbnails --jobs "$jobs" ;;
    hostile) measure hostile --read-many "$built/examples/read_many" || failed=1 ;;
    *) say "There is no measurement $part"; exit 64 ;;
  esac
done
"$python" benches/extract/report.py --cache "$cache" --fuzzing "$(target_dir)/fuzzing/results"
say "docs/EXTRACTION.md has the figures."
exit "$failed"
