"""What goes over the wire, and what the kernel has to ask: counted, not timed."""

import os
import shutil
import subprocess
import time

import pytest

import corpus
import mailfs
from fusecount import Requests, can_count
from waiting import wait_for

MANY = 2000


@pytest.fixture
def counted(account, mount, proxy):
    """A mount through a counting proxy over a folder of @MANY real mails, when it has come to rest."""
    account.referee.append("INBOX", corpus.messages()[:MANY])
    counter = proxy(account.server.port)
    mounted = mount(account, "poll=3600", "prefetch=none", port=counter.port)
    wait_for(lambda: "IDLE" in counter.commands, 10, "the mount to come to rest")
    return mounted, counter


def grep(mounted):
    result = subprocess.run(["grep", "-rc", "", mounted.folder("INBOX")], check=True, capture_output=True, text=True)
    return len(result.stdout.splitlines())


def test_listing_a_folder_costs_a_few_commands(counted):
    mounted, counter = counted
    counter.reset()
    assert len(os.listdir(mounted.folder("INBOX") / "new")) == MANY
    assert counter.commands["UID FETCH"] + counter.commands["FETCH"] <= 2
    assert sum(counter.commands.values()) <= 6


def test_a_mount_waits_for_no_more_than_it_must(account, mount, proxy):
    account.referee.append("INBOX", corpus.messages()[:20])
    counter = proxy(account.server.port)
    mounted = mount(account, "auth=plain", "connections=1", "prefetch=none", port=counter.port)
    assert len(os.listdir(mounted.folder("INBOX") / "new")) == 20
    # AUTHENTICATE; ENABLE, ID and LIST; EXAMINE and UID FETCH; what looks at the quota may be among it
    assert counter.round_trips <= 4


