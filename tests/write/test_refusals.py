"""What the server refuses for good: the mount shows what the server has, content is kept, and it is said."""

import errno
import os
import re
import subprocess

import pytest

from referee import Mail
from scripted import Message, Scripted, Session
from waiting import wait_for

TEXT = b"Subject: small\n\nThe text.\n"
BIG = b"Subject: big\n\n" + b"0123456789abcde\n" * 2000


def texts(account, folder="INBOX"):
    return sorted(one.text for one in account.referee.messages(folder).values())


def shown(mounted, folder="INBOX"):
    return sorted(os.listdir(mounted.folder(folder) / "cur") + os.listdir(mounted.folder(folder) / "new"))


def lost(mounted):
    return list((mounted.path / ".mailfs/lost+found").iterdir())


def wait_for_refusal(mounted, n=1):
    wait_for(lambda: f"failed:     {n}\n" in mounted.status() and "pending:    0\n" in mounted.status(), 20,
             f"{n} refusals:\n{mounted.status()}")


def assert_told(mounted, words, path=None):
    """In the status, once in the log, and by the file that it is about."""
    assert words in mounted.status(), mounted.status()
    assert mounted.log().count(words) == 1, mounted.log()
    if path:
        state = os.getxattr(path, "user.mailfs.state").decode()
        assert state.startswith("failed: ") and words in state


# Quota

@pytest.fixture
def full(dovecot, mount):
    """An account with room for 20 KB, and one message of its."""
    account = dovecot.add_account(f"filled{next(_numbers)}", quota="storage=20K")
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"), "\\Seen")])
    mounted = mount(account)
    mounted.account = account
    yield mounted
    account.close()


_numbers = iter(range(1000))
OVER = "Quota exceeded"


def test_a_delivery_over_quota_is_kept_in_lost_and_found(full):
    inbox = full.folder("INBOX")
    (inbox / "tmp/x").write_bytes(BIG)
    os.rename(inbox / "tmp/x", inbox / "new/x")
    wait_for_refusal(full)
    path, = lost(full)
    assert path.read_bytes() == BIG and os.listdir(inbox / "new") == []
    assert texts(full.account) == [TEXT]
    assert_told(full, OVER, path)


def test_what_has_room_arrives_beside_what_has_not(full):
    new = full.folder("INBOX") / "new"
    for number in range(10):
        (new / f"m{number}").write_bytes((BIG if number in (2, 7) else TEXT) + b"%d\n" % number)
    wait_for_refusal(full, 2)
    assert sorted(path.read_bytes() for path in lost(full)) == [BIG + b"2\n", BIG + b"7\n"]
    assert texts(full.account) == sorted([TEXT] + [TEXT + b"%d\n" % number for number in range(10) if number not in (2, 7)])


def test_a_message_rewritten_over_quota_is_what_it_was(full):
    path = full.files()[1]
    path.write_bytes(BIG)
    wait_for_refusal(full)
    kept, = lost(full)
    assert kept.read_bytes() == BIG
    old, = (full.folder("INBOX") / "cur").iterdir()
    assert old.read_bytes() == TEXT and texts(full.account) == [TEXT]
    assert_told(full, OVER, kept)


def test_a_copy_over_quota_leaves_the_original(full):
    half = BIG[:12000]
    (full.folder("INBOX") / "new/half").write_bytes(half)
    wait_for(lambda: len(texts(full.account)) == 2, 10, "the first")
    subprocess.run(["cp", full.folder("INBOX") / "new/half", full.folder("Archive") / "new/copy"], check=True)
    wait_for_refusal(full)
    kept, = lost(full)
    assert kept.read_bytes() == half and shown(full, "Archive") == []
    assert texts(full.account) == sorted([TEXT, half]) and texts(full.account, "Archive") == []
    assert_told(full, OVER, kept)


def test_out_of_lost_and_found_it_is_tried_again_once_there_is_room(full):
    half = BIG[:12000]
    (full.folder("INBOX") / "new/half").write_bytes(half)
    wait_for(lambda: len(texts(full.account)) == 2, 10, "the first")
    (full.folder("Archive") / "new/more").write_bytes(half + b"more\n")
    wait_for_refusal(full)
    kept, = lost(full)
    os.unlink(full.folder("INBOX") / "new/half")
    os.unlink(next((full.folder("Trash") / "new").iterdir()))
    wait_for(lambda: "pending:    0\n" in full.status(), 10, "room")
    subprocess.run(["mv", kept, full.folder("Archive") / "new"], check=True)
    wait_for(lambda: texts(full.account, "Archive") == [half + b"more\n"], 10, "the second attempt")
    wait_for(lambda: "failed:     0\n" in full.status(), 10, "nothing that failed")
    assert lost(full) == []


# Rights

