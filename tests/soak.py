#!/usr/bin/python3
"""Mixed load with random faults, for as long as one has patience:

    tests/soak.py --seed=7 --minutes=30
    tests/soak.py --seed=7 --minutes=30 --without NOTIFY QRESYNC

Two mounts of one account, each with a state of its own behind a proxy of its own,
and a second client change messages; readers read all the time; connections are
cut, stalled, slowed, refused, forgotten, the server is stopped and restarted, the
daemon of the first mount is killed and started again.  At each quiet point both
mounts and the server are equal, and every message is there once.  In the end so
are a mount with a wiped cache and one with nothing at all, and the daemon that
lived through it all has no more memory, threads, descriptors and connections than
at the beginning.  The life itself is that of write/life.py.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "write")]

from certs import Certs  # noqa: E402
from conftest import Mounter  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from proxy import Proxy  # noqa: E402
from referee import Mail, Referee  # noqa: E402
from life import Life  # noqa: E402
from waiting import wait_for  # noqa: E402

ROUND = 40         # steps between two quiet points
QUIET_S = 120
MESSAGES = 60      # with more, more are removed than made
LONGEST_FAULT_S = 8
MEMORY_MARGIN_KB = 24 * 1024


class Reader(threading.Thread):
    """Lists and reads everything in a mount, over and over; that something fails is none of its business."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.runs, self.is_over = path, 0, threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.2):
            for command in (["ls", "-lR"], ["grep", "-r", "text"]):
                subprocess.run([*command, self.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               timeout=QUIET_S)
            self.runs += 1


class Resources:
    """What a process has now."""

    def __init__(self, pid, proxy):
        self.memory_kb = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")).split()[1])
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        self.files = len(os.listdir(f"/proc/{pid}/fd"))
        self.connections = proxy.open_connections

    def is_within(self, before):
        return (self.memory_kb <= before.memory_kb + MEMORY_MARGIN_KB and self.threads <= before.threads
                and self.files <= before.files and self.connections <= before.connections)

    def __str__(self):
        return (f"{self.memory_kb} kB, {self.threads} threads, {self.files} files, "
                f"{self.connections} connections")


class Hand(Life):
    """One of the two mounts, in a life that both share."""

    def __init__(self, seed, side, world, mounted, proxy):
        super().__init__(seed, world.account, mounted, proxy)
        self.side = side
        self.standard = {*self.standard, "Large"}
        self.model, self.touched, self.done = world.model, world.touched, world.done

    def note(self, token, side, kept):
        self.done.append((token, kept))
        super().note(token, side, kept)


class Soak:
    def __init__(self, seed, root, without):
        self.certs = Certs(root)
        self.server = Dovecot(self.certs, without=without)
        self.account = self.server.add_account("alice")
        self.account.referee.create("Archive", "Lists", "Large")
        self.account.referee.append("Large", [Mail(b"Subject: x\r\n\r\n" + b"text\r\n" * 20_000)] * 10)
        self.model, self.touched, self.done = {}, {}, []
        self.mounter = Mounter(self.certs)
        self.proxies = [Proxy(self.server.port), Proxy(self.server.port)]
        self.hands = [self.make_hand(seed + number, side, proxy)
                      for number, (side, proxy) in enumerate(zip(("mount", "other"), self.proxies))]
        self.random = self.hands[0].random
        self.faults = []  # (when it ends, how)
        self.readers = [Reader(hand.mounted.path) for hand in self.hands]
        self.steps = self.struck = 0

    def make_hand(self, seed, side, proxy):
        mounted = self.mounter(self.account, "poll=1", "drain=0", "timeout=3", "cache_size=2M", port=proxy.port)
        for folder in mounted.path.iterdir():
            list((folder / "cur").iterdir())  # what was never listed cannot be listed offline
        return Hand(seed, side, self, mounted, proxy)

    def close(self):
        for reader in self.readers:
            reader.is_over.set()
        for reader in self.readers:
            reader.join(QUIET_S)
        self.relieve()
        try:
            self.mounter.finish()
        finally:
            self.account.close()
            self.server.close()
            for proxy in self.proxies:
                proxy.close()

    # Faults

    def strike(self, begin, end):
        begin()
        self.faults.append((time.monotonic() + self.random.uniform(0.2, LONGEST_FAULT_S), end))

    def relieve(self, now=float("inf")):
        for fault in [fault for fault in self.faults if fault[0] <= now]:
            fault[1]()
            self.faults.remove(fault)

    def fault(self):
        proxy = self.random.choice(self.proxies)

        def set_to(name, value):
            return lambda: setattr(proxy, name, value)
        faults = {
            "cut": proxy.cut,
            "forget": proxy.forget,
            "farewell": lambda: proxy.say(b"* BYE [UNAVAILABLE] Going down\r\n"),
            "stall": lambda: self.strike(proxy.stall, proxy.resume),
            "blackhole": lambda: self.strike(set_to("blackhole", True), lambda: (set_to("blackhole", False)(), proxy.cut())),
            "mute": lambda: self.strike(set_to("mute", True), set_to("mute", False)),
            "slow": lambda: self.strike(set_to("rate", 20_000), set_to("rate", None)),
            "drip": lambda: self.strike(set_to("rate", 0.5), set_to("rate", None)),
            "far": lambda: self.strike(set_to("latency_s", 0.2), set_to("latency_s", 0.0)),
            "throttle": lambda: self.strike(set_to("answers", {"UID ": b"NO [THROTTLED] Later\r\n"}), set_to("answers", {})),
            "freeze": lambda: self.strike(self.server.freeze, self.server.thaw),
            "refuse": self.refuse(proxy),
            "restart": self.restart,
            "kill": self.hands[0].kill,
            "remount": self.hands[0].remount,
            "cut soon": self.hands[0].cut_soon,
            "suspend": self.suspend,
            "offline": lambda: self.strike(self.wish("offline"), self.wish("online")),
        }
        name = self.random.choice(list(faults))
        self.done.append(f"{name} at proxy {self.proxies.index(proxy)}")
        faults[name]()
        self.struck += 1

    def refuse(self, proxy):
        def refuse():
            if not any(end == proxy.accept for _, end in self.faults):
                self.strike(proxy.refuse, proxy.accept)
        return refuse

    def restart(self):
        self.relieve()
        self.account.close()
        self.random.choice([self.kill_server, self.server.stop])()
        self.server.start()
        self.account._referee = Referee(self.server.port, self.account.user, self.account.password)

    def kill_server(self):
        """Not while it writes: it would make its index anew of what it finds, without flags and with what was
        expunged.  What it has done is not told."""
        for proxy in self.proxies:
            proxy.stall()
        time.sleep(0.5)
        self.server.kill()
        for proxy in self.proxies:
            proxy.resume()

    def suspend(self):
        """As a laptop: it sleeps while its connections die."""
        daemon = self.hands[1].mounted.process
        daemon.send_signal(signal.SIGSTOP)
        self.proxies[1].cut()
        time.sleep(self.random.uniform(0.2, 3))
        daemon.send_signal(signal.SIGCONT)

    def wish(self, words):
        return lambda: (self.hands[1].mounted.path / ".mailfs/ctl").write_text(words)

    # Life

    def act(self):
        hand = self.random.choice(self.hands)
        making = [hand.deliver, hand.copy_in, hand.client_append]
        removing = [hand.client_expunge, hand.remove, self.empty_trash]
        changing = [hand.flag, hand.move, hand.move_flagged, hand.rewrite, hand.replace, hand.client_flag, hand.client_move]
        action = self.random.choice(changing * 2 + (removing if len(self.model) > MESSAGES else making))
        if self.is_by_client(action):
            self.relieve()  # the second client has no patience
        self.done.append(f"{hand.side}: {action.__name__}")
        action()

    @staticmethod
    def is_by_client(action):
        return action.__name__.startswith("client") or action.__name__ == "empty_trash"

    def empty_trash(self):
        for token in [token for token, kept in self.model.items()
                      if kept.folder == "Trash" and token not in self.touched]:
            self.account.referee.expunge("Trash", [self.hands[0].uid(token)])
            self.hands[0].note(token, "client", None)

    def step(self):
        if self.random.random() < 0.15:
            self.fault()
        self.act()
        self.relieve(time.monotonic())
        self.steps += 1

    def be_quiet(self):
        self.relieve()
        for hand in self.hands:
            hand.be_quiet()

    def run(self, minutes):
        end = time.monotonic() + 60 * minutes
        before = None
        while time.monotonic() < end:
            for _ in range(ROUND):
                self.step()
            self.be_quiet()
            now = Resources(self.hands[1].mounted.pid, self.proxies[1])
            print(f"{self.steps} steps, {self.struck} faults, {len(self.model)} messages, {self.readers[1].runs} readings: {now}", flush=True)
            before = before or now
        self.check_resources(before)
        self.check_anew()

    def check_resources(self, before):
        mounted, proxy = self.hands[1].mounted, self.proxies[1]
        wait_for(lambda: Resources(mounted.pid, proxy).is_within(before), 60,
                 f"no more than {before}, but {Resources(mounted.pid, proxy)}")

    def check_anew(self):
        """The cache is nothing that counts, and neither is what the index knows."""
        first = self.hands[0]
        first.mounted.unmount()
        shutil.rmtree(first.mounted.home.cache)
        first.mounted.start()
        self.be_quiet()
        first.mounted.unmount()
        shutil.rmtree(first.mounted.home.state)
        first.mounted.start()
        self.be_quiet()
        for hand in self.hands:
            assert os.listdir(hand.mounted.path / ".mailfs" / "lost+found") == []


def soak(seed, minutes, without):
    root = Path(tempfile.mkdtemp(prefix="mailfs-certs-"))
    life = Soak(seed, root, without)
    try:
        life.run(minutes)
    except BaseException:
        print("lately:", *life.done[-4 * ROUND:], sep="\n  ")
        for hand in life.hands:
            print(hand.mounted.log()[-4000:])
        print(*[line for line in life.server.log().splitlines() if "Warning" in line or "Error" in line], sep="\n")
        raise
    finally:
        life.close()
        shutil.rmtree(root)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--without", nargs="*", default=[], help="extensions that the server shall lack")
    arguments = parser.parse_args()
    soak(arguments.seed, arguments.minutes, arguments.without)
    print("equal")
