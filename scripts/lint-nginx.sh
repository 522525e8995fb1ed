#!/usr/bin/env bash
# Lets the real nginx read the configuration, with and without TLS.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

PATH=$PATH:/usr/sbin
have nginx || { say "nginx is not installed: scripts/install-deps.sh test"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
scripts/nginx-config.sh "$dir" 127.0.0.1:8080 127.0.0.1:8001 127.0.0.1:8002
nginx -q -t -p "$dir" -c "$dir/nginx.conf"

# The TLS variant, with a throw-away certificate where the file says that one has to be.
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost \
  -keyout "$dir/privkey.pem" -out "$dir/fullchain.pem" 2>/dev/null
sed -e "s|/etc/nginx/certificates|$dir|" -e 's|listen 80;|listen 127.0.0.1:8080;|' \
  -e 's|listen 443 |listen 127.0.0.1:8443 |' nginx/servers-tls.conf >"$dir/servers.conf"
nginx -q -t -p "$dir" -c "$dir/nginx.conf"
