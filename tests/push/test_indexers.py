"""Programs that look only where the time of a directory has moved find all that another client did."""

import re
import subprocess
import time

import pytest

from referee import Mail
from waiting import wait_for


def mail(number):
    return Mail(f"Message-ID: <{number}@test>\r\nSubject: {number}\r\n\r\nText\r\n".encode())


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


class Notmuch:
    def __init__(self, root, home):
        self.config = home / "config"
        self.config.write_text(f"[database]\npath={home}\nmail_root={root}\n[user]\nname=x\nprimary_email=x@example.com\n"
                               "[maildir]\nsynchronize_flags=false\n")

    def index(self):
        run("notmuch", f"--config={self.config}", "new", "--quiet")

    def files(self):
        return set(run("notmuch", f"--config={self.config}", "search", "--output=files", "*").splitlines())


class Mu:
    """Takes a name for good as long as it can be opened, which a stale one can."""

    def __init__(self, root, home):
        self.home = f"--muhome={home}/mu"
        run("mu", "init", self.home, f"--maildir={root}")

    def index(self):
        run("mu", "index", self.home, "--quiet", "--lazy-check")

    def files(self):
        return set(run("mu", "find", self.home, "--fields", "l", "").splitlines())


def bases(paths):
    """Which messages, whatever their flags."""
    return {re.sub("/(cur|new)/", "/", path).partition(":2,")[0] for path in paths}


@pytest.mark.parametrize("indexer", [Notmuch, Mu])
def test_an_indexer_follows_another_client(account, mount, tmp_path, indexer):
    account.referee.create("Box")
    for folder, first in (("INBOX", 1), ("Box", 11)):
        account.referee.append(folder, [mail(first + n) for n in range(3)])
    mounted = mount(account, "poll=1")

    def shown():
        return {str(path) for folder in ("INBOX", "Box") for path in mounted.files(folder).values()}
    assert len(shown()) == 6
    program = indexer(mounted.path, tmp_path)
    program.index()
    assert shown() <= program.files()
    assert bases(program.files()) == bases(shown())
    # Seconds are all that they keep of a time: what changes in the second of their look is not found.
    second = int(time.time())
    wait_for(lambda: time.time() >= second + 1, 5)
    account.referee.append("INBOX", [mail(50)])
    account.referee.store("Box", [1], "+FLAGS", "\\Flagged")
    account.referee.expunge("INBOX", [2])
    account.referee.move("Box", [2], "INBOX")
    expected = {"INBOX": [1, 3, 4, 5], "Box": [1, 3]}
    wait_for(lambda: {folder: sorted(mounted.files(folder)) for folder in expected} == expected
             and any(re.search(":2,F$", name) for name in shown()), 15, "the changes")
    program.index()
    assert shown() <= program.files()
    assert bases(program.files()) == bases(shown())
