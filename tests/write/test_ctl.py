"""What is written into .mailfs/ctl."""

import errno
import os
import signal
import subprocess
import time

import pytest

from referee import Mail
from waiting import wait_for

TEXT = b"Subject: x\n\nThe text.\n"
WIRE = TEXT.replace(b"\n", b"\r\n")


def tell(mounted, words):
    (mounted.path / ".mailfs/ctl").write_text(words + "\n")


def refused(mounted, words):
    with pytest.raises(OSError) as failure:
        tell(mounted, words)
    return failure.value.errno


def queue(mounted):
    return (mounted.path / ".mailfs/queue").read_text().splitlines()


def flags(account, folder="INBOX"):
    return [one.flags for one in account.referee.messages(folder).values()]


def set_flags(path, letters):
    path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,{letters}")


@pytest.fixture
def mounted(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(WIRE)])
    return mount(account)


# sync

def test_after_sync_every_change_is_on_the_server(account, mounted):
    for number in range(20):
        (mounted.folder("Archive") / f"new/m{number}").write_bytes(TEXT)
    set_flags(mounted.files()[1], "S")
    tell(mounted, "sync")
    assert flags(account) == [{"\\Seen"}] and len(flags(account, "Archive")) == 20


def test_sync_does_not_wait_for_ever_for_a_file_that_is_open(account, mount):
    mounted = mount(account, "timeout=2")
    with open(mounted.folder("INBOX") / "new/x", "wb") as file:
        file.write(TEXT)
        file.flush()
        os.close(os.dup(file.fileno()))
        assert refused(mounted, "sync") == errno.EBUSY
        assert flags(account) == []
    tell(mounted, "sync")
    assert flags(account) == [set()]


def test_after_sync_every_folder_is_as_the_server_has_it(account, mount):
    account.referee.create("Archive", "Gone")
    mounted = mount(account, "poll=3600")
    for folder in ("Archive", "INBOX"):
        assert mounted.files(folder) == {}
    account.referee.append("Archive", [Mail(WIRE), Mail(WIRE)])
    account.referee.create("Made")
    account.referee.delete("Gone")
    tell(mounted, "sync")
    assert "pending:    0" in mounted.status()
    assert {"Archive", "Made"} <= set(os.listdir(mounted.path)) and "Gone" not in os.listdir(mounted.path)
    wait_for(lambda: len(mounted.files("Archive")) == 2, 1, "the new messages to be listed")


def test_sync_fails_while_the_server_is_away(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(WIRE)])
    mounted = mount(account)
    path = mounted.files()[1]
    server.kill()
    set_flags(path, "S")
    assert refused(mounted, "sync") == errno.EHOSTDOWN
    assert "pending:    1" in mounted.status()


def test_sync_fails_when_a_change_was_refused(dovecot, mount):
    account = dovecot.add_account("nearlyfull", quota="storage=10K")
    mounted = mount(account)
    (mounted.folder("INBOX") / "new/big").write_bytes(b"Subject: big\n\n" + b"x" * 70 + b"\n" * 20000)
    assert refused(mounted, "sync") in (errno.EDQUOT, errno.EACCES)  # by who is quicker
    assert refused(mounted, "sync") == errno.EACCES  # there is still something that is only here
    number, = [line.split()[0] for line in queue(mounted)]
    tell(mounted, f"discard {number}")
    tell(mounted, "sync")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_waits_for_sync_dies_of_a_signal(dovecot_with, mount, number):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(WIRE)])
    mounted = mount(account, "timeout=60")
    path = mounted.files()[1]
    server.freeze()
    set_flags(path, "S")
    program = subprocess.Popen(["sh", "-c", f"exec echo sync > {mounted.path}/.mailfs/ctl"], executable="/bin/bash")
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.5)
    program.send_signal(number)
    assert program.wait(5) == -number
    server.thaw()
    wait_for(lambda: flags(account) == [{"\\Seen"}], 20, "the change")


