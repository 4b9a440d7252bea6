"""Whatever the server and the way to it do, nothing hangs, and all catches up by itself afterwards."""

import errno
import os
import signal
import subprocess
import time

import pytest

from referee import Mail
from waiting import wait_for

TIMEOUT_S = 2
BODIES = [b"Subject: %d\r\n\r\n" % number + b"line\r\n" * 100 for number in range(1, 41)]


def quickly(action, seconds=TIMEOUT_S * 0.9):
    started = time.monotonic()
    result = action()
    assert time.monotonic() - started < seconds
    return result


class Fault:
    """How to break a world and to mend it.  While a fault is @silent, who reads has to wait for the timeout."""

    silent = True
    host = "127.0.0.1"
    timeout_s = TIMEOUT_S
    lasts_s = TIMEOUT_S + 3  # until who waits has given up, on a busy machine

    def __init__(self, server, line):
        self.server, self.line = server, line


class Killed(Fault):
    silent = False

    def strike(self):
        self.server.kill()

    def mend(self):
        self.server.start()


class Stopped(Fault):
    def strike(self):
        self.server.freeze()

    def mend(self):
        self.server.thaw()


class Blackhole(Fault):
    """Connections seem to live, new ones too; nothing comes through."""

    def strike(self):
        self.line.blackhole = True

    def mend(self):
        self.line.blackhole = False
        self.line.cut()


class HalfOpen(Fault):
    """Somebody on the way has forgotten the connections, and lets no others through."""

    def strike(self):
        self.line.forget()
        self.line.mute = True

    def mend(self):
        self.line.mute = False


class Refusing(Fault):
    silent = False

    def strike(self):
        self.line.refuse()

    def mend(self):
        self.line.accept()


class Moved(Refusing):
    """It comes back with another address of its name."""

    host = "localhost"

    def mend(self):
        self.line.address = "::1"
        self.line.accept()


class Mute(Fault):
    """Lets everyone in and never greets."""

    def strike(self):
        self.line.mute = True
        self.line.cut()

    def mend(self):
        self.line.mute = False


class Dripping(Fault):
    """Two bytes a second are no silence, but no answer either."""

    timeout_s = 1
    lasts_s = 4 + 3

    def strike(self):
        self.line.rate = 2

    def mend(self):
        self.line.rate = None


class OneByteAMinute(Fault):
    def strike(self):
        self.line.rate = 1 / 60

    def mend(self):
        self.line.rate = None
        self.line.cut()


class Farewell(Fault):
    silent = False

    def strike(self):
        self.line.mute = True
        self.line.say(b"* BYE Shutting down\r\n")

    def mend(self):
        self.line.mute = False


class FarewellInALine(Fault):
    """In the midst of an answer; nobody is let in afterwards."""

    silent = False
    after = 12

    def strike(self):
        self.line.last_words = b"\r\n* BYE Shutting down\r\n"
        self.line.on_cut = lambda: setattr(self.line, "mute", True)
        self.line.cut_after = self.line.bytes_to_client + self.after

    def mend(self):
        self.line.cut_after = self.line.on_cut = None
        self.line.mute = False


class FarewellInABody(FarewellInALine):
    after = 300


class Throttled(Fault):
    """Logging in works, but nothing else."""

    silent = False

    def strike(self):
        self.line.answers = dict.fromkeys(["UID", "EXAMINE", "SELECT", "LIST", "NOOP"], b"NO [THROTTLED] Slow down\r\n")

    def mend(self):
        self.line.answers = {}


class Unavailable(Fault):
    silent = False

    def strike(self):
        self.line.answers = dict.fromkeys(["AUTHENTICATE", "LOGIN"], b"NO [UNAVAILABLE] Try later\r\n")
        self.line.cut()

    def mend(self):
        self.line.answers = {}


class TokenRefused(Unavailable):
    """The password or token is not valid any more."""

    def strike(self):
        self.line.answers = dict.fromkeys(["AUTHENTICATE", "LOGIN"], b"NO [AUTHENTICATIONFAILED] Token expired\r\n")
        self.line.cut()


class TooMany(Unavailable):
    def strike(self):
        self.line.answers = dict.fromkeys(["AUTHENTICATE", "LOGIN"], b"NO [ALERT] Too many simultaneous connections. (Failure)\r\n")
        self.line.cut()


