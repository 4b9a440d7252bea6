"""The newcomer's first command."""

import os
import re
import subprocess
from pathlib import Path

import mailfs
from terminal import Terminal

DEMO = Path(__file__).parent.parent.parent / "examples" / "demo.sh"
ENVIRONMENT = {**os.environ, "MAILFS_BINARY": str(mailfs.BINARY)}


def assert_nothing_is_left(output):
    work = re.search(r"/tmp/mailfs-demo-\w+", output).group()
    assert not os.path.exists(work)
    assert work not in open("/proc/mounts").read()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            assert work not in (process / "cmdline").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended meanwhile


def test_without_a_terminal_the_demo_shows_and_cleans_up():
    result = subprocess.run([DEMO], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    shown = result.stdout
    assert "A mailbox with 12 messages is mounted" in shown
    for command in ("ls", "find", "grep", "cat"):
        assert f"\n$ {command} " in shown
    assert "Subject: Invoice 1042" in shown and "Subject: Invoice 977" in shown
    assert "Under the third flower pot" in shown
    assert re.search(r"wc -l .*\n3\n", shown)
    assert not result.stderr
    assert_nothing_is_left(shown)


def test_on_a_terminal_the_demo_waits_for_the_user():
    with Terminal(DEMO, environment=ENVIRONMENT) as terminal:
        mail = re.search(r"cd (\S+)", terminal.read_until("press Enter", 120)).group(1)
        assert "INBOX" in os.listdir(mail)
        terminal.type("\n")
        assert terminal.end(60) == 0
    assert_nothing_is_left(terminal.shown)
