"""What the tasks of the bench stand on: a Dovecot, mailboxes, mounts, and the rivals."""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import corpus
import mailfs
import raw
from certs import Certs
from dovecot import Dovecot
from line import Line
from referee import Mail
from waiting import wait_for

LATENCY_MS = 40

# SCRAM, for before a password in clear text mbsync would pause for a second.
MBSYNC = """
IMAPAccount far
Host 127.0.0.1
Port {port}
User {user}
Pass "{password}"
SSLType None
AuthMechs SCRAM-SHA-256

IMAPStore far
Account far

MaildirStore near
Path {path}/
Inbox {path}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""

IMAPFILTER = """
options.timeout = 60
options.starttls = false
account = IMAP {{ server = '127.0.0.1', port = {port}, username = '{user}', password = '{password}' }}
account.INBOX:select_all():move_messages(account.Archive)
"""


def seconds(function, *arguments):
    """How long that takes."""
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start


def run(*command, **settings):
    return subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL, capture_output=True,
                          **settings)


def grep(path):
    """Reads every file.  Into a pipe: with /dev/null grep stops at the first match."""
    return len(run("grep", "-rc", "", path).stdout.splitlines())


class Mounted:
    """An account mounted in the background, as users do it."""

    def __init__(self, stage, account, *options, port=None, home=None, tls=False):
        self.home = home or stage.home()
        words = [f"password_command={self.home.password_command(account.password)}", "poll=3600",
                 f"ca_file={stage.certs.ca}" if tls else "tls=none", *options]
        self.arguments = [part for word in words for part in ("-o", word)]
        self.arguments += [f"imap://{account.user}@127.0.0.1:{port or account.server.port}", self.home.mountpoint]
        self.path = self.home.mountpoint
        self.start()

    def start(self):
        result = self.home.run(*self.arguments, seconds=60)
        if result.returncode != 0:
            raise RuntimeError(result.stderr)

    @property
    def pid(self):
        return self.home.daemons()[0]

    def __truediv__(self, name):
        return self.path / name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unmount()

    def unmount(self):
        pid = self.pid
        wait_for(lambda: subprocess.run(["fusermount3", "-u", self.path], capture_output=True).returncode == 0, 20,
                 "fusermount3 -u")
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 60, "the end of mailfs")

    def status(self):
        return json.loads((self.path / ".mailfs" / "status.json").read_text())

    def wait_listed(self):
        """Until every folder is known, with prefetch=headers."""
        def is_listed():
            status = self.status()
            return status["folders"] == status["known_folders"]
        wait_for(is_listed, 600, "all folders")

    def wait_complete(self):
        """Until every body is here, with prefetch=all."""
        def is_complete():
            status = self.status()
            return status["folders"] == status["known_folders"] and status["messages"] == status["cached_messages"]
        wait_for(is_complete, 300, "all bodies")

    def memory_mb(self, word="VmRSS"):
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{word}:\s+(\d+)", text).group(1)) / 1024

    def cpu_s(self):
        """What the daemon has used, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stage:
    def __init__(self, root):
        self.root = Path(tempfile.mkdtemp(prefix="mailfs-bench-", dir=root))
        (self.root / "certs").mkdir()
        self.certs = Certs(self.root / "certs")
        self.dovecot = Dovecot(self.certs)
        self.numbers = itertools.count(1)
        self.filled = {}
        self.lines = []
        self.homes = []

    def close(self):
        for home in self.homes:
            home.clean_up()
        for line in self.lines:
            line.close()
        self.dovecot.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def directory(self, name="dir"):
        path = self.root / f"{name}{next(self.numbers)}"
        path.mkdir()
        return path

    def home(self):
        self.homes.append(mailfs.Home(self.directory("home")))
        return self.homes[-1]

    def mount(self, account, *options, **settings):
        return Mounted(self, account, *options, **settings)

    def line(self, latency_ms=LATENCY_MS, bits_per_s=0):
        self.lines.append(Line(self.dovecot.port, latency_ms, bits_per_s))
        return self.lines[-1]

    # Mailboxes

    def account(self, **mailboxes):
        """A new account with these messages: account(INBOX=[…], Archive=[])."""
        account = self.dovecot.add_account(f"user{next(self.numbers)}")
        for mailbox, messages in mailboxes.items():
            if mailbox != "INBOX":
                account.referee.create(mailbox)
            for start in range(0, len(messages), 500):
                account.referee.append(mailbox, messages[start:start + 500])
        return account

    def once(self, name, make):
        """What @make returned the first time."""
        if name not in self.filled:
            self.filled[name] = make()
        return self.filled[name]

    def mails(self):
        return self.once("mails", lambda: self.account(INBOX=corpus.messages()))

    def large(self):
        """200 messages of 1 to 10 MB, 1.1 GB in all."""
        def make():
            text = base64.encodebytes(os.urandom(8 << 20)).replace(b"\n", b"\r\n")
            account = self.account()
            for number in range(200):
                size = 1_000_000 + 9_000_000 * number // 199
                account.referee.append("INBOX", [b"Subject: large %d\r\n\r\n" % number + text[:size]])
            return account
        return self.once("large", make)

    def many(self):
        """100,000 small messages in INBOX."""
        return self.once("many", lambda: self.multiply(self.account(), "INBOX", 100_000))

    def many_files(self):
        """A Maildir with as many."""
        small = [b"Subject: %d\r\n\r\nsmall\r\n" % n for n in range(100_000)]
        return self.once("many files", lambda: self.maildir(small))

    def million(self, n_folders):
        """A million of them, in folders folder1, folder2 and so on."""
        def make():
            account = self.account()
            self.multiply(account, "INBOX", 5000)
            names = [f"folder{n + 1}" for n in range(n_folders)]
            account.referee.create(*names)
            for name in names:
                self.raw(account, "EXAMINE INBOX", f"COPY 1:5000 {name}")
            return account
        return self.once("million", make)

    def multiply(self, account, mailbox, number):
        """@number small messages there, most of them copies made by the server."""
        few = min(number, 1000)
        account.referee.append(mailbox, [Mail(b"Subject: %d\r\n\r\nsmall\r\n" % n, date=1_600_000_000 + 60 * n)
                                         for n in range(few)])
        while few < number:
            more = min(few, number - few)
            self.raw(account, f"SELECT {mailbox}", f"COPY 1:{more} {mailbox}")
            few += more
        return account

    def maildir(self, messages, name="native"):
        """A Maildir of them on the disk, the rival of all mounts; the newest page cache of it is warm."""
        path = self.directory(name)
        for place in ("cur", "new", "tmp"):
            (path / place).mkdir()
        for number, message in enumerate(messages):
            (path / "new" / f"{1_600_000_000 + number}.{number:x}.0123456789ab").write_bytes(
                message.replace(b"\r\n", b"\n"))
        return path

    # Rivals

    def mbsync(self, account, port=None, home=None):
        """Where it pulls to, and the command."""
        home = home or self.directory("mbsync")
        path = home / "mail"
        path.mkdir(exist_ok=True)
        config = home / "mbsyncrc"
        config.write_text(MBSYNC.format(port=port or account.server.port, user=account.user,
                                        password=account.password, path=path))
        return path, ["mbsync", "-q", "-c", config, "-a"]

    def imapfilter(self, account, port=None):
        path = self.directory("imapfilter")
        (path / "config.lua").write_text(IMAPFILTER.format(port=port or account.server.port, user=account.user,
                                                           password=account.password))
        return lambda: run("imapfilter", "-c", path / "config.lua", env=dict(os.environ, HOME=str(path)))

    def raw(self, account, *commands, port=None):
        return raw.session(port or account.server.port, account, *commands)
