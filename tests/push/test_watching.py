"""What another client does is seen at once: by IDLE in INBOX, by NOTIFY everywhere, by the poll otherwise."""

import os
import select
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from referee import Mail
from scripted import Message, Scripted, Session
from waiting import wait_for

MAIL = Mail(b"Subject: x\r\n\r\nbody\r\n")
AT_ONCE = 5  # seconds on a busy machine; far from the 600 of the poll below


def names(mounted, folder):
    return sorted(os.listdir(mounted.folder(folder) / "new")) + sorted(os.listdir(mounted.folder(folder) / "cur"))


def watching(account, mount, line):
    """A mount whose poll comes too late for any test, that has two folders in use and one that nobody knows."""
    account.referee.create("Lists", "Archive/2019", "Unseen")
    for folder in ("INBOX", "Lists", "Archive/2019", "Unseen"):
        account.referee.append(folder, [MAIL] * 3)
    mounted = mount(account, "poll=600", port=line.port)
    for folder in ("INBOX", "Lists", "Archive/2019"):
        assert len(names(mounted, folder)) == 3
    return mounted


@pytest.fixture
def line(account, proxy):
    return proxy(account.server.port)


def follows(account, mounted, folder, other):
    """What comes to @folder, where there are three messages, is seen at once, and so is what changes and goes."""
    account.referee.append(folder, [MAIL])
    wait_for(lambda: len(names(mounted, folder)) == 4, AT_ONCE, f"the new message in {folder}")
    account.referee.store(folder, [1], "+FLAGS", "\\Flagged")
    wait_for(lambda: sum(name.endswith(":2,F") for name in names(mounted, folder)) == 1, AT_ONCE, "the flag")
    account.referee.expunge(folder, [2])
    wait_for(lambda: len(names(mounted, folder)) == 3, AT_ONCE, "the removal")
    account.referee.move(folder, [3], other)
    wait_for(lambda: len(names(mounted, folder)) == 2, AT_ONCE, "the move")


def survives_a_cut(account, mounted, line, listens):
    """The news of Lists come after a lost connection, and at once when listens() has returned."""
    known = len(names(mounted, "Lists"))
    listens()
    line.reset()
    line.cut()
    account.referee.append("Lists", [MAIL])
    wait_for(lambda: len(names(mounted, "Lists")) == known + 1, 20, "what came while nobody listened")
    listens()
    account.referee.append("Lists", [MAIL])
    wait_for(lambda: len(names(mounted, "Lists")) == known + 2, AT_ONCE, "what came later")


def ready(line):
    """The daemon has said all it has to say, and listens."""
    wait_for(lambda: line.commands["IDLE"], 10, "IDLE")


@pytest.mark.parametrize("folder", ["INBOX", "Lists", "Archive/2019"])
def test_messages_of_every_folder_are_seen_at_once(account, mount, line, folder):
    mounted = watching(account, mount, line)
    ready(line)
    took = []

    def wait(condition, what):
        started = time.monotonic()
        wait_for(condition, AT_ONCE, what)
        took.append(time.monotonic() - started)
    account.referee.append(folder, [MAIL])
    wait(lambda: len(names(mounted, folder)) == 4, "the new message")
    account.referee.store(folder, [1], "+FLAGS", "\\Flagged")
    wait(lambda: sum(name.endswith(":2,F") for name in names(mounted, folder)) == 1, "the flag")
    account.referee.expunge(folder, [2])
    wait(lambda: len(names(mounted, folder)) == 3, "the removal")
    other = "INBOX" if folder != "INBOX" else "Lists"
    account.referee.move(folder, [3], other)
    wait(lambda: (len(names(mounted, folder)), len(names(mounted, other))) == (2, 4), "the move")
    assert min(took) < 1, took  # what takes longer now and then is the machine


@pytest.mark.parametrize("what, gone, come", [
    (lambda referee: referee.create("Fresh"), set(), {"Fresh"}),
    (lambda referee: referee.delete("Unseen"), {"Unseen"}, set())], ids=["made", "removed"])
