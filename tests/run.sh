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

if [ $sanitize != none ]; then
  # GLib's own allocator hides what happens to memory.
  export G_SLICE=always-malloc
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
fi
if [ $sanitize = thread ]; then
  # shellcheck disable=SC2046  # words
  gcc -shared -fPIC -O1 tests/tsan-glib.c $(pkg-config --cflags gio-2.0) -o $build/tsan-glib.so
  export LD_PRELOAD="$PWD/$build/tsan-glib.so"
  export TSAN_OPTIONS="report_mutex_bugs=0 suppressions=$PWD/tests/tsan.supp"
fi

$meson test -C $build --print-errorlogs --timeout-multiplier 4

export MAILFS_BINARY="$PWD/$build/fs/mailfs"
# Most tests wait, so two are run at once; -n 0 runs them one after the other.  Real servers and
# mounts on a busy machine: what fails is run once more, and told as a rerun.
exec /usr/bin/python3 -m pytest tests -n 2 --reruns 1 "$@"
