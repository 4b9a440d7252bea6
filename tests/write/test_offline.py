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


@pytest.fixture(params=["lost", "fresh"])
def offline(request, dovecot_with, mount):
    """A mount that has lost its server, or one that was made without: three messages are cached, mounted.back() brings the
    server again."""
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
    if request.param == "fresh":
        mounted.unmount()
    server.kill()
    account.close()
    account._referee = None
    if request.param == "fresh":
        mounted.start()

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


def test_the_state_says_what_is_pending(offline):
    files = offline.files()
    os.rename(files[1], offline.folder("Archive") / "cur/a:2,S")
    os.rename(files[2], files[2].with_name("b:2,F"))
    (offline.folder("INBOX") / "new/n").write_bytes(message("n"))
    states = {path: os.getxattr(path, "user.mailfs.state") for path in (
        offline.folder("Archive") / "cur/a:2,S", offline.folder("INBOX") / "cur/b:2,F", offline.folder("INBOX") / "new/n",
        files[3])}
    assert [state[:9] for state in states.values()] == [b"pending: "] * 3 + [b"synced"]
    offline.back()
    assert {os.getxattr(path, "user.mailfs.state") for path in states} == {b"synced"}


def test_a_folder_is_renamed_with_changes_pending_inside(offline):
    old, new = offline.folder("Old"), offline.folder("New")
    files = offline.files()
    (old / "new/n").write_bytes(message("n"))
    os.rename(files[1], old / "cur/a:2,S")
    os.rename(files[2], old / "child/cur/b:2,F")
    os.rename(old, new)
    os.rename(new / "new/n", new / "cur/n:2,R")
    os.rename(new / "child/cur/b:2,F", new / "cur/b:2,FS")
    (new / "child/new/m").write_bytes(message("m"))
    subprocess.run(["mkdir", "-p", new / "more"], check=True)
    os.rename(new, offline.folder("Archive") / "Newer")
    os.setxattr(offline.folder("Archive") / "Newer/cur/a:2,S", "user.imap.flags", b"+work")
    offline.back()
    assert mails(offline.account, "Archive/Newer") == [(message("a"), {"\\Seen", "work"}),
                                                       (message("b"), {"\\Flagged", "\\Seen"}), (message("n"), {"\\Answered"})]
    assert mails(offline.account, "Archive/Newer/child") == [(message("m"), set())]
    assert {name for name in offline.account.referee.folders() if name.startswith(("Old", "New", "Archive"))} == {
        "Archive", "Archive/Newer", "Archive/Newer/child", "Archive/Newer/more"}
    assert [mail[0] for mail in mails(offline.account, "INBOX")] == [message("c")]


def test_what_was_flagged_moved_twice_and_removed_is_gone_once(offline):
    files = offline.files()
    os.rename(files[1], offline.folder("Archive") / "cur/a:2,F")
    os.rename(offline.folder("Archive") / "cur/a:2,F", offline.folder("Old") / "cur/a:2,FS")
    os.unlink(offline.folder("Old") / "cur/a:2,FS")
    os.rename(files[2], files[2].with_name("b:2,S"))
    os.unlink(files[2].parent.parent / "cur/b:2,S")
    os.unlink(offline.folder("Trash") / "cur/b:2,S")
    offline.back()
    assert mails(offline.account, "Trash") == [(message("a"), {"\\Flagged", "\\Seen"})]
    assert [mail[0] for mail in mails(offline.account, "INBOX")] == [message("c")]
    assert mails(offline.account, "Archive") == mails(offline.account, "Old") == []


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
