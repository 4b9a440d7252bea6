"""Changes of many messages, until the server has them."""

import os
import re
import time

import corpus
from raw import Raw, multiappend
from stage import LATENCY_MS, run, seconds
from task import Aim, Task
from waiting import wait_for


class Changing(Task):
    """Each round has an account of its own, on which something is done until @is_done."""

    number = 1000
    latency_ms = 0
    mailboxes = {}
    options = ()
    units = {"commands": ""}

    def prepare(self):
        self.line = self.stage.line(self.latency_ms)
        self.port = self.line.port if self.latency_ms else None

    def make(self):
        return self.stage.account(INBOX=corpus.messages()[:self.number], Archive=[])

    def wait(self, account):
        """A client of its own asks until the server has it, on a direct line."""
        with Raw(account.server.port, account) as raw:
            raw.log_in()
            wait_for(lambda: self.is_done(raw), 60, "the server to have the changes")

    def count(self, raw, mailbox, item):
        tail = raw.run(f"STATUS {mailbox} ({item})")
        return int(re.findall(rb"%s (\d+)" % item.encode(), tail)[-1])

    def mailfs(self):
        account = self.make()
        with self.stage.mount(account, *self.options, port=self.line.port if self.latency_ms else None) as mount:
            for place in ("cur", "new"):
                os.listdir(mount / "INBOX" / place)
                os.listdir(mount / "Archive" / place)
            if self.latency_ms:
                self.line.settle()
            before = mount.cpu_s()
            start = time.monotonic()
            self.change(mount)
            returned = time.monotonic() - start
            self.wait(account)
            took = time.monotonic() - start
            measures = {"mailfs": took, "returned": returned, "mailfs cpu": mount.cpu_s() - before}
            if self.latency_ms:
                measures["commands"] = sum(line.startswith(("UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"))
                                           for line in self.line.passed()["commands"])
            return measures

    def raw(self):
        account = self.make()
        commands = self.commands()
        return seconds(lambda: self.stage.raw(account, *commands, port=self.port))

    def mbsync(self):
        """With a Maildir that is up to date, the same is done to its files."""
        account = self.make()
        home = self.stage.directory("mbsync")
        path, command = self.stage.mbsync(account, home=home)
        run(*command)
        path, command = self.stage.mbsync(account, self.port, home)
        start = time.monotonic()
        self.change(path)
        run(*command)
        self.wait(account)
        return time.monotonic() - start


class Move(Changing):
    name = "move"
    title = "`mv` of 1,000 messages until the server has them"
    contestants = ("mailfs", "raw", "imapfilter", "mbsync")
    aims = (Aim("mailfs", 1.5, "raw"),)
    rounds = 3

    def change(self, mail):
        for place in ("cur", "new"):
            names = [mail / "INBOX" / place / name for name in os.listdir(mail / "INBOX" / place)]
            if names:
                run("mv", *names, mail / "Archive" / place)
            for name in os.listdir(mail / "Archive" / place):
                if ",U=" in name:  # mbsync wants its UIDs taken away
                    path = mail / "Archive" / place / name
                    path.rename(path.with_name(re.sub(r",U=\d+", "", name)))

    def commands(self):
        return "SELECT INBOX", "UID MOVE 1:* Archive"

    def is_done(self, raw):
        return self.count(raw, "Archive", "MESSAGES") == self.number

    def imapfilter(self):
        account = self.make()
        return seconds(self.stage.imapfilter(account, self.port))


class Move40(Move):
    name = "move-40"
    title = "the same at 40 ms"
    latency_ms = LATENCY_MS
    aims = (Aim("mailfs", 1.5, "raw"), Aim("commands", 3))


class Seen(Changing):
    name = "seen"
    title = "\\Seen on 1,000 messages until the server has it"
    contestants = ("mailfs", "raw", "mbsync")
    aims = (Aim("mailfs", 2, "raw"),)
    rounds = 3

    def change(self, mail):
        inbox = mail / "INBOX"
        for place in ("cur", "new"):
            for name in os.listdir(inbox / place):
                os.rename(inbox / place / name, inbox / "cur" / (name.split(":")[0] + ":2,S"))

    def commands(self):
        return "SELECT INBOX", "UID STORE 1:* +FLAGS.SILENT (\\Seen)"

    def is_done(self, raw):
        return self.count(raw, "INBOX", "UNSEEN") == 0


class Deliver(Changing):
    name = "deliver"
    title = "500 deliveries until the server has them"
    contestants = ("mailfs", "raw", "mbsync")
    aims = (Aim("mailfs", 1.5, "raw"),)
    rounds = 3
    number = 500

    def make(self):
        return self.stage.account(INBOX=corpus.messages()[1000:1001], Archive=[])

    def change(self, mail):
        for number, message in enumerate(corpus.messages()[:self.number]):
            name = f"{1_600_000_000 + number}.{number}.bench"
            (mail / "Archive" / "tmp" / name).write_bytes(message.replace(b"\r\n", b"\n"))
            os.rename(mail / "Archive" / "tmp" / name, mail / "Archive" / "new" / name)

    def raw(self):
        """Logged in first: no server takes this much before."""
        account = self.make()
        start = time.monotonic()
        with Raw(account.server.port, account) as raw:
            raw.log_in()
            raw.run(multiappend("Archive", corpus.messages()[:self.number]))
        return time.monotonic() - start

    def is_done(self, raw):
        return self.count(raw, "Archive", "MESSAGES") == self.number


TASKS = (Move, Move40, Seen, Deliver)
