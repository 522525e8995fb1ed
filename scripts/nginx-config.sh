#!/usr/bin/env bash
# Writes a configuration that nginx can be started with on this machine, without root:
#   nginx-config.sh DIR LISTEN GATEWAY PROCESSOR      (each an address such as 127.0.0.1:8080)
#   nginx -p DIR -c DIR/nginx.conf -g 'daemon off;'
# Everything that is the same everywhere is copied from nginx/; only where the services
# are, what to listen on and where to write is this machine's own.
set -euo pipefail
[ $# = 4 ] || { echo "usage: $0 DIR LISTEN GATEWAY PROCESSOR" >&2; exit 2; }
dir=$1 listen=$2 gateway=$3 processor=$4
source=$(cd "$(dirname "$0")/../nginx" && pwd)

mkdir -p "$dir/temporary"
dir=$(cd "$dir" && pwd)
cp "$source/routes.conf" "$dir/"
# These two are said once, in the main file.
sed -e "s|^error_log .*|error_log $dir/error.log warn;\\npid $dir/nginx.pid;|" \
  -e "s|access_log /dev/stdout|access_log $dir/access.log|" "$source/nginx.conf" >"$dir/nginx.conf"
# Started by root, the workers are another account's and have to write here.
[ "$(id -u)" != 0 ] || chmod 711 "$dir"

{
  for name in client_body proxy fastcgi uwsgi scgi; do
    echo "${name}_temp_path $dir/temporary/$name;"
  done
  printf 'upstream gateway { server %s; keepalive 32; }\n' "$gateway"
  printf 'upstream processor { server %s; keepalive 32; }\n' "$processor"
} >"$dir/upstreams.conf"
printf 'server {\n    listen %s;\n    server_name _;\n    include routes.conf;\n}\n' "$listen" >"$dir/servers.conf"
