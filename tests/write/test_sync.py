"""With -o sync a call returns when the server has answered, with its error."""

import errno
import os
import signal
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

TEXT = b"Subject: x\n\nThe text.\n"


def stored(account, folder="INBOX"):
    return [(one.text, one.flags) for one in account.referee.messages(folder).values()]


@pytest.fixture
def mounted(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"))])
    return mount(account, "sync")


def test_a_flag_is_there_when_rename_returns(account, mounted):
    path = mounted.files()[1]
    path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
    assert stored(account) == [(TEXT, {"\\Seen"})]


def test_a_move_is_done_when_rename_returns(account, mounted):
    path = mounted.files()[1]
    path.rename(mounted.folder("Archive") / "new" / path.name)
    assert stored(account) == [] and stored(account, "Archive") == [(TEXT, set())]


def test_a_message_is_there_when_close_returns(account, mounted):
    path = mounted.folder("Archive") / "new/x"
    path.write_bytes(TEXT)
    assert stored(account, "Archive") == [(TEXT, set())]
    assert path.read_bytes() == TEXT
    path.write_bytes(TEXT + b"More.\n")
    assert stored(account, "Archive") == [(TEXT + b"More.\n", set())]
    assert os.listdir(path.parent) == ["x"]


def test_a_truncation_is_done_when_truncate_returns(account, mounted):
    path = mounted.files()[1]
    os.truncate(path, len(TEXT) - 6)
    assert stored(account) == [(TEXT[:-6], set())] and path.read_bytes() == TEXT[:-6]


def test_a_delivery_is_there_when_rename_or_link_returns(account, mounted):
    archive = mounted.folder("Archive")
    for name, deliver in (("a", os.rename), ("b", os.link)):
        (archive / "tmp" / name).write_bytes(TEXT)
        assert len(stored(account, "Archive")) == (name == "b")
        deliver(archive / "tmp" / name, archive / "new" / name)
        assert len(stored(account, "Archive")) == 1 + (name == "b")


def test_a_date_that_comes_after_the_delivery_is_too_late_but_no_error(account, mounted):
    archive = mounted.folder("Archive")
    (archive / "tmp/x").write_bytes(TEXT)
    os.link(archive / "tmp/x", archive / "new/x")
    os.unlink(archive / "tmp/x")
    os.utime(archive / "new/x", (1_500_000_000,) * 2)
    stored_at, = account.referee.messages("Archive").values()
    assert os.stat(archive / "new/x").st_mtime == stored_at.date


def test_folders_and_removals_too(account, mounted):
    os.mkdir(mounted.folder("Made"))
    assert "Made" in account.referee.folders()
    os.rename(mounted.folder("Made"), mounted.folder("Renamed"))
    assert "Renamed" in account.referee.folders()
    os.rmdir(mounted.folder("Renamed"))
    assert "Renamed" not in account.referee.folders()
    os.unlink(mounted.files()[1])
    assert stored(account) == [] and len(stored(account, "Trash")) == 1


def test_a_refusal_is_the_calls_error(dovecot, mount):
    account = dovecot.add_account("full", quota="storage=10K")
    account.referee.create("Archive")
    mounted = mount(account, "sync")
    archive = mounted.folder("Archive")
    with pytest.raises(OSError) as failure:
        (archive / "new/big").write_bytes(b"Subject: big\n\n" + b"x" * 70 + b"\n" * 20000)
    assert failure.value.errno == errno.EDQUOT
    wait_for(lambda: os.listdir(archive / "new") == [], 5, "the refused message to leave the folder")
    lost, = (mounted.path / ".mailfs/lost+found").iterdir()
    assert lost.read_bytes().startswith(b"Subject: big\n\n")
    (archive / "new/small").write_bytes(TEXT)
    assert stored(account, "Archive") == [(TEXT, set())]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_waits_for_a_silent_server_dies_of_a_signal_and_the_change_stays(dovecot_with, mount, number):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"))])
    mounted = mount(account, "sync", "timeout=60")
    path = mounted.files()[1]
    server.freeze()
    program = subprocess.Popen(["mv", path, path.parent.parent / "cur" / f"{path.name}:2,S"])
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(1)
    program.send_signal(number)
    assert program.wait(2) == -number
    assert os.listdir(path.parent.parent / "cur") == [f"{path.name}:2,S"]
    server.thaw()
    wait_for(lambda: stored(account) == [(TEXT, {"\\Seen"})], 20, "the change")


def test_a_daemon_with_a_waiting_change_can_be_ended(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(TEXT.replace(b"\n", b"\r\n"))])
    mounted = mount(account, "sync", "timeout=60", "drain=1")
    path = mounted.files()[1]
    server.freeze()
    program = subprocess.Popen(["mv", path, path.parent.parent / "cur" / f"{path.name}:2,S"], stderr=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(1)
    mounted.process.terminate()
    assert mounted.process.wait(20) == 0 and program.wait(5) != 0
    server.thaw()
    mounted.start()
    wait_for(lambda: stored(account) == [(TEXT, {"\\Seen"})], 20, "the change, at the next mount")


def test_who_changes_a_message_does_not_wait_for_who_writes_another(account, mounted):
    """What was synced and not closed is not sent yet; that is no other's business."""
    archive = mounted.folder("Archive")
    path = mounted.files()[1]
    with open(archive / "new/open", "wb") as writer:
        writer.write(TEXT)
        writer.flush()
        os.fsync(writer.fileno())
        path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
        assert stored(account) == [(TEXT, {"\\Seen"})]
        (archive / "new/other").write_bytes(TEXT + b"2\n")
        assert stored(account, "Archive") == [(TEXT + b"2\n", set())]
    assert len(stored(account, "Archive")) == 2
