"""Section 2 of the contract: folders, file names, attributes."""

import os
import re
import shutil
import stat
import subprocess
from urllib.parse import unquote

import pytest

from referee import Mail, wire_name
from waiting import wait_for

SPECIAL = {("INBOX",), ("Drafts",), ("Sent",), ("Trash",), ("Junk",)}

COMPONENTS = [
    "plain", "with space", " leading space", "trailing space ", "été", "日本語", "emoji 🎉", "a&b", "&", "a:b", "-rf",
    "a%b", "%41", "100%", "%", ".hidden", ".", "..", "...", ".mailfs", ".search", "cur", "new", "tmp", "cur2", "CUR",
    "quo\"te", "back\\slash", "star*", "~tilde", "'single'", "$HOME", "INBOX2", "UPPER", "upper", "é" * 70, "x" * 200,
]


def mailbox_tree(mounted):
    """Names as tuples of unescaped components, each saying whether it is a Maildir."""
    found = {}
    for path, directories, _ in os.walk(mounted.path):
        maildir = {"cur", "new", "tmp"} <= set(directories)
        if maildir:
            directories[:] = [name for name in directories if name not in ("cur", "new", "tmp")]
        if path != str(mounted.path):
            parts = os.path.relpath(path, mounted.path).split("/")
            found[tuple(unquote(part) for part in parts)] = maildir
    return found


def names(mounted, folder="INBOX"):
    return {uid: f"{path.parent.name}/{path.name}" for uid, path in mounted.files(folder).items()}


def base(path):
    return path.name.split(":2,")[0]


# Folders

def test_each_selectable_folder_is_a_maildir(account, mount):
    account.referee.create("Archive", "Archive/2026", "INBOX/Receipts")
    mounted = mount(account)
    assert mailbox_tree(mounted) == dict.fromkeys(
        SPECIAL | {("Archive",), ("Archive", "2026"), ("INBOX", "Receipts")}, True)


def test_a_folder_that_cannot_be_selected_is_a_plain_directory(account, mount):
    account.referee.create("parent/child")
    mounted = mount(account)
    assert os.listdir(mounted.folder("parent")) == ["child"]
    assert sorted(os.listdir(mounted.folder("parent/child"))) == ["cur", "new", "tmp"]


def test_an_empty_folder_is_an_empty_maildir(account, mount):
    account.referee.create("Empty")
    mounted = mount(account)
    assert [os.listdir(mounted.folder("Empty") / place) for place in ("cur", "new", "tmp")] == [[], [], []]


def test_folder_names_of_every_kind_come_back_from_their_escaped_form(account, mount):
    account.referee.create(*COMPONENTS)
    mounted = mount(account)
    assert mailbox_tree(mounted) == dict.fromkeys(SPECIAL | {(name,) for name in COMPONENTS}, True)


def test_folder_names_of_every_kind_may_stand_below_others(account, mount):
    account.referee.create(*(f"Deep/{name}/{name}" for name in COMPONENTS))
    mounted = mount(account)
    found = mailbox_tree(mounted)
    assert {name for name, maildir in found.items() if maildir} == SPECIAL | {("Deep", name, name) for name in COMPONENTS}


def test_messages_of_folders_with_odd_names_can_be_read(account, mount):
    account.referee.create(*COMPONENTS)
    for name in COMPONENTS:
        account.referee.append(name, [f"Subject: {name}\r\n\r\n".encode()])
    mounted = mount(account)
    read = {unquote(path.parent.parent.name): path.read_bytes() for path in mounted.path.glob("*/new/*")}
    assert read == {name: f"Subject: {name}\n\n".encode() for name in COMPONENTS}


@pytest.mark.parametrize("name,shown", [("a%b", "a%25b"), (".hidden", "%2Ehidden"), ("..", "%2E."), ("plain", "plain"),
                                        ("été", "été"), ("cur", "%63ur"), ("recur", "recur")])
