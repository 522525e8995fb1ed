#!/usr/bin/env bash
# Checks the Dockerfiles and the compose file; needs no container engine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

bin=$(tools_bin)
"$bin/hadolint" Dockerfile.gateway Dockerfile.processor
environment=$(mktemp)
trap 'rm -f "$environment"' EXIT
printf 'JWT_SECRET_KEY=%s\nPOSTGRES_PASSWORD=%s\n' "for-checking-the-file-only" "for-checking" >"$environment"
"$bin/docker-compose" --env-file "$environment" --file docker-compose.yml config --quiet
# A start without secrets has to be refused.
if "$bin/docker-compose" --env-file /dev/null --file docker-compose.yml config --quiet 2>/dev/null; then
  say "docker-compose.yml is accepted without secrets"
  exit 1
fi
