#!/usr/bin/env bash
# The main job of Quire with plain curl and a few lines of Node: register, sign in, open the
# live channel, submit a PDF, hear that it was done, read the answer.
#
#   examples/walkthrough.sh [FILE]        QUIRE_URL names the server (default: the one of `make run`)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
url=${QUIRE_URL:-http://127.0.0.1:8080}
file=${1:-$here/report.pdf}
name=visitor-$(date +%s)-$$
work=$(mktemp -d)
trap 'kill "${listener:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

# Takes one field out of a JSON answer.
field() { node -e 'console.log(JSON.parse(require("fs").readFileSync(0, "utf8"))[process.argv[1]])' "$1"; }

echo "1. Register $name"
curl --silent --show-error --fail-with-body "$url/auth/register/" \
  --header 'Content-Type: application/json' \
  --data "{\"username\": \"$name\", \"email\": \"$name@example.com\", \"password\": \"correct horse battery\"}" \
  >"$work/registered.json"

echo "2. Sign in"
curl --silent --show-error --fail-with-body "$url/auth/login/" \
  --header 'Content-Type: application/json' \
  --data "{\"username\": \"$name\", \"password\": \"correct horse battery\"}" >"$work/session.json"
token=$(field access <"$work/session.json")

echo "3. Open the live channel"
QUIRE_URL=$url QUIRE_TOKEN=$token node --experimental-websocket "$here/listen.mjs" >"$work/events.log" &
listener=$!
for _ in $(seq 100); do
  grep -q '^connected' "$work/events.log" && break
  kill -0 "$listener" 2>/dev/null || break
  sleep 0.1
done
grep '^connected' "$work/events.log" || { echo "the live channel did not open" >&2; exit 1; }

echo "4. Submit $(basename "$file")"
curl --silent --show-error --fail-with-body "$url/auth/files/submit/" \
  --header "Authorization: Bearer $token" \
  --form "file=@$file" --form task_type=summarize | tee "$work/accepted.json"
echo
task=$(field task_id <"$work/accepted.json")

echo "5. Hear what becomes of it"
wait "$listener" && listener='' || { cat "$work/events.log"; exit 1; }
cat "$work/events.log"
grep -q "^task_started $task" "$work/events.log"
grep -q "^task_completed $task" "$work/events.log"

echo "6. Read the answer"
curl --silent --show-error --fail-with-body "$url/auth/files/tasks/$task/" \
  --header "Authorization: Bearer $token" >"$work/task.json"
field result <"$work/task.json"
[ "$(field status <"$work/task.json")" = completed ]
