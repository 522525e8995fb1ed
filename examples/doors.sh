#!/usr/bin/env bash
# Every way in for a document beside the main one, with plain curl: a file; bytes that go to storage by
# themselves; a file with metadata that is split; and the way out of each.
#
#   examples/doors.sh [FILE]        QUIRE_URL names the server (default: the one of `make run`)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
url=${QUIRE_URL:-http://127.0.0.1:8080}
file=${1:-$here/report.pdf}
name=visitor-$(date +%s)-$$
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Takes one value out of a JSON answer, by its place: `file.url`.
field() {
  node -e 'console.log(process.argv[1].split(".").reduce((value, key) => value[key], JSON.parse(require("fs").readFileSync(0, "utf8"))))' "$1"
}

call() { curl --silent --show-error --fail-with-body --location "$@"; }

# With the token of the visitor.
own() { call --header "Authorization: Bearer $token" "$@"; }

# Waits until a task has ended, and fails unless it is completed.
completed() {
  local status=pending
  for _ in $(seq 300); do
    status=$(own "$url/process/tasks/$1" | field status)
    case $status in pending | processing) sleep 0.2 ;; *) break ;; esac
  done
  [ "$status" = completed ] || { echo "the task $1 is $status" >&2; exit 1; }
}

# What comes out is what went in.
same() { cmp "$file" "$work/back"; }

call "$url/auth/register/" --header 'Content-Type: application/json' \
  --data "{\"username\": \"$name\", \"email\": \"$name@example.com\", \"password\": \"correct horse battery\"}" \
  >"$work/registered.json"
token=$(field access <"$work/registered.json")

echo "1. A file"
own "$url/files/" --form "file=@$file" --form folder=Reports --form tags=first >"$work/file.json"
id=$(field id <"$work/file.json")
completed "$(field task_id <"$work/file.json")"
own "$url/files/$id/" | field status
own "$url/files/$id/status/" | field progress
own "$url/files/$id/download/" --output "$work/back" && same
own "$url/files/$id/thumbnail/" --output "$work/picture.webp"

echo "2. Bytes that go to storage by themselves"
size=$(wc -c <"$file" | tr -d ' ')
own "$url/documents/initiate-upload" --header 'Content-Type: application/json' \
  --data "{\"filename\": \"again.pdf\", \"content_type\": \"application/pdf\", \"size_bytes\": $size}" \
  >"$work/announced.json"
document=$(field document_id <"$work/announced.json")
# Storage may want headers of its own: they are in the answer.
field_lines='for (const pair of Object.entries(JSON.parse(require("fs").readFileSync(0, "utf8")).headers)) console.log(pair.join(": "))'
node -e "$field_lines" <"$work/announced.json" >"$work/headers"
call --request PUT "$(field upload_url <"$work/announced.json")" --header "@$work/headers" --data-binary "@$file"
own --request POST "$url/documents/$document/enqueue" >"$work/enqueued.json"
completed "$(field job_id <"$work/enqueued.json")"
echo "duplicate: $(field duplicate <"$work/enqueued.json")"
own "$url/files/$document/download/" --output "$work/back" && same

echo "3. A file with metadata, to be split"
own "$url/api/files/" --form "file=@$file" --form 'metadata={
  "file_name": "paper.pdf", "folder_name": "Papers", "description": "to be split", "tags": ["whole"],
  "process": true, "process_params": {"split_params": {"file_map": [{"pages": [0]}]}, "prefix": "part"}
}' >"$work/stored.json"
completed "$(field processing.process_id <"$work/stored.json")"
own "$url/api/files/$(field file.object_key <"$work/stored.json")" --output "$work/back" && same
own "$url/api/records/$(field record.id <"$work/stored.json")" | field file_name
own "$url/api/records/$(field processing.record_ids.0 <"$work/stored.json")" | field file_name
own "$url/api/records/?folder_name=Papers" | field 0.file_name

echo "All doors are open"
