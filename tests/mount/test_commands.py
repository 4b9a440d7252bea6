"""mailfs status, queue, sync and unmount; several accounts at once by --all."""

import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from mailfs import BINARY
from referee import Mail
from waiting import wait_for

DONE, PENDING, OFFLINE, FAILED, NOT_THERE = range(5)


def letter(folder, number=0):
    (folder / "cur" / f"{number}.letter:2,S").write_bytes(b"Subject: %d\n\nhello\n" % number)


def test_status_of_a_mount_or_a_path_in_it_is_the_file(account, mount):
    mounted = mount(account)
    for path in (mounted.path, mounted.path / "INBOX" / "cur"):
        result = mounted.home.run("status", path)
        assert result.returncode == DONE, result.stderr
        assert result.stdout.startswith(f"mountpoint: {mounted.path}\n")
        assert "connection: online\n" in result.stdout


def test_where_nothing_is_mounted_commands_say_so(mount):
    home = mount.home()
    for command in ("status", "queue", "sync", "unmount"):
        result = home.run(command, home.mountpoint)
        assert (result.returncode, result.stdout) == (NOT_THERE, "")
        (line,) = result.stderr.splitlines()
        assert str(home.mountpoint) in line


def test_a_dead_mount_is_told(account, mount):
    mounted = mount(account)
    mounted.kill()
    result = mounted.home.run("status", mounted.path)
    assert result.returncode == NOT_THERE
    assert str(mounted.path) in result.stderr and "mount it again" in result.stderr


def test_sync_waits_for_the_server_and_queue_is_empty_then(account, mount):
    mounted = mount(account)
    for number in range(20):
        letter(mounted.folder("INBOX"), number)
    result = mounted.home.run("sync", mounted.path)
    assert (result.returncode, result.stdout, result.stderr) == (DONE, f"{mounted.path}: synced\n", "")
    assert len(account.referee.messages("INBOX")) == 20
    result = mounted.home.run("queue", mounted.path)
    assert (result.returncode, result.stdout) == (DONE, "")


def test_a_read_only_mount_has_nothing_to_sync(account, mount):
    mounted = mount(account, "ro")
    result = mounted.home.run("sync", mounted.path)
    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout == f"{mounted.path}: read-only: nothing to send\n"


