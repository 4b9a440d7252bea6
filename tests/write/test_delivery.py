"""New messages, as delivery agents and people bring them in."""

import errno
import mailbox
import os
import socket
import subprocess
import time

import pytest

from waiting import wait_for

TEXT = b"Subject: new\n\nThe text.\n"


def stored(account, folder="INBOX"):
    return list(account.referee.messages(folder).values())


def arrived(account, n=1, folder="INBOX"):
    return wait_for(lambda: len(stored(account, folder)) == n and stored(account, folder), 10, f"{n} messages")


def unique(number=1):
    return f"{int(time.time())}.M{number}P{os.getpid()}.{socket.gethostname()}"


def let_pass(account, mounted):
    """Returns when everything that could be sent by now has been sent."""
    (mounted.folder("Drafts") / "new/probe").write_bytes(TEXT)
    arrived(account, folder="Drafts")


# tmp/, then new/ or cur/

def test_a_file_in_tmp_is_nobodys_message(account, mount):
    tmp = mount(account).folder("INBOX") / "tmp"
    (tmp / "x").write_bytes(TEXT)
    assert os.listdir(tmp) == ["x"] and (tmp / "x").read_bytes() == TEXT
    (tmp / "x").rename(tmp / "y")
    assert os.listdir(tmp) == ["y"]
    os.unlink(tmp / "y")
    assert os.listdir(tmp) == [] and stored(account) == []


def test_delivery_by_rename(account, mount):
    inbox = mount(account).folder("INBOX")
    name = unique()
    (inbox / "tmp" / name).write_bytes(TEXT)
    os.rename(inbox / "tmp" / name, inbox / "new" / name)
    assert [os.listdir(inbox / place) for place in ("cur", "new", "tmp")] == [[], [name], []]
    one, = arrived(account)
    assert one.text == TEXT and one.body == TEXT.replace(b"\n", b"\r\n") and one.flags == set()
    assert (inbox / "new" / name).read_bytes() == TEXT


def test_delivery_by_link_and_unlink(account, mount):
    """As maildrop, procmail and Mutt do it: both names are one file until the first is removed."""
    inbox = mount(account).folder("INBOX")
    name = unique()
    (inbox / "tmp" / name).write_bytes(TEXT)
    os.link(inbox / "tmp" / name, inbox / "new" / name)
    first, second = os.stat(inbox / "tmp" / name), os.stat(inbox / "new" / name)
    assert (first.st_ino, first.st_nlink) == (second.st_ino, 2)
    os.unlink(inbox / "tmp" / name)
    assert os.stat(inbox / "new" / name).st_nlink == 1
    assert [os.listdir(inbox / place) for place in ("cur", "new", "tmp")] == [[], [name], []]
    one, = arrived(account)
    assert one.text == TEXT


def test_flags_and_date_are_taken_along(account, mount):
    inbox = mount(account).folder("INBOX")
    (inbox / "tmp/x").write_bytes(TEXT)
    os.utime(inbox / "tmp/x", (1_500_000_000, 1_500_000_000))
    os.rename(inbox / "tmp/x", inbox / "cur/x:2,FS")
    one, = arrived(account)
    assert one.flags == {"\\Seen", "\\Flagged"} and one.date == 1_500_000_000
    assert os.stat(inbox / "cur/x:2,FS").st_mtime == 1_500_000_000


def test_the_date_may_be_set_just_after_the_delivery(account, mount):
    inbox = mount(account).folder("INBOX")
    (inbox / "tmp/x").write_bytes(TEXT)
    os.link(inbox / "tmp/x", inbox / "cur/x:2,S")
    os.unlink(inbox / "tmp/x")
    os.utime(inbox / "cur/x:2,S", (1_500_000_000, 1_500_000_000))
    one, = arrived(account)
    assert one.date == 1_500_000_000


def test_the_name_given_is_kept(account, mount):
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    (inbox / "tmp/x").write_bytes(TEXT)
    os.rename(inbox / "tmp/x", inbox / "new/my own name.eml")
    arrived(account)
    inode = os.stat(inbox / "new/my own name.eml").st_ino
    mounted.remount()
    assert os.listdir(inbox / "new") == ["my own name.eml"]
    assert os.stat(inbox / "new/my own name.eml").st_ino == inode


