"""The files in examples/, each on a real mount; the referee says what became of the mail."""

import datetime
import os
import subprocess
import time

import pytest

import settings
from referee import Mail
from waiting import wait_for

EXAMPLES = settings.ROOT / "examples"
DAY = 24 * 3600


def run(name, *arguments, **options):
    result = subprocess.run([EXAMPLES / name, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return result.stdout


def letter(subject, text="Text.", more="", **about):
    return Mail(f"From: Bob <bob@example.com>\r\nSubject: {subject}\r\n{more}\r\n{text}\r\n".encode(), **about)


def subjects(account, folder):
    if folder not in account.referee.folders():
        return []
    return sorted(one.text.split(b"\n")[1].decode()[9:] for one in account.referee.messages(folder).values())


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.sh")))
def test_a_script_says_how_it_is_called(name):
    words = ["--help"] if name == "demo.sh" else []
    result = subprocess.run([EXAMPLES / name, *words], capture_output=True, text=True, timeout=10)
    assert name in (result.stdout or result.stderr)


def test_old_mail_that_was_seen_is_archived_by_its_year(account, mount):
    now = int(time.time())
    of_2024 = int(datetime.datetime(2024, 7, 1).timestamp())
    account.referee.append("INBOX", [
        letter("of 2024", flags="\\Seen", date=of_2024), letter("of 2023", flags="\\Seen", date=of_2024 - 365 * DAY),
        letter("fresh", flags="\\Seen", date=now - 3 * DAY), letter("unread", date=of_2024),
        letter("flagged", flags="\\Seen \\Flagged", date=of_2024)])
    mounted = mount(account)
    run("archive-old.sh", mounted.folder("INBOX"), mounted.folder("Archive"), 30)
    wait_for(lambda: subjects(account, "Archive/2024") == ["of 2024"] and subjects(account, "Archive/2023") == ["of 2023"]
             and subjects(account, "INBOX") == ["flagged", "fresh", "unread"], 20, "the move on the server")
    moved, = account.referee.messages("Archive/2024").values()
    assert moved.date == of_2024 and moved.flags == {"\\Seen"}


def test_large_mail_is_found_with_its_attachments_and_nothing_else_is_fetched(account, mount):
    attached = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"plan of the house.pdf\"\r\n"
    account.referee.append("INBOX", [letter("small"), letter("large", "x" * 70 + "\r\n" * 30_000, attached),
                                     letter("larger", "x" * 70 + "\r\n" * 60_000)])
    mounted = mount(account)
    shown = run("large-mail.sh", mounted.path, "50k").splitlines()
    assert [line.split()[-1] for line in shown if line[0] != " "] == ["larger", "large"]
    assert "        plan of the house.pdf" in shown
    assert "bodies:     2 of 3 here" in mounted.status()


def test_newsletters_are_counted_with_the_way_out(account, mount):
    way = "List-Unsubscribe: <https://example.net/leave>,\r\n <mailto:leave@example.net>\r\n"
    account.referee.append("INBOX", [letter("one", more=way), letter("two", more=way), letter("no newsletter"),
                                     letter("quoted", "List-Unsubscribe: <https://example.org/>")])
    shown = run("unsubscribe.sh", mount(account).folder("INBOX"))
    assert shown.split() == ["2", "Bob", "<bob@example.com>", "<https://example.net/leave>,", "<mailto:leave@example.net>"]


def test_a_backup_is_whole_and_the_next_one_shares_what_did_not_change(account, mount, tmp_path):
    account.referee.append("INBOX", [letter(str(number), date=1_600_000_000 + number) for number in range(20)])
    mounted = mount(account)
    backup = tmp_path / "backup"
    run("backup.sh", mounted.path, backup)
    today, = backup.iterdir()
    first = today.rename(backup / "2000-01-01")
    account.referee.append("INBOX", [letter("new")])
    wait_for(lambda: len(mounted.files()) == 21, 10, "the new message")
    run("backup.sh", mounted.path, backup)
    for path in mounted.files().values():
        name = path.relative_to(mounted.path)
        assert (today / name).read_bytes() == path.read_bytes()
        assert (today / name).stat().st_mtime == path.stat().st_mtime
        if (first / name).exists():
            assert os.path.samefile(first / name, today / name)
    assert len(list(first.glob("INBOX/*/*"))) == 20


@pytest.mark.parametrize("command,shown", [([], "Bob <bob@example.com>: news"), (["grep", "-h", "^Subject"], "Subject: news")])
def test_new_mail_is_told_while_one_watches(account, mount, command, shown, tmp_path):
    account.referee.append("INBOX", [letter("old")])
    mounted = mount(account)
    mounted.files()
    with open(tmp_path / "shown", "wb") as out:
        watch = subprocess.Popen([EXAMPLES / "watch.sh", mounted.folder("INBOX"), *command], stdout=out, start_new_session=True)
    try:
        wait_for(lambda: watches(watch.pid), 20, "the watch")
        account.referee.append("INBOX", [letter("news")])
        wait_for(lambda: (tmp_path / "shown").read_text() == shown + "\n", 20, "the news")
    finally:
        os.killpg(watch.pid, 15)
        watch.wait(10)


def watches(group):
    """Does a process of the group have an inotify watch?"""
    for process in os.listdir("/proc"):
        try:
            if process.isdigit() and os.getpgid(int(process)) == group and any(
                    "inotify wd:" in open(f"/proc/{process}/fdinfo/{number}").read()
                    for number in os.listdir(f"/proc/{process}/fdinfo")):
                return True
        except OSError:
            pass  # it has ended meanwhile
    return False
