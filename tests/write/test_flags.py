"""Renaming a message says what flags it has."""

import errno
import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for


def flags_of(account, folder="INBOX"):
    return {uid: set(stored.flags) for uid, stored in account.referee.messages(folder, bodies=False).items()}


def base(path):
    return path.name.split(":2,")[0]


def renamed(path, flags):
    """Gives the message these flags, as a mail reader does."""
    target = path.parent.parent / "cur" / f"{base(path)}:2,{flags}"
    path.rename(target)
    return target


def test_each_letter_is_a_flag_on_the_server(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")] * 6)
    files = mount(account).files()
    for uid, letter in enumerate("DFPRST", 1):
        renamed(files[uid], letter)
    wanted = {1: {"\\Draft"}, 2: {"\\Flagged"}, 3: {"$Forwarded"}, 4: {"\\Answered"}, 5: {"\\Seen"}, 6: {"\\Deleted"}}
    wait_for(lambda: flags_of(account) == wanted, 10, "flags on the server")


def test_flags_are_taken_away(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "\\Seen \\Flagged work")])
    renamed(mount(account).files()[1], "F")
    wait_for(lambda: flags_of(account) == {1: {"\\Flagged", "work"}}, 10, "the flag to go")


def test_the_directories_are_right_at_once(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    mounted = mount(account)
    path = mounted.files()[1]
    cur, new = path.parent.parent / "cur", path.parent
    assert (os.listdir(cur), os.listdir(new)) == ([], [path.name])
    first = renamed(path, "")
    assert (os.listdir(cur), os.listdir(new)) == ([first.name], [])
    second = renamed(first, "FS")
    assert (os.listdir(cur), os.listdir(new)) == ([second.name], [])
    assert second.read_bytes() == b"Subject: x\n\nx\n"
    second.rename(new / base(second))
    assert (os.listdir(cur), os.listdir(new)) == ([], [base(second)])
    wait_for(lambda: flags_of(account) == {1: set()}, 10, "no flags again")


def test_a_message_seen_without_flags_stays_in_cur_after_a_remount(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    mounted = mount(account)
    target = renamed(mounted.files()[1], "")
    mounted.remount()
    assert os.listdir(target.parent) == [target.name]


def test_unknown_letters_are_ignored(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    path = renamed(mount(account).files()[1], "aSxz")
    assert os.listdir(path.parent) == [f"{base(path)}:2,S"]
    assert path.read_bytes() == b"Subject: x\n\nx\n"
    wait_for(lambda: flags_of(account) == {1: {"\\Seen"}}, 10, "the flag")


def test_a_name_with_flags_in_new_is_moved_to_cur(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    path = mount(account).files()[1]
    path.rename(path.with_name(f"{base(path)}:2,S"))
    assert os.listdir(path.parent) == []
    assert os.listdir(path.parent.parent / "cur") == [f"{base(path)}:2,S"]


def test_a_new_base_is_kept(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "\\Seen")])
    mounted = mount(account)
    path = mounted.files()[1]
    path.rename(path.with_name("receipt:2,FS"))
    assert os.listdir(path.parent) == ["receipt:2,FS"]
    mounted.remount()
    assert os.listdir(path.parent) == ["receipt:2,FS"]
    wait_for(lambda: flags_of(account) == {1: {"\\Seen", "\\Flagged"}}, 10, "the flag")


def test_a_name_without_flags_in_cur_keeps_them(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "\\Seen")])
    path = mount(account).files()[1]
    path.rename(path.with_name("msg.eml"))
    assert os.listdir(path.parent) == ["msg.eml:2,S"]
    assert path.with_name("msg.eml").read_bytes() == b"Subject: x\n\nx\n"


def test_what_another_client_changed_meanwhile_stays(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "\\Seen")])
    mounted = mount(account)
    seen = mounted.files()[1]
    account.referee.store("INBOX", [1], "+FLAGS", "\\Answered")
    wait_for(lambda: mounted.files()[1].name.endswith(":2,RS"), 10, "the change of another client")
    seen.rename(seen.with_name(f"{base(seen)}:2,F"))
    assert os.listdir(seen.parent) == [f"{base(seen)}:2,FR"]
    wait_for(lambda: flags_of(account) == {1: {"\\Answered", "\\Flagged"}}, 10, "both changes")


