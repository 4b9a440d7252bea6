"""Section 5 of the contract, as far as it is read: .mailfs/status."""

import errno
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from referee import Mail
from waiting import wait_for


def test_status_tells_connection_folders_and_messages(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")] * 7)
    mounted = mount(account)
    os.listdir(mounted.folder("INBOX") / "cur")
    status = mounted.status()
    assert "online" in status
    assert re.search(r"folders: +5, 1 listed\n", status)
    assert re.search(r"bodies: +0 of 7 here\n", status)


def test_status_follows_what_is_read(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")] * 7)
    mounted = mount(account)
    before = mounted.status()
    for path in mounted.files().values():
        path.read_bytes()
    assert mounted.status() != before


def test_status_tells_why_the_server_is_gone(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")])
    mounted = mount(account)
    path = mounted.files()[1]
    server.kill()
    with pytest.raises(OSError) as missing:
        path.read_bytes()
    assert missing.value.errno == errno.EHOSTDOWN
    wait_for(lambda: "offline" in mounted.status(), 10, "status to say offline")


@pytest.mark.parametrize("tool", [["cat"], ["cp", "-t", "/dev/shm"], ["head", "-c", "1000000"], ["grep", "-c", ""]],
                         ids=" ".join)
def test_status_can_be_read_by_any_tool_to_its_end(account, mount, tool):
    mounted = mount(account)
    target = "/dev/shm/status"
    try:
        result = subprocess.run([*tool, mounted.path / ".mailfs" / "status"], check=True, capture_output=True)
        content = open(target, "rb").read() if tool[0] == "cp" else result.stdout
        assert content.strip() and b"\0" not in content
    finally:
        if tool[0] == "cp":
            os.unlink(target)


def test_status_holds_no_secret(dovecot, mount):
    account = dovecot.add_account("discreet", "Tr0ub4dor-and-3")
    assert "Tr0ub4dor" not in mount(account).status()


def test_status_can_be_listed_and_is_private(account, mount):
    control = mount(account).path / ".mailfs"
    assert "status" in os.listdir(control)
    assert (control / "status").stat().st_mode & 0o077 == 0
    with pytest.raises(FileNotFoundError):
        (control / "nonsense").read_text()


def test_status_json_is_what_scripts_can_read(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")] * 7)
    mounted = mount(account)
    told = json.loads((mounted.path / ".mailfs" / "status.json").read_text())
    assert (told["account"], told["pid"], told["online"], told["trouble"]) == (mounted.url, mounted.pid, True, None)
    assert (told["folders"], told["messages"], told["pending"], told["held"]) == (5, 7, 0, 0)
    assert (told["failed"], told["failures"], told["lost"]) == (0, [], 0)
    assert told["received_bytes"] > 0 and told["cache_limit_bytes"] == 5 << 30


def test_each_key_of_status_json_is_documented(account, mount):
    told = json.loads((mount(account).path / ".mailfs" / "status.json").read_text())
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    section = page.split("## .mailfs/status.json")[1].split("\n## ")[0]
    keys = {key for line in section.splitlines() if line.startswith("| `")
            for key in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert keys == set(told)
