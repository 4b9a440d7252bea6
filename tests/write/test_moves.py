"""Messages go from folder to folder, by mv, cp and ln."""

import errno
import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for


def subjects(account, folder):
    if folder not in account.referee.folders():
        return None
    return sorted(stored.text.split(b"\n")[0].removeprefix(b"Subject: ").decode()
                  for stored in account.referee.messages(folder).values())


def mails(*names, flags=""):
    return [Mail(f"Subject: {name}\r\n\r\nx\r\n".encode(), flags) for name in names]


@pytest.fixture
def mounted(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", mails("a", "b", "c") + mails("seen", flags="\\Seen \\Flagged work"))
    return mount(account)


def test_a_message_is_moved_with_its_flags_keywords_and_date(account, mounted):
    path = mounted.files()[4]
    path.rename(mounted.folder("Archive") / "cur" / path.name)
    assert path.name not in os.listdir(path.parent)
    assert os.listdir(mounted.folder("Archive") / "cur") == [path.name]
    wait_for(lambda: subjects(account, "Archive") == ["seen"], 10, "the message in its new folder")
    stored, = account.referee.messages("Archive").values()
    assert stored.flags == {"\\Seen", "\\Flagged", "work"} and stored.date == 1_600_000_000
    assert subjects(account, "INBOX") == ["a", "b", "c"]


def test_a_moved_message_keeps_inode_and_name(account, mounted):
    path = mounted.files()[1]
    inode = path.stat().st_ino
    target = mounted.folder("Archive") / "new" / path.name
    path.rename(target)
    wait_for(lambda: subjects(account, "Archive") == ["a"], 10, "the move")
    wait_for(lambda: os.getxattr(target, "user.mailfs.state") == b"synced", 10, "the answer to the move")
    assert target.stat().st_ino == inode
    mounted.remount()
    assert target.stat().st_ino == inode


def test_move_and_flag_at_once(account, mounted):
    path = mounted.files()[1]
    path.rename(mounted.folder("Archive") / "cur" / f"{path.name}:2,RS")
    wait_for(lambda: [stored.flags for stored in account.referee.messages("Archive").values()]
             == [{"\\Seen", "\\Answered"}], 10, "the move and the flags")


def test_there_and_back_again_costs_nothing(account, mounted):
    path = mounted.files()[1]
    target = mounted.folder("Archive") / "new" / path.name
    path.rename(target)
    target.rename(path)
    wait_for(lambda: b"synced" == os.getxattr(path, "user.mailfs.state"), 10, "nothing to be pending")
    assert subjects(account, "INBOX") == ["a", "b", "c", "seen"] and subjects(account, "Archive") == []
    assert path.read_bytes() == b"Subject: a\n\nx\n"


def test_a_message_that_was_never_read_is_read_while_it_moves(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", mails(*(f"m{number}" for number in range(100))))
    mounted = mount(account, "prefetch=none")
    for path in mounted.files().values():
        target = mounted.folder("Archive") / "new" / path.name
        path.rename(target)
        assert target.read_bytes().endswith(b"\n\nx\n")
        target.rename(path)
        assert path.read_bytes().endswith(b"\n\nx\n")


def test_a_thousand_messages_are_moved_by_a_shell_loop(account, mounted):
    account.referee.append("INBOX", mails(*(f"m{number}" for number in range(1000))))
    wait_for(lambda: len(os.listdir(mounted.folder("INBOX") / "new")) == 1003, 20, "all messages")
    subprocess.run(["sh", "-ec", "for f in INBOX/new/*; do mv $f Archive/new/; done"], cwd=mounted.path, check=True)
    assert os.listdir(mounted.folder("INBOX") / "new") == []
    assert len(os.listdir(mounted.folder("Archive") / "new")) == 1003
    wait_for(lambda: account.referee.status("Archive", "MESSAGES") == 1003, 30, "all moved")
    assert account.referee.status("INBOX", "MESSAGES") == 1


def test_mv_of_many_is_one_program(account, mounted):
    files = [path for uid, path in mounted.files().items() if uid < 4]
    subprocess.run(["mv", *files, mounted.folder("Archive") / "cur/"], check=True)
    wait_for(lambda: subjects(account, "Archive") == ["a", "b", "c"], 10, "the moves")
    assert sorted(os.listdir(mounted.folder("Archive") / "cur")) == sorted(path.name + ":2," for path in files)


# Onto the folder itself

def test_mv_onto_the_folder_lands_in_cur_or_new(account, mounted):
    files = mounted.files()
    subprocess.run(["mv", files[1], files[4], mounted.folder("Archive")], check=True)
    archive = mounted.folder("Archive")
    assert sorted(os.listdir(archive)) == ["cur", "new", "tmp"]
    assert os.listdir(archive / "new") == [files[1].name]
    assert os.listdir(archive / "cur") == [files[4].name]
    wait_for(lambda: not (archive / files[1].name).exists(), 5, "the name in the folder itself to go")
    wait_for(lambda: subjects(account, "Archive") == ["a", "seen"], 10, "the moves")


def test_dropping_never_replaces(account, mounted):
    files = mounted.files()
    files[1].rename(mounted.folder("Archive") / "same")
    files[2].rename(mounted.folder("Archive") / "same")
    assert sorted(os.listdir(mounted.folder("Archive") / "new")) == ["same", "same_1"]
    wait_for(lambda: subjects(account, "Archive") == ["a", "b"], 10, "both")


def test_dropping_a_message_on_its_own_folder_changes_nothing(account, mounted):
    path = mounted.files()[4]
    subprocess.run(["mv", path, mounted.folder("INBOX")], check=True)
    assert os.listdir(path.parent) == [path.name]


# Onto another message

def test_a_message_that_is_moved_onto_another_replaces_it(account, mounted):
    files = mounted.files()
    os.rename(files[1], files[2])
    assert len(os.listdir(files[1].parent)) == 2
    assert files[2].read_bytes() == b"Subject: a\n\nx\n"
    wait_for(lambda: subjects(account, "INBOX") == ["a", "c", "seen"], 10, "the replaced message to go")


# Copies

def test_ln_into_another_folder_copies(account, mounted):
    path = mounted.files()[4]
    subprocess.run(["ln", path, mounted.folder("Archive") / "cur"], check=True)
    copy = mounted.folder("Archive") / "cur" / path.name
    assert copy.read_bytes() == path.read_bytes()
    assert copy.stat().st_ino != path.stat().st_ino
    wait_for(lambda: subjects(account, "Archive") == ["seen"], 10, "the copy")
    stored, = account.referee.messages("Archive").values()
    assert stored.flags == {"\\Seen", "\\Flagged", "work"} and stored.date == 1_600_000_000
    assert len(subjects(account, "INBOX")) == 4


def test_cp_into_another_folder_copies(account, mounted):
    path = mounted.files()[1]
    subprocess.run(["cp", path, mounted.folder("Archive") / "new"], check=True)
    assert os.listdir(mounted.folder("Archive") / "new") == [path.name]
    wait_for(lambda: subjects(account, "Archive") == ["a"], 10, "the copy")
    assert (mounted.folder("Archive") / "new" / path.name).read_bytes() == b"Subject: a\n\nx\n"


def test_cp_a_of_a_folder_within_the_mount_copies_it(account, mounted):
    subprocess.run(["cp", "-a", "INBOX", "Copy"], cwd=mounted.path, check=True)
    wait_for(lambda: subjects(account, "Copy") == ["a", "b", "c", "seen"], 20, "the copied folder")
    assert {stored.flags for stored in account.referee.messages("Copy").values()} == {
        frozenset(), frozenset({"\\Seen", "\\Flagged", "work"})}
    assert {stored.date for stored in account.referee.messages("Copy").values()} == {1_600_000_000}


def test_ln_refuses_a_name_that_is_taken(account, mounted):
    files = mounted.files()
    with pytest.raises(FileExistsError):
        os.link(files[1], files[2])


# Removal

def test_rm_moves_to_the_trash_and_from_there_away(account, mounted):
    path = mounted.files()[1]
    os.unlink(path)
    assert path.name not in os.listdir(path.parent) and not path.exists()
    in_trash = mounted.folder("Trash") / "new" / path.name
    assert os.listdir(in_trash.parent) == [path.name]
    wait_for(lambda: subjects(account, "Trash") == ["a"], 10, "the message in the trash")
    os.unlink(in_trash)
    assert os.listdir(in_trash.parent) == []
    wait_for(lambda: subjects(account, "Trash") == [], 10, "an empty trash")


def test_names_that_are_as_long_as_may_be_meet_in_the_trash(account, mounted):
    for folder in ("INBOX", "Archive"):
        path = mounted.folder(folder) / "new" / (246 * "n")
        path.write_bytes(f"Subject: {folder}\n\n".encode())
        path.unlink()
    shown = [path.read_bytes() for path in (mounted.folder("Trash") / "new").iterdir()]
    assert sorted(shown) == [b"Subject: Archive\n\n", b"Subject: INBOX\n\n"]
    wait_for(lambda: subjects(account, "Trash") == ["Archive", "INBOX"], 10, "the messages in the trash")


@pytest.mark.parametrize("folders, trash", [((), "Trash"), (("INBOX/Trash",), "INBOX/Trash")])
def test_where_there_is_no_trash_rm_finds_or_makes_one(dovecot_with, mount, folders, trash):
    account = dovecot_with(auto="no", trash="Elsewhere").add_account("alice")
    account.referee.create(*folders)
    account.referee.append("INBOX", mails("a", "b"))
    mounted = mount(account)
    for path in mounted.files().values():
        path.unlink()
    assert len(os.listdir(mounted.folder(trash) / "new")) == 2
    assert ("Trash" in os.listdir(mounted.path)) == (trash == "Trash")
    wait_for(lambda: subjects(account, trash) == ["a", "b"], 10, "the messages in the trash")
    assert subjects(account, "INBOX") == []
    for path in (mounted.folder(trash) / "new").iterdir():
        path.unlink()
    wait_for(lambda: subjects(account, trash) == [], 10, "an empty trash")


@pytest.mark.parametrize("option", ["exclude=Work/Bin", "folders=INBOX"])
def test_a_trash_that_is_not_shown_is_the_trash_all_the_same(dovecot_with, mount, option):
    account = dovecot_with(auto="no", trash="Work/Bin").add_account("alice")
    account.referee.create("Work", "Work/Bin")
    account.referee.append("INBOX", mails("a", "b"))
    mounted = mount(account, option)
    shown = sorted(os.listdir(mounted.path))
    for path in mounted.files().values():
        path.unlink()
    assert len(os.listdir(mounted.folder("Work/Bin/new"))) == 2
    wait_for(lambda: subjects(account, "Work/Bin") == ["a", "b"], 10, "the messages in the trash")
    (mounted.path / ".mailfs/ctl").write_text("sync\n")
    assert not mounted.folder("Work/Bin").exists() and sorted(os.listdir(mounted.path)) == shown
    assert subjects(account, "INBOX") == [] and "Trash" not in account.referee.folders()


def test_with_delete_expunge_rm_expunges_that_message_alone(account, mount):
    account.referee.append("INBOX", mails("a", "b") + mails("marked", flags="\\Deleted"))
    mounted = mount(account, "delete=expunge")
    os.unlink(mounted.files()[1])
    wait_for(lambda: subjects(account, "INBOX") == ["b", "marked"], 10, "the message to go")
    assert subjects(account, "Trash") == []


def test_rm_in_junk_expunges(account, mounted):
    path = mounted.files()[1]
    path.rename(mounted.folder("Junk") / "new" / path.name)
    wait_for(lambda: subjects(account, "Junk") == ["a"], 10, "the message in Junk")
    os.unlink(mounted.folder("Junk") / "new" / path.name)
    wait_for(lambda: subjects(account, "Junk") == [], 10, "an empty Junk")
    assert subjects(account, "Trash") == []


def test_rm_by_a_stale_name_removes_the_message(account, mounted):
    path = mounted.files()[4]
    base = path.name.split(":2,")[0]
    os.stat(path)
    os.unlink(path.with_name(f"{base}:2,"))
    assert os.listdir(path.parent) == []
    wait_for(lambda: not path.exists(), 5, "the present name to be forgotten")
    with pytest.raises(FileNotFoundError):
        os.unlink(path)


def test_an_open_message_stays_readable_after_rm(account, mounted):
    path = mounted.files()[1]
    with path.open("rb") as opened:
        os.unlink(path)
        assert opened.read() == b"Subject: a\n\nx\n"


# What cannot be

@pytest.mark.parametrize("action", [
    lambda path: os.symlink("x", path.with_name("link")),
    lambda path: os.mkfifo(path.with_name("fifo")),
    lambda path: os.mkdir(path.with_name("directory")),
    lambda path: os.chmod(path, 0o644),
    lambda path: os.utime(path, (1, 1)),
    lambda path: os.rename(path.parent, path.parent.with_name("old")),
])
def test_what_imap_cannot_express_is_eperm(mounted, action):
    path = mounted.files()[1]
    with pytest.raises(PermissionError) as failure:
        action(path)
    assert failure.value.errno == errno.EPERM


def test_setting_what_is_so_already_is_no_error(mounted):
    path = mounted.files()[1]
    os.chmod(path, 0o600)
    os.utime(path, (1, 1_600_000_000))
    os.chown(path, os.getuid(), os.getgid())


@pytest.mark.parametrize("change", ["flag", "move", "link", "remove"])
def test_what_has_just_come_is_changed_in_a_session_that_knew_its_folder_before(account, mount, change):
    """Servers say yes to a change of what they have not told, and do nothing."""
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"Subject: 1\r\n\r\n")])
    mounted = mount(account)
    inbox, archive = mounted.folder("INBOX"), mounted.folder("Archive")
    assert os.listdir(archive / "cur") == []

    def seen(path, folder):
        return folder / "cur" / f"{path.name.split(':')[0]}:2,S"
    first = mounted.files()[1]
    first.rename(seen(first, inbox))
    wait_for(lambda: account.referee.messages("INBOX")[1].flags, 10, "the first change")
    account.referee.append("INBOX", [Mail(b"Subject: 2\r\n\r\n")])
    path = wait_for(lambda: mounted.files().get(2), 10, "new mail")
    if change == "flag":
        path.rename(seen(path, inbox))
    elif change == "move":
        path.rename(seen(path, archive))
    elif change == "link":
        os.link(path, seen(path, archive))
    else:
        path.unlink()
    wait_for(lambda: "pending:    0" in mounted.status(), 10, "it to be sent")
    stored = account.referee.messages("INBOX")
    assert (2 in stored) == (change in ("flag", "link"))
    assert change != "flag" or stored[2].flags == {"\\Seen"}
    assert len(account.referee.messages("Archive")) == (change in ("move", "link"))
    assert len(account.referee.messages("Trash")) == (change == "remove")
