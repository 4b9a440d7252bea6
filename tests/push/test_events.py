"""Section 5 of the contract: .mailfs/events, a line a change, that tail -f can follow."""

import re
import subprocess
import threading

import pytest

from referee import Mail
from waiting import wait_for

MAIL = Mail(b"Subject: x\r\n\r\nbody\r\n")


class Follower:
    """tail, and the lines that it has printed, split at their tabs."""

    def __init__(self, mounted, *options):
        self.lines = []
        self.process = subprocess.Popen(["tail", *options, mounted.path / ".mailfs" / "events"],
                                        stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n").split("\t"))

    def wait(self, *fields):
        """Until a line came with those fields behind its time."""
        wait_for(lambda: any(line[1:1 + len(fields)] == list(fields) for line in list(self.lines)), 15,
                 f"{fields} among {self.lines}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self._thread.join(10)
        self.process.stdout.close()


@pytest.mark.parametrize("options", [["-f"], ["-F"], ["-f", "-n", "+1"]], ids=" ".join)
def test_tail_follows_what_another_client_does(account, mount, options):
    account.referee.create("Archive")
    mounted = mount(account, "poll=2")
    mounted.files()
    with Follower(mounted, *options) as tail:
        tail.wait("online")
        account.referee.append("INBOX", [MAIL])
        name = wait_for(lambda: mounted.files(), 10)[1].name
        tail.wait("new", "INBOX", f"new/{name}")
        account.referee.store("INBOX", [1], "+FLAGS", "\\Seen")
        tail.wait("flags", "INBOX", f"cur/{name}:2,S", f"new/{name}")
        account.referee.expunge("INBOX", [1])
        tail.wait("removed", "INBOX", f"cur/{name}:2,S")
        account.referee.create("Fresh")
        tail.wait("folder-made", "Fresh")
        account.referee.delete("Archive")
        tail.wait("folder-removed", "Archive")
        assert all(len(line) == 5 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[0]) for line in tail.lines)


def test_the_end_and_the_return_of_the_server_are_told(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    mounted = mount(account)
    with Follower(mounted, "-f") as tail:
        server.kill()
        tail.wait("offline")
        server.start()
        (mounted.path / ".mailfs" / "ctl").write_text("online\n")
        wait_for(lambda: sum(line[1] == "online" for line in tail.lines) == 2, 30, "online for the second time")


def test_much_at_once_is_one_line(account, mount):
    account.referee.append("INBOX", [MAIL] * 1000)
    mounted = mount(account)
    mounted.files()
    account.referee.store("INBOX", range(1, 1001), "+FLAGS", "\\Seen")
    events = mounted.path / ".mailfs" / "events"
    wait_for(lambda: "\tmuch\tINBOX\t" in events.read_text(), 20)
    assert len(events.read_text().splitlines()) < 600


@pytest.mark.parametrize("tool", [["cat"], ["grep", ""], ["tail", "-n", "1"], ["head", "-n", "1"]], ids=" ".join)
def test_any_tool_reads_it_to_its_end(account, mount, tool):
    mounted = mount(account)
    result = subprocess.run([*tool, mounted.path / ".mailfs" / "events"], check=True, capture_output=True, text=True)
    assert "\tonline\t" in result.stdout