def test_only_what_must_be_is_escaped(account, mount, name, shown):
    account.referee.create(name)
    assert set(os.listdir(mount(account).path)) - {name for name, in SPECIAL} == {shown}


def test_with_another_delimiter_the_tree_is_the_same_and_a_slash_is_escaped(dovecot_with, mount):
    account = dovecot_with(separator=".", plugins="listescape").add_account("alice")
    account.referee.create("a.b.c", "with/slash", "with/slash.below")
    mounted = mount(account)
    assert mailbox_tree(mounted) == dict.fromkeys(SPECIAL | {("a", "b", "c"), ("with/slash",), ("with/slash", "below")},
                                                  True) | dict.fromkeys({("a",), ("a", "b")}, False)
    assert "with%2Fslash" in os.listdir(mounted.path)


def test_inbox_is_spelled_one_way(account, mount):
    account.referee.create("inbox/child", "other/inbox")
    found = mailbox_tree(mount(account))
    assert ("INBOX", "child") in found and ("other", "inbox") in found and ("inbox",) not in found


def test_a_missing_folder_or_message_is_enoent(account, mount):
    mounted = mount(account)
    for name in ("Missing", "INBOX/Missing", "INBOX/cur/1.2.3:2,S", "INBOX/new/x", "INBOX/tmp/x", "Missing/cur", "inbox"):
        with pytest.raises(FileNotFoundError):
            os.stat(mounted.path / name)


def test_control_folders_are_reachable_but_not_listed(account, mount):
    mounted = mount(account)
    assert (mounted.path / ".mailfs").is_dir()
    assert not any(name.startswith(".") for name in os.listdir(mounted.path))
    walked = subprocess.run(["find", mounted.path], check=True, capture_output=True, text=True).stdout
    assert ".mailfs" not in walked and ".search" not in walked


def test_a_thousand_folders_are_all_there(account, mount):
    wanted = [f"Project {number}" for number in range(1000)]
    account.referee.create(*wanted)
    mounted = mount(account)
    assert set(os.listdir(mounted.path)) == {name for name, in SPECIAL} | set(wanted)


# Messages

def test_flags_are_letters_in_ascii_order(account, mount):
    account.referee.append("INBOX", [
        Mail(b"Subject: all\r\n\r\n", "\\Seen \\Deleted \\Flagged \\Answered \\Draft $Forwarded other"),
        Mail(b"Subject: seen\r\n\r\n", "\\Seen"), Mail(b"Subject: forwarded\r\n\r\n", "$Forwarded"),
        Mail(b"Subject: draft\r\n\r\n", "\\Draft"), Mail(b"Subject: flagged\r\n\r\n", "\\Flagged"),
        Mail(b"Subject: answered\r\n\r\n", "\\Answered"), Mail(b"Subject: deleted\r\n\r\n", "\\Deleted")])
    files = mount(account).files()
    assert [files[uid].name.split(":2,")[1] for uid in sorted(files)] == ["DFPRST", "S", "P", "D", "F", "R", "T"]
    assert {path.parent.name for path in files.values()} == {"cur"}