def test_folders_are_seen_at_once(account, mount, line, what, gone, come):
    mounted = watching(account, mount, line)
    ready(line)
    before = set(os.listdir(mounted.path))
    what(account.referee)
    wait_for(lambda: set(os.listdir(mounted.path)) == before - gone | come, AT_ONCE, f"{gone} to become {come}")


@pytest.mark.parametrize("change, shown", [
    (lambda referee: referee.append("Lists", [MAIL]), {"Lists": 4}),
    (lambda referee: referee.expunge("Lists", [1]), {"Lists": 2}),
    (lambda referee: referee.create("Fresh"), {"Lists": 3, "Fresh": 0})], ids=["mail", "removal", "folder"])
def test_what_changes_between_the_mount_and_the_watch_is_seen_at_once(account, mount, line, change, shown):
    line.hold_command = "NOTIFY"
    account.referee.create("Lists")
    account.referee.append("Lists", [MAIL] * 3)
    mounted = mount(account, "poll=600", port=line.port)
    assert len(names(mounted, "Lists")) == 3
    wait_for(lambda: line.is_holding, 10, "NOTIFY")
    change(account.referee)
    line.release()
    wait_for(lambda: set(shown) <= set(os.listdir(mounted.path))
             and all(len(names(mounted, folder)) == number for folder, number in shown.items()), AT_ONCE, shown)


def test_what_changes_while_a_folder_is_listed_for_the_first_time_is_seen_at_once(account, mount, line):
    account.referee.create("Lists")
    account.referee.append("Lists", [MAIL] * 3)
    mounted = mount(account, "poll=600", "prefetch=none", port=line.port)
    ready(line)
    line.hold_answer = "EXAMINE"
    with ThreadPoolExecutor() as threads:
        listing = threads.submit(names, mounted, "Lists")
        wait_for(lambda: line.is_holding, 10, "EXAMINE")
        idles = line.commands["IDLE"]
        account.referee.append("Lists", [MAIL])
        wait_for(lambda: line.commands["IDLE"] > idles, AT_ONCE, "the announcement")
        line.release()
        listing.result()
    wait_for(lambda: len(names(mounted, "Lists")) == 4, AT_ONCE, "the new message")


def test_a_renamed_folder_is_seen_by_the_poll_at_the_latest(account, mount):
    """Dovecot 2.3 announces renames only when something else happens as well."""
    account.referee.create("Lists")
    mounted = mount(account, "poll=2")
    assert "Lists" in os.listdir(mounted.path)
    account.referee.rename("Lists", "Circulars")
    wait_for(lambda: "Circulars" in os.listdir(mounted.path) and "Lists" not in os.listdir(mounted.path), 10)


def test_one_session_hears_of_all_folders_with_few_bytes(account, mount, line):
    mounted = watching(account, mount, line)
    ready(line)
    line.reset()
    account.referee.append("Lists", [MAIL])
    wait_for(lambda: len(names(mounted, "Lists")) == 4, AT_ONCE, "the new message")
    assert line.connections == 0
    assert line.commands["LIST"] == 0, line.lines
    assert line.bytes < 3000, line.lines


WITHOUT_NOTIFY = [["NOTIFY"], ["NOTIFY", "QRESYNC"], ["NOTIFY", "QRESYNC", "CONDSTORE"]]


@pytest.mark.parametrize("missing", WITHOUT_NOTIFY, ids=" ".join)
def test_without_notify_inbox_is_seen_at_once_and_what_nobody_uses_by_the_poll(dovecot_with, mount, missing):
    account = dovecot_with(without=missing).add_account("alice")
    account.referee.create("Lists")
    account.referee.append("INBOX", [MAIL])
    account.referee.append("Lists", [MAIL])
    mounted = mount(account, "poll=3", "connections=2")
    assert len(names(mounted, "INBOX")) == len(names(mounted, "Lists")) == 1
    account.referee.append("INBOX", [MAIL])
    account.referee.append("Lists", [MAIL])
    account.referee.create("Fresh")
    wait_for(lambda: len(names(mounted, "INBOX")) == 2, AT_ONCE)
    wait_for(lambda: len(names(mounted, "Lists")) == 2, 10)
    wait_for(lambda: "Fresh" in os.listdir(mounted.path), 10)
    account.close()


