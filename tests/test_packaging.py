"""What is installed, and the one version number."""

import json
import os
import re
import shutil
import subprocess

import pytest

import mailfs
import settings

ROOT = settings.ROOT
BUILD = mailfs.BINARY.parent.parent


def meson(*words):
    return subprocess.run(["/usr/bin/meson", *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("installed")
    meson("install", "-C", str(BUILD), "--no-rebuild", "--destdir", str(root))
    prefix, = (option["value"] for option in json.loads(meson("introspect", "--buildoptions", str(BUILD)))
               if option["name"] == "prefix")
    return root / prefix.lstrip("/")


def test_everything_is_installed(installed):
    for path in ("bin/mailfs", "sbin/mount.mailfs", "share/man/man1/mailfs.1", "share/man/man5/mailfs.conf.5",
                 "share/man/man8/mount.mailfs.8", "lib/systemd/user/mailfs@.service",
                 "share/bash-completion/completions/mailfs", "share/zsh/site-functions/_mailfs",
                 "share/fish/vendor_completions.d/mailfs.fish", "share/doc/mailfs/README.md"):
        assert (installed / path).is_file(), path
    assert os.access(installed / "sbin/mount.mailfs", os.X_OK)
    shown = {path.name for path in (installed / "share/doc/mailfs/examples").rglob("*")}
    assert shown == {path.name for path in (ROOT / "examples").rglob("*")} - {"demo.sh"}
    described = {path.name for path in (installed / "share/doc/mailfs/docs").iterdir()}
    assert described == {path.name for path in (ROOT / "docs").glob("*.md")}


def test_the_version_is_the_same_everywhere(installed):
    version = json.loads(meson("introspect", "--projectinfo", str(BUILD)))["version"]
    assert subprocess.run([mailfs.BINARY, "--version"], capture_output=True, text=True).stdout == f"mailfs {version}\n"
    assert f"of version {version}" in (installed / "share/man/man1/mailfs.1").read_text()
    assert re.search(r"^## (.*)$", (ROOT / "NEWS.md").read_text(), re.M).group(1) == version
    assert re.match(r"mailfs \((.*)\) ", (ROOT / "packaging/debian/changelog").read_text()).group(1) == version


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit_as_it_is(installed, tmp_path):
    unit = (installed / "lib/systemd/user/mailfs@.service").read_text()
    there = re.search(r"^ExecStart=(/.*/mailfs) ", unit, re.M).group(1)
    (tmp_path / "mailfs@.service").write_text(unit.replace(there, str(mailfs.BINARY)))
    said = subprocess.run(["systemd-analyze", "--user", "--man=no", "verify", tmp_path / "mailfs@.service"],
                          env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, capture_output=True, text=True)
    assert said.returncode == 0 and not said.stdout + said.stderr
