"""Bodies: cold, warm, after a remount, large ones, one among many."""

import os
import subprocess
import threading
import time

import corpus
from raw import Raw
from stage import LATENCY_MS, grep, run, seconds
from task import Aim, Task

FETCH_ALL = "UID FETCH 1:* (UID BODY.PEEK[])"
EXAMINE = "EXAMINE INBOX"


class First(Task):
    name = "first"
    title = "mount to first `ls INBOX`, empty cache, 40 ms"
    contestants = ("mailfs", "raw")
    aims = (Aim("mailfs", 1.2, "raw"),)

    def prepare(self):
        self.account = self.stage.once("few", lambda: self.stage.account(INBOX=corpus.messages()[:20]))
        self.line = self.stage.line()

    def mailfs(self):
        start = time.monotonic()
        with self.stage.mount(self.account, "auth=plain", port=self.line.port) as mount:
            os.listdir(mount / "INBOX" / "new")
            return time.monotonic() - start

    def raw(self):
        """The same commands, each waiting for what it must know of the one before."""
        start = time.monotonic()
        with Raw(self.line.port, self.account) as raw:
            raw.wait_greeting()
            raw.log_in()
            raw.run("ENABLE QRESYNC", 'LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN))')
            raw.run("EXAMINE INBOX (CONDSTORE)")
            raw.run("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)")
        return time.monotonic() - start


class Cold(Task):
    name = "cold"
    title = "6,046 mails cold: mount + `grep -rc`"
    contestants = ("mailfs", "raw", "mbsync")
    aims = (Aim("mailfs", 4, "raw"), Aim("mailfs", 0.1, "mbsync"))
    once = ("mbsync",)
    latency_ms = 0

    def prepare(self):
        self.account = self.stage.mails()
        self.port = self.stage.line(self.latency_ms).port if self.latency_ms else None

    def mailfs(self):
        start = time.monotonic()
        with self.stage.mount(self.account, "prefetch=none", port=self.port) as mount:
            assert grep(mount / "INBOX") == corpus.COUNT
            return {"mailfs": time.monotonic() - start, "mailfs cpu": mount.cpu_s()}

    def raw(self):
        return seconds(lambda: self.stage.raw(self.account, EXAMINE, FETCH_ALL, port=self.port))

    def mbsync(self):
        path, command = self.stage.mbsync(self.account, self.port)
        start = time.monotonic()
        run(*command)
        assert grep(path / "INBOX") >= corpus.COUNT
        return time.monotonic() - start


class Cold40(Cold):
    name = "cold-40"
    title = "the same at 40 ms"
    aims = (Aim("mailfs", 2, "raw"), Aim("mailfs", 0.1, "mbsync"))
    latency_ms = LATENCY_MS


class Large(Task):
    name = "large"
    title = "200 messages of 1 to 10 MB cold: mount + `grep -rc`"
    contestants = ("mailfs", "raw", "mbsync")
    aims = (Aim("mailfs", 1.5, "raw"), Aim("growth", 8))
    units = {"growth": "MB"}
    rounds = 3
    once = ("mbsync",)

    def prepare(self):
        self.account = self.stage.large()

    def mailfs(self):
        start = time.monotonic()
        with self.stage.mount(self.account, "prefetch=none") as mount:
            before = mount.memory_mb()
            grep(mount / "INBOX")
            return {"mailfs": time.monotonic() - start, "growth": mount.memory_mb("VmHWM") - before,
                    "mailfs cpu": mount.cpu_s()}

    def raw(self):
        return seconds(lambda: self.stage.raw(self.account, EXAMINE, FETCH_ALL))

    def mbsync(self):
        path, command = self.stage.mbsync(self.account)
        start = time.monotonic()
        run(*command)
        grep(path / "INBOX")
        took = time.monotonic() - start
        run("rm", "-r", path)
        return took


class Warm(Task):
    name = "warm"
    title = "`grep -rc` again, warm"
    contestants = ("mailfs", "complete", "native")
    aims = (Aim("mailfs", 3, "native"), Aim("complete", 1.2, "native"))

    def prepare(self):
        self.account = self.stage.mails()
        self.some = self.stage.mount(self.account, "prefetch=none")
        self.all = self.stage.mount(self.account, "prefetch=all")
        self.files = self.stage.once("native", lambda: self.stage.maildir(corpus.messages()))
        self.all.wait_complete()
        for path in (self.some / "INBOX", self.all / "INBOX", self.files):
            grep(path)
            grep(path)

    def finish(self):
        self.some.unmount()
        self.all.unmount()

    def mailfs(self):
        before = self.some.cpu_s()
        took = seconds(grep, self.some / "INBOX")
        return {"mailfs": took, "mailfs cpu": self.some.cpu_s() - before}

    def complete(self):
        return seconds(grep, self.all / "INBOX")

    def native(self):
        return seconds(grep, self.files)


class Remounted(Task):
    name = "remounted"
    title = "`grep -rc` after a remount, bodies in the cache"
    contestants = ("mailfs", "native")
    aims = (Aim("mailfs", 2.5, "native"),)

    def prepare(self):
        self.mount = self.stage.mount(self.stage.mails(), "prefetch=none")
        self.files = self.stage.once("native", lambda: self.stage.maildir(corpus.messages()))
        grep(self.mount / "INBOX")
        grep(self.files)

    def finish(self):
        self.mount.unmount()

    def mailfs(self):
        self.mount.unmount()
        self.mount.start()
        return {"mailfs": seconds(grep, self.mount / "INBOX"), "mailfs cpu": self.mount.cpu_s()}

    def native(self):
        return seconds(grep, self.files)


class Beside(Task):
    name = "beside"
    title = "`cat` of an uncached message during a bulk read, 40 ms, 50 Mbit/s"
    contestants = ("beside", "alone")
    aims = (Aim("round trips", 3),)
    units = {"round trips": ""}

    def prepare(self):
        self.account = self.stage.once("beside", lambda: self.stage.account(
            INBOX=corpus.messages(), Other=corpus.messages()[:300]))
        self.line = self.stage.line(bits_per_s=50_000_000)

    def _cats(self, mount, go_on):
        """Median of the times of single cats, never of neighbours."""
        paths = sorted((mount / "Other" / "new").iterdir())
        times = []
        for number in (50, 250, 10, 200, 100, 290, 150):
            if go_on():
                times.append(seconds(paths[number].read_bytes))
            time.sleep(0.2)
        return sorted(times)[len(times) // 2]

    def alone(self):
        with self.stage.mount(self.account, "prefetch=none", port=self.line.port) as mount:
            return self._cats(mount, lambda: True)

    def beside(self):
        with self.stage.mount(self.account, "prefetch=none", port=self.line.port) as mount:
            os.listdir(mount / "Other" / "new")
            os.listdir(mount / "INBOX" / "new")
            bulk = subprocess.Popen(["grep", "-rc", "", mount / "INBOX"], stdout=subprocess.PIPE)
            reader = threading.Thread(target=bulk.communicate)
            reader.start()
            time.sleep(0.5)
            took = self._cats(mount, lambda: bulk.poll() is None)
            bulk.terminate()
            reader.join()
            return {"beside": took, "round trips": took * 1000 / LATENCY_MS}


TASKS = (First, Cold, Cold40, Large, Warm, Remounted, Beside)
