"""What another client does wakes those who watch new/ and cur/."""

import contextlib
import os
import subprocess
import threading

import pytest

from inotify import Watch
from referee import Mail
from terminal import Terminal
from waiting import wait_for

MAIL = Mail(b"Subject: x\r\n\r\nbody\r\n")
SEEN = Mail(b"Subject: seen\r\n\r\nbody\r\n", "\\Seen")


def listed(mounted, folder="INBOX"):
    """Names in cur/ and new/, as a reader would look."""
    return {place: sorted(os.listdir(mounted.folder(folder) / place)) for place in ("cur", "new")}


def test_new_mail_is_a_move_into_new_or_cur(account, mount):
    mounted = mount(account)
    listed(mounted)
    inbox = mounted.folder("INBOX")
    with Watch(inbox / "new", inbox / "cur", inbox / "tmp") as watch:
        account.referee.append("INBOX", [MAIL, SEEN])
        watch.wait("new/", "MOVED_TO")
        watch.wait("cur/", "MOVED_TO")
        names = listed(mounted)
        assert ("new/", "MOVED_TO", names["new"][0]) in watch.events
        assert ("cur/", "MOVED_TO", names["cur"][0]) in watch.events
        assert (inbox / "new" / names["new"][0]).read_bytes() == MAIL.body.replace(b"\r\n", b"\n")
        assert os.listdir(inbox / "tmp") == []


def test_flags_are_a_rename(account, mount):
    account.referee.append("INBOX", [MAIL, SEEN])
    mounted = mount(account)
    before = mounted.files()
    inbox = mounted.folder("INBOX")
    with Watch(inbox / "new", inbox / "cur") as watch:
        account.referee.store("INBOX", [1], "+FLAGS", "\\Seen")
        watch.wait("new/", "MOVED_FROM", before[1].name)
        watch.wait("cur/", "MOVED_TO", before[1].name + ":2,S")
        account.referee.store("INBOX", [2], "+FLAGS", "\\Flagged")
        watch.wait("cur/", "MOVED_FROM", before[2].name)
        watch.wait("cur/", "MOVED_TO", before[2].name.replace(":2,S", ":2,FS"))
    after = mounted.files()
    assert (after[1].name, after[2].name) == (before[1].name + ":2,S", before[2].name[:-1] + "FS")
    assert after[1].stat().st_ino == mounted.files()[1].stat().st_ino


def test_an_expunge_is_a_deletion_and_leaves_an_open_file_readable(account, mount):
    account.referee.append("INBOX", [MAIL, SEEN])
    mounted = mount(account)
    before = mounted.files()
    inbox = mounted.folder("INBOX")
    with Watch(inbox / "new", inbox / "cur") as watch, before[1].open("rb") as reader:
        account.referee.expunge("INBOX", [1])
        watch.wait("new/", "DELETE", before[1].name)
        account.referee.expunge("INBOX", [2])
        watch.wait("cur/", "DELETE", before[2].name)
        assert reader.read() == MAIL.body.replace(b"\r\n", b"\n")
        assert listed(mounted) == {"cur": [], "new": []}
        assert not before[1].exists()


def test_much_at_once_is_one_touch_and_no_storm(account, mount):
    account.referee.append("INBOX", [MAIL] * 5000)
    mounted = mount(account)
    assert len(listed(mounted)["new"]) == 5000
    inbox = mounted.folder("INBOX")
    with Watch(inbox / "new", inbox / "cur") as watch:
        account.referee.store("INBOX", range(1, 5001), "+FLAGS", "\\Seen")
        wait_for(lambda: len(listed(mounted)["cur"]) == 5000, 30, "5,000 messages in cur")
        watch.wait("new/", "ATTRIB")
        watch.wait("cur/", "ATTRIB")
        assert listed(mounted)["new"] == []
        assert all(name.endswith(":2,S") for name in listed(mounted)["cur"])
    assert len(watch.events) < 1200, len(watch.events)


def test_a_reader_that_renames_meanwhile_loses_nothing(account, mount):
    """Its own renames cross those that tell of the other client's."""
    account.referee.append("INBOX", [SEEN] * 20)
    mounted = mount(account)
    inbox = mounted.folder("INBOX") / "cur"
    with Watch(inbox) as watch:
        for turn in range(15):
            names = os.listdir(inbox)
            account.referee.store("INBOX", range(1, 21), "-+"[turn % 2] + "FLAGS", "\\Answered")
            for name in names:
                base = name.partition(":")[0]
                (inbox / name).rename(inbox / f"{base}:2,{'FS' if turn % 3 else 'S'}")
        watch.wait("cur/", "MOVED_TO")

    def settled():
        stored = account.referee.messages("INBOX", bodies=False)
        shown = mounted.files()
        return len(stored) == 20 and all(
            set(shown[uid].name.partition(":2,")[2]) == {{"\\Flagged": "F", "\\Seen": "S", "\\Answered": "R"}[flag]
                                                         for flag in message.flags}
            for uid, message in stored.items())
    wait_for(settled, 30, "mount and server to agree")
    for path in mounted.files().values():
        assert path.stat().st_ino and path.read_bytes().startswith(b"Subject: seen")


