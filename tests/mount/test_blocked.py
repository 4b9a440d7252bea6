"""Nothing hangs: readers of a server that has stopped die when told, and the rest goes on."""

import errno
import os
import signal
import subprocess
import time

import pytest

from waiting import wait_for

BODIES = [b"Subject: %d\r\n\r\n" % number + b"line\r\n" * 100 for number in range(1, 21)]


@pytest.fixture
def frozen(dovecot_with, mount):
    """A mount whose server has been stopped: one message of INBOX is cached, the others and Archive are not."""
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.create("Archive")
    account.referee.append("INBOX", BODIES)
    account.referee.append("Archive", BODIES)
    mounted = mount(account, "prefetch=none", "timeout=60")
    mounted.cached = mounted.files()[1]
    mounted.uncached = mounted.files()[20]
    mounted.cached.read_bytes()
    mounted.server = server
    server.freeze()
    yield mounted
    server.thaw()


def blocked(*command):
    """A program that is waiting in the file system."""
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: "fuse" in open(f"/proc/{program.pid}/wchan").read()
             or open(f"/proc/{program.pid}/stat").read().rsplit(")", 1)[1].split()[0] in "DS", 5, "a blocked reader")
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.3)
    return program


def quickly(action, seconds=1.0):
    started = time.monotonic()
    result = action()
    assert time.monotonic() - started < seconds
    return result


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_blocked_reader_dies_of_a_signal(frozen, number):
    reader = blocked("cat", frozen.uncached)
    reader.send_signal(number)
    assert quickly(lambda: reader.wait(5)) == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_blocked_listing_dies_of_a_signal(frozen, number):
    reader = blocked("ls", frozen.folder("Archive") / "new")
    reader.send_signal(number)
    assert quickly(lambda: reader.wait(5)) == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_blocked_walk_dies_of_a_signal(frozen, number):
    reader = blocked("grep", "-r", "line", frozen.folder("INBOX"))
    reader.send_signal(number)
    assert quickly(lambda: reader.wait(5)) == -number


def test_what_is_here_is_served_while_others_are_blocked(frozen):
    readers = [blocked("cat", frozen.uncached), blocked("ls", frozen.folder("Archive") / "new")]
    assert quickly(frozen.cached.read_bytes) == BODIES[0].replace(b"\r\n", b"\n")
    assert len(quickly(lambda: os.listdir(frozen.folder("INBOX") / "new"))) == 20
    assert "Archive" in quickly(lambda: os.listdir(frozen.path))
    quickly(frozen.uncached.stat)
    quickly(lambda: os.statvfs(frozen.path))
    assert quickly(frozen.status)
    assert quickly(lambda: os.getxattr(frozen.uncached, "user.imap.uid")) == b"20"
    for reader in readers:
        assert reader.poll() is None
        reader.kill()
        reader.wait(5)


def test_a_message_dropped_by_one_reader_still_comes_to_the_others(frozen):
    first, second = blocked("cat", frozen.uncached), blocked("cat", frozen.uncached)
    first.send_signal(signal.SIGINT)
    assert first.wait(5) == -signal.SIGINT
    frozen.server.thaw()
    assert second.wait(20) == 0


def test_blocked_readers_go_on_when_the_server_does(frozen):
    readers = [blocked("cat", frozen.uncached), blocked("ls", frozen.folder("Archive") / "new")]
    frozen.server.thaw()
    assert [reader.wait(20) for reader in readers] == [0, 0]
    assert frozen.uncached.read_bytes() == BODIES[19].replace(b"\r\n", b"\n")


def test_unmounting_under_a_blocked_reader_is_busy_at_once(frozen):
    reader = blocked("cat", frozen.uncached)
    result = quickly(lambda: subprocess.run(["fusermount3", "-u", frozen.path], capture_output=True, text=True), 3)
    assert result.returncode != 0 and "busy" in result.stderr
    assert reader.poll() is None
    reader.kill()
    reader.wait(5)
    frozen.unmount()


