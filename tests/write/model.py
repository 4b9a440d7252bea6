"""What must come of a random life: each message and folder as it is to be in the end.

Between two quiet points a message is touched from one side alone, and so is a folder
that is made, renamed or removed: what must come of it does not depend on who is
quicker.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass, replace

LASTING = ("INBOX", "Archive", "Lists")  # folders that are there from the beginning to the end
LETTERS = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen"}


@dataclass(frozen=True)
class Kept:
    """A message as the model has it."""

    folder: str
    flags: frozenset  # of Maildir letters
    text: str         # its body's last line, without its end
    words: frozenset = frozenset()  # keywords


def message(token, text):
    return f"Subject: {token}\nMessage-ID: <{token}@example.com>\n\nThe text is\n{text}\n"


def token_of(text):
    return re.search(r"^Subject: (\S+)", text, re.M).group(1)


class Model:
    side = "mount"

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.model = {}     # token -> Kept
        self.touched = {}   # token -> side, "mount" or "client", since the last quiet point
        self.origins = {}   # token of a copy -> the one that its text names
        self.bases = {}     # token of a copy -> its name, without flags: by that it is told from others
        self.lost = set()   # tokens of those that cannot be told apart any more
        self.folders = [*LASTING]
        self.own = []       # those of them that were made here
        self.used = set()   # (folder, side) that has touched what is in it, since the last quiet point
        self.held = {}      # folder -> side that has made or renamed it, likewise
        self.standard = {"Drafts", "Sent", "Trash", "Junk"}
        self.made = 0
        self.writers = {}   # token -> (file, text): is being rewritten
        self.readers = []   # (file, token, texts that it may have)

    # Choosing

    def token(self):
        self.made += 1
        return f"{self.side}{self.made}"

    def flags(self):
        return frozenset(letter for letter in LETTERS if self.random.random() < 0.3)

    def origin(self, token):
        return self.origins.get(token, token)

    def same(self, token):
        """All those with the same origin."""
        return [other for other in self.model if self.origin(other) == self.origin(token)]

    def choose(self, side, *, where=lambda folder: folder != "Trash", open_too=False):
        """A message that the other side has left alone, and nobody is writing."""
        free = sorted(token for token, kept in self.model.items()
                      if self.touched.get(token, side) == side and where(kept.folder)
                      and token not in self.lost and self.held.get(kept.folder, side) == side
                      and (side != "client" or len(self.same(token)) == 1)
                      and (open_too or token not in self.writers))
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

    def tree(self, folder):
        return [name for name in self.folders if name == folder or name.startswith(f"{folder}/")]

    def choose_folder(self, side, *, empty=False):
        """A folder that the other side has left alone, with all that is in it."""
        full = {kept.folder for kept in self.model.values()}

        def is_free(folder):
            return (self.held.get(folder, side) == side
                    and not any(used == folder and other != side for used, other in self.used)
                    and not (empty and folder in full))
        free = [name for name in self.own if all(map(is_free, self.tree(name)))
                and not (empty and len(self.tree(name)) > 1)]
        return self.random.choice(free) if free else None

    def note_parent(self, folder, side):
        """It has changed as well."""
        if "/" in folder:
            self.used.add((folder.rpartition("/")[0], side))

    def note_renamed(self, folder, name, side):
        def after(old):
            return name + old[len(folder):] if old == folder or old.startswith(f"{folder}/") else old

        def there(kept):
            return replace(kept, folder=after(kept.folder))
        self.model = {token: there(kept) for token, kept in self.model.items()}
        self.folders, self.own = [list(map(after, names)) for names in (self.folders, self.own)]
        for new in self.tree(name):
            self.held[new] = side
        for changed in (folder, name):
            self.note_parent(changed, side)

    def note_removed(self, folder, side):
        for name in self.tree(folder):
            self.folders.remove(name)
            self.own.remove(name)
        self.note_parent(folder, side)

    def note_made(self, folder, side):
        self.folders.append(folder)
        self.own.append(folder)
        self.held[folder] = side
        self.note_parent(folder, side)

    def note(self, token, side, kept):
        self.touched[token] = side
        if kept is None:
            self.model.pop(token)
        else:
            self.model[token] = kept
            for _, other, texts in self.readers:
                if other == token:
                    texts.add(kept.text)

    def note_copy(self, token, base, kept):
        copy = self.token()
        self.origins[copy] = self.origin(token)
        self.bases[copy] = base
        self.note(copy, self.side, kept)

    def note_unnamed(self, token):
        """Its name is not known any more."""
        if len(self.same(token)) > 1:
            self.lost.update(self.same(token))
        else:
            self.bases.pop(token, None)

    def expected(self):
        """Origin -> those of it, counted."""
        found = {}
        for token, kept in self.model.items():
            found.setdefault(self.origin(token), Counter())[kept] += 1
        return found

    def note_quiet(self):
        for noted in (self.touched, self.used, self.held):
            noted.clear()
