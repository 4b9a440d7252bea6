"""Messages are written anew, in place or by a file that takes their name."""

import contextlib
import errno
import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

OLD = b"Subject: draft\n\nold text\n"
NEW = b"Subject: draft\n\nnew text, longer than before\n"


def texts(account):
    return sorted(stored.text for stored in account.referee.messages("INBOX").values())


@pytest.fixture
def path(account, mount):
    """A draft with a keyword, not read yet."""
    account.referee.append("INBOX", [Mail(OLD.replace(b"\n", b"\r\n"), "\\Draft \\Seen work")])
    path = mount(account).files()[1]
    return path


def assert_is(account, path, text):
    """The message is what it was but for its text, and is there once."""
    assert path.read_bytes() == text and path.stat().st_size == len(text)
    assert os.listdir(path.parent) == [path.name]
    wait_for(lambda: texts(account) == [text], 10, "the new text alone")
    stored, = account.referee.messages("INBOX").values()
    assert stored.flags == {"\\Draft", "\\Seen", "work"}
    wait_for(lambda: os.getxattr(path, "user.mailfs.state") == b"synced", 10, "nothing to be pending")
    assert os.listdir(path.parent) == [path.name] and path.read_bytes() == text


def test_the_text_is_overwritten(account, path):
    path.write_bytes(NEW)
    assert_is(account, path, NEW)


def test_the_text_is_shortened(account, path):
    os.truncate(path, len(OLD) - 5)
    assert_is(account, path, OLD[:-5])


def test_the_text_is_appended_to(account, path):
    subprocess.run(["sh", "-ec", 'echo more >> "$1"', "sh", path], check=True)
    assert_is(account, path, OLD + b"more\n")


def test_a_byte_in_the_middle_is_changed(account, path):
    with path.open("r+b") as file:
        file.seek(OLD.index(b"old"))
        file.write(b"new")
        file.seek(0)
        assert file.read() == OLD.replace(b"old", b"new")
    assert_is(account, path, OLD.replace(b"old", b"new"))


def test_whoever_has_it_open_sees_the_new_text(account, path):
    with path.open("rb") as reader:
        assert reader.read() == OLD
        path.write_bytes(NEW)
        reader.seek(0)
        assert reader.read() == NEW


def test_by_a_stale_name_it_is_the_same_message(account, path):
    base = path.name.split(":2,")[0]
    assert path.read_bytes() == OLD
    path.with_name(f"{base}:2,").write_bytes(NEW)
    wait_for(lambda: path.read_bytes() == NEW, 5, "the new text under the present name")
    assert_is(account, path, NEW)


def test_it_can_be_written_again_and_again(account, path):
    for number in range(10):
        path.write_bytes(NEW + b"%d\n" % number)
    assert_is(account, path, NEW + b"9\n")


def test_between_two_pushes_it_is_written_again(account, path):
    for number in range(3):
        path.write_bytes(NEW + b"%d\n" % number)
        assert_is(account, path, NEW + b"%d\n" % number)


def test_opening_for_writing_changes_nothing(account, path):
    with path.open("r+b"):
        pass
    assert_is(account, path, OLD)
    assert list(account.referee.messages("INBOX")) == [1]


def test_emptying_it_is_einval_and_keeps_it(account, path):
    with pytest.raises(OSError) as failure:
        path.write_bytes(b"")
    assert failure.value.errno == errno.EINVAL
    wait_for(lambda: path.read_bytes() == OLD, 5, "the old text again")
    assert_is(account, path, OLD)
    assert list(account.referee.messages("INBOX")) == [1]


def test_an_open_draft_can_be_flagged_and_moved_before_it_is_closed(account, mount):
    account.referee.create("Archive")
    mounted = mount(account)
    cur = mounted.folder("INBOX") / "cur"
    with (cur / "x:2,").open("wb") as file:
        file.write(b"Subject: x\n\n")
        file.flush()
        os.rename(cur / "x:2,", cur / "x:2,S")
        os.setxattr(cur / "x:2,S", "user.imap.flags", b"+\\Flagged +work")
        os.rename(cur / "x:2,FS", mounted.folder("Archive") / "cur/y:2,FS")
        file.write(b"the rest\n")

    def arrived():
        return [(one.text, one.flags) for one in account.referee.messages("Archive").values()]
    wait_for(lambda: arrived() == [(b"Subject: x\n\nthe rest\n", {"\\Seen", "\\Flagged", "work"})], 10, "the message")
    assert texts(account) == []


def test_a_draft_that_is_removed_while_open_is_not_sent(account, mount):
    new = mount(account).folder("INBOX") / "new"
    with (new / "x").open("wb") as file:
        file.write(b"Subject: x\n\n")
        file.flush()
        os.unlink(new / "x")
        file.write(b"the rest\n")
    (new / "y").write_bytes(b"Subject: y\n\n")
    wait_for(lambda: texts(account) == [b"Subject: y\n\n"], 10, "the other message alone")


def test_fsync_and_mmap(account, mount):
    import mmap
    path = mount(account).folder("INBOX") / "new/x"
    with path.open("w+b") as file:
        file.write(b"Subject: x\n\nold text\n")
        file.flush()
        os.fsync(file.fileno())
        with mmap.mmap(file.fileno(), 0) as mapped:
            mapped[12:15] = b"new"
            mapped.flush()
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    wait_for(lambda: texts(account) == [b"Subject: x\n\nnew text\n"], 10, "what was mapped")


def test_at_sigterm_what_is_half_written_is_not_sent_but_kept(account, mount):
    account.referee.append("INBOX", [Mail(OLD.replace(b"\n", b"\r\n"))])
    mounted = mount(account)
    (mounted.path / ".private").mkdir()
    cur, half = mounted.folder("INBOX") / "cur", b"Subject: half\n\nMore would fo"
    held = [os.open(mounted.files()[1], os.O_RDWR), os.open(cur / "made:2,", os.O_RDWR | os.O_CREAT),
            os.open(cur / "empty:2,", os.O_RDWR | os.O_CREAT), os.open(mounted.path / ".mailfs/status", os.O_RDONLY)]
    directories = [mounted.path, cur, mounted.path / ".private"]
    held += [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in directories]
    for file in held[:2]:
        os.pwrite(file, half, 0)
    mounted.process.terminate()
    assert mounted.process.wait(30) == 0
    for file in held:
        with contextlib.suppress(OSError):
            os.close(file)
    mounted.start()
    path, = mounted.files().values()
    assert path.read_bytes() == OLD and texts(account) == [OLD]
    lost = mounted.path / ".mailfs/lost+found"
    assert sorted(one.read_bytes() for one in lost.iterdir()) == [half, half + OLD[len(half):]]
