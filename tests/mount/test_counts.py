"""What goes over the wire: counted, not timed."""

import os
import shutil
import subprocess
import time

import pytest

import corpus
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


def test_metadata_once_listed_costs_nothing(counted):
    mounted, counter = counted
    os.listdir(mounted.folder("INBOX") / "new")
    counter.reset()
    subprocess.run(["ls", "-lR", mounted.path], check=True, capture_output=True)
    subprocess.run(["find", mounted.path / "INBOX", "-size", "+1k", "-newermt", "2001-01-01"], check=True,
                   capture_output=True)
    os.statvfs(mounted.path)
    assert not any("FETCH" in line for line in counter.lines)


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
