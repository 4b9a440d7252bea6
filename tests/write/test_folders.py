"""Folders are made, renamed and removed as directories are."""

import errno
import mailbox
import os
import subprocess

import pytest

from referee import Mail, wire_name
from waiting import wait_for

STANDARD = {"INBOX", "Drafts", "Sent", "Trash", "Junk"}


def folders(account):
    return set(account.referee.folders()) - STANDARD


def test_mkdir_makes_a_folder_that_others_see_as_a_maildir(account, mount):
    mounted = mount(account)
    subprocess.run(["mkdir", mounted.folder("Project")], check=True)
    assert sorted(os.listdir(mounted.folder("Project"))) == ["cur", "new", "tmp"]
    wait_for(lambda: folders(account) == {"Project"}, 10, "the folder")
    assert os.getxattr(mounted.folder("Project"), "user.imap.subscribed") == b"1"


@pytest.mark.parametrize("name,shown", [("été", "été"), ("a&b", "a&b"), ("100%25", "100%"), ("%2Ehidden", ".hidden")])
def test_names_of_every_kind(account, mount, name, shown):
    mounted = mount(account)
    os.mkdir(mounted.folder(name))
    wait_for(lambda: folders(account) == {wire_name(shown)}, 10, "the folder")


def test_a_tree_of_folders(account, mount):
    mounted = mount(account)
    subprocess.run(["mkdir", "-p", mounted.folder("a/b/c")], check=True)
    wait_for(lambda: folders(account) == {"a", "a/b", "a/b/c"}, 10, "the folders")
    subprocess.run(["rm", "-r", mounted.folder("a")], check=True)
    assert not mounted.folder("a").exists()
    wait_for(lambda: folders(account) == set(), 10, "the folders to go")


def test_the_process_that_made_a_folder_makes_its_places(account, mount):
    mounted = mount(account)
    folder = mounted.folder("Project")
    os.mkdir(folder)
    assert os.listdir(folder) == []
    assert sorted(subprocess.run(["ls", folder], capture_output=True, text=True).stdout.split()) == ["cur", "new", "tmp"]
    for place in ("cur", "new", "tmp"):
        assert not (folder / place).exists()
        os.mkdir(folder / place)
        with pytest.raises(FileExistsError):
            os.mkdir(folder / place)
    assert sorted(os.listdir(folder)) == ["cur", "new", "tmp"]


def test_pythons_maildir_makes_a_folder(account, mount):
    mounted = mount(account)
    box = mailbox.Maildir(mounted.folder("Project"), create=True)
    box.add(b"Subject: first\n\n")
    wait_for(lambda: folders(account) == {"Project"} and len(account.referee.messages("Project")) == 1, 10, "the message")
    box.close()


@pytest.mark.parametrize("script", ['mkdir "$1"; mkdir -p "$1/cur" "$1/new" "$1/tmp"', 'mkdir -p "$1/cur" "$1/new" "$1/tmp"',
                                    'mmkdir "$1"', 'maildirmake.mutt "$1" 2>/dev/null || mmkdir "$1"'])
def test_scripts_make_a_maildir(account, mount, script):
    mounted = mount(account)
    subprocess.run(["sh", "-ec", script, "sh", mounted.folder("Project")], check=True)
    assert sorted(os.listdir(mounted.folder("Project"))) == ["cur", "new", "tmp"]
    wait_for(lambda: folders(account) == {"Project"}, 10, "the folder")


def test_rmdir_removes_an_empty_folder(account, mount):
    account.referee.create("Empty")
    mounted = mount(account)
    os.rmdir(mounted.folder("Empty"))
    assert "Empty" not in os.listdir(mounted.path)
    wait_for(lambda: folders(account) == set(), 10, "the folder to go")


def test_rmdir_of_a_folder_with_messages_or_folders_is_refused(account, mount):
    account.referee.create("Full", "Parent", "Parent/child")
    account.referee.append("Full", [b"Subject: x\r\n\r\n"])
    mounted = mount(account)
    for name in ("Full", "Parent", "Full/new"):
        with pytest.raises(OSError) as failure:
            os.rmdir(mounted.folder(name))
        assert failure.value.errno == errno.ENOTEMPTY
    assert folders(account) == {"Full", "Parent", "Parent/child"}


def test_the_places_of_an_empty_folder_are_removed_and_made_again(account, mount):
    account.referee.create("Empty")
    folder = mount(account, "poll=1").folder("Empty")
    for place in ("cur", "new", "tmp"):
        assert (folder / place).is_dir()
        os.rmdir(folder / place)
        assert not (folder / place).exists()
    assert os.listdir(folder) == []
    os.mkdir(folder / "cur")
    assert os.listdir(folder) == ["cur"]
    account.referee.append("Empty", [b"Subject: x\r\n\r\n"])
    wait_for(lambda: "new" in os.listdir(folder), 20, "the place of a new message")


