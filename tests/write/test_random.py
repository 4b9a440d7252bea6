"""A long random life: changes through the mount and by a second client, cuts and
kills in between, a model beside them.  At each quiet point model, mount and
server are equal.

    tests/run.sh -k random --seed=7 --steps=1000

Between two quiet points a message is touched from one side alone, and so is a folder
that is made, renamed or removed: what must come of it does not depend on who is
quicker.
"""

import errno
import os
import random
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from referee import Mail
from waiting import wait_for

LETTERS = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen"}
WORDS = ("later", "work")
ROUND = 25  # steps between two quiet points


@dataclass(frozen=True)
class Kept:
    """A message as the model has it."""

    folder: str
    flags: frozenset  # of Maildir letters
    text: str         # its body's last line
    words: frozenset = frozenset()  # keywords


def message(token, text):
    return f"Subject: {token}\nMessage-ID: <{token}@example.com>\n\nThe text is\n{text}\n"


def token_of(text):
    return re.search(r"^Subject: (\S+)", text, re.M).group(1)


def is_marked(path):
    """Of a message that is to be expunged, which some servers cannot do: nobody else is marked here."""
    return "T" in path.name.partition(":2,")[2]


class Life:
    side = "mount"

    def __init__(self, seed, account, mounted, proxy):
        self.random = random.Random(seed)
        self.account, self.mounted, self.proxy = account, mounted, proxy
        self.model = {}     # token -> Kept
        self.touched = {}   # token -> side, "mount" or "client", since the last quiet point
        self.copies = {}    # token -> Kept of its copies: it is left alone from then on
        self.folders = ["INBOX", "Archive", "Lists"]
        self.own = []       # those of them that were made here
        self.used = set()   # (folder, side) that has touched what is in it, since the last quiet point
        self.held = {}      # folder -> side that has made or renamed it, likewise
        self.standard = {"Drafts", "Sent", "Trash", "Junk"}
        self.made = 0
        self.done = []      # what was done, for the report of a failure

    # Choosing

    def token(self):
        self.made += 1
        return f"{self.side}{self.made}"

    def flags(self):
        return frozenset(letter for letter in LETTERS if self.random.random() < 0.3)

    def choose(self, side, *, outside=("Trash",)):
        """A message that the other side has left alone."""
        free = sorted(token for token, kept in self.model.items()
                      if self.touched.get(token, side) == side and kept.folder not in outside
                      and token not in self.copies and self.held.get(kept.folder, side) == side)
        if not free:
            return None
        token = self.random.choice(free)
        self.touched[token] = side
        self.used.add((self.model[token].folder, side))
        return token

    def target(self, side, *, outside=None):
        """A folder to put something into."""
        folder = self.random.choice([name for name in self.folders
                                     if name != outside and self.held.get(name, side) == side])
        self.used.add((folder, side))
        return folder

    def choose_folder(self, side, *, empty=False):
        """A folder that the other side has left alone, with all that is in it."""
        full = {kept.folder for kept in self.every_kept()}
        free = [name for name in self.own if self.held.get(name, side) == side
                and not any(folder == name and other != side for folder, other in self.used)
                and not (empty and name in full)]
        return self.random.choice(free) if free else None

    def every_kept(self):
        return [*self.model.values(), *(kept for copies in self.copies.values() for kept in copies)]

    def note_renamed(self, folder, name, side):
        def there(kept):
            return replace(kept, folder=name) if kept.folder == folder else kept
        self.model = {token: there(kept) for token, kept in self.model.items()}
        self.copies = {token: [there(kept) for kept in copies] for token, copies in self.copies.items()}
        for names in (self.folders, self.own):
            names[names.index(folder)] = name
        self.held[name] = side

    def note_removed(self, folder):
        self.folders.remove(folder)
        self.own.remove(folder)

    def note_made(self, folder, side):
        self.folders.append(folder)
        self.own.append(folder)
        self.held[folder] = side

    def note(self, token, side, kept):
        self.touched[token] = side
        if kept is None:
            self.model.pop(token)
        else:
            self.model[token] = kept

    # Through the mount

    def path(self, token):
        """Looked up like a person would: by content, in what is listed now; again after a cut."""
        return wait_for(lambda: self.look_for(token), 30, f"{token} in {self.model[token].folder}")

    def look_for(self, token):
        folder = self.mounted.path / self.model[token].folder
        for place in ("cur", "new"):
            for path in (folder / place).iterdir():
                if self.is_message(path, token):
                    return path
        return None

    @staticmethod
    def is_message(path, token):
        try:
            return not is_marked(path) and token_of(path.read_text()) == token
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.EHOSTDOWN):
                return False  # just expunged by the second client, or the connection was just cut
            raise

    def suffixed(self, path, flags):
        base = path.name.split(":")[0]
        return f"{base}:2,{''.join(sorted(flags))}"

    def deliver(self):
        token, folder, flags = self.token(), self.target(self.side), self.flags()
        directory = self.mounted.path / folder
        written = directory / "tmp" / f"{token}.example"
        written.write_text(message(token, "delivered"))
        target = directory / "cur" / f"{written.name}:2,{''.join(sorted(flags))}" if flags else \
            directory / "new" / written.name
        written.rename(target)
        self.note(token, self.side, Kept(folder, flags, "delivered"))

    def copy_in(self):
        token, folder, flags = self.token(), self.target(self.side), self.flags()
        path = self.mounted.path / folder / "cur" / f"{token}:2,{''.join(sorted(flags))}"
        path.write_text(message(token, "copied in"))
        self.note(token, self.side, Kept(folder, flags, "copied in"))

    def flag(self):
        token = self.choose(self.side)
        if token:
            path, flags = self.path(token), self.flags()
            path.rename(path.parent.parent / "cur" / self.suffixed(path, flags))
            self.note(token, self.side, replace(self.model[token], flags=flags))

    def move(self):
        token = self.choose(self.side)
        if token:
            path = self.path(token)
            folder = self.target(self.side, outside=self.model[token].folder)
            target = self.mounted.path / folder / path.parent.name / path.name
            subprocess.run(["mv", path, target], check=True)
            self.note(token, self.side, replace(self.model[token], folder=folder))

    def remove(self):
        token = self.choose(self.side)
        if token:
            self.path(token).unlink()
            self.note(token, self.side, replace(self.model[token], folder="Trash"))

    def rewrite(self):
        token = self.choose(self.side)
        if token:
            text = f"rewritten {self.random.randrange(1000)}"
            self.path(token).write_text(message(token, text))
            self.note(token, self.side, replace(self.model[token], text=text))

    def add_words(self):
        token = self.choose(self.side)
        if token:
            words = frozenset(word for word in WORDS if self.random.random() < 0.5)
            change = " ".join(f"{'+' if word in words else '-'}{word}" for word in WORDS)
            os.setxattr(self.path(token), "user.imap.flags", change.encode())
            self.note(token, self.side, replace(self.model[token], words=words))

    def copy(self):
        token = self.choose(self.side)
        if token:
            kept, path = self.model[token], self.path(token)
            folder = self.target(self.side, outside=kept.folder)
            target = self.mounted.path / folder / path.parent.name / path.name
            # What cp makes of keywords depends on whether the server can copy it.
            program = self.random.choice(["ln", "ln" if kept.words else "cp"])
            subprocess.run([program, path, target], check=True)
            self.copies[token] = [replace(kept, folder=folder)]

    def make_folder(self):
        name = f"Made-{self.token()}"
        subprocess.run(["mkdir", self.mounted.path / name], check=True)
        self.note_made(name, self.side)

    def rename_folder(self):
        folder, name = self.choose_folder(self.side), f"Named-{self.token()}"
        if folder:
            (self.mounted.path / folder).rename(self.mounted.path / name)
            self.note_renamed(folder, name, self.side)

    def remove_folder(self):
        folder = self.choose_folder(self.side, empty=True)
        if folder:
            subprocess.run(["rm", "-r", self.mounted.path / folder], check=True)
            self.note_removed(folder)

    # By the second client

    def uid(self, token):
        stored = self.account.referee.messages(self.model[token].folder)
        return next((uid for uid, one in stored.items()
                     if "\\Deleted" not in one.flags and token_of(one.text.decode()) == token), None)

    def client_append(self):
        token, folder, flags = self.token(), self.target("client"), self.flags()
        names = " ".join(LETTERS[letter] for letter in flags)
        self.account.referee.append(folder, [Mail(message(token, "appended").replace("\n", "\r\n").encode(), names)])
        self.note(token, "client", Kept(folder, flags, "appended"))

    def client_flag(self):
        token = self.choose("client")
        if token:
            flags = self.flags()
            names = " ".join(LETTERS[letter] for letter in flags)
            self.account.referee.store(self.model[token].folder, [self.uid(token)], "FLAGS", names)
            self.note(token, "client", replace(self.model[token], flags=flags, words=frozenset()))

    def client_expunge(self):
        token = self.choose("client")
        if token:
            self.account.referee.expunge(self.model[token].folder, [self.uid(token)])
            self.note(token, "client", None)

    def client_make_folder(self):
        name = f"Made-{self.token()}"
        self.account.referee.create(name)
        self.note_made(name, "client")

    def client_rename_folder(self):
        folder, name = self.choose_folder("client"), f"Named-{self.token()}"
        if folder:
            self.account.referee.rename(folder, name)
            self.note_renamed(folder, name, "client")

    def client_remove_folder(self):
        folder = self.choose_folder("client", empty=True)
        if folder:
            self.account.referee.delete(folder)
            self.note_removed(folder)

    # Trouble

    def cut(self):
        self.proxy.cut()

    def cut_soon(self):
        self.proxy.cut_after = self.proxy.bytes_to_client + self.random.randrange(3000)

    def kill(self):
        self.mounted.kill()
        self.mounted.start()

    def remount(self):
        self.mounted.remount()

    # Looking

    def on_server(self):
        if set(self.account.referee.folders()) != {*self.folders, *self.standard}:
            return None  # a change of a folder is still to be told
        found = {}
        for folder in [*self.folders, "Trash"]:
            for one in self.account.referee.messages(folder).values():
                if "\\Deleted" in one.flags:
                    continue
                text = one.text.decode()
                letters = frozenset(letter for letter, flag in LETTERS.items() if flag in one.flags)
                words = one.flags.intersection(WORDS)
                found.setdefault(token_of(text), []).append(Kept(folder, letters, text.splitlines()[-1], words))
        return found

    def in_mount(self):
        if set(os.listdir(self.mounted.path)) != {*self.folders, *self.standard}:
            return None  # a folder of the second client is not seen yet, or not seen to be gone
        found = {}
        for folder in [*self.folders, "Trash"]:
            for place in ("cur", "new"):
                for path in (self.mounted.path / folder / place).iterdir():
                    if is_marked(path):
                        continue
                    try:
                        text = path.read_text()
                        words = frozenset(os.getxattr(path, "user.imap.flags").decode().split()).intersection(WORDS)
                    except OSError as problem:
                        if problem.errno in (errno.ENOENT, errno.EHOSTDOWN, errno.EIO):
                            return None  # just changed, a cut comes late, a server just killed has no text: look again
                        raise
                    letters = frozenset(path.name.partition(":2,")[2])
                    found.setdefault(token_of(text), []).append(Kept(folder, letters, text.splitlines()[-1], words))
        return found

    def be_quiet(self):
        expected = {token: [kept] + self.copies.get(token, []) for token, kept in self.model.items()}
        self.proxy.cut_after = None

        def differences(found):
            return {token: (expected.get(token), found.get(token)) for token in expected.keys() | found.keys()
                    if Counter(expected.get(token)) != Counter(found.get(token))}

        def settled():
            status = self.mounted.status()
            if "connection: online" not in status or "pending:    0\n" not in status:
                return False  # what was never listed is not there now, what is not answered may be sent again
            seen, stored = self.in_mount(), self.on_server()
            return None not in (seen, stored) and not differences(stored) and not differences(seen)
        try:
            wait_for(settled, 60, "the quiet point")
        except AssertionError:
            raise AssertionError(f"model and server: {differences(self.on_server() or {})}\n"
                                 f"model and mount: {differences(self.in_mount() or {})}\n"
                                 f"folders: {sorted(self.folders)}, {sorted(self.account.referee.folders())}, "
                                 f"{sorted(os.listdir(self.mounted.path))}\n"
                                 f"status:\n{self.mounted.status()}\nlately: {self.done[-ROUND:]}")
        for noted in (self.touched, self.used, self.held):
            noted.clear()

    def step(self):
        actions = [(self.deliver, 4), (self.copy_in, 3), (self.flag, 6), (self.move, 6), (self.remove, 2),
                   (self.rewrite, 2), (self.client_append, 3), (self.client_flag, 3), (self.client_expunge, 1),
                   (self.add_words, 2), (self.copy, 1), (self.make_folder, 1), (self.rename_folder, 1),
                   (self.remove_folder, 1), (self.client_make_folder, 0.7), (self.client_rename_folder, 0.7),
                   (self.client_remove_folder, 0.7),
                   (self.cut, 1), (self.cut_soon, 1), (self.kill, 0.4), (self.remount, 0.3)]
        action = self.random.choices([one for one, _ in actions], [weight for _, weight in actions])[0]
        self.done.append(action.__name__)
        action()


@pytest.fixture
def life(request, account, mount, proxy):
    seed = request.config.getoption("--seed")
    account.referee.create("Archive", "Lists")
    before = proxy(account.server.port)
    mounted = mount(account, "poll=1", "drain=0", port=before.port)
    for folder in mounted.path.iterdir():
        list((folder / "cur").iterdir())  # what was never listed cannot be listed offline
    return Life(seed, account, mounted, before)


@pytest.mark.long_life
def test_a_random_life_ends_with_model_mount_and_server_equal(request, life):
    for number in range(1, request.config.getoption("--steps") + 1):
        life.step()
        if number % ROUND == 0:
            life.be_quiet()
    life.be_quiet()
    assert os.listdir(life.mounted.path / ".mailfs" / "lost+found") == []
