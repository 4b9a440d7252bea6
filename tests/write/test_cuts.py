"""The connection is cut, the daemon or the server killed, at any byte of what is said:
each change is on the server once in the end.

All kinds of changes are made while the line is down; what the mount shows then is
what must come of them.  Then the line is let up, and trouble comes at one byte.  The
suite tries a few of them, --every-byte each:

    tests/run.sh -k cuts --every-byte
"""

import itertools
import os
import signal
import subprocess

import pytest

from waiting import wait_for

LETTERS = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted"}
SAMPLES = 2  # of each direction
KINDS = ("alone", "moved", "removed", "rewritten", "copied")
PLAIN = ["MOVE", "UIDPLUS", "MULTIAPPEND", "LITERAL+", "CONDSTORE", "QRESYNC"]
# Killed while it writes, Dovecot makes the index of an mdbox anew, with what was expunged long ago.
MAILDIR = {"location": "maildir:~/mail:LAYOUT=index"}


def message(name):
    return f"Subject: {name}\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\nThis is {name}.\n"


class Rounds:
    """One life in rounds, each with changes of what the one before has left."""

    def __init__(self, account, mounted, line):
        self.account, self.mounted, self.line = account, mounted, line
        self.numbers = itertools.count(1)
        self.number = 0

    # What is done

    def find(self, folder, name):
        """By content, since the names are the server's."""
        for place in ("cur", "new"):
            for path in (self.mounted.path / folder / place).iterdir():
                if path.read_text().startswith(f"Subject: {name}\n"):
                    return path
        raise AssertionError(f"{name} is not in {folder}")

    def deliver(self, folder, name, flags=""):
        written = self.mounted.path / folder / "tmp" / name
        written.write_text(message(name))
        os.rename(written, self.mounted.path / folder / "cur" / f"{name}:2,{flags}")

    def change_all(self):
        """Leaves a message for each kind of change to the next round."""
        n, path = self.number, self.mounted.path
        archive, renamed = path / "Archive/cur", path / f"Round{n - 1}"
        for kind in KINDS:
            self.deliver("INBOX", f"{kind}{n}")
        self.deliver("Archive", f"far{n}", "FS")
        os.rename(self.find("INBOX", f"moved{n - 1}"), archive / f"moved{n - 1}:2,R")
        os.unlink(self.find("INBOX", f"removed{n - 1}"))
        os.link(self.find("INBOX", f"copied{n - 1}"), archive / f"copied{n - 1}:2,S")
        self.find("INBOX", f"rewritten{n - 1}").write_text(message(f"rewritten{n - 1}") + "Another line.\n")
        kept = self.find("INBOX", f"alone{n - 1}")
        os.setxattr(kept, "user.imap.flags", b"+\\Flagged +word")
        os.rename(path / f"Made{n - 1}", renamed)
        os.rename(kept, renamed / "cur" / f"alone{n - 1}:2,FS")
        subprocess.run(["mkdir", path / f"Made{n}"], check=True)  # who makes it makes its cur/, new/, tmp/
        self.deliver(f"Made{n}", f"inside{n}")

    # What must come of it

    def in_mount(self):
        found = {}
        for folder in sorted(path.name for path in self.mounted.path.iterdir()):
            found[folder] = []
            for place in ("cur", "new"):
                for path in (self.mounted.path / folder / place).iterdir():
                    found[folder].append((path.read_text(), "".join(sorted(path.name.partition(":2,")[2]))))
            found[folder].sort()
        return found

    def on_server(self):
        """Without UIDPLUS what is removed keeps its mark there."""
        return {folder: sorted((one.text.decode(), "".join(sorted(letter for letter, flag in LETTERS.items()
                                                                  if flag in one.flags)))
                               for one in self.account.referee.messages(folder).values()
                               if "\\Deleted" not in one.flags)
                for folder in sorted(self.account.referee.folders())}

    # A round

    def is_sent(self):
        status = self.mounted.status()
        return "pending:    0" in status and "online" in status

    def go_online(self):
        (self.mounted.path / ".mailfs/ctl").write_text("online\n")

    def has_come(self):
        try:
            return self.line.cuts or self.is_sent()
        except OSError:
            return True  # killed just now

    def play(self, trouble=None, at=None, on_cut=None, then=None):
        """@trouble: the attribute of the line that ends it @at so many bytes; @then: after that."""
        self.line.refuse()
        wait_for(lambda: "online" not in self.mounted.status(), 20, "the loss to be seen")
        self.number = next(self.numbers)
        self.change_all()
        expected = self.in_mount()
        self.line.reset()
        self.line.cut_after = self.line.cut_sent_after = None
        if trouble:
            setattr(self.line, trouble, at)
        self.line.on_cut = on_cut
        self.line.accept()
        self.go_online()
        if then:
            wait_for(self.has_come, 30, "trouble")
            self.line.cut_after = self.line.cut_sent_after = None
            then()
        wait_for(lambda: self.is_sent() and self.on_server() == expected and self.in_mount() == expected, 60,
                 f"what the mount showed, after {trouble} at {at}")
        assert os.listdir(self.mounted.path / ".mailfs/lost+found") == []

    def play_all(self, step, **more):
        """A round that is not disturbed, then trouble all along what was said in it."""
        self.play()
        for trouble, size in (("cut_sent_after", self.line.bytes_to_server), ("cut_after", self.line.bytes_to_client)):
            for at in range(step or size // SAMPLES // 2, size, step or size // SAMPLES):
                self.play(trouble, at, **more)


@pytest.fixture
def rounds(request, dovecot_with, mount, proxy):
    account = dovecot_with(auto="no", **getattr(request, "param", {})).add_account("alice")
    account.referee.create("Archive", "Trash", "Made0")
    line = proxy(account.server.port)
    mounted = mount(account, "drain=0", "poll=3600", port=line.port)
    rounds = Rounds(account, mounted, line)
    for kind in KINDS:
        rounds.deliver("INBOX", f"{kind}0")
    wait_for(rounds.is_sent, 20, "the first messages")
    rounds.in_mount()
    return rounds


@pytest.fixture
def step(request):
    return 1 if request.config.getoption("--every-byte") else 0


@pytest.mark.long_life
@pytest.mark.parametrize("rounds", [{}, {"without": ["MOVE", "MULTIAPPEND"]}, {"without": PLAIN}],
                         ids=["all", "COPY", "plain"], indirect=True)
def test_a_cut_at_any_byte_loses_and_doubles_nothing(rounds, step):
    rounds.play_all(step)


@pytest.mark.long_life
def test_a_kill_at_any_byte_loses_and_doubles_nothing(rounds, step):
    def kill():
        os.kill(rounds.mounted.pid, signal.SIGKILL)

    def start():
        rounds.mounted.kill()
        rounds.mounted.start()
    rounds.play_all(step, on_cut=kill, then=start)


@pytest.mark.long_life
@pytest.mark.parametrize("rounds", [MAILDIR], ids=["Maildir"], indirect=True)
def test_a_server_that_dies_at_any_byte_loses_and_doubles_nothing(rounds, step):
    server = rounds.account.server

    def start():
        server.kill()
        server.start()
        rounds.account.close()
        rounds.account._referee = None
        rounds.go_online()
    rounds.play_all(step, on_cut=lambda: os.killpg(server.process.pid, signal.SIGKILL), then=start)