def test_messages_without_a_maildir_flag_are_new(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: none\r\n\r\n"), Mail(b"Subject: keyword\r\n\r\n", "work $Label1")])
    files = mount(account).files()
    assert {path.parent.name for path in files.values()} == {"new"}
    assert not any(":" in path.name for path in files.values())


def test_a_name_starts_with_the_date_and_sorts_by_it(account, mount):
    dates = [1_600_000_000, 1, 999_999_999, 1_000_000_000, 86_400, 1_700_000_000]
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", date=date) for date in dates])
    files = mount(account).files()
    assert [int(re.match(r"\d+", files[uid].name).group()) for uid in sorted(files)] == dates
    in_ls_order = sorted(files.values(), key=lambda path: path.name)
    assert [int(path.stat().st_mtime) for path in in_ls_order] == sorted(dates)


def test_names_are_unique_in_the_whole_account_and_safe(account, mount):
    account.referee.create("A", "B", "A/B", "B/A")
    for folder in ("INBOX", "A", "B", "A/B", "B/A"):
        account.referee.append(folder, [Mail(b"Subject: same\r\n\r\n")] * 20)
    mounted = mount(account)
    bases = [base(path) for folder in ("INBOX", "A", "B", "A/B", "B/A") for path in mounted.files(folder).values()]
    assert len(bases) == len(set(bases)) == 100
    for one in bases:
        assert ":" not in one and not one.startswith(".") and os.uname().nodename not in one


def test_names_and_inodes_survive_a_remount(account, mount):
    account.referee.create("Archive")
    for folder in ("INBOX", "Archive"):
        account.referee.append(folder, [Mail(b"Subject: x\r\n\r\n", "\\Seen" if number % 2 else "")
                                        for number in range(30)])
    mounted = mount(account)

    def identity():
        return {str(path.relative_to(mounted.path)): path.stat().st_ino for path in mounted.path.rglob("*")}
    before = identity()
    mounted.remount()
    assert identity() == before
    assert len(set(before.values())) == len(before)


def test_names_survive_the_loss_of_the_cache(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", "\\Seen" if number % 2 else "") for number in range(30)])
    mounted = mount(account)
    before = names(mounted)
    texts = {uid: path.read_bytes() for uid, path in mounted.files().items()}
    mounted.unmount()
    shutil.rmtree(mounted.home.cache)
    mounted.start()
    assert names(mounted) == before
    assert {uid: path.read_bytes() for uid, path in mounted.files().items()} == texts


def test_two_machines_see_the_same_names(account, mount):
    account.referee.create("Archive")
    account.referee.append("Archive", [Mail(b"Subject: x\r\n\r\n", "\\Seen" if number % 2 else "") for number in range(30)])
    account.referee.expunge("Archive", [3, 7])
    assert names(mount(account), "Archive") == names(mount(account), "Archive")


def test_a_stale_name_opens_the_message_and_is_not_listed(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: flagged\r\n\r\n", "\\Seen \\Flagged")])
    path = mount(account).files()[1]
    for flags in ("", "S", "F", "FS", "DFPRST", "a", "S,x"):
        assert path.with_name(f"{base(path)}:2,{flags}").read_bytes() == b"Subject: flagged\n\n"
    assert os.listdir(path.parent) == [f"{base(path)}:2,FS"]


def test_a_name_held_over_a_change_of_flags_still_opens(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", "\\Seen")])
    mounted = mount(account)
    held = mounted.files()[1]
    mounted.unmount()
    account.referee.store("INBOX", [1], "+FLAGS", "\\Answered")
    mounted.start()
    wait_for(lambda: mounted.files()[1].name.endswith(":2,RS"), 10, "the change of another client")
    assert held.read_bytes() == b"Subject: x\n\n"


def test_changes_made_while_unmounted_are_there_after_a_remount(account, mount):
    account.referee.create("Old")
    account.referee.append("INBOX", [Mail(b"Subject: %d\r\n\r\n" % number, "\\Seen") for number in range(1, 6)])
    mounted = mount(account)
    before = mounted.files()
    mounted.unmount()
    account.referee.expunge("INBOX", [2, 4])
    account.referee.append("INBOX", [Mail(b"Subject: late\r\n\r\n")])
    account.referee.store("INBOX", [5], "-FLAGS", "\\Seen")
    account.referee.create("Fresh")
    account.referee.delete("Old")
    mounted.start()
    wait_for(lambda: sorted(mounted.files()) == [1, 3, 5, 6], 10, "the changes of another client")
    after = mounted.files()
    assert [after[uid] for uid in (1, 3)] == [before[uid] for uid in (1, 3)]
    assert base(after[5]) == base(before[5])
    assert after[6].read_bytes() == b"Subject: late\n\n"
    assert "Fresh" in os.listdir(mounted.path) and "Old" not in os.listdir(mounted.path)


# Attributes

def test_mtime_is_the_internal_date(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", date=date) for date in (1, 1_234_567_890, 1_700_000_000)])
    files = mount(account).files()
    assert [files[uid].stat().st_mtime for uid in sorted(files)] == [1, 1_234_567_890, 1_700_000_000]


def test_a_time_zone_in_the_internal_date_is_reckoned_with(account, mount):
    account.referee._ok(account.referee.imap.append("INBOX", "", '"13-Sep-2020 08:56:40 -0330"', b"Subject: x\r\n\r\n"))
    assert mount(account).files()[1].stat().st_mtime == 1_600_000_000


def test_a_leaf_directory_has_two_links_and_a_message_one(account, mount):
    account.referee.append("INBOX", [b"Subject: x\r\n\r\n"])
    mounted = mount(account)
    assert [(mounted.folder("INBOX") / place).stat().st_nlink for place in ("cur", "new", "tmp")] == [2, 2, 2]
    assert mounted.files()[1].stat().st_nlink == 1


def test_links_of_a_directory_never_hide_a_child_from_find(account, mount):
    """find skips stat() of the entries that st_nlink says are no directories."""
    account.referee.create("a/b/c", "a/d", "INBOX/e")
    mounted = mount(account)
    found = subprocess.run(["find", mounted.path, "-type", "d", "-printf", "%P\\n"], check=True, capture_output=True,
                           text=True).stdout.split()
    assert {"a/b/c/cur", "a/d/new", "INBOX/e/tmp"} <= set(found)


def test_entry_types_are_known_without_a_stat(account, mount):
    account.referee.append("INBOX", [b"Subject: x\r\n\r\n"])
    mounted = mount(account)
    assert all(entry.is_dir(follow_symlinks=False) for entry in os.scandir(mounted.path))
    for entry in os.scandir(mounted.folder("INBOX") / "new"):
        assert entry.is_file(follow_symlinks=False)
        assert entry.inode() == entry.stat().st_ino


def test_the_file_system_is_as_large_as_the_quota(dovecot, mount):
    account = dovecot.add_account("limited", quota="storage=100M")
    account.referee.append("INBOX", [b"Subject: big\r\n\r\n" + b"x" * 72 + b"\r\n" * 10_000_000])
    mounted = mount(account)

    def size():
        seen = os.statvfs(mounted.path)
        return seen.f_blocks * seen.f_frsize
    wait_for(lambda: size() == 100 << 20, 10, "the quota")
    seen = os.statvfs(mounted.path)
    used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
    assert abs(used - 20_000_000) < 1_000_000
    assert seen.f_bavail == seen.f_bfree


def test_without_a_quota_the_file_system_has_room(account, mount):
    seen = os.statvfs(mount(account).path)
    assert seen.f_bavail * seen.f_frsize > 1 << 30
    assert seen.f_namemax >= 255


def test_offsets_stay_good_in_a_long_listing(account, mount):
    """A directory read in small pieces shows each message once."""
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", "\\Seen")] * 3000)
    cur = mount(account).folder("INBOX") / "cur"
    listing = subprocess.run(["ls", "-fU", cur], check=True, capture_output=True, text=True).stdout.split()
    assert len(listing) == len(set(listing)) == 3000 + 2
    with os.scandir(cur) as first:
        some = [next(first).name for _ in range(100)]
        assert len(os.listdir(cur)) == 3000
        assert len({*some, *(entry.name for entry in first)}) == 3000


def test_modes_of_directories_say_directory(account, mount):
    mounted = mount(account)
    for path in (mounted.path, mounted.folder("INBOX"), mounted.folder("INBOX") / "cur", mounted.path / ".mailfs"):
        assert stat.S_ISDIR(path.stat().st_mode)


def test_wire_names_of_the_referee_are_right():
    assert [wire_name(name) for name in ("a&b", "été", "日本語", "emoji 🎉")] == [
        "a&-b", "&AOk-t&AOk-", "&ZeVnLIqe-", "emoji &2DzfiQ-"]