def test_what_is_delivered_can_be_flagged_and_moved_at_once(account, mount):
    account.referee.create("Archive")
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    (inbox / "tmp/x").write_bytes(TEXT)
    os.rename(inbox / "tmp/x", inbox / "new/x")
    os.rename(inbox / "new/x", inbox / "cur/x:2,S")
    os.rename(inbox / "cur/x:2,S", mounted.folder("Archive") / "cur/x:2,RS")
    one, = arrived(account, folder="Archive")
    assert one.flags == {"\\Seen", "\\Answered"} and stored(account) == []


def test_a_hundred_deliveries(account, mount):
    inbox = mount(account).folder("INBOX")
    for number in range(100):
        (inbox / "tmp" / f"m{number}").write_bytes(TEXT + b"%d\n" % number)
        os.rename(inbox / "tmp" / f"m{number}", inbox / "new" / f"m{number}")
    texts = {one.text for one in arrived(account, 100)}
    assert texts == {TEXT + b"%d\n" % number for number in range(100)}


def test_a_delivery_to_a_folder_that_was_never_listed(account, mount):
    account.referee.create("Archive")
    account.referee.append("Archive", [b"Subject: old\r\n\r\n"])
    archive = mount(account).folder("Archive")
    (archive / "tmp/x").write_bytes(TEXT)
    os.rename(archive / "tmp/x", archive / "new/x")
    arrived(account, 2, "Archive")
    assert len(os.listdir(archive / "new")) == 2


# Straight into new/, cur/ or the folder

@pytest.mark.parametrize("place,name,shown", [("new", "msg.eml", "msg.eml"), ("cur", "msg.eml", "msg.eml:2,"),
                                              ("cur", "msg:2,S", "msg:2,S")])
def test_cp_into_a_place_is_sent_at_close(account, mount, tmp_path, place, name, shown):
    directory = mount(account).folder("INBOX") / place
    (tmp_path / name).write_bytes(TEXT)
    subprocess.run(["cp", tmp_path / name, directory], check=True)
    assert os.listdir(directory) == [shown]
    assert (directory / name).read_bytes() == (directory / shown).read_bytes() == TEXT
    one, = arrived(account)
    assert one.text == TEXT and one.flags == ({"\\Seen"} if name.endswith("S") else set())


@pytest.mark.parametrize("program", [["cp"], ["cp", "-a"], ["mv"], ["install", "-m", "600"]])
def test_dropped_on_the_folder_it_lands_in_new(account, mount, tmp_path, program):
    inbox = mount(account).folder("INBOX")
    (tmp_path / "msg.eml").write_bytes(TEXT)
    os.utime(tmp_path / "msg.eml", (1_500_000_000, 1_500_000_000))
    subprocess.run([*program, tmp_path / "msg.eml", inbox], check=True)
    assert sorted(os.listdir(inbox)) == ["cur", "new", "tmp"]
    assert os.listdir(inbox / "new") == ["msg.eml"]
    one, = arrived(account)
    assert one.text == TEXT
    if program != ["cp"] and program[0] != "install":
        assert one.date == 1_500_000_000


def test_a_dropped_file_that_has_moved_loses_the_name_it_was_dropped_by(account, mount):
    account.referee.create("Other", "Third")
    mounted = mount(account)
    path = mounted.folder("INBOX") / "letter"
    for take_away in (os.unlink, lambda path: os.rename(path, mounted.folder("Third") / "new" / "x")):
        path.write_bytes(b"Subject: x\n\n")
        (real,) = (mounted.folder("INBOX") / "new").iterdir()
        os.rename(real, mounted.folder("Other") / "new" / "y")
        take_away(path)
        assert not path.exists()
    assert not list((mounted.folder("Other") / "new").iterdir())
    assert len(list((mounted.folder("Third") / "new").iterdir())) == 1