def test_sync_gives_up_after_the_timeout(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    mounted = mount(account, "timeout=1")
    server.freeze()
    started = time.monotonic()
    assert refused(mounted, "sync") == errno.EHOSTDOWN
    assert time.monotonic() - started < 10
    server.thaw()


# offline and online

def test_offline_there_is_no_session_until_online(account, mount, proxy):
    account.referee.append("INBOX", [Mail(WIRE)] * 3)
    line = proxy(account.server.port)
    mounted = mount(account, "poll=1", port=line.port)
    files = mounted.files()
    files[1].read_bytes()
    tell(mounted, "offline")
    wait_for(lambda: line.open_connections == 0, 10, "the sessions to end")
    line.reset()
    assert "offline, until online is written" in mounted.status()
    assert files[1].read_bytes() == TEXT
    with pytest.raises(OSError) as failure:
        files[2].read_bytes()
    assert failure.value.errno == errno.EHOSTDOWN
    assert refused(mounted, "sync") == errno.EHOSTDOWN
    set_flags(files[1], "S")
    with pytest.raises(AssertionError):
        wait_for(lambda: line.connections > 0, 3, "a connection")  # longer than the first tries to come back
    tell(mounted, "online")
    wait_for(lambda: flags(account)[0] == {"\\Seen"}, 10, "the change to be sent")
    assert files[2].read_bytes() == TEXT


def test_offline_ends_with_the_mount(account, mounted):
    tell(mounted, "offline")
    mounted.remount()
    assert "connection: online" in mounted.status()


def test_offline_ends_what_is_under_way(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(WIRE)])
    mounted = mount(account, "timeout=60", "prefetch=none")
    path = mounted.files()[1]
    server.freeze()
    reader = subprocess.Popen(["cat", path], stderr=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        reader.wait(0.5)
    tell(mounted, "offline")
    assert reader.wait(2) == 1
    server.thaw()
    tell(mounted, "online")
    wait_for(lambda: "connection: online" in mounted.status(), 10, "to be online")
    assert path.read_bytes() == TEXT


# failed changes

def test_retry_sends_what_was_refused_once_there_is_room(dovecot, mount):
    account = dovecot.add_account("full2", quota="storage=100K")
    account.referee.append("INBOX", [Mail(b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 40000)])
    mounted = mount(account, "delete=expunge")
    text = b"Subject: mine\n\n" + b"y" * 70 + b"\n" * 25000
    (mounted.folder("Drafts") / "new/mine").write_bytes(text)
    wait_for(lambda: "failed:     1" in mounted.status(), 10, "the refusal")
    assert os.listdir(mounted.path / ".mailfs/lost+found") == ["mine:2,"]
    tell(mounted, "retry")
    wait_for(lambda: "failed:     1" in mounted.status(), 10, "another refusal")
    mounted.files()[1].unlink()
    tell(mounted, "retry")
    wait_for(lambda: [one.text for one in account.referee.messages("Drafts").values()] == [text], 10, "the message")
    assert os.listdir(mounted.path / ".mailfs/lost+found") == []
    wait_for(lambda: queue(mounted) == [], 5, "the queue to be empty")


@pytest.fixture
def denied(dovecot_with, mount):
    """Nothing can be done to the message in Locked; denied.allow() changes that."""
    server = dovecot_with(acl=True)
    account = server.add_account("alice")
    account.referee.create("Locked")
    account.referee.append("Locked", [Mail(WIRE)])
    server.doveadm("acl", "set", "-u", "alice", "Locked", "user=alice", "lookup", "read", "admin")
    account.close()
    account._referee = None
    mounted = mount(account, "poll=1")
    mounted.account = account
    mounted.allow = lambda: server.doveadm("acl", "set", "-u", "alice", "Locked", "user=alice", "lookup", "read",
                                           "admin", "write", "write-seen", "write-deleted", "expunge", "insert")
    return mounted


def test_retry_sets_flags_and_moves_again(denied):
    path = denied.files("Locked")[1]
    path.rename(denied.folder("INBOX") / "cur/moved:2,FS")
    wait_for(lambda: any("failed" in line for line in queue(denied)), 10, "a refusal")
    wait_for(lambda: 1 in denied.files("Locked"), 10, "the message to be back")
    denied.allow()
    denied.remount()
    tell(denied, "retry")
    tell(denied, "sync")
    assert queue(denied) == []
    assert [one.flags for one in denied.account.referee.messages("INBOX").values()] == [{"\\Flagged", "\\Seen"}]
    assert len(os.listdir(denied.folder("INBOX") / "cur")) == 1


@pytest.mark.parametrize("words", ["discard 99", "discard x", "discard", "prefetch Nowhere", "prefetch", "prefetch ",
                                   "nonsense", "", "sync now", "offline\nonline", "x" * 3000])
def test_what_is_no_command_is_refused(mounted, words):
    assert refused(mounted, words) in (errno.EINVAL, errno.ENOENT)
    if words == "nonsense":
        assert "no such command: nonsense" in mounted.log()


# prefetch

def test_prefetch_fetches_every_body_of_a_folder(account, mount, proxy):
    account.referee.create("Lists", "Lists/büro")
    account.referee.append("Lists/büro", [Mail(b"Subject: %d\r\n\r\n" % number) for number in range(300)])
    account.referee.append("Lists", [Mail(WIRE)])
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", port=line.port)
    tell(mounted, "prefetch Lists/büro")
    wait_for(lambda: "bodies:     300 of" in mounted.status(), 20, "the bodies")
    assert "prefetch:" not in mounted.status()
    files = mounted.files("Lists/büro")
    line.reset()
    for uid, path in files.items():
        assert path.read_bytes() == b"Subject: %d\n\n" % (uid - 1)
    assert line.commands["UID FETCH"] == 0


def test_an_interrupted_prefetch_goes_on_by_itself(account, mount, proxy):
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\n" % number + b"x" * 1000) for number in range(300)])
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", port=line.port)
    mounted.files()
    line.reset()
    line.cut_after = 100_000
    tell(mounted, "prefetch INBOX")
    wait_for(lambda: "bodies:     300 of 300 here" in mounted.status(), 40, "the bodies")