FAULTS = [Killed, Stopped, Blackhole, HalfOpen, Refusing, Moved, Mute, Dripping, OneByteAMinute, Farewell, FarewellInALine,
          FarewellInABody, Throttled, Unavailable, TooMany, TokenRefused]


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.__name__)
def world(request, dovecot_with, mount, proxy):
    """A mount with half of its messages cached, and a fault that is to come."""
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(body, "\\Seen") for body in BODIES])
    account.referee.create("Archive")
    line = proxy(server.port)
    mounted = mount(account, "prefetch=none", f"timeout={request.param.timeout_s}", "drain=1", host=request.param.host,
                    port=line.port)
    mounted.account = account
    mounted.messages = mounted.files()
    for uid in range(20, 0, -1):  # forward it would be a walk, and all would be read ahead
        mounted.messages[uid].read_bytes()
    mounted.fault = request.param(server, line)
    return mounted


def assert_what_is_here_is_served_at_once(world):
    assert quickly(world.messages[1].read_bytes) == BODIES[0].replace(b"\r\n", b"\n")
    assert len(quickly(lambda: os.listdir(world.folder("INBOX") / "cur"))) == 40
    quickly(world.messages[40].stat)
    quickly(lambda: os.statvfs(world.path))
    assert quickly(world.status)


def assert_who_waits_can_be_ended(world):
    commands = [["cat", world.messages[40]], ["ls", world.folder("Archive") / "cur"]]
    readers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for command in commands for _ in "12"]
    time.sleep(0.3)
    assert_what_is_here_is_served_at_once(world)
    for reader, number in zip(readers, [signal.SIGINT, signal.SIGKILL] * 2):
        reader.send_signal(number)
        # Who has given up before the signal came has waited even less.
        assert quickly(lambda: reader.wait(5)) in (-number, 1, 2)


def fail_to_read(path, seconds):
    with pytest.raises(OSError) as failure:
        quickly(path.read_bytes, seconds)
    assert failure.value.errno == errno.EHOSTDOWN


def is_readable(path):
    try:
        return path.read_bytes()
    except OSError as failure:
        assert failure.errno == errno.EHOSTDOWN


def test_nothing_hangs_and_all_catches_up(world):
    world.fault.strike()
    if world.fault.silent:
        assert_who_waits_can_be_ended(world)
    fail_to_read(world.messages[40], world.fault.lasts_s)
    wait_for(lambda: "connection: offline" in world.status(), world.fault.lasts_s, "status to say offline")
    for uid in (37, 38, 39):
        fail_to_read(world.messages[uid], 1)
    assert_what_is_here_is_served_at_once(world)
    quickly(lambda: world.messages[2].rename(world.folder("Archive") / "cur" / "moved:2,FS"))

    world.fault.mend()
    assert wait_for(lambda: is_readable(world.messages[40]), 40, "to read") == BODIES[39].replace(b"\r\n", b"\n")
    wait_for(lambda: "pending:    0" in world.status(), 20, "the change to be sent")
    world.account._referee = None
    moved, = world.account.referee.messages("Archive").values()
    assert moved.body == BODIES[1] and moved.flags == {"\\Flagged", "\\Seen"}
    world.account.referee.append("INBOX", [b"Subject: news\r\n\r\n"])
    wait_for(lambda: os.listdir(world.folder("INBOX") / "new"), 20, "new mail")

    world.fault.strike()
    quickly(world.unmount, world.fault.lasts_s + 5)
    world.fault.mend()


# What is no fault of the line

@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_with_fewer_sessions_than_wished_everything_works(dovecot_with, mount, allowed):
    server = dovecot_with(more=f"mail_max_userip_connections = {allowed + 1}\n")  # the referee has one
    account = server.add_account("alice")
    account.referee.create("Archive")
    account.referee.append("INBOX", BODIES)
    mounted = mount(account, "poll=1")
    files = mounted.files()
    files[1].rename(mounted.folder("Archive") / "cur/moved:2,S")
    contents = [files[uid].read_bytes() for uid in range(2, 41)]
    assert contents == [body.replace(b"\r\n", b"\n") for body in BODIES[1:]]
    (mounted.path / ".mailfs/ctl").write_text("sync")
    moved, = account.referee.messages("Archive").values()
    assert moved.body == BODIES[0]
    account.referee.append("INBOX", [b"Subject: news\r\n\r\n"])
    wait_for(lambda: len(mounted.files()) == 40, 20, "new mail")
    assert "connection: online" in mounted.status() and "offline" not in mounted.log()