def test_without_condstore_flags_are_seen_by_the_poll_too(dovecot_with, mount):
    """No STATUS tells of any but \\Seen."""
    account = dovecot_with(without=["NOTIFY", "QRESYNC", "CONDSTORE"]).add_account("alice")
    account.referee.create("Lists")
    account.referee.append("Lists", [MAIL])
    mounted = mount(account, "poll=1", "connections=2")
    assert len(names(mounted, "Lists")) == 1
    account.referee.store("Lists", [1], "+FLAGS", "\\Flagged")
    wait_for(lambda: [name[-4:] for name in names(mounted, "Lists")] == [":2,F"], 10)
    mounted.unmount()
    account.referee.store("Lists", [1], "+FLAGS", "\\Answered")
    mounted.start()
    wait_for(lambda: [name[-5:] for name in names(mounted, "Lists")] == [":2,FR"], 10)
    account.close()


@pytest.fixture
def without_notify(request, dovecot_with):
    account = dovecot_with(without=request.param).add_account("alice")
    yield account
    account.close()


def wait_for_idles(line, number):
    """So many sessions listen."""
    wait_for(lambda: line.idling == number, 20, f"{number} sessions to idle, not {line.idling}")


@pytest.mark.parametrize("most, idling", [(3, 2), (4, 3), (6, 4)])
@pytest.mark.parametrize("without_notify", WITHOUT_NOTIFY, ids=" ".join, indirect=True)
def test_without_notify_folders_in_use_are_seen_at_once(without_notify, mount, proxy, most, idling):
    account, line = without_notify, proxy(without_notify.server.port)
    folders = ["Lists", "Archive", "Work"]
    account.referee.create(*folders)
    for folder in ("INBOX", *folders):
        account.referee.append(folder, [MAIL] * 3)
    mounted = mount(account, "poll=600", f"connections={most}", port=line.port)
    for folder in (*folders, "INBOX"):
        assert len(names(mounted, folder)) == 3
    wait_for_idles(line, idling)
    for folder in folders[1 - idling:]:  # those used last
        follows(account, mounted, folder, "INBOX")
    assert line.most_connections <= most


@pytest.mark.parametrize("without_notify", WITHOUT_NOTIFY[:1], ids=" ".join, indirect=True)
def test_folders_in_use_are_watched_where_inbox_is_not_shown(without_notify, mount, proxy):
    account, line = without_notify, proxy(without_notify.server.port)
    account.referee.create("Lists")
    mounted = mount(account, "poll=600", "exclude=INBOX", port=line.port)
    assert names(mounted, "Lists") == []
    wait_for(lambda: line.idling >= 1, 20, "a session to idle")
    account.referee.append("Lists", [MAIL])
    wait_for(lambda: len(names(mounted, "Lists")) == 1, AT_ONCE, "new mail")


@pytest.mark.parametrize("without_notify", WITHOUT_NOTIFY[:1], ids=" ".join, indirect=True)
def test_whoever_lends_a_session_for_idle_has_it_back_for_his_work(without_notify, mount, proxy):
    account, line = without_notify, proxy(without_notify.server.port)
    account.referee.create("Lists", "Archive")
    account.referee.append("Lists", [Mail(b"Subject: %d\r\n\r\n" % number) for number in range(20)])
    mounted = mount(account, "poll=600", port=line.port)
    files = mounted.files("Lists")
    assert names(mounted, "Archive") == []
    wait_for_idles(line, 3)
    files[1].rename(mounted.folder("Archive") / "cur/moved:2,S")
    wait_for(lambda: account.referee.messages("Archive"), AT_ONCE, "the move on the server")
    assert [files[uid].read_bytes() for uid in range(2, 21)] == [b"Subject: %d\n\n" % uid for uid in range(1, 20)]
    wait_for_idles(line, 3)
    account.referee.append("Archive", [MAIL])
    wait_for(lambda: len(names(mounted, "Archive")) == 2, AT_ONCE, "new mail")
    assert line.most_connections == 4


