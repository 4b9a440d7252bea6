#!/bin/sh
# Builds the Debian package of what is committed:
#
#     packaging/build-deb.sh [DIRECTORY]     # default: build-deb
#
# Source package and binary package end up in DIRECTORY.  Installs what is missing
# (Debian 12; as root, or with sudo).  DEB_BUILD_OPTIONS=nocheck leaves out the tests.
set -eu
cd "$(dirname "$0")/.."

tests/install.sh build package
mkdir -p "${1:-build-deb}"
out=$(cd "${1:-build-deb}" && pwd)
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
source=$out/mailfs-$version

rm -rf "$source"
git archive --prefix="mailfs-$version/" HEAD | tar -x -C "$out"
cp -R "$source/packaging/debian" "$source/debian"
cd "$source"
dpkg-buildpackage --unsigned-source --unsigned-changes --build=full
lintian --fail-on error "$out"/mailfs_"$version"*.changes
ls -l "$out"/mailfs_"$version"*
