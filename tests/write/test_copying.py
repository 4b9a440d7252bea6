"""Programs that copy and move files, file managers among them."""

import os
import shutil
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

TEXT = b"Subject: new\n\nThe text.\n"


def mails(account, folder):
    return sorted((one.text, one.flags) for one in account.referee.messages(folder).values())


def assert_there(account, mounted, wanted, folder="Archive"):
    """Exactly these are on the server, and in the mount, with nothing left of temporary names."""
    wait_for(lambda: mails(account, folder) == wanted, 10, "the messages")
    wait_for(lambda: "pending:    0\n" in mounted.status(), 10, "nothing to be pending")
    assert mails(account, folder) == wanted
    files = [path for place in ("cur", "new", "tmp") for path in (mounted.folder(folder) / place).iterdir()]
    assert sorted(path.read_bytes() for path in files) == [text for text, _ in wanted]
    assert sorted(os.listdir(mounted.folder(folder))) == ["cur", "new", "tmp"]
    assert not [path for path in files if path.name.endswith(("~", ".part")) or path.parent.name == "tmp"]


@pytest.fixture
def mounted(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\nx\r\n" % n, "\\Seen" if n % 2 else "") for n in range(6)])
    return mount(account)


@pytest.mark.parametrize("target", ["cur/message:2,S", "cur/message", "new/message.eml", "message.eml"])
@pytest.mark.parametrize("temporary", ["{}.part", "{}~", "{}.crdownload"])
def test_a_copy_under_a_temporary_name_is_one_message(account, mounted, target, temporary):
    path = mounted.folder("Archive") / target
    unfinished = path.with_name(temporary.format(path.name))
    with unfinished.open("wb") as file:
        for part in (TEXT[:10], TEXT[10:]):
            file.write(part)
            file.flush()
    os.rename(unfinished, path)
    assert path.read_bytes() == TEXT and not unfinished.exists()
    assert_there(account, mounted, [(TEXT, {"\\Seen"} if "S" in target else set())])


def test_a_copy_that_is_given_up_leaves_nothing(account, mounted):
    for name in ("cur/message:2,S.part", "message.eml.part"):
        path = mounted.folder("Archive") / name
        with path.open("wb") as file:
            file.write(TEXT)
            os.unlink(path)
    assert_there(account, mounted, [])
    assert mails(account, "Trash") == []


@pytest.mark.parametrize("original", ["sent", "unsent"])
def test_a_copy_keeps_the_keywords(account, mounted, original):
    """Whether the server makes it or it is uploaded."""
    ctl, path = mounted.path / ".mailfs/ctl", mounted.folder("Archive") / "cur/message:2,S"
    if original == "unsent":
        ctl.write_text("offline\n")
    path.write_bytes(TEXT)
    os.setxattr(path, "user.imap.flags", b"+work +$label1")
    if original == "sent":
        ctl.write_text("sync\n")
    subprocess.run(["cp", path, path.with_name("copy:2,FS")], check=True)
    assert os.getxattr(path.with_name("copy:2,FS"), "user.imap.flags") == b"\\Seen \\Flagged $label1 work"
    ctl.write_text("online\n")
    wanted = [(TEXT, {"\\Seen", "work", "$label1"}), (TEXT, {"\\Seen", "\\Flagged", "work", "$label1"})]
    assert_there(account, mounted, wanted)


def test_a_copy_has_the_keywords_of_what_was_copied_and_not_of_its_like(account, mounted):
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"), "work")])
    wait_for(lambda: 7 in mounted.files(), 10, "the message")
    control, archive = mounted.path / ".mailfs/ctl", mounted.folder("Archive") / "cur"
    path = mounted.files()[7]
    assert path.read_bytes() == TEXT
    control.write_text("offline\n")
    os.link(path, archive / "like:2,")
    os.setxattr(archive / "like:2,", "user.imap.flags", b"-work")
    shutil.copyfile(archive / "like:2,", archive / "copy:2,")
    control.write_text("online\n")
    assert_there(account, mounted, [(TEXT, frozenset())] * 2)
    assert mails(account, "INBOX")[-1] == (TEXT, {"work"})


@pytest.mark.skipif(not shutil.which("gio"), reason="gio is not installed")
@pytest.mark.parametrize("target", ["", "cur", "new"])
def test_gio_copies_and_moves(account, mounted, tmp_path, target):
    (tmp_path / "message.eml").write_bytes(TEXT)
    (tmp_path / "other.eml").write_bytes(TEXT + b"other\n")
    subprocess.run(["gio", "copy", tmp_path / "message.eml", mounted.folder("Archive") / target], check=True)
    subprocess.run(["gio", "move", tmp_path / "other.eml", mounted.folder("Archive") / target], check=True)
    assert_there(account, mounted, [(TEXT, frozenset()), (TEXT + b"other\n", frozenset())])


@pytest.mark.parametrize("script", [
    "find INBOX -type f -exec mv {} Archive/cur/ \\;",
    "find INBOX -type f -exec mv -t Archive/cur/ {} +",
    "find INBOX/cur INBOX/new -type f -print0 | xargs -0 -n 1 -I F mv F Archive/cur/",
    "for f in INBOX/*/*; do cp -p $f Archive/cur/ && rm $f; done; rm Trash/*/*",
    "cat INBOX/*/* > /dev/null; rsync -a --remove-source-files INBOX/ Archive/; rm Trash/*/*",
    "tar -C INBOX -cf - cur new | tar -C Archive -xf -; rm INBOX/*/*; rm Trash/*/*",
])
def test_everything_is_moved(account, mounted, script):
    wanted = mails(account, "INBOX")
    subprocess.run(["sh", "-ec", script], cwd=mounted.path, check=True)
    assert_there(account, mounted, wanted)
    assert mails(account, "INBOX") == [] == mails(account, "Trash")
