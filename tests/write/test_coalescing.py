"""What changes cost on the wire, and what is never said there."""

import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

MANY = 1000


def mails(number, flags=""):
    return [Mail(b"Subject: %d\r\n\r\nText\r\n" % n, flags) for n in range(number)]


def subjects(account, folder):
    return sorted(int(one.text.split(b"\n")[0][9:]) for one in account.referee.messages(folder).values())


def is_sent(mounted):
    return "pending:    0\n" in mounted.status()


@pytest.fixture
def counted(account, mount, proxy):
    """1000 messages behind a counter.  while_silent() runs a script while the server says nothing, so that its pace does not
    matter."""
    counter = proxy(account.server.port)
    account.referee.create("Archive")
    account.referee.append("INBOX", mails(MANY))
    mounted = mount(account, "poll=3600", "timeout=110", port=counter.port)
    assert len(os.listdir(mounted.folder("INBOX") / "new")) == MANY and os.listdir(mounted.folder("Archive") / "new") == []

    def while_silent(script):
        counter.reset()
        counter.stall()
        subprocess.run(["sh", "-ec", script], cwd=mounted.path, check=True, timeout=100)
        counter.resume()
        wait_for(lambda: is_sent(mounted), 60, "everything to be sent")
        assert all(len(line) <= 8192 for line in counter.lines)
        return counter.commands
    mounted.while_silent, mounted.counter = while_silent, counter
    return mounted


def test_a_thousand_moves_and_flags_are_a_handful_of_commands(account, counted):
    commands = counted.while_silent('for f in INBOX/new/*; do mv $f "Archive/cur/${f#INBOX/new/}:2,S"; done')
    assert subjects(account, "Archive") == list(range(MANY)) and account.referee.status("Archive", "UNSEEN") == 0
    assert commands["UID MOVE"] <= 4 and commands["UID STORE"] <= 4, commands


def test_a_thousand_removals_are_a_handful_of_commands(account, counted):
    commands = counted.while_silent("rm INBOX/new/*")
    assert subjects(account, "Trash") == list(range(MANY))
    assert commands["UID MOVE"] <= 4, commands


def test_there_and_back_costs_nothing(account, counted):
    commands = counted.while_silent('mv INBOX/new/* Archive/new/; mv Archive/new/* INBOX/new/; mkdir Made; rmdir Made')
    assert not {"UID MOVE", "UID COPY", "UID STORE", "CREATE", "DELETE"} & set(commands), commands
    assert subjects(account, "INBOX") == list(range(MANY))


def test_copies_of_what_the_server_has_are_no_uploads(account, counted):
    for path in sorted((counted.folder("INBOX") / "new").iterdir())[:50]:
        path.read_bytes()
    commands = counted.while_silent("for f in $(ls INBOX/new | head -50); do cp INBOX/new/$f Archive/new/; done; "
                                    "ln INBOX/new/$(ls INBOX/new | tail -1) Archive/new/")
    assert len(subjects(account, "Archive")) == 51
    assert commands["APPEND"] == 0 and commands["UID COPY"] <= 20, commands


@pytest.mark.parametrize("without", [(), ("MOVE",), ("UIDPLUS",), ("MOVE", "UIDPLUS", "MULTIAPPEND", "LITERAL+"),
                                     ("MOVE", "UIDPLUS", "QRESYNC", "CONDSTORE", "ESEARCH", "MULTIAPPEND", "LITERAL+", "IDLE")],
                         ids=lambda without: " ".join(without) or "nothing")
def test_whatever_the_server_lacks_changes_arrive_and_what_others_marked_stays(dovecot_with, mount, proxy, without):
    account = dovecot_with(without=without).add_account("alice")
    counter = proxy(account.server.port)
    account.referee.create("Archive")
    account.referee.append("INBOX", mails(6) + mails(1, "\\Deleted"))
    mounted = mount(account, "poll=1", port=counter.port)
    files = mounted.files()
    subprocess.run(["mv", files[1], mounted.folder("Archive") / "cur/1:2,S"], check=True)
    os.unlink(files[2])
    os.link(files[3], mounted.folder("Archive") / "new/3")
    files[4].write_bytes(b"Subject: 40\n\nNew\n")
    (mounted.folder("Archive") / "new/50").write_bytes(b"Subject: 50\n\nText\n")
    os.rename(files[5], files[5].parent.parent / f"cur/{files[5].name}:2,F")
    os.unlink(mounted.folder("Trash") / "new" / files[2].name)
    wait_for(lambda: is_sent(mounted) and len(subjects(account, "Archive")) == 3, 30, "everything to be sent")
    assert subjects(account, "Archive") == [0, 2, 50]
    left = {number: flags for number, flags in ((int(one.text.split(b"\n")[0][9:]), one.flags)
                                                for one in account.referee.messages("INBOX").values())
            if "UIDPLUS" not in without or "\\Deleted" not in flags}
    wanted = {2: set(), 4: {"\\Flagged"}, 5: set(), 40: set()}
    assert {number: left[number] for number in wanted} == wanted
    assert set(left) - set(wanted) <= {0}  # the one that another client has marked
    assert any("\\Deleted" in one.flags and one.uid == 7 for one in account.referee.messages("INBOX").values())
    assert not {"EXPUNGE", "CLOSE"} & set(counter.commands), counter.commands
