"""Several clients of one account at once: two mounts, each with a state of its own, and one that is not mailfs."""

import contextlib
import os
import random
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from referee import Mail
from waiting import wait_for

LETTERS = {"F": "\\Flagged", "R": "\\Answered", "S": "\\Seen"}
FOLDERS = ("INBOX", "Box", "Other")
SHARE = 60   # messages that one client has for itself
COMMON = 15  # that all change


def mail(token, flags=""):
    return Mail(f"Subject: {token}\r\n\r\nThe text of {token}.\r\n".encode(), flags)


def token_of(text):
    return text.split("\n")[0].split()[-1]


def letters(flags):
    return "".join(letter for letter, flag in LETTERS.items() if flag in flags)


def on_server(account):
    """How often a message is in a folder with these flags."""
    return Counter((token_of(one.text.decode()), folder, letters(one.flags))
                   for folder in account.referee.folders() for one in account.referee.messages(folder).values())


def in_mount(mounted):
    """Likewise; None when a name has just gone."""
    with contextlib.suppress(FileNotFoundError):
        return Counter((token_of(path.read_text()), folder, path.name.partition(":2,")[2])
                       for folder in os.listdir(mounted.path) for place in ("cur", "new")
                       for path in (mounted.folder(folder) / place).iterdir())
    return None


def sync(mounted):
    ran = mounted.home.run("sync", mounted.path)
    assert ran.returncode == 0, ran.stderr


def named(path, flags):
    return path.parent.parent / "cur" / f"{path.name.partition(':2,')[0]}:2,{flags}"


# Two mounts and another client, all at once