@pytest.fixture
def shut(dovecot_with, mount):
    """A mount with a folder "Shut" in which nothing may be changed, and one message in it, one in INBOX."""
    server = dovecot_with(acl=True)
    account = server.add_account("alice")
    account.referee.create("Shut", "Open")
    for folder in ("Shut", "INBOX"):
        account.referee.append(folder, [Mail(TEXT.replace(b"\n", b"\r\n"), "\\Seen")])
    server.doveadm("acl", "set", "-u", "alice", "Shut", "owner", "lookup", "read")
    account.close()
    account._referee = None
    mounted = mount(account)
    mounted.account = account
    for path in (*mounted.files("Shut").values(), *mounted.files().values()):
        path.read_bytes()
    return mounted


def test_a_flag_that_is_refused_goes_back(shut):
    path = shut.files("Shut")[1]
    path.rename(path.with_name(path.name.replace(":2,S", ":2,FS")))
    wait_for_refusal(shut)
    assert shown(shut, "Shut") == [path.name]
    assert_told(shut, "read-only", path)


def test_a_flag_that_the_server_only_pretends_to_set_goes_back(shut):
    """Dovecot says OK to each STORE where \\Seen alone may be changed."""
    shut.account.server.doveadm("acl", "set", "-u", "alice", "Open", "owner", "lookup", "read", "write-seen", "insert")
    shut.account.referee.append("Open", [Mail(TEXT.replace(b"\n", b"\r\n"))])
    shut.remount()
    path = shut.files("Open")[1]
    path.rename(shut.folder("Open") / "cur" / f"{path.name}:2,FS")
    wait_for_refusal(shut)
    assert shown(shut, "Open") == [f"{path.name}:2,S"]
    assert f"cur/{path.name}:2,\t" not in (shut.path / ".mailfs/events").read_text()
    os.unlink(shut.folder("Open") / "cur" / f"{path.name}:2,S")
    wait_for_refusal(shut, 2)
    assert shown(shut, "Open") == [f"{path.name}:2,S"] and shown(shut, "Trash") == []
    assert texts(shut.account, "Open") == [TEXT]


def test_what_may_be_marked_but_not_expunged_is_marked_no_more(shut):
    shut.account.server.doveadm("acl", "set", "-u", "alice", "Open", "owner", "lookup", "read", "write", "write-deleted", "insert")
    shut.account.referee.append("Open", [Mail(TEXT.replace(b"\n", b"\r\n"), flags) for flags in ("\\Flagged", "\\Deleted", "\\Flagged")])
    shut.unmount()
    shut.options += ["-o", "delete=expunge"]
    shut.start()
    for uid in (1, 2):
        os.unlink(shut.files("Open")[uid])
    os.rename(shut.files("Open")[3], shut.folder("INBOX") / "cur/moved:2,F")
    wait_for_refusal(shut, 3)
    assert [one.flags for one in shut.account.referee.messages("Open").values()] == [{"\\Flagged"}, {"\\Deleted"}, {"\\Flagged"}]
    assert sorted(name.split(":")[1] for name in shown(shut, "Open")) == ["2,F", "2,F", "2,T"]
    assert texts(shut.account) == [TEXT] and len(shown(shut)) == 1


def test_a_move_out_that_is_refused_goes_back(shut):
    path = shut.files("Shut")[1]
    path.rename(shut.folder("Open") / "cur/x:2,S")
    wait_for_refusal(shut)
    assert shown(shut, "Open") == [] and shown(shut, "Shut") == [path.name]
    assert path.read_bytes() == TEXT and lost(shut) == []
    assert texts(shut.account, "Shut") == [TEXT] and texts(shut.account, "Open") == []
    assert_told(shut, "read-only", path)


def test_a_removal_that_is_refused_goes_back(shut):
    path = shut.files("Shut")[1]
    os.unlink(path)
    wait_for_refusal(shut)
    assert shown(shut, "Shut") == [path.name] and shown(shut, "Trash") == []
    assert path.read_bytes() == TEXT
    assert_told(shut, "read-only", path)


def test_a_move_in_that_is_refused_goes_back(shut):
    path = shut.files()[1]
    path.rename(shut.folder("Shut") / "cur/x:2,S")
    wait_for_refusal(shut)
    assert shown(shut) == [path.name] and len(shown(shut, "Shut")) == 1
    assert texts(shut.account) == [TEXT]
    assert_told(shut, "Permission denied", path)


def test_a_delivery_that_is_refused_is_kept(shut):
    (shut.folder("Shut") / "new/x").write_bytes(TEXT + b"new\n")
    wait_for_refusal(shut)
    kept, = lost(shut)
    assert kept.read_bytes() == TEXT + b"new\n" and len(shown(shut, "Shut")) == 1
    assert_told(shut, "Permission denied", kept)


