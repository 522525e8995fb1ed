#!/usr/bin/env bash
# Checks the Dockerfiles and the compose file; needs no container engine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

bin=$(tools_bin)
"$bin/hadolint" Dockerfile.gateway Dockerfile.processor

# Whether the file is accepted, with these variables and no other (nor those of a .env).
compose_accepts() {
  env -u JWT_SECRET_KEY -u POSTGRES_PASSWORD "$@" \
    "$bin/docker-compose" --env-file /dev/null --file docker-compose.yml config --quiet
}
compose_accepts JWT_SECRET_KEY=only-for-checking POSTGRES_PASSWORD=only-for-checking
env JWT_SECRET_KEY=only-for-checking POSTGRES_PASSWORD=only-for-checking \
  S3_BUCKET_NAME=only-for-checking "$bin/docker-compose" --env-file /dev/null --file docker-compose.yml \
  --file docker-compose.s3.yml config --quiet
# A start without secrets has to be refused.
for secret in JWT_SECRET_KEY POSTGRES_PASSWORD; do
  if compose_accepts "$secret=only-for-checking" 2>/dev/null; then
    say "docker-compose.yml is accepted with no secret but $secret"
    exit 1
  fi
done
