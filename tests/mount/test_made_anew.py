"""Mailboxes that are made anew on the server, so that another UIDVALIDITY makes every UID mean something else."""

import os
import time

import pytest

from referee import Mail
from waiting import wait_for

MANY = 30


def mail(number, text="text"):
    """All of one length for the same @text."""
    return Mail(f"Message-ID: <{number:04}@test>\r\nSubject: {number:04}\r\n\r\n{text} {number:04}\r\n".encode(),
                date=1_600_000_000 + 60 * number)


def subject(path):
    return path.read_bytes().split(b"Subject: ")[1][:4].decode()


def shown(mounted, folder):
    """Name and inode of each message by its subject."""
    return {subject(path): (path.name.split(":")[0], path.stat().st_ino) for path in mounted.files(folder).values()}


def fetched(counter):
    return [line for line in counter.lines if "BODY.PEEK[]" in line]


@pytest.fixture
def archive(account, mount, proxy):
    """A mount over a folder that has been read, through a counting proxy; another client's hands."""
    account.referee.create("Archive")
    account.referee.append("Archive", [mail(number) for number in range(MANY)])
    counter = proxy(account.server.port)
    mounted = mount(account, "poll=1", "prefetch=none", port=counter.port)
    for path in mounted.files("Archive").values():
        path.read_bytes()
    return account, mounted, counter


def make_anew(account, mails, name="Archive"):
    account.referee.delete(name)
    account.referee.create(name)
    account.referee.append(name, mails)


def validity(mounted):
    return int(os.getxattr(mounted.folder("Archive"), "user.imap.uidvalidity"))


def uids(mounted, folder="Archive"):
    """What a message has not got yet is missing."""
    try:
        names = [path for place in ("cur", "new") for path in (mounted.folder(folder) / place).iterdir()]
        return sorted(int(os.getxattr(path, "user.imap.uid")) for path in names)
    except OSError:
        return None


def wait_until_followed(account, mounted):
    """The index is of the server's mailbox, and complete."""
    there = account.referee.status("Archive", "UIDVALIDITY")
    numbers = sorted(account.referee.messages("Archive", bodies=False))
    wait_for(lambda: validity(mounted) == there and uids(mounted) == numbers, 20, "the new mailbox")


def test_another_uidvalidity_changes_nothing_that_a_reader_sees(archive):
    account, mounted, counter = archive
    before = shown(mounted, "Archive")
    times = [os.stat(mounted.folder("Archive") / place).st_mtime_ns for place in ("cur", "new")]
    mounted.unmount()
    account.server.doveadm("mailbox", "update", "-u", account.user, "--uid-validity", "1234567890", "Archive")
    counter.reset()
    mounted.start()
    wait_until_followed(account, mounted)
    assert validity(mounted) == 1234567890
    assert shown(mounted, "Archive") == before
    assert [os.stat(mounted.folder("Archive") / place).st_mtime_ns for place in ("cur", "new")] == times
    assert not fetched(counter)


def test_a_folder_deleted_and_filled_again_is_the_same_while_mounted(archive):
    account, mounted, counter = archive
    before = shown(mounted, "Archive")
    path = next(iter(mounted.files("Archive").values()))
    counter.reset()
    with path.open("rb") as opened:
        make_anew(account, [mail(number) for number in reversed(range(MANY + 1))])
        wait_until_followed(account, mounted)
        assert b"Subject:" in opened.read()
    after = shown(mounted, "Archive")
    assert {name: after[name] for name in before} == before
    assert len(after) == MANY + 1
    assert len(fetched(counter)) == 1


def test_other_mails_under_the_same_uids_dates_and_sizes_show_their_own_text(archive):
    account, mounted, counter = archive
    make_anew(account, [mail(number + 1000) for number in range(MANY)])
    wait_until_followed(account, mounted)
    # Their dates are those of the first ones.
    make_anew(account, [Mail(mail(number + 2000).body, date=mail(number).date) for number in range(MANY)])
    wait_until_followed(account, mounted)
    stored = account.referee.messages("Archive")
    files = mounted.files("Archive")
    assert {uid: path.read_bytes() for uid, path in files.items()} == \
        {uid: message.text for uid, message in stored.items()}


def test_pending_changes_find_their_message(archive):
    account, mounted, counter = archive
    files = {subject(path): path for path in mounted.files("Archive").values()}
    inbox = mounted.folder("INBOX")
    counter.refuse()
    os.rename(files["0001"], mounted.folder("Archive") / "cur" / (files["0001"].name + ":2,FS"))
    os.rename(files["0002"], inbox / "cur" / "moved:2,S")
    os.rename(files["0003"], inbox / "cur" / "lost:2,S")
    files["0004"].unlink()
    (mounted.folder("Archive") / "tmp" / "mine").write_text("Subject: mine\n\nmine\n")
    os.rename(mounted.folder("Archive") / "tmp" / "mine", mounted.folder("Archive") / "new" / "mine")
    make_anew(account, [mail(number) for number in reversed(range(MANY)) if number != 3])
    counter.accept()
    (mounted.path / ".mailfs" / "ctl").write_text("online\n")
    wait_for(lambda: not (mounted.path / ".mailfs" / "queue").read_text(), 30, "the changes to be sent")

    def subjects(folder):
        stored = account.referee.messages(folder).values()
        found = {message.body.split(b"Subject: ")[1].split(b"\r")[0].decode(): message.flags for message in stored}
        assert len(found) == len(stored)  # nothing was sent twice
        return found
    archived = subjects("Archive")
    assert archived.keys() == {f"{number:04}" for number in range(MANY)} - {"0002", "0003", "0004"} | {"mine"}
    assert archived["0001"] == {"\\Flagged", "\\Seen"}
    assert subjects("INBOX").keys() == {"0002"}
    assert subjects("Trash").keys() == {"0004"}
    lost = mounted.path / ".mailfs" / "lost+found"
    assert [subject(path) for path in lost.iterdir()] == ["0003"]