def test_metadata_once_listed_costs_nothing(counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    counter.reset()
    subprocess.run(["ls", "-lR", mounted.path], check=True, capture_output=True)
    subprocess.run(["find", mounted.path / "INBOX", "-size", "+1k", "-newermt", "2001-01-01"], check=True,
                   capture_output=True)
    os.statvfs(mounted.path)
    assert not [line for line in counter.lines if "FETCH" in line]


def test_walking_a_folder_costs_few_commands_and_not_a_round_trip_a_message(counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    counter.reset()
    assert grep(mounted) == MANY
    assert counter.commands["UID FETCH"] <= MANY // 20
    assert counter.round_trips <= MANY // 20


def test_each_body_crosses_the_wire_once(counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    counter.reset()
    grep(mounted)
    bodies = sum(map(len, corpus.messages()[:MANY]))
    assert bodies < counter.bytes_to_client < bodies * 1.05


def test_a_second_walk_costs_no_byte(counted):
    mounted, counter = counted
    grep(mounted)
    counter.reset()
    assert grep(mounted) == MANY
    assert (counter.bytes, counter.connections) == (0, 0)


def test_a_walk_after_a_remount_fetches_no_body(counted):
    mounted, counter = counted
    grep(mounted)
    mounted.unmount()
    counter.reset()
    mounted.start()
    assert grep(mounted) == MANY
    assert not any("BODY" in line for line in counter.lines)


def test_after_the_loss_of_the_cache_bodies_are_fetched_again_and_metadata_is_not_lost(counted):
    mounted, counter = counted
    grep(mounted)
    mounted.unmount()
    shutil.rmtree(mounted.home.cache)
    counter.reset()
    mounted.start()
    assert grep(mounted) == MANY
    bodies = sum(map(len, corpus.messages()[:MANY]))
    assert bodies < counter.bytes_to_client < bodies * 1.05


def test_a_single_cat_costs_three_round_trips_at_most(counted):
    mounted, counter = counted
    path = sorted((mounted.folder("INBOX") / "new").iterdir())[1000]
    counter.reset()
    path.read_bytes()
    assert counter.round_trips <= 3
    assert 1 <= sum("BODY.PEEK" in line for line in counter.lines) <= 2


def test_a_cat_of_one_message_does_not_fetch_the_folder(counted):
    mounted, counter = counted
    paths = sorted((mounted.folder("INBOX") / "new").iterdir())
    counter.reset()
    for number in (1000, 10, 1900):
        paths[number].read_bytes()
    assert counter.bytes_to_client < 1 << 20


def test_a_slow_line_costs_waits_by_the_batch(account, mount, proxy):
    """At 40 ms a round trip, a wait for each of the messages would take 80 s."""
    account.referee.append("INBOX", corpus.messages()[:MANY])
    line = proxy(account.server.port)
    line.latency_s = 0.02
    mounted = mount(account, "poll=3600", "prefetch=none", port=line.port)
    started = time.monotonic()
    assert grep(mounted) == MANY
    assert time.monotonic() - started < 20


def test_an_idle_mount_is_quiet(counted):
    """Mounted and listed, it asks for nothing by itself but news."""
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    assert not any("BODY" in line for line in counter.lines)
    assert counter.connections <= 4


# Mounting again

def quiet(counter):
    """What has passed until nothing passes any more: commands, bytes."""
    def rests():
        before = counter.bytes
        time.sleep(0.3)
        return counter.bytes == before and "IDLE" in counter.commands
    wait_for(rests, 30, "the mount to come to rest")
    return counter.commands, counter.bytes


def test_mounting_again_when_nothing_has_changed_costs_two_looks(counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    mounted.unmount()
    counter.reset()
    mounted.start()
    assert len(os.listdir(mounted.folder("INBOX") / "new")) == MANY
    commands, size = quiet(counter)
    # The second is for what changed before all folders were watched.
    assert (commands["LIST"], commands["EXAMINE"], commands["UID FETCH"]) == (2, 1, 0)
    assert size <= 8192


def test_mounting_again_after_ten_changes_costs_what_they_cost(account, counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    mounted.unmount()
    account.referee.store("INBOX", range(1, 11), "+FLAGS", "\\Flagged")
    counter.reset()
    mounted.start()
    wait_for(lambda: len(os.listdir(mounted.folder("INBOX") / "cur")) == 10, 10, "the changes")
    commands, size = quiet(counter)
    assert commands["EXAMINE"] <= 2 and commands["UID FETCH"] == 0
    assert size <= 8192


# Changing

def change_all(counter, names, change, is_done):
    """Does @change to each of @names while the line stands still, and waits until @is_done."""
    counter.reset()
    counter.stall()
    for name in names:
        change(name)
    counter.resume()
    wait_for(is_done, 20, "the server to have the changes")


def test_a_thousand_moves_are_a_few_commands(account, counted):
    mounted, counter = counted
    account.referee.create("Archive")
    mounted.remount()
    inbox, archive = mounted.folder("INBOX") / "new", mounted.folder("Archive") / "new"
    names = os.listdir(inbox)[:1000]
    os.listdir(archive)
    quiet(counter)
    change_all(counter, names, lambda name: os.rename(inbox / name, archive / name),
               lambda: account.referee.status("Archive", "MESSAGES") == 1000)
    assert 1 <= counter.commands["UID MOVE"] <= 3
    assert counter.commands["UID STORE"] + counter.commands["UID COPY"] + counter.commands["UID EXPUNGE"] == 0


def test_a_thousand_flags_are_a_few_commands(account, counted):
    mounted, counter = counted
    inbox = mounted.folder("INBOX")
    names = os.listdir(inbox / "new")[:1000]
    change_all(counter, names, lambda name: os.rename(inbox / "new" / name, inbox / "cur" / (name + ":2,S")),
               lambda: account.referee.status("INBOX", "UNSEEN") == MANY - 1000)
    assert 1 <= counter.commands["UID STORE"] <= 3


# What the kernel asks

needs_trace = pytest.mark.skipif(not can_count(), reason="needs root and strace")
FEW = 600


@pytest.fixture
def traced(account, mount, tmp_path):
    """A mount of @FEW mails, and what counts its requests."""
    account.referee.append("INBOX", corpus.messages()[:FEW])
    mounted = mount(account, "prefetch=none")
    return mounted, lambda: Requests(mounted.pid, tmp_path / "trace")


@needs_trace
def test_reading_a_message_takes_one_open_one_look_and_one_read(traced):
    mounted, counting = traced
    with counting() as requests:
        assert grep(mounted) == FEW
    assert requests["OPEN"] == FEW
    assert requests["READ"] <= FEW * 1.1
    assert requests["GETATTR"] <= FEW * 1.05
    assert requests["LOOKUP"] + requests["FLUSH"] + requests["GETXATTR"] <= 10


@needs_trace
def test_reading_again_takes_one_open(traced):
    mounted, counting = traced
    grep(mounted)
    grep(mounted)  # asks for the times of access that reading has changed
    with counting() as requests:
        assert grep(mounted) == FEW
    assert requests["OPEN"] == FEW
    assert requests["READ"] + requests["GETATTR"] + requests["LOOKUP"] + requests["READDIRPLUS"] <= 20
    assert requests.locks == 0


@needs_trace
def test_reading_after_a_remount_takes_one_open(traced):
    mounted, counting = traced
    grep(mounted)
    mounted.remount()
    os.listdir(mounted.folder("INBOX") / "new")
    with counting() as requests:
        assert grep(mounted) == FEW
    assert requests["OPEN"] == FEW
    assert requests["READ"] + requests["GETATTR"] <= FEW // 20  # those of more than 64 KiB


@needs_trace
def test_listing_again_asks_nothing_of_a_message(traced):
    mounted, counting = traced
    command = ["ls", "-lR", mounted.folder("INBOX")]
    subprocess.run(command, check=True, capture_output=True)
    with counting() as requests:
        subprocess.run(command, check=True, capture_output=True)
    assert sum(requests.counts.values()) <= 30


@needs_trace
def test_a_rename_takes_four_requests(traced):
    mounted, counting = traced
    inbox = mounted.folder("INBOX")
    names = os.listdir(inbox / "new")[:100]
    with counting() as requests:
        for name in names:
            os.rename(inbox / "new" / name, inbox / "cur" / (name + ":2,S"))
    requests.counts.pop("FORGET", None), requests.counts.pop("BATCH_FORGET", None)
    assert requests["RENAME"] == len(names)
    assert sum(requests.counts.values()) <= 4 * len(names) + 20
    assert requests.locks == 0


# Memory

@pytest.mark.skipif(b"__asan_init" in mailfs.BINARY.read_bytes() or b"__tsan_init" in mailfs.BINARY.read_bytes(),
                    reason="a sanitizer keeps what was freed")
def test_large_messages_do_not_fill_the_memory(account, mount):
    text = b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n"
    account.referee.append("INBOX", [text * 100_000] * 6)
    mounted = mount(account, "prefetch=none", port=account.server.port)

    def peak_kb():
        status = open(f"/proc/{mounted.pid}/status").read()
        return int(status.partition("VmHWM:")[2].split()[0])
    os.listdir(mounted.folder("INBOX") / "new")
    before = peak_kb()
    assert grep(mounted) == 6
    assert peak_kb() - before < 8192