def test_nothing_is_sent_before_the_last_writer_closes(account, mount):
    mounted = mount(account)
    path = mounted.folder("INBOX") / "new/x"
    with path.open("wb") as first:
        first.write(TEXT)
        first.flush()
        with path.open("ab") as second:
            second.write(b"More.\n")
        let_pass(account, mounted)
        assert stored(account) == []
    one, = arrived(account)
    assert one.text == TEXT + b"More.\n"


def test_a_shell_writes_in_pieces(account, mount):
    inbox = mount(account).folder("INBOX")
    subprocess.run(["sh", "-ec", "(echo Subject: x; echo; date; /bin/echo end) > new/x"], cwd=inbox, check=True)
    one, = arrived(account)
    assert one.text.startswith(b"Subject: x\n\n") and one.text.endswith(b"\nend\n")


def test_large_messages_come_through(account, mount):
    text = b"Subject: large\n\n" + b"0123456789abcdef" * 4 * 16384 + b"\n"
    path = mount(account).folder("INBOX") / "new/large"
    path.write_bytes(text)
    assert path.stat().st_size == len(text)
    one, = arrived(account)
    assert one.text == text and path.read_bytes() == text


# What is no message

@pytest.mark.parametrize("text", [b"", b"Subject: x\n\n\0\n"])
def test_what_is_no_message_is_einval_at_close_and_goes(account, mount, text):
    inbox = mount(account).folder("INBOX")
    with pytest.raises(OSError) as failure:
        (inbox / "new/x").write_bytes(text)
    assert failure.value.errno == errno.EINVAL
    wait_for(lambda: os.listdir(inbox / "new") == [] and not (inbox / "new/x").exists(), 5, "the file to go")
    (inbox / "tmp/x").write_bytes(text)
    with pytest.raises(OSError) as failure:
        os.rename(inbox / "tmp/x", inbox / "new/x")
    assert failure.value.errno == errno.EINVAL
    assert stored(account) == []


def test_a_name_that_leaves_no_room_for_flags_is_too_long(account, mount):
    inbox = mount(account).folder("INBOX")
    (inbox / "new" / ("x" * 246)).write_bytes(TEXT)
    with pytest.raises(OSError) as failure:
        (inbox / "new" / ("x" * 247)).write_bytes(TEXT)
    assert failure.value.errno == errno.ENAMETOOLONG


# Names with a dot are files being written

def test_a_dot_name_in_cur_becomes_a_message_when_it_is_renamed(account, mount):
    """As rsync does."""
    mounted = mount(account)
    cur = mounted.folder("INBOX") / "cur"
    (cur / ".msg.Xa3f").write_bytes(TEXT)
    assert os.listdir(cur) == [] and (cur / ".msg.Xa3f").read_bytes() == TEXT
    assert os.listdir(cur.parent / "tmp") == [".msg.Xa3f"]
    let_pass(account, mounted)
    assert stored(account) == []
    os.rename(cur / ".msg.Xa3f", cur / "msg:2,S")
    assert os.listdir(cur) == ["msg:2,S"] and not (cur / ".msg.Xa3f").exists()
    one, = arrived(account)
    assert one.text == TEXT and one.flags == {"\\Seen"}


# Python

def test_pythons_maildir_adds_reads_flags_and_removes(account, mount):
    mounted = mount(account)
    box = mailbox.Maildir(mounted.folder("INBOX"), create=False)
    message = mailbox.MaildirMessage(TEXT)
    message.set_flags("FS")
    message.set_date(1_500_000_000)
    message.set_subdir("cur")
    key = box.add(message)
    one, = arrived(account)
    assert one.flags == {"\\Seen", "\\Flagged"} and one.date == 1_500_000_000
    again = box[key]
    assert again.get_flags() == "FS" and again["Subject"] == "new"
    again.remove_flag("F")
    again.add_flag("R")
    box[key] = again
    wait_for(lambda: [one.flags for one in stored(account)] == [{"\\Seen", "\\Answered"}], 10, "the change")
    box.discard(key)
    wait_for(lambda: stored(account) == [], 10, "the removal")
