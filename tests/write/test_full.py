"""The disk is full: what was accepted is kept and sent, what was not says ENOSPC, and
with room again all goes on."""

import errno
import itertools
import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

TEXT = "A line of text that fills a disk.\n" * 1000


@pytest.fixture
def small_disk(tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    path = tmp_path / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)


def until_full(change):
    """How often change(number) succeeded before there was no room."""
    for number in itertools.count():
        try:
            change(number)
        except OSError as problem:
            assert problem.errno == errno.ENOSPC, problem
            return number


@pytest.mark.parametrize("killed", [False, True], ids=["alive", "killed"])
def test_with_a_full_disk_nothing_that_was_accepted_is_lost(small_disk, account, mount, proxy, killed):
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\nx\r\n" % number) for number in range(50)])
    line = proxy(account.server.port)
    mounted = mount(account, f"state_dir={small_disk}", "drain=0", port=line.port)
    inbox, files = mounted.folder("INBOX"), mounted.files()
    line.refuse()
    wait_for(lambda: "online" not in mounted.status(), 20, "the loss to be seen")

    def deliver(number):
        written = inbox / "tmp" / f"big{number}"
        written.write_text(f"Subject: big{number}\n\n{TEXT}")
        os.rename(written, inbox / "new" / f"big{number}")

    def flag(number):
        files[number + 1].rename(inbox / "cur" / f"flagged{number}:2,F")
    n_delivered, n_flagged = until_full(deliver), until_full(flag) if not killed else 0
    assert n_delivered > 10
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    if killed:
        mounted.kill()
        mounted.start()
    deliver(n_delivered)
    line.accept()
    (mounted.path / ".mailfs/ctl").write_text("online\n")

    def is_sent():
        stored = account.referee.messages("INBOX").values()
        big = sorted(one.text.decode() for one in stored if one.text.startswith(b"Subject: big"))
        return (big == sorted(f"Subject: big{number}\n\n{TEXT}" for number in range(n_delivered + 1))
                and sum("\\Flagged" in one.flags for one in stored) == n_flagged)
    wait_for(is_sent, 30, "all that was accepted, once")