def test_a_mailbox_that_has_moved_to_another_server_is_the_same(dovecot_with, archive):
    account, mounted, line = archive
    before = shown(mounted, "Archive")
    first = mounted.files("Archive")[1]
    control = mounted.path / ".mailfs" / "ctl"
    control.write_text("offline")
    first.rename(mounted.folder("Archive") / "cur" / (first.name + ":2,F"))
    (mounted.folder("Archive") / "cur" / "mine:2,S").write_bytes(b"Subject: mine\n\nmine\n")
    heir = dovecot_with().add_account(account.user, account.password)
    validity = account.referee.status("Archive", "UIDVALIDITY")
    heir.referee.create("Archive")
    while heir.referee.status("Archive", "UIDVALIDITY") == validity:  # made in the same second: its numbers would be taken for the old ones
        time.sleep(0.3)
        heir.referee.delete("Archive")
        heir.referee.create("Archive")
    heir.referee.append("Archive", [mail(number) for number in reversed(range(MANY))])
    line.target_port = heir.server.port
    line.cut()
    line.reset()
    control.write_text("online")
    wait_for(lambda: "pending:    0" in mounted.status(), 20, "the changes to be sent")
    wait_until_followed(heir, mounted)
    after = shown(mounted, "Archive")
    assert {name: after[name] for name in before} == before and len(after) == MANY + 1
    assert not fetched(line)
    stored = [(one.body.split(b"Subject: ")[1][:4].decode(), one.flags) for one in heir.referee.messages("Archive").values()]
    assert sorted(subject for subject, _ in stored) == [f"{number:04}" for number in range(MANY)] + ["mine"]
    assert dict(stored)[subject(first.parent.parent / "cur" / (first.name + ":2,F"))] == {"\\Flagged"}
    heir.close()


def test_a_daemon_killed_while_it_compares_loses_nothing(archive):
    account, mounted, counter = archive
    before = shown(mounted, "Archive")
    counter.stall_on = "UID FETCH"
    make_anew(account, [mail(number) for number in reversed(range(MANY))])
    wait_for(lambda: counter.is_stalled, 20, "the listing")
    assert {path.name for path in (mounted.folder("Archive") / "new").iterdir()} == \
        {name for name, inode in before.values()}
    mounted.kill()
    counter.stall_on = None
    counter.resume()
    mounted.start()
    counter.reset()
    wait_until_followed(account, mounted)
    assert shown(mounted, "Archive") == before
    assert not fetched(counter)


def test_a_fresh_mount_has_as_many_names(archive, mount):
    account, mounted, counter = archive
    before = shown(mounted, "Archive")
    make_anew(account, [mail(number) for number in range(MANY)])
    wait_until_followed(account, mounted)
    fresh = shown(mount(account), "Archive")
    assert fresh.keys() == before.keys()
    assert shown(mounted, "Archive") == before


# Renamed by another client

@pytest.fixture
def branch(account, mount, proxy):
    """Two folders that have been read, one below the other."""
    account.referee.create("Lists", "Lists/glib", "Archive")
    for folder in ("Lists", "Lists/glib"):
        account.referee.append(folder, [mail(number, folder) for number in range(MANY)])
    counter = proxy(account.server.port)
    mounted = mount(account, "poll=1", "prefetch=none", port=counter.port)
    for folder in ("Lists", "Lists/glib"):
        for path in mounted.files(folder).values():
            path.read_bytes()
    return account, mounted, counter


@pytest.mark.parametrize("to", ["Circulars", "Archive/Lists"])
def test_a_folder_that_another_client_renamed_keeps_all_that_is_known_of_it(branch, to):
    account, mounted, counter = branch
    before = {folder: shown(mounted, folder) for folder in ("Lists", "Lists/glib")}
    inode = mounted.folder("Lists").stat().st_ino
    counter.reset()
    account.referee.rename("Lists", to)
    wait_for(lambda: mounted.folder(to).exists() and not mounted.folder("Lists").exists(), 20, "the new name")
    wait_for(lambda: len(uids(mounted, to) or []) == len(uids(mounted, f"{to}/glib") or []) == MANY, 20,
             "all messages to be found again")
    assert mounted.folder(to).stat().st_ino == inode
    assert {"Lists": shown(mounted, to), "Lists/glib": shown(mounted, f"{to}/glib")} == before
    assert fetched(counter) == []
    account.referee.append(to, [mail(MANY, "Lists")])
    wait_for(lambda: len(uids(mounted, to) or []) == MANY + 1, 20, "new mail")


def test_changes_wait_for_a_folder_that_another_client_renames(branch):
    account, mounted, _ = branch
    control = mounted.path / ".mailfs" / "ctl"
    control.write_text("offline")
    first = mounted.files("Lists")[1]
    first.rename(mounted.folder("Lists") / "cur" / (first.name.split(":")[0] + ":2,F"))
    (mounted.folder("Lists") / "cur" / "mine:2,S").write_bytes(mail(MANY, "mine").body)
    account.referee.rename("Lists", "Circulars")
    control.write_text("online")
    wait_for(lambda: "pending:    0" in mounted.status(), 20, "the changes to be sent")
    stored = account.referee.messages("Circulars")
    assert len(stored) == MANY + 1 and stored[1].flags == {"\\Flagged"}
    assert os.listdir(mounted.path / ".mailfs" / "lost+found") == []