def test_unmounting_works_while_news_come(account, mount):
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    for _ in range(5):
        before = len(listed(mounted)["new"])
        account.referee.append("INBOX", [MAIL] * 200)
        wait_for(lambda: len(listed(mounted)["new"]) > before, 10, "the first of the news")
        mounted.remount()
    assert len(listed(mounted)["new"]) == 1000
    account.referee.append("INBOX", [MAIL] * 200)
    wait_for(lambda: len(os.listdir(inbox / "new")) > 1000, 10, "the first of the news")
    subprocess.run(["fusermount3", "-u", "-z", mounted.path], check=True)
    assert mounted.process.wait(30) == 0


@contextlib.contextmanager
def flood(referee):
    """Flags of many messages, all the time."""
    def pour():
        sign = "+"
        while not is_over.is_set():
            referee._ok(referee.imap.uid("STORE", "1:200", sign + "FLAGS.SILENT", "(\\Seen)"))
            sign = "-" if sign == "+" else "+"
    referee.append("INBOX", [MAIL] * 200)
    referee.imap.select("INBOX")
    is_over = threading.Event()
    pouring = threading.Thread(target=pour)
    pouring.start()
    try:
        yield
    finally:
        is_over.set()
        pouring.join()


@pytest.mark.skipif(os.getuid() != 0, reason="only who may mount gets a mount of his own for it")
def test_a_flood_of_news_does_not_keep_the_mountpoint_busy(account, mount):
    mounted = mount(account, "drain=0")
    with flood(account.referee):
        for command in [["fusermount3", "-u"], ["umount"]] * 2:
            with Watch(mounted.folder("INBOX") / "cur") as watch:
                watch.wait("cur/", "MOVED_TO", seconds=20)
                subprocess.run([*command, mounted.path], check=True)
            assert mounted.process.wait(30) == 0
            mounted.start()


@pytest.mark.skipif(os.getuid() != 0, reason="mounts something else over the mount")
def test_what_is_mounted_over_the_mount_is_left_alone(account, mount):
    mounted = mount(account)
    listed(mounted)
    below = os.open(mounted.path, os.O_PATH)
    subprocess.run(["mount", "-t", "tmpfs", "over", mounted.path], check=True)
    try:
        for place in ("tmp", "new", "cur"):
            (mounted.folder("INBOX") / place).mkdir(parents=True)
        account.referee.append("INBOX", [MAIL])
        wait_for(lambda: os.listdir(f"/proc/self/fd/{below}/INBOX/new"), 10, "the message below")
        assert listed(mounted) == {"cur": [], "new": []}
    finally:
        subprocess.run(["umount", mounted.path], check=True)
        os.close(below)
    with Watch(mounted.folder("INBOX") / "new") as watch:
        account.referee.append("INBOX", [MAIL])
        watch.wait("new/", "MOVED_TO")


@pytest.mark.skipif(os.getuid() != 0, reason="mounts something else in the mount")
@pytest.mark.parametrize("where", ["INBOX", "INBOX/cur"])
def test_what_is_mounted_inside_of_the_mount_is_left_alone(account, mount, where):
    account.referee.append("INBOX", [SEEN, SEEN])
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    name = mounted.files()[1].name
    below = os.open(inbox / "cur", os.O_PATH)
    subprocess.run(["mount", "-t", "tmpfs", "over", mounted.path / where], check=True)
    try:
        for place in ("tmp", "new", "cur"):
            (inbox / place).mkdir(exist_ok=True)
        strange = os.open(inbox / "cur", os.O_PATH)
        (inbox / "cur" / name).write_text("of somebody else")
        with Watch(inbox / "cur") as watch:
            account.referee.expunge("INBOX", [1])
            wait_for(lambda: name not in os.listdir(f"/proc/self/fd/{below}"), 10, "the removal below")
    finally:
        os.close(below)
        subprocess.run(["umount", "-l", mounted.path / where], check=True)
    listed(mounted)
    with Watch(inbox / "new") as later:
        account.referee.append("INBOX", [MAIL])
        later.wait("new/", "MOVED_TO")  # and what came before that was told before
    assert watch.events == [] and os.listdir(f"/proc/self/fd/{strange}") == [name]
    os.close(strange)


@pytest.mark.parametrize("reader", ["mutt", "neomutt"])
def test_a_mail_reader_wakes_up(account, mount, tmp_path, reader):
    """Its own look at the folder would come only after an hour."""
    account.referee.append("INBOX", [MAIL])
    mounted = mount(account)
    settings = tmp_path / "muttrc"
    settings.write_text(f"set folder={tmp_path}\nset mail_check=3600\nset timeout=3600\nset read_inc=0\nset sort=date\n"
                        "set index_format='%s'\nset sleep_time=0\n")
    with Terminal(reader, "-n", "-F", settings, "-f", mounted.folder("INBOX")) as terminal:
        terminal.read_until("x")
        # What comes just after they have begun they miss in any Maildir, until the next comes.
        for _ in range(8):
            account.referee.append("INBOX", [Mail(b"Subject: just-now\r\n\r\nbody\r\n")])
            if terminal.shows("just-now", 3):
                return
    pytest.fail(f"{reader} has not looked: {terminal.shown!r}")