@pytest.mark.parametrize("without_notify", WITHOUT_NOTIFY[:1], ids=" ".join, indirect=True)
def test_after_a_lost_connection_folders_in_use_are_watched_again(without_notify, mount, proxy):
    account, line = without_notify, proxy(without_notify.server.port)
    account.referee.create("Lists")
    mounted = mount(account, "poll=600", "connections=6", port=line.port)
    assert names(mounted, "Lists") == []
    survives_a_cut(account, mounted, line, lambda: wait_for_idles(line, 2))


def test_after_a_lost_connection_announcements_are_asked_for_again(account, mount, line):
    def listens():
        wait_for(lambda: line.commands["NOTIFY"], 20, "NOTIFY")
        ready(line)
    survives_a_cut(account, watching(account, mount, line), line, listens)


class Liar(Session):
    """Announces @server.lies while the client is idle."""

    def do_notify(self, _):
        pass

    def do_idle(self, _):
        self.send(b"+ idling\r\n")
        while not select.select([self.connection], [], [], 0.05)[0]:
            if self.server.lies:
                self.send(self.server.lies.pop(0))
        if not self.input.readline():
            raise ConnectionAbortedError


LIES = [
    b"* STATUS nowhere (MESSAGES 4294967295)\r\n",
    b"* STATUS Lists (MESSAGES 0 UIDNEXT 0 HIGHESTMODSEQ 18446744073709551615)\r\n",
    b"* STATUS \"\" ()\r\n* STATUS\r\n* LIST\r\n* LSUB NIL\r\n",
    b"* LIST (\\NonExistent) \"/\" INBOX\r\n* LIST (\\NonExistent) \"/\" Lists\r\n",
    b"* LIST () \"/\" \"../../etc\"\r\n* LIST () \"/\" Lists (\"OLDNAME\" (\"INBOX\"))\r\n",
    b"* 0 EXISTS\r\n* VANISHED 1:4294967295\r\n",
    b"* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n",
    b"".join(b"* STATUS m%d (MESSAGES 1)\r\n" % number for number in range(3000)),
    b"* OK [NOTIFICATIONOVERFLOW] \r\n",
]


def test_a_server_that_announces_lies_is_asked_and_nothing_goes(mount):
    boxes = {"INBOX": [Message(1, b"Subject: a\r\n\r\n"), Message(2, b"Subject: b\r\n\r\n")],
             "Lists": [Message(1, b"Subject: c\r\n\r\n")]}
    with Scripted(boxes, capabilities="IMAP4rev1 LITERAL+ IDLE NOTIFY", session=Liar, lies=[]) as server:
        mounted = mount(server, "poll=600", port=server.port)
        assert (len(names(mounted, "INBOX")), len(names(mounted, "Lists"))) == (2, 1)
        for lie in LIES:
            idles = server.commands.count("IDLE")
            server.lies.append(lie)
            wait_for(lambda: server.commands.count("IDLE") > idles, 20, f"another IDLE after {lie[:80]}")
        boxes["INBOX"].append(Message(3, b"Subject: d\r\n\r\n"))
        server.lies.append(b"* 3 EXISTS\r\n")
        wait_for(lambda: len(names(mounted, "INBOX")) == 3, 20, f"true news after {server.commands[-9:]}")
        assert (len(names(mounted, "INBOX")), len(names(mounted, "Lists"))) == (3, 1)
        assert sorted(os.listdir(mounted.path)) == ["INBOX", "Lists"]
        assert "online" in mounted.status()