def test_ending_the_daemon_frees_its_readers_and_unmounts(frozen):
    readers = [blocked("cat", frozen.uncached), blocked("ls", frozen.folder("Archive") / "new")]
    frozen.process.terminate()
    assert frozen.process.wait(20) == 0
    assert all(reader.wait(5) > 0 for reader in readers)
    assert not frozen.home.is_mounted()


def test_a_lazy_unmount_leaves_the_reader_killable_and_the_daemon_ends(frozen):
    reader = blocked("cat", frozen.uncached)
    subprocess.run(["fusermount3", "-u", "-z", frozen.path], check=True)
    assert not frozen.home.is_mounted()
    reader.kill()
    assert quickly(lambda: reader.wait(5)) == -signal.SIGKILL
    assert frozen.process.wait(20) == 0


def test_unmounting_does_not_wait_for_a_server_that_is_silent(frozen):
    quickly(frozen.unmount, 15)


@pytest.mark.parametrize("command", ["GETQUOTAROOT", "EXAMINE", "IDLE"])
def test_unmounting_ends_well_whatever_answer_the_daemon_waits_for(account, mount, proxy, command):
    line = proxy(account.server.port)
    line.stall_on = command
    mounted = mount(account, port=line.port)
    wait_for(lambda: line.is_stalled, 10, f"the daemon to say {command}")
    quickly(mounted.unmount, 15)


def test_a_reader_gives_up_after_the_timeout(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", BODIES)
    mounted = mount(account, "prefetch=none", "timeout=1")
    path = mounted.files()[20]
    server.freeze()
    with pytest.raises(OSError) as failure:
        quickly(path.read_bytes, 8)
    assert failure.value.errno == errno.EHOSTDOWN
    server.thaw()


def test_without_its_server_an_uncached_read_fails_within_a_second(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", BODIES)
    mounted = mount(account, "prefetch=none")
    files = mounted.files()
    content = files[1].read_bytes()
    server.kill()
    for uid in (18, 19, 20):
        with pytest.raises(OSError) as failure:
            quickly(files[uid].read_bytes)
        assert failure.value.errno == errno.EHOSTDOWN
    assert quickly(files[1].read_bytes) == content
    assert len(quickly(lambda: os.listdir(mounted.folder("INBOX") / "new"))) == 20


def test_when_the_server_is_back_reading_works_again(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", BODIES)
    mounted = mount(account, "prefetch=none")
    path = mounted.files()[20]
    server.kill()
    with pytest.raises(OSError):
        path.read_bytes()
    server.start()

    def readable():
        try:
            return path.read_bytes() == BODIES[19].replace(b"\r\n", b"\n")
        except OSError as failure:
            assert failure.errno == errno.EHOSTDOWN
    wait_for(readable, 60, "the message, after the server came back")


def test_connections_that_die_unnoticed_are_replaced(account, mount, proxy):
    """As after a router forgot them: nothing is refused, nothing arrives."""
    account.referee.append("INBOX", BODIES)
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", "timeout=1", port=line.port)
    files = mounted.files()
    line.blackhole = True
    with pytest.raises(OSError) as failure:
        quickly(files[10].read_bytes, 8)
    assert failure.value.errno == errno.EHOSTDOWN
    line.blackhole = False
    line.cut()

    def readable():
        try:
            return files[10].read_bytes()
        except OSError as failure:
            assert failure.errno == errno.EHOSTDOWN
    assert wait_for(readable, 60, "the message, over a new connection") == BODIES[9].replace(b"\r\n", b"\n")


@pytest.mark.parametrize("cut_after", [1, 100, 5000, 20_000, 60_000])
def test_a_connection_cut_in_the_middle_of_a_walk_loses_nothing_in_the_end(account, mount, proxy, cut_after):
    account.referee.append("INBOX", [body * 10 for body in BODIES])
    line = proxy(account.server.port)
    mounted = mount(account, "prefetch=none", port=line.port)
    files = mounted.files()
    line.reset()
    line.cut_after = cut_after

    def all_readable():
        try:
            return [files[uid].read_bytes() for uid in sorted(files)]
        except OSError as failure:
            assert failure.errno in (errno.EHOSTDOWN, errno.EIO)
    contents = wait_for(all_readable, 60, "every message")
    assert contents == [(body * 10).replace(b"\r\n", b"\n") for body in BODIES]