def test_rm_r_of_a_folder_with_messages(account, mount):
    account.referee.create("Full", "Full/sub")
    account.referee.append("Full", [Mail(b"Subject: 1\r\n\r\n"), Mail(b"Subject: 2\r\n\r\n", "\\Seen")])
    account.referee.append("Full/sub", [b"Subject: 3\r\n\r\n"])
    mounted = mount(account)
    subprocess.run(["rm", "-r", mounted.folder("Full")], check=True)
    assert not mounted.folder("Full").exists()
    wait_for(lambda: folders(account) == set(), 10, "the folder to go")
    wait_for(lambda: len(account.referee.messages("Trash")) == 3, 10, "its messages in the trash")


def test_mv_renames_a_folder_with_what_is_in_it(account, mount):
    account.referee.create("Old", "Old/child", "Other")
    account.referee.append("Old", [Mail(b"Subject: x\r\n\r\n", "\\Seen")])
    mounted = mount(account)
    before = os.listdir(mounted.folder("Old/cur"))
    subprocess.run(["mv", mounted.folder("Old"), mounted.folder("New")], check=True)
    assert os.listdir(mounted.folder("New/cur")) == before
    assert not mounted.folder("Old").exists() and mounted.folder("New/child/cur").is_dir()
    wait_for(lambda: folders(account) == {"New", "New/child", "Other"}, 10, "the new names")
    subprocess.run(["mv", mounted.folder("New"), mounted.folder("Other")], check=True)
    wait_for(lambda: folders(account) == {"Other", "Other/New", "Other/New/child"}, 10, "the new place")
    assert len(account.referee.messages("Other/New")) == 1


def test_subscriptions_follow(account, mount):
    mounted = mount(account)

    def subscribed():
        return {line.split()[-1].strip(b'"').decode() for line in account.referee._ok(account.referee.imap.lsub()) if line}
    subprocess.run(["mkdir", "-p", mounted.folder("a/b")], check=True)
    wait_for(lambda: subscribed() - STANDARD == {"a", "a/b"}, 10, "what was made")
    os.rename(mounted.folder("a"), mounted.folder("aa"))
    wait_for(lambda: subscribed() - STANDARD == {"aa", "aa/b"}, 10, "the new name, and that of what is below")
    os.rename(mounted.folder("aa/b"), mounted.folder("c"))
    wait_for(lambda: subscribed() - STANDARD == {"aa", "c"}, 10, "the new name")
    os.rmdir(mounted.folder("aa"))
    wait_for(lambda: subscribed() - STANDARD == {"c"} and folders(account) == {"c"}, 10, "what was removed to go")


def test_a_message_can_be_put_into_a_folder_just_made_or_renamed(account, mount):
    account.referee.append("INBOX", [b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n"])
    mounted = mount(account)
    first, second = mounted.files()[1], mounted.files()[2]
    subprocess.run(["sh", "-ec", 'mkdir "$1/A"; mv "$2" "$1/A/new/"; mv "$1/A" "$1/B"; mv "$3" "$1/B/"', "sh", mounted.path,
                    first, second], check=True)
    wait_for(lambda: folders(account) == {"B"} and len(account.referee.messages("B")) == 2, 10, "both messages")


def test_a_folder_replaces_an_empty_one_only(account, mount):
    account.referee.create("A", "Empty", "Full")
    account.referee.append("Full", [b"Subject: x\r\n\r\n"])
    mounted = mount(account)
    with pytest.raises(OSError) as failure:
        os.rename(mounted.folder("A"), mounted.folder("Full"))
    assert failure.value.errno == errno.ENOTEMPTY
    os.rename(mounted.folder("A"), mounted.folder("Empty"))
    wait_for(lambda: folders(account) == {"Empty", "Full"}, 10, "one folder less")
    with pytest.raises(PermissionError):
        os.rename(mounted.folder("INBOX"), mounted.folder("Empty"))
    assert "Empty" in os.listdir(mounted.path)


def test_inbox_stays_and_folders_do_not_go_into_themselves(account, mount):
    account.referee.create("A", "A/B")
    mounted = mount(account)
    for action in (lambda: os.rename(mounted.folder("INBOX"), mounted.folder("Old")),
                   lambda: os.rename(mounted.folder("A"), mounted.folder("A/B/C"))):
        with pytest.raises(OSError):
            action()
    for name in ("A", "inbox", "Inbox"):  # the server takes these for INBOX
        with pytest.raises(FileExistsError):
            os.mkdir(mounted.folder(name))
    with pytest.raises(FileExistsError):
        os.rename(mounted.folder("A"), mounted.folder("inbox"))
    with pytest.raises(PermissionError):
        os.mkdir(mounted.folder("cur"))
    assert folders(account) == {"A", "A/B"}