THROTTLED = b"Request is throttled. Suggested Backoff Time: 4000 milliseconds\r\n"


@pytest.mark.parametrize("commands, answer", [
    (["AUTHENTICATE", "LOGIN"], b"NO [UNAVAILABLE] " + THROTTLED),
    (["UID", "EXAMINE", "SELECT", "LIST", "NOOP"], b"BAD " + THROTTLED)], ids=["at the log-in", "later"])
def test_a_server_that_names_a_time_is_left_alone_for_so_long(account, mount, proxy, commands, answer):
    account.referee.append("INBOX", BODIES)
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", port=line.port)
    path = mounted.files()[1]
    line.answers = dict.fromkeys(commands, answer)
    line.cut()
    is_readable(path)
    wait_for(lambda: "Suggested Backoff Time" in mounted.status(), 20, "status to say why")
    assert "connection: offline" in mounted.status()
    line.reset()
    started = time.monotonic()
    fail_to_read(path, 1)
    # Two workers may just have been about to ask.
    wait_for(lambda: line.connections > 2, 40, "the next tries")
    assert time.monotonic() - started > 3
    line.answers = {}
    assert wait_for(lambda: is_readable(path), 40, "to read") == BODIES[0].replace(b"\r\n", b"\n")


def test_while_a_token_is_refused_there_is_a_clear_line_and_new_ones_are_asked_for(account, mount, proxy):
    account.referee.append("INBOX", BODIES)
    line = proxy(account.server.port)
    home = mount.home()
    asked = home.root / "asked"
    (home.root / "ask").write_text(f"echo >> {asked}; cat {home.root}/password\n")
    mounted = mount(account, "prefetch=none", f"password_command=sh {home.root}/ask", home=home, port=line.port)
    path = mounted.files()[1]
    before = asked.stat().st_size
    line.answers = dict.fromkeys(["AUTHENTICATE", "LOGIN"], b"NO [AUTHENTICATIONFAILED] Token expired\r\n")
    line.cut()
    wait_for(lambda: "connection: offline, " in mounted.status() and "Token expired" in mounted.status(), 20,
             "status to say why")
    with pytest.raises(OSError) as failure:
        quickly(path.read_bytes)
    assert failure.value.errno == errno.EHOSTDOWN
    wait_for(lambda: asked.stat().st_size >= before + 2, 20, "it to be asked for again")
    line.answers = {}
    assert wait_for(lambda: is_readable(path), 40, "to read") == BODIES[0].replace(b"\r\n", b"\n")


def test_after_a_sleep_in_which_connections_died_news_are_seen(account, mount, proxy):
    line = proxy(account.server.port)
    mounted = mount(account, "poll=1", "timeout=2", port=line.port)
    assert mounted.files() == {}
    mounted.process.send_signal(signal.SIGSTOP)
    line.forget()
    account.referee.append("INBOX", BODIES)
    mounted.process.send_signal(signal.SIGCONT)
    files = wait_for(lambda: mounted.files(), 20, "the new mail")
    assert wait_for(lambda: is_readable(files[40]), 20, "to read") == BODIES[39].replace(b"\r\n", b"\n")


def say_online(mounted):
    (mounted.path / ".mailfs/ctl").write_text("online")


def change_the_network(_):
    """GNetworkMonitor sees another route; nobody is there."""
    for what in ("add", "del"):
        subprocess.run(["ip", "route", what, "198.51.100.0/24", "dev", "lo"], check=True)


@pytest.mark.parametrize("tell", [say_online, pytest.param(change_the_network, marks=pytest.mark.skipif(
    os.getuid() != 0, reason="changes the network"))], ids=["the user", "the network"])
def test_told_that_the_server_is_there_it_waits_no_longer(account, mount, proxy, tell):
    account.referee.append("INBOX", BODIES)
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", port=line.port)
    path = mounted.files()[1]
    line.answers = dict.fromkeys(["AUTHENTICATE", "LOGIN"], b"NO [UNAVAILABLE] Suggested Backoff Time: 600000 milliseconds\r\n")
    line.cut()
    wait_for(lambda: "Suggested Backoff Time" in mounted.status(), 20, "status to say why")
    line.answers = {}
    line.reset()
    tell(mounted)
    assert wait_for(lambda: is_readable(path), 5, "to read") == BODIES[0].replace(b"\r\n", b"\n")