def test_offline_with_pending_changes_is_told_by_the_exit_code(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")])
    mounted = mount(account)
    path = mounted.files()[1]
    server.kill()
    with pytest.raises(OSError):
        path.read_bytes()
    letter(mounted.folder("INBOX"))
    result = mounted.home.run("queue", mounted.path)
    assert result.returncode == OFFLINE
    assert len(result.stdout.splitlines()) == 1
    result = mounted.home.run("sync", mounted.path)
    assert result.returncode == OFFLINE
    (line,) = result.stderr.splitlines()
    assert str(mounted.path) in line and "cannot be reached" in line


def test_removals_that_are_held_are_told_by_the_exit_code(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")] * 3)
    mounted = mount(account, "delete_guard=1")
    for path in mounted.files().values():
        path.unlink()
    result = mounted.home.run("queue", mounted.path)
    assert result.returncode == FAILED
    assert "held" in result.stdout
    assert mounted.home.run("status", mounted.path).returncode == FAILED
    (mounted.path / ".mailfs" / "ctl").write_text("restore\n")
    assert mounted.home.run("sync", mounted.path).returncode == DONE


def test_unmount_returns_when_all_is_sent(account, mount):
    home = mount.home()
    home.run(*mount.options(home, account), f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    letter(home.mountpoint / "INBOX")
    result = home.run("unmount", home.mountpoint)
    assert result.returncode == DONE, result.stderr
    assert not home.daemons()
    assert len(account.referee.messages("INBOX")) == 1


def test_unmount_of_a_busy_mount_fails(account, mount):
    mounted = mount(account)
    with open(mounted.path / ".mailfs" / "status"):
        result = mounted.home.run("unmount", mounted.path)
    assert result.returncode == NOT_THERE
    (line,) = result.stderr.splitlines()
    assert str(mounted.path) in line and "busy" in line
    assert mounted.home.is_mounted()


def test_unmount_of_a_mount_that_is_busy_for_a_moment_succeeds(account, mount):
    mounted = mount(account)
    home = mounted.home
    programs = home.root / "bin"
    programs.mkdir()
    with subprocess.Popen(["tail", "-f", mounted.path / ".mailfs" / "status"], stdout=subprocess.PIPE) as reader:
        reader.stdout.readline()
        helper = programs / "fusermount3"
        helper.write_text(f'#!/bin/sh\n{shutil.which("fusermount3")} "$@" || {{ kill {reader.pid}; exit 1; }}\n')
        helper.chmod(0o755)
        home.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        result = home.run("unmount", mounted.path)
        assert reader.wait() == -signal.SIGTERM
    assert (result.returncode, result.stderr) == (DONE, "")


# Several accounts

def write_config(mount, home, accounts, more=""):
    """A group for each account, by its name."""
    lines = [f"[defaults]\nca_file={mount.certs.ca}\n{more}"]
    for name, account in accounts.items():
        secret = home.root / f"{account.user}.password"
        secret.write_text(account.password)
        lines.append(f"[{name}]\naccount=imap://{account.user}@127.0.0.1:{account.server.port}\n"
                     f"password_command=cat {secret}\n")
    path = home.root / "config" / "mailfs" / "mailfs.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))


_numbers = itertools.count()


@pytest.fixture
def two(dovecot):
    number = next(_numbers)
    accounts = {name: dovecot.add_account(f"{user}{number}") for name, user in (("Work", "office"), ("Home/2", "home"))}
    yield accounts
    for account in accounts.values():
        account.close()


def test_a_name_mounts_the_account_of_that_group(account, mount):
    home = mount.home()
    write_config(mount, home, {"Work": account})
    result = home.run("Work", home.mountpoint)
    assert result.returncode == 0, result.stderr
    assert "INBOX" in os.listdir(home.mountpoint)
    assert home.run("unmount", home.mountpoint).returncode == DONE


def test_all_mounts_each_account_in_a_directory(two, mount):
    home = mount.home()
    write_config(mount, home, two)
    for account in two.values():
        account.referee.append("INBOX", [Mail(b"Subject: for %s\r\n\r\n" % account.user.encode())])
    result = home.run("--all", home.mountpoint)
    try:
        assert result.returncode == 0, result.stderr
        assert sorted(os.listdir(home.mountpoint)) == ["Home%2F2", "Work"]
        found = subprocess.run(["grep", "-rhi", "subject", home.mountpoint], capture_output=True, text=True).stdout
        assert sorted(found.splitlines()) == sorted(f"Subject: for {account.user}" for account in two.values())
        status = home.run("status", home.mountpoint)
        assert status.returncode == DONE
        assert status.stdout.count("mountpoint: ") == 2
    finally:
        result = home.run("unmount", home.mountpoint)
    assert result.returncode == DONE, result.stderr
    assert not any(str(home.mountpoint) in line for line in open("/proc/mounts"))


def test_an_account_that_fails_does_not_keep_the_others(two, mount):
    home = mount.home()
    write_config(mount, home, two)
    (home.root / f"{two['Work'].user}.password").write_text("wrong")
    result = home.run("--all", home.mountpoint)
    try:
        assert result.returncode == 1
        (line,) = result.stderr.splitlines()
        assert "Work" in line and "Authentication failed" in line
        assert "INBOX" in os.listdir(home.mountpoint / "Home%2F2")
    finally:
        assert home.run("unmount", home.mountpoint).returncode == DONE


def test_who_interrupts_it_finds_nothing_mounted(two, mount):
    """While it waits for the password of the second."""
    home = mount.home()
    write_config(mount, home, two)
    secret = home.root / f"{two['Home/2'].user}.password"
    secret.unlink()
    os.mkfifo(secret)
    fleet = subprocess.Popen([BINARY, "--all", home.mountpoint], env=home.environment, stdin=subprocess.DEVNULL)
    wait_for((home.mountpoint / "Work" / "INBOX").is_dir, 20, "the first mount")
    with secret.open("w") as writer:
        fleet.send_signal(signal.SIGTERM)
        writer.write("wrong")
    assert fleet.wait(20) == 1
    wait_for(lambda: not any(str(home.mountpoint) in line for line in open("/proc/mounts")), 20, "the end of the first")


def test_without_an_account_all_says_how_to_make_one(mount):
    home = mount.home()
    result = home.run("--all", home.mountpoint)
    assert result.returncode == 1
    assert "mailfs.conf" in result.stderr and "account=" in result.stderr


@pytest.fixture
def fleet(two, mount):
    """Both in the foreground, when they are mounted."""
    home = mount.home()
    write_config(mount, home, two)
    with (home.root / "log").open("wb") as log:
        process = subprocess.Popen([BINARY, "-f", "--all", home.mountpoint], env=home.environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    process.mounts = [home.mountpoint / "Work", home.mountpoint / "Home%2F2"]
    wait_for(lambda: all((path / "INBOX").is_dir() for path in process.mounts), 20, "both mounts")
    return process


def unmount(path):
    subprocess.run(["fusermount3", "-u", path], check=True)


def test_in_the_foreground_a_signal_ends_all_of_them(fleet):
    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(20) == 0
    assert not any(str(path) in line for line in open("/proc/mounts") for path in fleet.mounts)


def test_in_the_foreground_it_ends_with_the_last_of_them(fleet):
    for path in fleet.mounts:
        unmount(path)
    assert fleet.wait(20) == 0


def test_in_the_foreground_it_can_be_stopped_and_go_on(fleet):
    def state():
        return Path(f"/proc/{fleet.pid}/stat").read_text().rpartition(")")[2].split()[0]
    for number, wanted in ((signal.SIGSTOP, "T"), (signal.SIGCONT, "S")):
        fleet.send_signal(number)
        wait_for(lambda: state() == wanted, 10, f"state {wanted}")
    unmount(fleet.mounts[0])
    assert (fleet.mounts[1] / "INBOX").is_dir()
    unmount(fleet.mounts[1])
    assert fleet.wait(20) == 0


def test_no_account_can_have_the_name_of_a_command(account, mount):
    home = mount.home()
    write_config(mount, home, {"status": account})
    result = home.run("--all", home.mountpoint)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "[status]" in line