class Hand:
    """One client: changes messages of its own at random and knows what must come of it."""

    def __init__(self, name, flag):
        self.name, self.flag = name, flag
        self.random = random.Random(name)
        self.tokens = [f"{name}-{number}" for number in range(SHARE)]
        self.gone = Counter()  # what it has removed, as on_server() has it

    def some_flags(self):
        return "".join(letter for letter in LETTERS if self.random.random() < 0.4)

    def elsewhere(self, folder):
        return self.random.choice([name for name in FOLDERS if name != folder])

    def work(self, number):
        for step in range(number):
            if step % (number // COMMON) == 0 and step < number // COMMON * COMMON:
                self.meddle(step // (number // COMMON))
            self.change()


class MountHand(Hand):
    """Goes by the names of the beginning and by those that it gave: what the others do makes some stale."""

    def __init__(self, name, flag, mounted):
        super().__init__(name, flag)
        self.mounted = mounted

    def look(self):
        found = {token_of(path.read_text()): path for folder in FOLDERS
                 for path in self.mounted.files(folder).values()}
        self.own = {found[token]: token for token in self.tokens}
        self.shared = [found[f"shared-{number}"] for number in range(COMMON)]
        self.doomed = [found[f"doomed-{number}"] for number in range(COMMON)]

    def meddle(self, number):
        os.rename(self.shared[number], named(self.shared[number], self.flag))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.doomed[number])  # both do

    def change(self):
        path = self.random.choice(sorted(self.own))
        folder, flags = path.parent.parent.name, path.name.partition(":2,")[2]
        target = self.mounted.folder(self.elsewhere(folder)) / "cur"
        removing = [self.remove] if len(self.own) > SHARE // 2 else []
        self.random.choice([self.flag_it, self.flag_it, self.move, self.copy, *removing])(path, target, folder, flags)

    def flag_it(self, path, *_):
        flagged = named(path, self.some_flags())
        path.rename(flagged)
        self.own[flagged] = self.own.pop(path)

    def move(self, path, target, folder, flags):
        moved = target / named(path, flags).name
        subprocess.run(["mv", path, moved], check=True)
        self.own[moved] = self.own.pop(path)

    def copy(self, path, target, folder, flags):
        copied = target / f"{self.random.randrange(1 << 32)}.{self.name}:2,{flags}"
        subprocess.run(["cp", path, copied], check=True)
        self.own[copied] = self.own[path]

    def remove(self, path, target, folder, flags):
        subprocess.run(["rm", path], check=True)
        self.gone[self.own.pop(path), "Trash", flags] += 1

    def expected(self):
        return self.gone + Counter((token, path.parent.parent.name, path.name.partition(":2,")[2])
                                   for path, token in self.own.items())


class OtherHand(Hand):
    """Knows where its messages are by their tokens."""

    def __init__(self, name, flag, referee):
        super().__init__(name, flag)
        self.referee = referee
        self.own = {token: ("INBOX", "") for token in self.tokens}

    def find(self, folder, token):
        return next(uid for uid, one in self.referee.messages(folder).items()
                    if token_of(one.text.decode()) == token)

    def meddle(self, number):
        self.referee.store("INBOX", [self.find("INBOX", f"shared-{number}")], "+FLAGS", LETTERS[self.flag])

    def change(self):
        token = self.random.choice(sorted(self.own))
        folder, flags = self.own[token]
        self.random.choice([self.flag_it, self.move, self.add, self.remove])(token, folder, flags)

    def flag_it(self, token, folder, _):
        flags = self.some_flags()
        self.referee.store(folder, [self.find(folder, token)], "FLAGS", " ".join(map(LETTERS.get, flags)))
        self.own[token] = folder, flags

    def move(self, token, folder, flags):
        target = self.elsewhere(folder)
        self.referee.move(folder, [self.find(folder, token)], target)
        self.own[token] = target, flags

    def add(self, *_):
        token, folder = f"{self.name}-{self.random.randrange(1 << 32)}", self.random.choice(FOLDERS)
        self.referee.append(folder, [mail(token)])
        self.own[token] = folder, ""

    def remove(self, token, folder, _):
        self.referee.expunge(folder, [self.find(folder, token)])
        del self.own[token]

    def expected(self):
        return Counter((token, *where) for token, where in self.own.items())


def doomed_once(mail):
    """Dovecot 2.3 carries out two MOVEs of one message, at the same time by two sessions, both: then it is in the Trash twice."""
    return Counter({what: 1 if what[0].startswith("doomed") else n for what, n in mail.items()})


def test_two_mounts_and_another_client_end_with_the_same_mail(account, mount, request):
    number = request.config.getoption("--many") // 25
    account.referee.create("Box", "Other")
    mounts = [mount(account, "poll=1"), mount(account, "poll=1")]
    hands = [MountHand("first", "S", mounts[0]), MountHand("second", "F", mounts[1]),
             OtherHand("other", "R", account.referee)]
    account.referee.append("INBOX", [mail(token) for hand in hands for token in hand.tokens]
                           + [mail(f"{kind}-{n}") for kind in ("shared", "doomed") for n in range(COMMON)])
    for hand in hands[:2]:
        wait_for(lambda: len(hand.mounted.files()) == 3 * SHARE + 2 * COMMON, 20, "the mail")
        hand.look()
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(hand.work, number // 4 if hand is hands[2] else number) for hand in hands]:
            done.result()
    for mounted in mounts:
        sync(mounted)
    expected = sum((hand.expected() for hand in hands), Counter())
    expected += Counter((f"shared-{n}", "INBOX", "FRS") for n in range(COMMON))
    expected += Counter((f"doomed-{n}", "Trash", "") for n in range(COMMON))
    there = on_server(account)
    assert doomed_once(there) == expected
    for mounted in mounts:
        wait_for(lambda: in_mount(mounted) == there, 20, "the mount to have it all")
        assert not os.listdir(mounted.path / ".mailfs" / "lost+found")
    assert on_server(account) == there


# Names that another client has made stale

@pytest.fixture
def blind(dovecot_with, mount):
    """A mount that hears nothing of Box, where there are a message without a flag and one that is seen."""
    account = dovecot_with(without=["NOTIFY"]).add_account("someone")
    account.referee.create("Box")
    account.referee.append("Box", [mail("plain"), mail("seen", "\\Seen")])
    mounted = mount(account, "poll=3600", "connections=2")  # with more, the folders in use are watched
    names = {token_of(path.read_text()): path for path in mounted.files("Box").values()}
    os.rename(names["plain"], named(names["plain"], ""))
    names["plain"] = named(names["plain"], "")
    sync(mounted)
    yield account, mounted, names
    account.close()


@pytest.mark.parametrize("token, added, now", [("plain", "S", "FS"), ("seen", "", "F")])
def test_a_rename_takes_nothing_from_a_flag_that_the_mount_has_not_heard_of(blind, token, added, now):
    account, mounted, names = blind
    account.referee.store("Box", [1, 2], "+FLAGS", "\\Flagged")
    assert "F" not in "".join(os.listdir(names[token].parent))
    os.rename(names[token], named(names[token], added))
    sync(mounted)
    stored = {token_of(one.text.decode()): letters(one.flags) for one in account.referee.messages("Box").values()}
    assert stored == {"plain": "F", "seen": "FS"} | {token: now}


@pytest.fixture
def stale(account, mount):
    """The first name of a message that another client has flagged since, to the mount's knowledge."""
    account.referee.append("INBOX", [mail("one"), mail("two")])
    mounted = mount(account, "poll=1")
    old = mounted.files()[1]
    account.referee.store("INBOX", [1], "+FLAGS", "\\Flagged")
    wait_for(lambda: named(old, "F").name in os.listdir(mounted.folder("INBOX") / "cur"), 10, "the flag")
    return account, mounted, old


def test_a_rename_of_a_stale_name_takes_nothing_from_the_flags_since(stale):
    account, mounted, old = stale
    os.rename(old, named(old, "S"))
    sync(mounted)
    assert on_server(account) == Counter([("one", "INBOX", "FS"), ("two", "INBOX", "")])
    wait_for(lambda: in_mount(mounted) == on_server(account), 10, "both flags")


def test_a_move_by_a_stale_name_takes_the_flags_along(stale):
    account, mounted, old = stale
    subprocess.run(["mv", old, mounted.folder("Trash") / "cur" / named(old, "").name], check=True)
    sync(mounted)
    assert on_server(account) == Counter([("one", "Trash", "F"), ("two", "INBOX", "")])


def test_a_removal_by_a_stale_name_removes_that_message_once(stale):
    account, mounted, old = stale
    os.unlink(old)
    for name in (old, named(old, "F")):
        with pytest.raises(FileNotFoundError):
            os.unlink(name)
    sync(mounted)
    assert on_server(account) == Counter([("one", "Trash", "F"), ("two", "INBOX", "")])
    wait_for(lambda: in_mount(mounted) == on_server(account), 10, "the same")


def test_a_name_of_what_another_client_has_removed_is_good_for_nothing(stale):
    account, mounted, old = stale
    account.referee.expunge("INBOX", [1])
    wait_for(lambda: not os.listdir(mounted.folder("INBOX") / "cur"), 10, "the removal")
    for name in (old, named(old, "F")):
        with pytest.raises(FileNotFoundError):
            os.rename(name, named(old, "S"))
        with pytest.raises(FileNotFoundError):
            os.unlink(name)
    sync(mounted)
    assert on_server(account) == Counter([("two", "INBOX", "")])


# Listings meanwhile

def bases(names):
    return Counter(name.partition(":2,")[0] for name in names)


def test_what_is_there_all_the_time_is_in_each_listing_once(account, mount):
    account.referee.append("INBOX", [mail(f"stays-{number}", "\\Seen") for number in range(600)])
    mounted = mount(account, "poll=1")
    cur = mounted.folder("INBOX") / "cur"
    staying = bases(os.listdir(cur))
    assert len(staying) == 600
    listings, is_over = [], threading.Event()

    def look():
        while not is_over.is_set():
            ran = subprocess.run(["ls", cur], capture_output=True, text=True, check=True)
            listings.append(ran.stdout.split())

    with ThreadPoolExecutor() as threads:
        looking = threads.submit(look)
        try:
            for number in range(8):
                stir(account.referee, number)
                there = Counter(letters(one.flags) for one in account.referee.messages("INBOX", False).values())
                wait_for(lambda: Counter(name.partition(":2,")[2] for name in os.listdir(cur)) == there, 10, "all of it")
        finally:
            is_over.set()
        looking.result()
    assert len(set(map(tuple, listings))) > 8
    for listing in listings:
        there = bases(listing)
        assert {base: there[base] for base in staying} == staying
        assert set(there.values()) == {1}


def stir(referee, number):
    """Flags every third one or takes that back, adds twenty and removes those of before, in some steps."""
    for first in range(1, 600, 100):
        referee.store("INBOX", range(first, first + 100, 3), "-+"[number % 2 == 0] + "FLAGS", "\\Flagged")
    referee.append("INBOX", [mail(f"comes-{number}-{n}", "\\Seen") for n in range(20)])
    if number:
        referee.expunge("INBOX", [uid for uid in referee.messages("INBOX", bodies=False) if uid > 600][:20])