def test_a_folder_that_is_refused_leaves_its_files_in_lost_and_found(shut):
    folder = shut.folder("Shut") / "Made"
    moved = shut.files()[1]
    control = shut.path / ".mailfs/ctl"
    control.write_text("offline\n")  # it would be refused while the rest is still being made
    subprocess.run(["sh", "-ec", 'mkdir -p "$1/deep"; printf "Subject: a\\n\\n" > "$1/new/a"; '
                    'printf "Subject: b\\n\\n" > "$1/deep/new/b"; mv "$2" "$1/cur/"', "sh", folder, moved], check=True)
    control.write_text("online\n")
    wait_for(lambda: not folder.exists(), 20, "the folder to go")
    wait_for(lambda: "pending:    0\n" in shut.status(), 20, "everything to be answered")
    assert sorted(path.read_bytes() for path in lost(shut)) == [b"Subject: a\n\n", b"Subject: b\n\n"]
    assert shown(shut) == [moved.name] and texts(shut.account) == [TEXT]
    assert {"Shut/Made", "Shut/Made/deep"}.isdisjoint(shut.account.referee.folders())
    for path in lost(shut):
        assert os.getxattr(path, "user.mailfs.state").startswith(b"failed: ")
    assert_told(shut, "Permission denied")


@pytest.mark.parametrize("action", [lambda path: os.rename(path, path.with_name("Renamed")), os.rmdir],
                         ids=["rename", "rmdir"])
def test_a_folder_that_may_not_be_changed_stays(shut, action):
    shut.account.referee.create("Mine")
    shut.account.server.doveadm("acl", "set", "-u", "alice", "Mine", "owner", "lookup", "read")
    shut.remount()
    action(shut.folder("Mine"))
    wait_for_refusal(shut)
    wait_for(shut.folder("Mine").is_dir, 5, "the folder again")
    assert "Mine" in shut.account.referee.folders() and not shut.folder("Renamed").exists()
    assert_told(shut, "Permission denied")


def test_with_sync_a_refusal_is_said_once_in_the_log_too(shut):
    shut.unmount()
    shut.options += ["-o", "sync"]
    shut.start()
    with pytest.raises(PermissionError) as failure:
        (shut.folder("Shut") / "new/x").write_bytes(TEXT + b"new\n")
    assert failure.value.errno == errno.EACCES
    assert_told(shut, "Permission denied", *lost(shut))


def test_with_sync_a_rename_that_is_refused_leaves_the_old_name(shut):
    shut.unmount()
    shut.options += ["-o", "sync"]
    shut.start()
    path = shut.files("Shut")[1]
    for target in (path.with_name("other:2,FS"), shut.folder("Open") / "cur/other:2,S"):
        with pytest.raises(OSError) as failure:
            path.rename(target)
        assert failure.value.errno in (errno.EACCES, errno.EROFS)
        wait_for(lambda: shown(shut, "Shut") == [path.name], 5, "the old name")
        assert path.read_bytes() == TEXT and shown(shut, "Open") == []


class Choosy(Session):
    """Keeps flags and keywords of one list alone, and says yes to all."""

    kept = {"\\Seen", "\\Flagged", "work"}

    def do_select(self, command):
        self.send(f"* OK [PERMANENTFLAGS ({' '.join(self.kept)})] Those\r\n".encode())
        return super().do_select(command)

    def do_uid_store(self, command):
        sign, flags = re.search(r"([+-])FLAGS\S* \((.*)\)", command).groups()
        message, = self.selected
        change = set(flags.split()) & self.kept
        now = set(message.flags.split())
        message.flags = " ".join(sorted(now | change if sign == "+" else now - change))


def test_keywords_that_the_server_does_not_list_are_refused(mount):
    message = Message(1, b"Subject: x\r\n\r\n", flags="\\Seen")
    with Scripted({"INBOX": [message]}, session=Choosy) as server:
        mounted = mount(server, port=server.port)
        path = mounted.files()[1]
        os.setxattr(path, "user.imap.flags", b"+work")
        wait_for(lambda: os.getxattr(path, "user.mailfs.state") == b"synced", 10, "the keyword that is listed")
        os.setxattr(path, "user.imap.flags", b"+\\Flagged +other -Work")
        wait_for_refusal(mounted)
        assert message.flags == "\\Flagged \\Seen"
        path, = mounted.files().values()
        assert os.getxattr(path, "user.imap.flags") == b"\\Seen \\Flagged"
        mounted.unmount()


# Limits

@pytest.mark.parametrize("code", ["LIMIT", "TOOBIG", "OVERQUOTA"])
def test_what_is_too_large_for_the_server_is_kept(mount, code):
    class Picky(Session):
        def do_append(self, command):
            return f"NO [{code}] Not one as large as that"

    class Server(Scripted):
        session = Picky

    with Server({"INBOX": [Message(1, b"Subject: x\r\n\r\n")]}) as server:
        mounted = mount(server, "sync", port=server.port)
        with pytest.raises(OSError) as failure:
            (mounted.folder("INBOX") / "new/x").write_bytes(TEXT)
        assert failure.value.errno == errno.EDQUOT
        kept, = lost(mounted)
        assert kept.read_bytes() == TEXT
        assert_told(mounted, "Not one as large as that", kept)
        mounted.unmount()
