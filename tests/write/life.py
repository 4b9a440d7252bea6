"""A long random life: changes through a mount and by a second client, and what goes wrong
meanwhile.  At each quiet point model, mount and server are equal.
"""

import contextlib
import errno
import os
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from model import LASTING, LETTERS, Kept, Model, message, token_of
from referee import Mail
from waiting import wait_for

WORDS = ("later", "work")
ROUNDS = (10, 25, 100)  # steps between two quiet points, different lives
TEMPERS = (0.3, 1, 3)
HOLDABLE = ("UID MOVE", "UID STORE", "UID COPY", "UID EXPUNGE", "APPEND", "CREATE", "RENAME", "DELETE")


def is_marked(path):
    """Of a message that is to be expunged, which some servers cannot do: nobody else is marked here."""
    return "T" in path.name.partition(":2,")[2]


class Life(Model):
    def __init__(self, seed, account, mounted, proxy, can_expunge=True):
        super().__init__(seed)
        self.account, self.mounted, self.proxy = account, mounted, proxy
        self.can_expunge = can_expunge  # else a folder that messages have left is not empty
        self.is_offline = False
        self.validity = int(time.time())
        self.round = self.random.choice(ROUNDS)
        self.activity, self.trouble, self.leisure = self.random.choices(TEMPERS, k=3)
        self.done = []  # what was done, for the report of a failure

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

    def is_message(self, path, token):
        base = self.base(path)
        if is_marked(path) or base != self.bases.get(token, base):
            return False
        if any(base == self.bases.get(other) for other in self.same(token) if other != token):
            return False
        try:
            return token_of(path.read_text()) == self.origin(token)
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.EHOSTDOWN):
                return False  # just expunged by the second client, or the connection was just cut
            raise

    @staticmethod
    def base(path):
        return path.name.partition(":2,")[0]

    def suffixed(self, path, flags):
        return f"{self.base(path)}:2,{''.join(sorted(flags))}"

    def message(self, token, text):
        return message(self.origin(token), text)

    def note_base(self, token, base):
        if token in self.bases:
            self.bases[token] = base

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
            self.note_thrown_away(token)

    def rewrite(self):
        token = self.choose(self.side)
        if token:
            text = f"rewritten {self.random.randrange(1000)}"
            self.path(token).write_text(self.message(token, text))
            self.note(token, self.side, replace(self.model[token], text=text))

    def add_words(self):
        token = self.choose(self.side)
        if token:
            words = frozenset(word for word in WORDS if self.random.random() < 0.5)
            change = " ".join(f"{'+' if word in words else '-'}{word}" for word in WORDS)
            os.setxattr(self.path(token), "user.imap.flags", change.encode())
            self.note(token, self.side, replace(self.model[token], words=words))

    def rename(self):
        """Within its folder, to a name that says more than flags."""
        token = self.choose(self.side, open_too=True)
        if token:
            path, base = self.path(token), f"given.{self.token()}"
            flags = self.model[token].flags
            path.rename(path.with_name(f"{base}:2,{''.join(sorted(flags))}" if path.parent.name == "cur" else base))
            self.note_base(token, base)

    def move_flagged(self):
        """Folder, flags and name at once."""
        token = self.choose(self.side, open_too=True)
        if token:
            path, flags, base = self.path(token), self.flags(), f"given.{self.token()}"
            folder = self.target(self.side, outside=self.model[token].folder)
            path.rename(self.mounted.path / folder / "cur" / f"{base}:2,{''.join(sorted(flags))}")
            self.note(token, self.side, replace(self.model[token], folder=folder, flags=flags))
            self.note_base(token, base)

    def expunge(self):
        token = self.choose(self.side, where=lambda folder: folder == "Trash")
        if token:
            self.path(token).unlink()
            self.note(token, self.side, None)

    def append(self):
        token = self.choose(self.side)
        if token:
            text = f"appended {self.random.randrange(1000)}"
            with self.path(token).open("a") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            self.note(token, self.side, replace(self.model[token], text=text))

    def replace(self):
        """As git and many an editor: what is new is whole before it has the name."""
        token = self.choose(self.side)
        if token:
            path, text = self.path(token), f"replaced {self.random.randrange(1000)}"
            written = path.parent.parent / "tmp" / f"{self.token()}.example"
            written.write_text(self.message(token, text))
            written.rename(path)
            self.note(token, self.side, replace(self.model[token], text=text))

    def begin_writing(self):
        token = self.choose(self.side)
        if token:
            text = f"written {self.random.randrange(1000)}"
            file = self.path(token).open("w")
            file.write(self.message(token, text)[:-len(text) - 1])
            file.flush()
            self.writers[token] = (file, text)

    def end_writing(self):
        if self.writers:
            token = self.random.choice(sorted(self.writers))
            file, text = self.writers.pop(token)
            file.write(f"{text}\n")
            file.close()
            self.note(token, self.side, replace(self.model[token], text=text))

    def begin_reading(self):
        token = self.choose(self.side, where=lambda folder: True)
        if token:
            self.readers.append((self.path(token).open("rb"), token, {self.model[token].text}))

    def end_reading(self):
        """What somebody has open he can read whole, whatever has become of it."""
        if self.readers:
            file, token, texts = self.readers.pop(self.random.randrange(len(self.readers)))
            with file:
                text = file.read().decode()
            assert token_of(text) == self.origin(token)
            assert token in self.writers or text.splitlines()[-1] in texts, (text, texts)

    def close_all(self):
        while self.writers:
            self.end_writing()
        while self.readers:
            self.end_reading()

    def new_path(self, path, folder):
        """A name of its own in @folder, for the same flags."""
        return self.mounted.path / folder / path.parent.name / path.name.replace(self.base(path), f"copy.{self.token()}")

    def copy(self):
        """Also beside it, of what is being written too, and of copies."""
        token = self.choose(self.side)
        if token:
            kept, path = self.model[token], self.path(token)
            folder = self.target(self.side)
            target = self.new_path(path, folder)
            # What cp makes of keywords depends on whether the server can copy it.
            program = self.random.choice(["ln", "ln" if kept.words else "cp"])
            subprocess.run([program, path, target], check=True)
            self.note_copy(token, self.base(target), replace(kept, folder=folder))

    def link_and_unlink(self):
        """As those do who have no rename."""
        token = self.choose(self.side)
        if token:
            kept, path = self.model[token], self.path(token)
            folder = self.target(self.side)
            target = self.new_path(path, folder)
            os.link(path, target)
            path.unlink()
            self.note_copy(token, self.base(target), replace(kept, folder=folder))
            self.note_thrown_away(token)

    def move_out_and_in(self):
        token = self.choose(self.side)
        if token and not self.model[token].words:
            kept, path = self.model[token], self.path(token)
            folder = self.target(self.side)
            target = self.new_path(path, folder)
            with tempfile.TemporaryDirectory() as outside:
                subprocess.run(["mv", path, outside], check=True)
                subprocess.run(["mv", Path(outside) / path.name, target], check=True)
            self.note_copy(token, self.base(target), replace(kept, folder=folder))
            self.note_thrown_away(token)

    def note_thrown_away(self, token):
        self.note(token, self.side, replace(self.model[token], folder="Trash"))
        self.note_unnamed(token)

    def make_folder(self):
        parent = self.choose_folder(self.side) if self.random.random() < 0.3 else None
        name = f"{parent}/Sub-{self.token()}" if parent else f"Made-{self.token()}"
        subprocess.run(["mkdir", self.mounted.path / name], check=True)
        self.note_made(name, self.side)

    def new_name(self, folder, side):
        parent = self.choose_folder(side) if self.random.random() < 0.3 else None
        name = f"Named-{self.token()}"
        return f"{parent}/{name}" if parent and parent not in self.tree(folder) else name

    def rename_folder(self):
        folder = self.choose_folder(self.side)
        if folder:
            name = self.new_name(folder, self.side)
            (self.mounted.path / folder).rename(self.mounted.path / name)
            self.note_renamed(folder, name, self.side)

    def remove_folder(self):
        folder = self.choose_folder(self.side, empty=True)
        if folder and self.can_expunge:
            subprocess.run(["rm", "-r", self.mounted.path / folder], check=True)
            self.note_removed(folder, self.side)

    def remove_full_folder(self):
        """With all that is in it, which goes to the Trash."""
        folder = self.choose_folder(self.side)
        inside = self.tree(folder) if folder else ()
        tokens = [token for token, kept in self.model.items() if kept.folder in inside]
        if not folder or not self.can_expunge:
            return
        if any(token in self.writers or self.touched.get(token, self.side) != self.side for token in tokens):
            return
        subprocess.run(["rm", "-r", self.mounted.path / folder], check=True)
        for token in tokens:
            self.note_thrown_away(token)
        self.note_removed(folder, self.side)

    def sync(self):
        if self.writers:
            return  # it would wait for them in vain
        self.release_held()
        with contextlib.suppress(OSError):
            (self.mounted.path / ".mailfs/ctl").write_text("sync\n")

    # By the second client

    def uid(self, token):
        stored = self.account.referee.messages(self.model[token].folder)
        return next((uid for uid, one in stored.items()
                     if "\\Deleted" not in one.flags and token_of(one.text.decode()) == self.origin(token)), None)

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

    def client_add_words(self):
        token = self.choose("client")
        if token:
            words = frozenset(word for word in WORDS if self.random.random() < 0.5)
            self.account.referee.store(self.model[token].folder, [self.uid(token)], "+FLAGS", " ".join(words))
            self.note(token, "client", replace(self.model[token], words=self.model[token].words | words))

    def client_move(self):
        token = self.choose("client")
        if token:
            folder = self.target("client", outside=self.model[token].folder)
            self.account.referee.move(self.model[token].folder, [self.uid(token)], folder)
            self.note(token, "client", replace(self.model[token], folder=folder))
            self.note_unnamed(token)

    def client_make_folder(self):
        name = f"Made-{self.token()}"
        self.account.referee.create(name)
        self.note_made(name, "client")

    def client_rename_folder(self):
        folder = self.choose_folder("client")
        if folder:
            name = self.new_name(folder, "client")
            self.account.referee.rename(folder, name)
            self.note_renamed(folder, name, "client")
            for token in [token for token, kept in self.model.items() if kept.folder in self.tree(name)]:
                self.note_unnamed(token)

    def client_remove_folder(self):
        folder = self.choose_folder("client", empty=True)
        if folder:
            self.account.referee.delete(folder)
            self.note_removed(folder, "client")

    # Trouble

    def cut(self):
        self.proxy.cut()

    def cut_soon(self):
        self.proxy.cut_after = self.proxy.bytes_to_client + self.random.randrange(3000)

    def renumber(self):
        """Another UIDVALIDITY, while everything that is there or on its way is known by its content."""
        folder = self.random.choice(LASTING)
        if all(len(self.same(token)) == 1 for token, kept in self.model.items()
               if kept.folder == folder or token in self.touched):
            self.validity += 1
            self.account.server.doveadm("mailbox", "update", "-u", self.account.user, "--uid-validity", str(self.validity), folder)

    def pause(self):
        time.sleep(self.random.choice((0.02, 0.1, 0.3)))

    def go_offline(self):
        if not self.is_offline:
            self.proxy.refuse()
            self.is_offline = True

    def go_online(self):
        if self.is_offline:
            self.proxy.accept()
            self.is_offline = False
            (self.mounted.path / ".mailfs/ctl").write_text("online\n")

    def go_far(self):
        self.proxy.latency_s = self.random.choice([0, 0, 0.02, 0.2])

    def hold(self):
        """The server does what it is told, but its answer does not come."""
        self.proxy.hold_answer = self.random.choice(HOLDABLE)

    def lose_held(self):
        self.proxy.cut()
        self.proxy.release()

    def release_held(self):
        self.proxy.release()

    def kill(self):
        self.close_all()
        self.mounted.kill()
        self.release_held()
        self.mounted.start()

    def remount(self):
        self.close_all()
        self.release_held()
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

    def folders_in_mount(self, within=""):
        """With all that is in it."""
        found = set()
        for entry in os.scandir(self.mounted.path / within):
            if entry.name not in ("cur", "new", "tmp"):
                name = f"{within}/{entry.name}" if within else entry.name
                found |= {name} | self.folders_in_mount(name)
        return found

    def in_mount(self):
        """None: not what it will be, or changed just now, or a text cannot be read just now."""
        try:
            if self.folders_in_mount() != {*self.folders, *self.standard}:
                return None
            found = {}
            for folder in [*self.folders, "Trash"]:
                for place in ("cur", "new"):
                    for path in (self.mounted.path / folder / place).iterdir():
                        if not is_marked(path):
                            token, kept = self.look_at(path, folder)
                            found.setdefault(token, []).append(kept)
            return found
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.EHOSTDOWN, errno.EIO):
                return None
            raise

    @staticmethod
    def look_at(path, folder):
        text = path.read_text()
        words = frozenset(os.getxattr(path, "user.imap.flags").decode().split()).intersection(WORDS)
        return token_of(text), Kept(folder, frozenset(path.name.partition(":2,")[2]), text.splitlines()[-1], words)

    def end_trouble(self):
        self.proxy.cut_after = None
        self.proxy.latency_s = 0.0
        self.release_held()
        self.go_online()

    def be_quiet(self):
        self.close_all()
        self.end_trouble()
        expected = self.expected()

        def differences(found):
            return {token: (expected.get(token), found.get(token)) for token in expected.keys() | found.keys()
                    if expected.get(token) != Counter(found.get(token))}

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
                                 f"status:\n{self.mounted.status()}\nlately: {self.done[-self.round:]}")
        self.note_quiet()

    def step(self):
        changes = [(self.deliver, 4), (self.copy_in, 3), (self.flag, 6), (self.move, 4), (self.move_flagged, 3),
                   (self.rename, 1), (self.remove, 2), (self.expunge, 1), (self.rewrite, 2), (self.append, 1),
                   (self.replace, 1), (self.begin_writing, 2), (self.end_writing, 2), (self.begin_reading, 1),
                   (self.end_reading, 1), (self.add_words, 2), (self.copy, 1), (self.link_and_unlink, 0.5),
                   (self.move_out_and_in, 0.5), (self.make_folder, 1.5), (self.rename_folder, 1),
                   (self.remove_folder, 0.5), (self.remove_full_folder, 0.5), (self.sync, 0.5)]
        clients = [(self.client_append, 3), (self.client_flag, 3), (self.client_add_words, 1), (self.client_move, 2),
                   (self.client_expunge, 1), (self.client_make_folder, 0.7), (self.client_rename_folder, 0.7),
                   (self.client_remove_folder, 0.7)]
        trouble = [(self.cut, 1), (self.cut_soon, 1), (self.kill, 0.4), (self.remount, 0.3), (self.go_offline, 0.7),
                   (self.go_online, 0.7), (self.go_far, 0.7), (self.hold, 1), (self.release_held, 0.5),
                   (self.lose_held, 0.7), (self.renumber, 0.5)]
        actions = [*changes, *((one, weight * self.activity) for one, weight in clients),
                   *((one, weight * self.trouble) for one, weight in trouble), (self.pause, 4 * self.leisure)]
        action = self.random.choices([one for one, _ in actions], [weight for _, weight in actions])[0]
        self.done.append(action.__name__)
        action()
