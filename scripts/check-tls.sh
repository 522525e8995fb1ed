#!/usr/bin/env bash
# One TLS stack (rustls on aws-lc-rs) in everything that is built: a second one brings
# a second set of security reports.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

status=0
for unwanted in ring rustls@0.21 openssl-sys native-tls; do
  # cargo fails when the package is not in the graph at all, which is what is wanted.
  users=$(cargo tree --locked --workspace --edges normal,build --invert "$unwanted" 2>/dev/null) || continue
  # Only "nothing to print" is printed when the package is merely an unused option.
  [ -n "$users" ] || continue
  say "$unwanted is built in, and must not be:"
  say "$users"
  status=1
done
exit "$status"
