#!/bin/sh
# Installs those Debian packages that are missing for one or more of these uses:
#
#     tests/install.sh build demo test package bench
set -eu

build="gcc libc6-dev meson ninja-build pkg-config libfuse3-dev fuse3 libetpan-dev libglib2.0-dev
  libsqlite3-dev glib-networking libsasl2-modules ca-certificates"
demo="dovecot-imapd"
test="dovecot-imapd python3-pytest python3-pytest-rerunfailures python3-pytest-xdist openssl attr autofs bash-completion fish git inotify-tools isync maildir-utils
  maildrop mandoc mblaze mutt neomutt notmuch procmail ripgrep rsync strace vim zsh"
package="debhelper dpkg-dev git lintian"
bench="dovecot-imapd openssl imapfilter isync maildir-utils mutt notmuch"

# npm brings the corpus of mails.  Any will do, not only Debian's.
command -v npm >/dev/null || { test="$test npm"; bench="$bench npm"; }

wanted=""
for use; do
  case $use in
    build) wanted="$wanted $build" ;;
    demo) wanted="$wanted $demo" ;;
    test) wanted="$wanted $test" ;;
    package) wanted="$wanted $package" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "$0: no such use: $use" >&2; exit 2 ;;
  esac
done

missing=""
for package in $wanted; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=""
  [ "$state" = installed ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "$0: install as root:$missing" >&2; exit 1; }
    as_root=sudo
  fi
  # libetpan-dev wants libcurl4-gnutls-dev; apt puts it in the place of another
  # libcurl4-*-dev where there is one.
  echo "Installing:$missing"
  $as_root apt-get update -q
  # shellcheck disable=SC2086  # words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

if [ ! -c /dev/fuse ]; then
  echo "$0: /dev/fuse is not there: load the kernel module fuse, or give the container that device" >&2
  exit 1
fi
