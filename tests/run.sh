#!/bin/sh
# Builds mailfs and runs all tests: tests/run.sh [--sanitize=address|thread] [PYTEST OPTION…]
#
# Installs what is missing (Debian 12; as root, or with sudo).  Builds into
# build/, or into build-address/ and build-thread/ with a sanitizer.
set -eu
cd "$(dirname "$0")/.."

build=build
sanitize=none
case ${1-} in
  --sanitize=address) sanitize=address,undefined build=build-address; shift ;;
  --sanitize=thread) sanitize=thread build=build-thread; shift ;;
  --sanitize*) echo "$0: --sanitize=address or --sanitize=thread" >&2; exit 2 ;;
esac

tests/install.sh build test

# Not a Meson or Python that comes first in PATH, but Debian's, which has what was installed.
meson=/usr/bin/meson
[ -f $build/build.ninja ] || $meson setup $build -Db_sanitize=$sanitize -Db_lundef=false
$meson compile -C $build

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1
# GLib's slices and SQLite's pools hide leaks from the sanitizer.
[ $sanitize = none ] || export G_SLICE=always-malloc

$meson test -C $build --print-errorlogs

export MAILFS_BINARY="$PWD/$build/fs/mailfs"
exec /usr/bin/python3 -m pytest tests "$@"
