"""The table of errors: each has one number for every caller, and one line in the log."""

import errno
import os

import pytest

from referee import Mail
from scripted import Message, Scripted
from waiting import wait_for

TEXT = b"Subject: x\n\nThe text.\n"
PASSWORD = "correct horse"


def fails_with(number, action):
    with pytest.raises(OSError) as failure:
        action()
    assert failure.value.errno == number, failure.value


def assert_logged(mounted, words, n=1):
    log = mounted.log()
    assert log.count(words) == n and PASSWORD not in log, log


@pytest.fixture
def mounted(account, mount):
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"), "\\Seen")])
    return mount(account, "sync")



@pytest.fixture
def shut(dovecot_with, mount):
    """A mount with a folder that the server lets nobody change."""
    server = dovecot_with(acl=True)
    account = server.add_account("alice", PASSWORD)
    account.referee.create("Shut")
    account.referee.append("Shut", [Mail(TEXT.replace(b"\n", b"\r\n"), "\\Seen")])
    server.doveadm("acl", "set", "-u", "alice", "Shut", "owner", "lookup", "read")
    account.close()
    return mount(account, "sync")


@pytest.mark.parametrize("action", [
    lambda inbox: (inbox / "cur/nothing:2,").read_bytes(),
    lambda inbox: os.rename(inbox / "cur/nothing:2,", inbox / "cur/nothing:2,S"),
    lambda inbox: os.unlink(inbox / "new/nothing"),
    lambda inbox: os.link(inbox / "tmp/nothing", inbox / "new/nothing"),
    lambda inbox: os.setxattr(inbox / "cur/nothing:2,", "user.imap.flags", b""),
    lambda inbox: os.listdir(inbox.parent / "No such folder"),
    lambda inbox: os.rmdir(inbox.parent / "No such folder"),
    lambda inbox: (inbox.parent / "No such folder/new/x").write_bytes(TEXT),
])
def test_what_is_not_there_is_enoent(mounted, action):
    fails_with(errno.ENOENT, lambda: action(mounted.folder("INBOX")))


def test_what_another_client_has_removed_is_enoent(account, mounted):
    path = mounted.files()[1]
    account.referee.expunge("INBOX", [1])
    fails_with(errno.ENOENT, lambda: wait_for(lambda: not path.read_bytes(), 10, "the message to go"))


@pytest.mark.parametrize("action", [
    lambda folder: (folder / "new/x").write_bytes(TEXT),
    lambda folder: os.mkdir(folder / "Below"),
    lambda folder: os.rename(folder, folder.with_name("Renamed")),
])
def test_what_the_servers_rights_forbid_is_eacces(shut, action):
    fails_with(errno.EACCES, lambda: action(shut.folder("Shut")))
    assert_logged(shut, "Permission denied")


@pytest.mark.parametrize("action", [
    lambda path: path.rename(path.with_name(path.name.replace(":2,S", ":2,FS"))),
    lambda path: os.setxattr(path, "user.imap.flags", b"+\\Flagged"),
    lambda path: path.rename(path.parent.parent.parent / "INBOX/cur/x:2,S"),
    lambda path: os.unlink(path),
])
def test_a_change_in_a_read_only_folder_is_erofs(shut, action):
    path = shut.files("Shut")[1]
    fails_with(errno.EROFS, lambda: action(path))
    wait_for(path.exists, 5, "the message where it was")
    assert_logged(shut, "read-only")


def test_what_has_no_room_is_edquot(dovecot, mount):
    account = dovecot.add_account("narrow", PASSWORD, quota="storage=10K")
    mounted = mount(account, "sync")
    fails_with(errno.EDQUOT, lambda: (mounted.folder("INBOX") / "new/x").write_bytes(TEXT + b"long line\n" * 2000))
    assert_logged(mounted, "Quota exceeded")
    account.close()


@pytest.mark.parametrize("action", [
    lambda path: os.chmod(path, 0o644),
    lambda path: os.utime(path, (1, 1)),
    lambda path: os.symlink("x", path.with_name("link")),
    lambda path: os.mkfifo(path.with_name("fifo")),
    lambda path: os.setxattr(path, "user.imap.uid", b"7"),
    lambda path: os.rename(path, path.parent.parent / "tmp/x"),
])
def test_what_imap_cannot_express_is_eperm(mounted, action):
    path = mounted.files()[1]
    fails_with(errno.EPERM, lambda: action(path))
    assert path.read_bytes() == TEXT


@pytest.mark.parametrize("text", [b"", b"Subject: x\n\n\0"])
def test_what_is_no_message_is_einval(account, mounted, text):
    fails_with(errno.EINVAL, lambda: (mounted.folder("INBOX") / "new/x").write_bytes(text))
    assert [one.text for one in account.referee.messages("INBOX").values()] == [TEXT]


def test_a_body_that_is_not_here_is_ehostdown_while_the_server_is_gone(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice", PASSWORD)
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"))] * 2)
    mounted = mount(account)
    files = mounted.files()
    assert files[1].read_bytes() == TEXT
    server.kill()
    account.close()
    for _ in range(3):
        fails_with(errno.EHOSTDOWN, files[2].read_bytes)
    assert files[1].read_bytes() == TEXT
    assert_logged(mounted, "offline")


def test_what_the_server_spoils_is_eio_for_that_file_alone(mount):
    good = b"Subject: good\r\n\r\n"
    with Scripted({"INBOX": [Message(1, good), Message(2, good, literal=b"NIL"), Message(3, good)]}) as server:
        mounted = mount(server, port=server.port)
        files = mounted.files()
        fails_with(errno.EIO, files[2].read_bytes)
        assert files[1].read_bytes() == files[3].read_bytes() == b"Subject: good\n\n"
        mounted.unmount()
