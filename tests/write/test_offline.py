"""Without the server everything works, and goes out in order when it is back."""

import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for


def mails(account, folder):
    if folder not in account.referee.folders():
        return None
    return sorted((one.text, one.flags) for one in account.referee.messages(folder).values())


def message(name):
    return b"Subject: %s\n\nText\n" % name.encode()


@pytest.fixture
def offline(dovecot_with, mount):
    """A mount that has lost its server: three messages are cached, mounted.back() brings the server again."""
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.create("Archive", "Old", "Old/child")
    account.referee.append("INBOX", [Mail(message(name).replace(b"\n", b"\r\n")) for name in ("a", "b", "c")])
    mounted = mount(account)
    mounted.account = account
    for path in mounted.files().values():
        path.read_bytes()
    for folder in ("Archive", "Old", "Old/child"):
        os.listdir(mounted.folder(folder) / "cur")
    server.kill()
    account.close()
    account._referee = None

    def back():
        server.start()
        (mounted.path / ".mailfs/ctl").write_text("online\n")
        wait_for(lambda: "pending:    0" in mounted.status() and "online" in mounted.status(), 40, "everything to be sent")
    mounted.back = back
    return mounted


def test_flags_moves_and_removals(offline):
    files = offline.files()
    cur, archive = offline.folder("INBOX") / "cur", offline.folder("Archive") / "cur"
    os.rename(files[1], cur / "a:2,S")
    os.rename(cur / "a:2,S", archive / "a:2,FS")
    os.unlink(files[2])
    os.rename(files[3], archive / "c:2,")
    os.rename(archive / "c:2,", offline.folder("INBOX") / "cur/c:2,R")
    offline.back()
    assert mails(offline.account, "INBOX") == [(message("c"), {"\\Answered"})]
    assert mails(offline.account, "Archive") == [(message("a"), {"\\Flagged", "\\Seen"})]
    assert mails(offline.account, "Trash") == [(message("b"), set())]


def test_new_messages_flagged_moved_and_removed(offline):
    new, archive = offline.folder("INBOX") / "new", offline.folder("Archive") / "cur"
    for name in ("w", "x", "y", "z"):
        (new / name).write_bytes(message(name))
    os.rename(new / "x", archive / "x:2,S")
    os.unlink(new / "y")
    os.unlink(offline.folder("Trash") / "new/y")
    with (new / "z").open("ab") as file:
        file.write(b"More\n")
    offline.back()
    assert mails(offline.account, "Archive") == [(message("x"), {"\\Seen"})]
    assert [mail[0] for mail in mails(offline.account, "INBOX")] == [
        message("a"), message("b"), message("c"), message("w"), message("z") + b"More\n"]
    assert mails(offline.account, "Trash") == []


def test_folders_made_filled_and_renamed(offline):
    files = offline.files()
    subprocess.run(["mkdir", "-p", "Made/deep"], cwd=offline.path, check=True)
    os.rename(files[1], offline.folder("Made/deep") / "new/a")
    (offline.folder("Made") / "new/n").write_bytes(message("n"))
    os.rename(offline.folder("Made"), offline.folder("Renamed"))
    os.rename(offline.folder("Renamed/deep/new/a"), offline.folder("Renamed/deep/cur/a:2,S"))
    subprocess.run(["rm", "-r", "Old"], cwd=offline.path, check=True)
    offline.back()
    assert mails(offline.account, "Renamed") == [(message("n"), set())]
    assert mails(offline.account, "Renamed/deep") == [(message("a"), {"\\Seen"})]
    assert not {"Made", "Made/deep", "Old", "Old/child"} & set(offline.account.referee.folders())


def test_a_message_is_rewritten(offline):
    path = offline.files()[1]
    path.write_bytes(message("new"))
    assert path.read_bytes() == message("new")
    offline.back()
    assert [mail[0] for mail in mails(offline.account, "INBOX")] == [message("b"), message("c"), message("new")]
    assert path.read_bytes() == message("new")


def test_copies(offline):
    path = offline.files()[1]
    os.link(path, offline.folder("Archive") / "new/linked")
    subprocess.run(["cp", path, offline.folder("Archive") / "new/copied"], check=True)
    assert (offline.folder("Archive") / "new/linked").read_bytes() == message("a")
    offline.back()
    assert mails(offline.account, "Archive") == [(message("a"), set())] * 2


def test_all_of_it_survives_a_kill(offline):
    files = offline.files()
    os.rename(files[1], offline.folder("Archive") / "cur/a:2,S")
    (offline.folder("INBOX") / "new/n").write_bytes(message("n"))
    (offline.folder("INBOX") / "tmp/t").write_bytes(message("t"))
    offline.kill()
    offline.start()
    assert os.listdir(offline.folder("Archive") / "cur") == ["a:2,S"]
    assert (offline.folder("INBOX") / "new/n").read_bytes() == message("n")
    assert os.listdir(offline.folder("INBOX") / "tmp") == ["t"]
    os.rename(offline.folder("INBOX") / "tmp/t", offline.folder("INBOX") / "new/t")
    offline.back()
    assert mails(offline.account, "Archive") == [(message("a"), {"\\Seen"})]
    assert [mail[0] for mail in mails(offline.account, "INBOX")] == [message(name) for name in ("b", "c", "n", "t")]


def test_nothing_can_be_put_into_lost_and_found(offline):
    lost = offline.path / ".mailfs/lost+found"
    assert os.listdir(lost) == [] and "lost+found" in os.listdir(lost.parent)
    for action in (lambda: (lost / "x").write_bytes(message("x")), lambda: os.mkdir(lost / "x"),
                   lambda: os.rename(offline.files()[1], lost / "x"), lambda: os.rmdir(lost)):
        with pytest.raises(PermissionError):
            action()


def test_what_another_client_removed_meanwhile_is_kept_when_it_was_moved(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(message(name).replace(b"\n", b"\r\n")) for name in ("a", "b")])
    mounted = mount(account)
    files = mounted.files()
    contents = [path.read_bytes() for path in files.values()]
    mounted.unmount()
    account.referee.expunge("INBOX", [1])
    server.kill()
    account.close()
    account._referee = None
    mounted.start()
    os.rename(files[1], mounted.folder("Archive") / "new/a")
    server.start()
    (mounted.path / ".mailfs/ctl").write_text("online\n")
    lost = mounted.path / ".mailfs/lost+found"
    wait_for(lambda: os.listdir(lost), 40, "the message in lost+found")
    path, = lost.iterdir()
    assert path.read_bytes() == message("a") in contents
    # Out of there it is delivered again.
    subprocess.run(["mv", path, mounted.folder("Archive")], check=True)
    assert os.listdir(lost) == []
    assert os.listdir(mounted.folder("Archive") / "cur") == [path.name]
    wait_for(lambda: [mail[0] for mail in mails(account, "Archive")] == [message("a")], 20, "the message")
