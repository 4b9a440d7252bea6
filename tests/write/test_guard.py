"""More removals in a minute than delete_guard are held until somebody says what is meant."""

import os
import re
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

MANY, GUARD = 30, 10


def count(account, folder):
    return account.referee.status(folder, "MESSAGES")


def shown(mounted, folder="INBOX"):
    return {name.split(":")[0] for place in ("cur", "new") for name in os.listdir(mounted.folder(folder) / place)}


def say(mounted, word):
    (mounted.path / ".mailfs/ctl").write_text(word + "\n")


def number(mounted, what):
    found = re.search(rf"^{what}: +(\d+)", mounted.status(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def wait_until_sent(mounted):
    """All but what is held, which is pending too."""
    wait_for(lambda: number(mounted, "pending") == number(mounted, "held"), 20, "everything to be sent")


@pytest.fixture(params=["trash", "expunge"])
def runaway(request, account, mount):
    """Everything was removed, and most of it is held."""
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\n" % n, "\\Seen") for n in range(MANY)])
    mounted = mount(account, f"delete_guard={GUARD}", f"delete={request.param}", "poll=1")
    mounted.before = shown(mounted)
    subprocess.run(["sh", "-ec", "rm cur/*"], cwd=mounted.folder("INBOX"), check=True)
    assert shown(mounted) == set()
    wait_until_sent(mounted)
    assert "held: " in mounted.status() and count(account, "INBOX") >= MANY - GUARD
    return mounted


def test_released_they_go(account, runaway):
    say(runaway, "release")
    wait_for(lambda: count(account, "INBOX") == 0, 20, "all to be removed")
    wait_for(lambda: "held: " not in runaway.status(), 5, "nothing to be held")
    assert count(account, "Trash") in (0, MANY)


def test_restored_they_are_where_they_were(account, runaway):
    left = count(account, "INBOX")
    inbox = runaway.folder("INBOX") / "cur"
    taken = sorted(runaway.before)[-1]  # somebody has put another message there meanwhile
    (inbox / f"{taken}:2,S").write_bytes(b"Subject: other\n\n")
    say(runaway, "restore")
    assert "held: " not in runaway.status()
    wait_for(lambda: len(os.listdir(inbox)) == left + 1, 10, "what the server has")
    assert shown(runaway) <= runaway.before | {f"{taken}_1"}
    assert len({path.read_bytes() for path in inbox.iterdir()}) == left + 1
    wait_until_sent(runaway)
    assert count(account, "INBOX") == left + 1


def test_held_ones_are_held_after_a_remount(account, runaway):
    left = count(account, "INBOX")
    runaway.remount()
    assert "held: " in runaway.status() and shown(runaway) == set() and count(account, "INBOX") == left
    say(runaway, "release")
    wait_for(lambda: count(account, "INBOX") == 0, 20, "all to be removed")


def test_moves_and_a_few_removals_are_not_held(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\n" % n, "\\Seen") for n in range(MANY)])
    mounted = mount(account, f"delete_guard={GUARD}")
    subprocess.run(["sh", "-ec", "ls cur | head -10 | while read f; do rm cur/$f; done; mv cur/* ../Archive/cur/"],
                   cwd=mounted.folder("INBOX"), check=True)
    wait_until_sent(mounted)
    assert "held: " not in mounted.status()
    assert (count(account, "INBOX"), count(account, "Archive"), count(account, "Trash")) == (0, MANY - 10, 10)


def test_what_was_never_sent_is_not_counted(account, mount):
    """Files in tmp/ come and go."""
    mounted = mount(account, f"delete_guard={GUARD}")
    for n in range(MANY):
        path = mounted.folder("INBOX") / "tmp" / f"{n}"
        path.write_bytes(b"Subject: x\n\n")
        path.unlink()
    assert "held: " not in mounted.status()
