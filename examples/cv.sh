#!/usr/bin/env bash
# A curriculum vitae with plain curl: upload it, let a task extract its profile, read that, correct it, and
# export it.
#
#   examples/cv.sh [FILE]           QUIRE_URL names the server (default: the one of `make run`)
set -euo pipefail

url=${QUIRE_URL:-http://127.0.0.1:8080}
name=visitor-$(date +%s)-$$
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/cv.txt" <<'CV'
Curriculum Vitae

Ada Lovelace
Software Engineer
Email: ada.lovelace@example.org
Phone: +49 30 901820
Address: Invalidenstr. 43, 10115 Berlin, Germany
LinkedIn: https://www.linkedin.com/in/ada-lovelace

Work experience

05/2020 - present
Senior Engineer, Analytical Engines Ltd, Berlin
Plans and builds programs for large machines.

01/2016 - 04/2020
Engineer, Difference Works GmbH, Hamburg
Kept the engines running.

Education

10/2012 - 09/2015
BSc Mathematics, University of London

Skills
Rust, PostgreSQL, Mathematics

Languages
English (native), German (C1)
CV
file=${1:-$work/cv.txt}

# Takes one value out of a JSON answer, by its place: `name.value`.
field() {
  node -e 'console.log(process.argv[1].split(".").reduce((value, key) => value[key], JSON.parse(require("fs").readFileSync(0, "utf8"))))' "$1"
}

call() { curl --silent --show-error --fail-with-body --location "$@"; }

# With the token of the visitor.
own() { call --header "Authorization: Bearer $token" "$@"; }

# Changes the profile if it is still of that version.
change() {
  own --request PUT "$cv" --header 'Content-Type: application/json' --header "If-Match: $1" --data "$2"
}

# The version of the profile.
version() { own "$cv" --dump-header - --output /dev/null | tr -d '\r' | sed -n 's/^etag: //ip'; }

call "$url/auth/register/" --header 'Content-Type: application/json' \
  --data "{\"username\": \"$name\", \"email\": \"$name@example.com\", \"password\": \"correct horse battery\"}" \
  >"$work/registered.json"
token=$(field access <"$work/registered.json")

echo "1. Upload"
own "$url/process/submit" --form "file=@$file" --form task_type=extract_cv >"$work/submitted.json"
task=$(field task_id <"$work/submitted.json")
document=$(field document_id <"$work/submitted.json")
cv=$url/documents/$document/cv

echo "2. Extract"
status=pending
for _ in $(seq 300); do
  status=$(own "$url/process/tasks/$task" | field status)
  case $status in pending | processing) sleep 0.2 ;; *) break ;; esac
done
[ "$status" = completed ] || { echo "the task $task is $status" >&2; exit 1; }
echo "kind: $(own "$url/documents/$document" | field kind)"

echo "3. Read"
own "$cv" >"$work/profile.json"
echo "name: $(field name.value <"$work/profile.json"), page $(field name.page <"$work/profile.json"), $(field name.check <"$work/profile.json")"
echo "emails: $(field emails.items.0.value <"$work/profile.json")"

echo "4. Edit"
version=$(version)
change "$version" '{"headline": "Mathematician", "phones": ["+49 30 901821"], "skills": ["Rust", "Poetry"]}' \
  >"$work/edited.json"
echo "headline: $(field headline.value <"$work/edited.json"), edited: $(field headline.edited <"$work/edited.json")"
echo "phones: $(field phones.items.0.value <"$work/edited.json")"
# Whoever has an older version is told so.
if change "$version" '{"headline": "Countess"}' >"$work/refused.json" 2>"$work/refused.log"; then
  echo "an older version was changed" >&2
  exit 1
fi
echo "an older version: $(field code <"$work/refused.json")"
own "$cv/history" >"$work/history.json"
echo "edits: $(field length <"$work/history.json")"

echo "5. Export"
own "$cv?format=json-resume" >"$work/resume.json"
echo "resume: $(field basics.label <"$work/resume.json"), $(field basics.phone <"$work/resume.json")"
for format in docx pdf md; do
  own "$cv?format=$format" --output "$work/cv.$format"
  [ -s "$work/cv.$format" ]
done
head -n 1 "$work/cv.md"

echo "The profile is yours"
