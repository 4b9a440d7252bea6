"""What a mount asks for when something has changed: the changes, as cheaply as the server knows how."""

import os
import re

import pytest

from referee import Mail
from waiting import wait_for

# What is taken away, and how flags and removals are asked for then.
LADDER = [
    pytest.param(("LIST-STATUS",), r"EXAMINE \"?Box\"? \(QRESYNC \(\d+ \d+\)\)", None, id="QRESYNC and STATUS"),
    pytest.param((), r"EXAMINE \"?Box\"? \(QRESYNC \(\d+ \d+\)\)", None, id="QRESYNC"),
    pytest.param(("QRESYNC",), r"UID FETCH 1:\d+ \(UID FLAGS MODSEQ\) \(CHANGEDSINCE \d+\)", r"UID SEARCH .*ALL",
                 id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE"), r"UID FETCH 1:\d+ \(UID FLAGS\)$", r"UID SEARCH .*ALL", id="UID and FLAGS"),
]


def mails(first, last):
    return [Mail(f"Subject: {number}\r\n\r\n{number}\r\n".encode(), date=1_600_000_000 + number)
            for number in range(first, last)]


def fill(account, number):
    for first in range(0, number, 5000):
        account.referee.append("Box", mails(first, min(first + 5000, number)))


def change_ten(account, number):
    """Two are flagged, three go, five come: without a flag all stay in new/."""
    account.referee.store("Box", [2, number // 2], "+FLAGS", "\\Flagged")
    account.referee.expunge("Box", [1, 3, number])
    account.referee.append("Box", mails(number, number + 5))


def is_followed(account, mounted):
    """Names say all that has changed: flags, and UIDs in hexadecimal."""
    there = {uid: "\\Flagged" in message.flags for uid, message in account.referee.messages("Box", False).items()}

    def check():
        here = {}
        for place in ("cur", "new"):
            for name in os.listdir(mounted.folder("Box") / place):
                here[int(name.split(".")[1], 16)] = name.endswith(":2,F")
        return here == there
    return check


def of_box(counter):
    """The commands about this folder: no other one has messages to be asked for."""
    return [line for line in counter.lines if re.match('(EXAMINE|SELECT) "?Box|UID (FETCH|SEARCH)', line)]


@pytest.fixture
def box(mount, proxy):
    """A folder that was listed, unmounted now; and what counts when it is mounted again."""
    def make(server, number):
        account = server.add_account("someone")
        account.referee.create("Box")
        fill(account, number)
        counter = proxy(server.port)
        mounted = mount(account, "poll=3600", "prefetch=none", port=counter.port)
        assert len(os.listdir(mounted.folder("Box") / "new")) == number
        mounted.unmount()
        return account, mounted, counter
    return make


@pytest.mark.parametrize("without, flags, removals", LADDER)
def test_a_remount_asks_for_what_has_changed(dovecot_with, box, without, flags, removals):
    account, mounted, counter = box(dovecot_with(without=without), 300)
    change_ten(account, 300)
    counter.reset()
    mounted.start()
    wait_for(is_followed(account, mounted), 20, "the changes")
    asked = of_box(counter)
    # Which folder it is was told by one command, or by one for each.
    assert ("STATUS" in counter.commands) == ("LIST-STATUS" in without)
    assert any(re.search(flags, line) for line in asked), asked
    assert any(re.search(removals, line) for line in asked) if removals else \
        not any("SEARCH" in line or "UID FETCH 1:" in line for line in asked), asked
    # What was known is listed once, if at all; what is new is asked for by its UIDs.
    assert not any(re.search(r"UID FETCH 1:\S+ .*INTERNALDATE", line) for line in asked), asked
    # The watch, when it begins, finds it changed still on a slow machine, and has it looked at once more.
    looks = sum(line.startswith("EXAMINE") for line in asked)
    assert looks <= 2 and len(asked) <= 4 * looks, asked


@pytest.mark.parametrize("without, cut_in", [
    ((), {"EXAMINE": [60, 300]}),
    (("QRESYNC",), {"UID FETCH 1:": [30], "UID SEARCH": [20, 60]}),
    (("QRESYNC", "CONDSTORE", "ESEARCH"), {"UID FETCH 1:": [5000], "UID SEARCH": [500, 1080]})],
    ids=["QRESYNC", "CONDSTORE", "UID and FLAGS"])
def test_nothing_goes_but_by_an_answer_that_has_come_to_its_end(dovecot_with, box, without, cut_in):
    """The connection breaks off again and again while the changes are asked for."""
    account, mounted, line = box(dovecot_with(without=without), 300)
    account.referee.store("Box", [2, 150], "+FLAGS", "\\Flagged")
    account.referee.expunge("Box", [1, 3, 300])
    staying = account.referee.messages("Box", False).keys()
    line.cut_in = cut_in
    mounted.start()
    control = mounted.path / ".mailfs" / "ctl"

    def is_complete():
        there = {int(name.split(".")[1], 16) for place in ("new", "cur")  # as a flag moves them
                 for name in os.listdir(mounted.folder("Box") / place)}
        assert not staying - there
        if "offline" in mounted.status():
            control.write_text("online")
        return not any(cut_in.values()) and is_followed(account, mounted)()
    wait_for(is_complete, 60, "the changes")


def test_ten_changes_cost_a_few_kilobytes_whatever_the_size(dovecot_with, box, request):
    """With --many=100000 a folder is as large as that."""
    costs = []
    for number in (500, request.config.getoption("--many")):
        account, mounted, counter = box(dovecot_with(), number)
        change_ten(account, number)
        is_there = is_followed(account, mounted)
        counter.reset()
        mounted.start()
        # The folders that changed are found by one command.
        assert 1 <= sum(line.startswith("LIST") for line in counter.lines) <= 2  # the second when all are watched
        assert not any(line.startswith("STATUS") for line in counter.lines)
        wait_for(is_there, 60, "the changes")
        wait_for(lambda: "IDLE" in counter.commands, 20, "the mount to come to rest")
        costs.append(counter.bytes)
        print(f"{number} messages: {counter.bytes} bytes, {counter.round_trips} round trips, {of_box(counter)}")
        assert len(of_box(counter)) <= 3
        assert counter.round_trips <= 30  # of four sessions, with their log-ins
    assert costs[1] < 10_000
    assert costs[1] < costs[0] + 1500  # names and numbers are longer


def test_a_remount_without_changes_opens_no_folder_but_the_watched_one(dovecot_with, box):
    _, mounted, counter = box(dovecot_with(), 300)
    counter.reset()
    mounted.start()
    wait_for(lambda: "IDLE" in counter.commands, 20, "the mount to come to rest")
    assert of_box(counter) == []
