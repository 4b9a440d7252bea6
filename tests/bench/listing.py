"""Names and attributes of 100,000 messages, and the same a day later."""

import os
import re
import time

from raw import Raw
from stage import run, seconds
from task import Aim, Task

FETCH_META = "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)"


def find(path):
    return len(run("find", path).stdout.splitlines())


def ls(path):
    return len(run("ls", "-lR", path).stdout.splitlines())


class Find(Task):
    name = "find"
    title = "`find` of 100,000 messages, first and again"
    contestants = ("first", "raw", "again", "native", "mbsync")
    aims = (Aim("first", 1.5, "raw"), Aim("again", 1, "native"))
    rounds = 3
    once = ("mbsync",)
    tool = staticmethod(find)

    def prepare(self):
        self.account = self.stage.many()
        self.files = self.stage.many_files()
        self.mount = self.stage.mount(self.account, "prefetch=none")
        for path in (self.mount / "INBOX", self.files):
            assert self.tool(path) >= 100_000

    def finish(self):
        self.mount.unmount()

    def first(self):
        with self.stage.mount(self.account, "prefetch=none") as mount:
            before = mount.cpu_s()
            took = seconds(self.tool, mount / "INBOX")
            return {"first": took, "first cpu": mount.cpu_s() - before}

    def raw(self):
        return seconds(lambda: self.stage.raw(self.account, "EXAMINE INBOX", FETCH_META))

    def again(self):
        return seconds(self.tool, self.mount / "INBOX")

    def native(self):
        return seconds(self.tool, self.files)

    def mbsync(self):
        path, command = self.stage.mbsync(self.account)
        took = seconds(run, *command)
        run("rm", "-r", path)
        return took


class Ls(Find):
    name = "ls"
    title = "`ls -lR` of 100,000 messages, first and again"
    contestants = ("first", "raw", "again", "native")
    once = ()
    tool = staticmethod(ls)


class Again(Task):
    """The folder of 100,000, mounted again when nothing, or when ten messages have changed."""

    name = "again"
    title = "mount of 100,000 again, 40 ms: until it is usable, KB until all is known"
    contestants = ("mailfs", "ten", "raw")
    aims = (Aim("mailfs", 0.2), Aim("round trips", 3), Aim("KB", 8), Aim("ten round trips", 3), Aim("ten KB", 8))
    units = {"round trips": "", "in all": "", "KB": "KB", "ten round trips": "", "ten KB": "KB"}

    def prepare(self):
        self.account = self.stage.many()
        self.line = self.stage.line()
        self.mount = self.stage.mount(self.account, "prefetch=none", "auth=plain", port=self.line.port)
        os.listdir(self.mount / "INBOX" / "new")
        self.flagged = 0

    def finish(self):
        self.mount.unmount()

    def _mount(self):
        """How long until it is usable, what has passed until then, and all until it knows what has changed, by the
        sessions of all workers."""
        self.mount.unmount()
        self.line.passed()
        start = time.monotonic()
        self.mount.start()
        os.stat(self.mount / "INBOX" / "new")
        took = time.monotonic() - start
        until = self.line.passed()
        rest = self.line.settle()
        return took, until["round_trips"], until["round_trips"] + rest["round_trips"], \
            (until["bytes"] + rest["bytes"]) / 1024

    def mailfs(self):
        took, trips, in_all, kilobytes = self._mount()
        return {"mailfs": took, "round trips": trips, "in all": in_all, "KB": kilobytes}

    def ten(self):
        self.flagged = 10 - self.flagged
        self.account.referee.store("INBOX", range(1, 11), "+FLAGS" if self.flagged else "-FLAGS", "\\Flagged")
        took, trips, _, kilobytes = self._mount()
        assert sum(name.endswith(":2,F") for name in os.listdir(self.mount / "INBOX" / "cur")) == self.flagged
        return {"ten": took, "ten round trips": trips, "ten KB": kilobytes}

    def raw(self):
        """Logs in and asks for what has changed since."""
        with Raw(self.account.server.port, self.account) as probe:
            tail = probe.log_in("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")
        validity, modseq = (re.search(rb"%s (\d+)" % word, tail).group(1).decode()
                            for word in (b"UIDVALIDITY", b"HIGHESTMODSEQ"))
        start = time.monotonic()
        with Raw(self.line.port, self.account) as raw:
            raw.wait_greeting()
            raw.log_in()
            raw.run("ENABLE QRESYNC", f"EXAMINE INBOX (QRESYNC ({validity} {modseq}))")
        return time.monotonic() - start


TASKS = (Find, Ls, Again)
