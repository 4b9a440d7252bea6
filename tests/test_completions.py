"""Completions, each asked in its own shell: bash and zsh on a terminal, by the Tab key."""

import contextlib
import itertools
import os
import subprocess

import pytest

import settings
from terminal import Terminal

COMPLETIONS = settings.ROOT / "packaging" / "completions"
KEYS = settings.keys()


class Shell(Terminal):
    """A shell at work."""

    def __init__(self, command, environment, setup):
        super().__init__(*command, environment=environment, rows=200, columns=200)
        self.count = itertools.count(1)
        self.command(setup)

    def screen(self, is_enough):
        """What has come since the last time, when it is enough."""
        screen = self.read_until(is_enough, 30)
        self.shown = ""
        return screen

    def command(self, text):
        """Runs @text to its end; what was typed before is gone."""
        number = next(self.count)
        self.type(f"\x15{text}\nprintf '<%s>' {number}\n")
        self.screen(lambda shown: f"<{number}>" in shown)

    def offers(self, line, words):
        """Waits until the Tab key has brought all of @words."""
        self.type(f"{line}\t\t")
        screen = self.screen(lambda shown: all(word in shown.replace(line, "", 1) for word in words))
        self.command("")
        return screen


class Fish:
    """It says by itself what it would offer."""

    def __init__(self, environment):
        self.environment = environment

    def offers(self, line, words):
        said = subprocess.run(["fish", "--no-config", "-c", f"source {COMPLETIONS}/mailfs.fish; complete -C '{line}'"],
                              env=self.environment, check=True, capture_output=True, text=True, timeout=30).stdout
        assert all(word in said for word in words), said
        return said


def bash(environment):
    return Shell(["bash", "--norc", "--noprofile", "-i"], environment,
                 "bind 'set enable-bracketed-paste off'; bind 'set page-completions off'; "
                 f". /usr/share/bash-completion/bash_completion; . {COMPLETIONS}/mailfs.bash")


def zsh(environment):
    functions = f"{environment['HOME']}/functions"
    os.mkdir(functions)
    os.symlink(COMPLETIONS / "mailfs.zsh", f"{functions}/_mailfs")
    return Shell(["zsh", "-f", "-i"], environment, f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -D -u")


def fish(environment):
    return contextlib.nullcontext(Fish(environment))


@pytest.fixture(params=[bash, zsh, fish])
def shell(request, tmp_path):
    (tmp_path / ".config" / "mailfs").mkdir(parents=True)
    (tmp_path / ".config" / "mailfs" / "mailfs.conf").write_text(
        "[defaults]\npoll=10\n[work]\naccount=imaps://example.com\n[garden]\naccount=imaps://example.org\n")
    (tmp_path / "folder" / "mountpoint").mkdir(parents=True)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    with request.param(environment) as shell:
        yield shell


def test_accounts_flags_and_directories_are_offered(shell, tmp_path):
    screen = shell.offers("mailfs ", ["work", "garden", "imaps://", "status", "queue", "sync", "unmount"])
    assert "defaults" not in screen
    shell.offers("mailfs -", ["-d", "-f", "-o", "--all", "--help", "--version"])
    shell.offers("mailfs gar", ["garden" if isinstance(shell, Fish) else "den"])
    shell.offers(f"mailfs work {tmp_path}/fol", ["folder/" if isinstance(shell, Fish) else "der/"])


def test_every_setting_is_offered_with_its_words(shell):
    shell.offers("mailfs -o ", KEYS)
    for key, words in KEYS.items():
        if words:
            shell.offers(f"mailfs -o sync,{key}=", words)
