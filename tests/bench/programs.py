"""Programs that people read mail with, on the mount and on the disk."""

import os

import corpus
from stage import run, seconds
from task import Aim, Task

MUTTRC = """
set folder={root}
set header_cache=
set sleep_time=0
set my_quit=yes
set quit=yes
set mail_check=0
set record=
set timeout=1
"""


class Program(Task):
    contestants = ("mailfs", "native")
    aims = (Aim("mailfs", 1.3, "native"),)
    rounds = 3

    def messages(self):
        return corpus.messages()

    def prepare(self):
        key = f"programs {len(self.messages())}"
        account = self.stage.once(key, lambda: self.stage.account(INBOX=self.messages()))
        self.files = self.stage.once(f"files of {key}", lambda: self.stage.maildir(self.messages()))
        self.mount = self.stage.mount(account, "prefetch=all")
        os.listdir(self.mount / "INBOX" / "new")
        self.mount.wait_complete()
        self.read(self.mount / "INBOX")
        self.read(self.files)

    def finish(self):
        self.mount.unmount()

    def mailfs(self):
        return seconds(self.read, self.mount / "INBOX")

    def native(self):
        return seconds(self.read, self.files)


class Mutt(Program):
    name = "mutt"
    title = "mutt opens 9,000 messages"

    def messages(self):
        return (corpus.messages() * 2)[:9000]

    def read(self, path):
        home = self.stage.directory("mutt")
        (home / "muttrc").write_text(MUTTRC.format(root=home))
        run("script", "-qec", f"mutt -n -R -F {home}/muttrc -f {path} -e 'push x'", home / "typescript",
            env=dict(os.environ, HOME=str(home), TERM="xterm"))


class Notmuch(Program):
    name = "notmuch"
    title = "notmuch new, 6,046 messages"

    def read(self, path):
        home = self.stage.directory("notmuch")
        (home / "config").write_text(f"[database]\npath={home}\nmail_root={path}\n[new]\ntags=new\n")
        run("notmuch", f"--config={home}/config", "new", env=dict(os.environ, HOME=str(home)))


class Mu(Program):
    name = "mu"
    title = "mu index, 6,046 messages"

    def read(self, path):
        home = self.stage.directory("mu")
        run("mu", "init", f"--muhome={home}", f"--maildir={path}")
        run("mu", "index", f"--muhome={home}")


TASKS = (Mutt, Notmuch, Mu)
