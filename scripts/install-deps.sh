#!/usr/bin/env bash
# Installs what is missing, and nothing else; starts no service and leaves none running.
#   install-deps.sh run    what `make run` needs: a PostgreSQL server (its programs only)
#   install-deps.sh test   that, and what the tests run against
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# The same places that Quire itself searches.
have_postgres() {
  local program
  for program in "${PG_BIN:-/nonexistent}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql{@*,}/bin /usr/local/opt/postgresql{@*,}/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin; do
    [ -x "$program/initdb" ] && return
  done
  have initdb
}

package_manager() {
  local manager
  for manager in apt-get dnf brew; do
    have "$manager" && { echo "$manager"; return; }
  done
  echo none
}

# Debian makes a cluster and starts it when a server package is installed, and starts nginx and
# clamd. Quire runs its own PostgreSQL and the tests their own nginx and clamd, so all are told not to.
install_with_apt() {
  local no_cluster=/etc/postgresql-common/createcluster.d/quire-install.conf
  local no_start=/usr/sbin/policy-rc.d made_policy=
  as_root mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
  if [ ! -e "$no_start" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$no_start" >/dev/null
    as_root chmod 755 "$no_start"
  fi
  local status=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || status=$?
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" || status=$?
  as_root rm -f "$no_cluster"
  [ -z "$made_policy" ] || as_root rm -f "$no_start"
  # A package that is started at boot was not asked for either.
  if [ -d /run/systemd/system ]; then
    local package
    for package in "$@"; do
      case $package in
        nginx*) as_root systemctl disable --quiet nginx || true ;;
        clamav*) as_root systemctl disable --quiet clamav-daemon clamav-freshclam || true ;;
      esac
    done
  fi
  return "$status"
}

install() {
  case $1 in
    apt-get) shift; install_with_apt "$@" ;;
    dnf) shift; as_root dnf install -y -q "$@" ;;
    brew) shift; HOMEBREW_NO_AUTO_UPDATE=1 brew install "$@" ;;
  esac
}

# package NEED: what the package manager calls it.
package() {
  case $1:$2 in
    apt-get:postgres) echo postgresql ;;
    dnf:postgres) echo postgresql-server postgresql-contrib ;;
    brew:postgres) echo postgresql@17 ;;
    apt-get:nginx) echo nginx-light ;;
    apt-get:clamd) echo clamav-daemon ;;
    dnf:clamd) echo clamd ;;
    brew:clamd) echo clamav ;;
    apt-get:venv) echo python3-venv ;;
    apt-get:ocr) echo tesseract-ocr tesseract-ocr-eng tesseract-ocr-osd tesseract-ocr-deu ;;
    dnf:ocr) echo tesseract tesseract-langpack-eng tesseract-osd tesseract-langpack-deu ;;
    brew:ocr) echo tesseract tesseract-lang ;;
    apt-get:font) echo fonts-droid-fallback ;;
    dnf:font) echo google-droid-sans-fonts ;;
    *:venv) echo python3 ;;
    *) echo "$2" ;;
  esac
}

# English, a second language, and what finds out how a page is turned.
have_ocr() {
  local languages language
  languages=$(tesseract --list-langs 2>/dev/null) || return
  for language in deu eng osd; do
    grep -qx "$language" <<<"$languages" || return
  done
}

# A font for Chinese and Japanese, under a name that Quire knows. macOS has one.
have_font() {
  [ "$(uname)" != Darwin ] || return 0
  [ -n "$(find /usr/share/fonts /usr/local/share/fonts \( -iname '*cjk*' -o -iname '*droidsansfallback*' \
    -o -iname 'wqy-*' \) -print -quit 2>/dev/null)" ]
}

missing_for() {
  have_postgres || echo postgres
  [ "$1" = test ] || return 0
  have nginx || [ -x /usr/sbin/nginx ] || echo nginx
  have clamd || [ -x /usr/sbin/clamd ] || echo clamd
  have curl || echo curl
  have openssl || echo openssl
  have_ocr || echo ocr
  have_font || echo font
  have qpdf || echo qpdf
  python3 -c 'import venv, ensurepip' 2>/dev/null || echo venv
}

main() {
  case ${1:-} in run | test) ;; *) say "usage: $0 run | test"; exit 2 ;; esac
  local needs manager need
  needs=$(missing_for "$1")
  [ -n "$needs" ] || return 0
  manager=$(package_manager)
  if [ "$manager" = none ]; then
    say "This system has neither apt-get nor dnf nor brew to install what is missing: ${needs//$'\n'/, }"
    say "Install them and start again. For PostgreSQL, PG_BIN may name the directory of initdb and postgres."
    exit 1
  fi
  local packages=()
  for need in $needs; do
    # shellcheck disable=SC2207 # names of packages hold no blanks
    packages+=($(package "$manager" "$need"))
  done
  say "Installing with $manager: ${packages[*]}"
  install "$manager" "${packages[@]}"
}

main "$@"
