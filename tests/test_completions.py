"""Completions, each asked in its own shell: bash and zsh on a terminal, by the Tab key."""

import fcntl
import itertools
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pytest

import settings

COMPLETIONS = settings.ROOT / "packaging" / "completions"
KEYS = settings.keys()


class Terminal:
    """A shell at work on a terminal of its own."""

    def __init__(self, command, environment, setup):
        self.count = itertools.count(1)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 200, 0, 0))
        self.command(setup)

    def read_until(self, is_enough):
        screen, deadline = "", time.monotonic() + 30
        while not is_enough(screen):
            assert time.monotonic() < deadline and select.select([self.descriptor], [], [], 30)[0], screen
            screen += os.read(self.descriptor, 65536).decode(errors="replace")
        return screen

    def command(self, text):
        """Runs @text to its end; what was typed before is gone."""
        number = next(self.count)
        os.write(self.descriptor, f"\x15{text}\nprintf '<%s>' {number}\n".encode())
        self.read_until(lambda screen: f"<{number}>" in screen)

    def offers(self, line, words):
        """Waits until the Tab key has brought all of @words."""
        os.write(self.descriptor, f"{line}\t\t".encode())
        screen = self.read_until(lambda screen: all(word in screen.replace(line, "", 1) for word in words))
        self.command("")
        return screen

    def close(self):
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)


class Fish:
    """It says by itself what it would offer."""

    def __init__(self, environment):
        self.environment = environment

    def offers(self, line, words):
        said = subprocess.run(["fish", "--no-config", "-c", f"source {COMPLETIONS}/mailfs.fish; complete -C '{line}'"],
                              env=self.environment, check=True, capture_output=True, text=True, timeout=30).stdout
        assert all(word in said for word in words), said
        return said

    def close(self):
        pass


def bash(environment):
    return Terminal(["bash", "--norc", "--noprofile", "-i"], environment,
                    "bind 'set enable-bracketed-paste off'; bind 'set page-completions off'; "
                    f". /usr/share/bash-completion/bash_completion; . {COMPLETIONS}/mailfs.bash")


def zsh(environment):
    functions = f"{environment['HOME']}/functions"
    os.mkdir(functions)
    os.symlink(COMPLETIONS / "mailfs.zsh", f"{functions}/_mailfs")
    return Terminal(["zsh", "-f", "-i"], environment, f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -D -u")


@pytest.fixture(params=[bash, zsh, Fish])
def shell(request, tmp_path):
    (tmp_path / ".config" / "mailfs").mkdir(parents=True)
    (tmp_path / ".config" / "mailfs" / "mailfs.conf").write_text(
        "[defaults]\npoll=10\n[work]\naccount=imaps://example.com\n[garden]\naccount=imaps://example.org\n")
    (tmp_path / "folder" / "mountpoint").mkdir(parents=True)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    shell = request.param(environment)
    yield shell
    shell.close()


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
