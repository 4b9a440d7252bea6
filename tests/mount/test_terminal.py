"""What a person sees at a terminal: progress, a prompt, the mount's summary."""

import os
import re

from mailfs import BINARY
from referee import Mail
from terminal import Terminal


def on_terminal(home, *arguments):
    return Terminal(BINARY, *arguments, environment=home.environment)


def url(account):
    return f"imap://{account.user}@127.0.0.1:{account.server.port}"


def test_a_terminal_shows_what_is_connected_to_and_what_was_found(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n")] * 3)
    home = mount.home()
    with on_terminal(home, *mount.options(home, account), url(account), home.mountpoint) as terminal:
        seen = terminal.read_until("messages at")
        assert f"{url(account)}: connecting to 127.0.0.1 port {account.server.port}" in seen
        assert re.search(r"\r\x1b\[Kmailfs: .*: 5 folders, 3 messages at 127.0.0.1 port \d+", seen)
        assert terminal.end() == 0
    assert "INBOX" in os.listdir(home.mountpoint)


COUNTED = r"connecting to 127.0.0.1 port \d+: \d+ folders, [\d.,]+.(bytes|kB), [\d.,]+.(bytes|kB)/s"


def test_a_terminal_shows_how_much_has_come(account, mount, proxy):
    line = proxy(account.server.port)
    line.latency_s = 0.2
    home = mount.home()
    with on_terminal(home, *mount.options(home, account), f"imap://{account.user}@127.0.0.1:{line.port}",
                     home.mountpoint) as terminal:
        terminal.read_until(r"\r\x1b\[K.*" + COUNTED)
        terminal.read_until("messages at")
        assert terminal.end() == 0


def test_without_a_terminal_a_long_start_says_now_and_then_how_much_has_come(account, mount, proxy):
    line = proxy(account.server.port)
    line.latency_s = 1
    home = mount.home()
    result = home.run(*mount.options(home, account), f"imap://{account.user}@127.0.0.1:{line.port}", home.mountpoint)
    assert result.returncode == 0
    assert re.search(COUNTED + r"\n", result.stderr) and "\r" not in result.stderr


def test_a_password_is_asked_for_without_echo_and_again_when_it_is_wrong(account, mount, certs):
    home = mount.home()
    with on_terminal(home, "-o", f"ca_file={certs.ca}", url(account), home.mountpoint) as terminal:
        terminal.read_until(f"Password of {account.user} at 127.0.0.1: ")
        terminal.type("not it\n")
        terminal.read_until(r"(?s)Password of .*Password of .*: ")
        terminal.type(account.password + "\n")
        seen = terminal.read_until("messages at")
        assert terminal.end() == 0
    assert "not it" not in seen and account.password not in seen


def test_without_a_terminal_one_plain_line_tells_what_was_found(account, mount):
    home = mount.home()
    result = home.run(*mount.options(home, account), url(account), home.mountpoint)
    assert result.returncode == 0
    assert result.stdout == (f"mailfs: {url(account)}: 5 folders, 0 messages at 127.0.0.1 port "
                             f"{account.server.port}\n")
    assert not result.stderr


def test_sync_shows_progress_on_a_terminal(dovecot_with, mount):
    """The server stands still, so there is something to show for as long as it takes."""
    server = dovecot_with()
    account = server.add_account("alice")
    mounted = mount(account)
    assert not mounted.files()
    server.freeze()
    (mounted.folder("INBOX") / "cur" / "1.letter:2,S").write_bytes(b"Subject: x\n\nhello\n")
    with on_terminal(mounted.home, "sync", mounted.path) as terminal:
        terminal.read_until("1 changes to go")
        server.thaw()
        terminal.read_until("synced")
        assert terminal.end() == 0
