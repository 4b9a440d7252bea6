"""After a change by another client everything agrees at once: listings, names, files, and the times of directories,
which move when their entries do and only then."""

import mmap
import os
import signal
from types import SimpleNamespace

import pytest

from referee import Mail, quoted
from waiting import wait_for

DIRECTORIES = [os.path.join(folder, place) for folder in ("INBOX", "Box", "Other") for place in ("", "cur", "new", "tmp")]


def mail(number):
    return Mail(f"Subject: {number}\r\n\r\nText {number}\r\n".encode(), date=1_600_000_000 + number)


def listing(mounted, folder):
    """Paths of messages, below the mountpoint; none where there is no such folder."""
    if not mounted.folder(folder).exists():
        return set()
    return {os.path.join(folder, place, name) for place in ("cur", "new")
            for name in os.listdir(mounted.folder(folder) / place)}


def times(mounted):
    """Of the directories that there are; "" is the root."""
    stats = {name: os.stat(mounted.path / name) for name in ["", *DIRECTORIES] if (mounted.path / name).exists()}
    return {name.rstrip("/"): (stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats.items()}


def text_of(path):
    return int(path.read_text().split("Text ")[1])


@pytest.fixture
def world(account, mount):
    """Three mails in INBOX and in Box, none in Other.  All that the kernel can keep of them, it has."""
    account.referee.create("Box", "Other")
    for first, folder in ((1, "INBOX"), (11, "Box")):
        account.referee.append(folder, [mail(first + n) for n in range(3)])
    mounted = mount(account, "poll=1")
    names = {text_of(mounted.path / name): name for folder in ("INBOX", "Box", "Other")
             for name in listing(mounted, folder)}
    for _ in range(2):
        for directory, _, files in os.walk(mounted.path):
            for file in files:
                os.stat(os.path.join(directory, file))
    return SimpleNamespace(account=account, referee=account.referee, mounted=mounted, path=mounted.path, names=names,
                           times=times(mounted))


def assert_agrees(world, there, moved):
    """@there: the text of each message by folder.  @moved: the directories whose times have moved."""
    now = times(world.mounted)
    for folder, texts in there.items():
        names = listing(world.mounted, folder)
        assert sorted(text_of(world.path / name) for name in names) == sorted(texts)
        for name in names:
            assert os.stat(world.path / name).st_mtime == 1_600_000_000 + text_of(world.path / name)
    everywhere = {name for folder in there for name in listing(world.mounted, folder)}
    for text, name in world.names.items():
        folder = name.split("/")[0]
        if text in there.get(folder, [text]):
            assert text_of(world.path / name) == text  # a stale name is good for who has it
        else:
            assert not os.path.lexists(world.path / name)
            with pytest.raises(FileNotFoundError):
                open(world.path / name)
            assert name not in everywhere
    assert {name for name, stamp in world.times.items() if now.get(name, stamp) != stamp} == moved


@pytest.mark.parametrize("folder, first", [("INBOX", 1), ("Box", 11)])
class TestMessages:
    def test_new_mail(self, world, folder, first):
        world.referee.append(folder, [mail(50)])
        wait_for(lambda: len(listing(world.mounted, folder)) == 4, 10, "the mail")
        assert_agrees(world, {folder: [first, first + 1, first + 2, 50]}, {f"{folder}/new"})

    def test_a_first_flag_takes_it_to_cur(self, world, folder, first):
        old = world.names[first]
        inode = os.stat(world.path / old).st_ino
        world.referee.store(folder, [1], "+FLAGS", "\\Flagged")
        wait_for(lambda: old not in listing(world.mounted, folder), 10, "the flag")
        new = old.replace("/new/", "/cur/") + ":2,F"
        assert new in listing(world.mounted, folder)
        assert os.stat(world.path / new).st_ino == inode
        assert_agrees(world, {folder: [first, first + 1, first + 2]}, {f"{folder}/new", f"{folder}/cur"})

    def test_another_flag_moves_cur_alone(self, world, folder, first):
        world.referee.store(folder, [1], "+FLAGS", "\\Flagged")
        flagged = world.names[first].replace("/new/", "/cur/") + ":2,F"
        wait_for(lambda: flagged in listing(world.mounted, folder), 10, "the first flag")
        world.times = times(world.mounted)
        world.referee.store(folder, [1], "+FLAGS", "\\Seen")
        wait_for(lambda: flagged + "S" in listing(world.mounted, folder), 10, "the second flag")
        assert flagged not in listing(world.mounted, folder)
        assert_agrees(world, {folder: [first, first + 1, first + 2]}, {f"{folder}/cur"})

    def test_a_move_to_another_folder(self, world, folder, first):
        world.referee.imap.select(folder)
        world.referee._ok(world.referee.imap.uid("MOVE", "2", "Other"))
        wait_for(lambda: len(listing(world.mounted, folder)) == 2 and listing(world.mounted, "Other"), 10, "the move")
        assert_agrees(world, {folder: [first, first + 2], "Other": [first + 1]}, {f"{folder}/new", "Other/new"})

    def test_an_expunge(self, world, folder, first):
        path = world.path / world.names[first]
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            world.referee.expunge(folder, [1])
            wait_for(lambda: len(listing(world.mounted, folder)) == 2, 10, "the expunge")
            assert_agrees(world, {folder: [first + 1, first + 2]}, {f"{folder}/new"})
            assert file.read() == bytes(mapped) == f"Subject: {first}\n\nText {first}\n".encode()
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.seek(0)
            assert file.read().endswith(f"Text {first}\n".encode())


def test_an_expunge_of_what_was_opened_under_a_name_that_is_not_its_own(account, mount):
    """The kernel then does not know the name that goes."""
    mounted = mount(account, "poll=1")
    listing(mounted, "INBOX")
    writer = os.open(mounted.folder("INBOX") / "new" / "a.letter:2,S", os.O_WRONLY | os.O_CREAT)
    os.write(writer, b"Subject: x\n\nText 1\n")
    with open(f"/proc/self/fd/{writer}", "rb", buffering=0) as file:
        os.close(writer)
        wait_for(lambda: account.referee.messages("INBOX"), 10, "the upload")
        account.referee.expunge("INBOX", [1])
        wait_for(lambda: not listing(mounted, "INBOX"), 10, "the expunge")
        with pytest.raises(FileNotFoundError):
            os.stat(mounted.folder("INBOX") / "cur" / "a.letter:2,S")
        assert file.read() == b"Subject: x\n\nText 1\n"


def test_a_folder_that_is_made(world):
    world.referee.create("Made")
    world.referee.append("Made", [mail(60)])
    wait_for(lambda: "Made" in os.listdir(world.path), 10, "the folder")
    assert_agrees(world, {"Made": [60], "Box": [11, 12, 13]}, {""})


def wait_until_gone(world, name):
    """It is listed no more, and the kernel forgets it at once; without being told it would ask anew once a second."""
    def is_listed():
        (world.path / name).exists()
        return name in os.listdir(world.path)
    wait_for(lambda: not is_listed(), 10, f"{name} to go")
    wait_for(lambda: not (world.path / name).exists(), 0.3, "the kernel to forget a folder's name")


@pytest.mark.parametrize("to", ["Crate", "Other/Crate", "Other/Box"])
def test_a_folder_that_is_renamed(world, to):
    world.referee._ok(world.referee.imap.rename(quoted("Box"), quoted(to)))
    wait_until_gone(world, "Box")
    assert_agrees(world, {to: [11, 12, 13], "INBOX": [1, 2, 3], "Box": []}, {""} if to == "Crate" else {"", "Other"})


def test_a_folder_that_is_removed(world):
    world.referee.delete("Box")
    wait_until_gone(world, "Box")
    assert_agrees(world, {"INBOX": [1, 2, 3], "Box": []}, {""})


def test_a_folder_that_is_deleted_and_made_again(world):
    world.mounted.process.send_signal(signal.SIGSTOP)  # else it may see the moment without
    world.referee.delete("Box")
    world.referee.create("Box")
    world.referee.append("Box", [mail(71), mail(72), mail(12)])
    world.mounted.process.send_signal(signal.SIGCONT)
    wait_for(lambda: not any(world.names[n] in listing(world.mounted, "Box") for n in (11, 13))
             and len(listing(world.mounted, "Box")) == 3, 10, "the new mails")
    assert world.names[12] in listing(world.mounted, "Box")
    assert_agrees(world, {"Box": [71, 72, 12]}, {"Box/new"})


def test_what_changes_nothing_moves_no_time(account, mount, proxy):
    """A look at the server that finds nothing, and another mount."""
    account.referee.append("INBOX", [mail(1), mail(2)])
    account.referee.store("INBOX", [2], "+FLAGS", "\\Seen")
    counter = proxy(account.server.port)
    mounted = mount(account, "poll=1", port=counter.port)
    listing(mounted, "INBOX")
    before = times(mounted)
    counter.reset()
    wait_for(lambda: sum(line.startswith("LIST") for line in counter.lines) >= 2, 20, "two polls")
    assert times(mounted) == before
    mounted.remount()
    counter.reset()
    wait_for(lambda: sum(line.startswith("LIST") for line in counter.lines) >= 2, 20, "two more polls")
    assert times(mounted) == before