def test_a_thousand_flags_by_a_shell_loop_take_few_commands(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")] * 1000)
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    subprocess.run(["sh", "-ec", 'for f in new/*; do mv "$f" "cur/${f#new/}:2,S"; done'], cwd=inbox, check=True)
    assert len(os.listdir(inbox / "cur")) == 1000 and os.listdir(inbox / "new") == []
    wait_for(lambda: account.referee.status("INBOX", "UNSEEN") == 0, 30, "all seen")


def test_no_replace_is_honoured_and_exchange_refused(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\nx\r\n" % n, "\\Seen") for n in (1, 2)])
    mounted = mount(account)
    files = mounted.files()
    result = subprocess.run(["mv", "-n", files[1], files[2]], capture_output=True)
    assert sorted(mounted.files()) == [1, 2] and files[2].read_bytes() == b"Subject: 2\n\nx\n", result
    code = "import ctypes,sys;l=ctypes.CDLL(None,use_errno=True);" \
           "r=l.renameat2(-100,sys.argv[1].encode(),-100,sys.argv[2].encode(),2);print(r,ctypes.get_errno())"
    shown = subprocess.run(["python3", "-c", code, files[1], files[2]], capture_output=True, text=True).stdout
    assert shown.split() == ["-1", str(errno.EINVAL)]


# Extended attributes

def test_flags_and_keywords_are_set_by_an_attribute(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "old \\Answered")])
    mounted = mount(account)
    path = mounted.files()[1]
    os.setxattr(path, "user.imap.flags", b"\\Seen Junk")
    moved = path.with_name(f"{base(path)}:2,S")
    assert os.listdir(path.parent) == [moved.name]
    assert os.getxattr(moved, "user.imap.flags") == b"\\Seen Junk"
    wait_for(lambda: flags_of(account) == {1: {"\\Seen", "Junk"}}, 10, "the flags")
    os.setxattr(moved, "user.imap.flags", b"+\\flagged -junk +work")
    wait_for(lambda: flags_of(account) == {1: {"\\Seen", "\\Flagged", "work"}}, 10, "the changed flags")
    os.removexattr(mounted.files()[1], "user.imap.flags")
    wait_for(lambda: flags_of(account) == {1: set()}, 10, "no flags")


@pytest.mark.parametrize("value", [b"\\Nonsense", b"a(b", b"\\Seen {", b"+\\Seen work"])
def test_what_is_no_flag_is_einval(account, mount, value):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n", "\\Seen")])
    path = mount(account).files()[1]
    with pytest.raises(OSError) as failure:
        os.setxattr(path, "user.imap.flags", value)
    assert failure.value.errno == errno.EINVAL
    assert os.getxattr(path, "user.imap.flags") == b"\\Seen"


@pytest.mark.parametrize("name,number", [("user.imap.uid", errno.EPERM), ("user.mail.subject", errno.EPERM),
                                         ("user.other", errno.EOPNOTSUPP), ("security.x", errno.EOPNOTSUPP)])
def test_other_attributes_cannot_be_set(account, mount, name, number):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    with pytest.raises(OSError) as failure:
        os.setxattr(mount(account).files()[1], name, b"1")
    assert failure.value.errno == number


def test_the_state_says_what_is_pending(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nx\r\n")])
    path = renamed(mount(account).files()[1], "S")
    wait_for(lambda: os.getxattr(path, "user.mailfs.state") == b"synced", 10, "the change to be pushed")


def test_a_folder_is_subscribed_and_not(account, mount):
    account.referee.create("Lists")
    folder = mount(account).folder("Lists")

    def subscribed():
        return {line.split()[-1].strip(b'"') for line in account.referee._ok(account.referee.imap.lsub()) if line}
    os.setxattr(folder, "user.imap.subscribed", b"1")
    wait_for(lambda: b"Lists" in subscribed(), 10, "the subscription")
    os.setxattr(folder, "user.imap.subscribed", b"0")
    wait_for(lambda: b"Lists" not in subscribed(), 10, "no subscription")
    assert os.getxattr(folder, "user.imap.subscribed") == b"0"
