"""What cannot be mounted: one clear line, a non-zero exit, nothing left behind."""

import os
import re
import socket
import threading
import time

import pytest

from ports import free_port
from scripted import Scripted


def refused(home, *arguments, seconds=20):
    """Runs mailfs, which must fail as promised; returns the line it says."""
    started = time.monotonic()
    result = home.run(*arguments)
    assert time.monotonic() - started < seconds
    assert result.returncode > 0, f"exit {result.returncode}, by a signal if negative\n{result.stderr}"
    assert not result.stdout
    *counted, line = result.stderr.splitlines()
    assert all("connecting to" in earlier for earlier in counted)  # on a slow machine, after 5 s
    assert line.startswith("mailfs: ")
    assert not home.is_mounted()
    assert not home.daemons()
    return line


class Talker:
    """Says something to whoever connects, and is no IMAP server."""

    def __init__(self, words, then_close=False):
        self.words, self.then_close = words, then_close
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self._talk, daemon=True).start()

    def _talk(self):
        while True:
            try:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                for word in self.words:
                    connection.sendall(word)
                if self.then_close:
                    connection.close()
            except OSError:
                if self.listener.fileno() < 0:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


def clear_text(home, port, *options):
    password = home.password_command("x")
    words = ["tls=none", f"password_command={password}", *options]
    return [*(part for word in words for part in ("-o", word)), f"imap://alice@127.0.0.1:{port}", home.mountpoint]


# Certificates

@pytest.mark.parametrize("scheme", ["imap", "imaps"])
@pytest.mark.parametrize("cert,told", [("stranger", "unknown|signed|trust|issuer|authority"),
                                       ("wronghost", "name|identity|host"),
                                       ("expired", "expired")])
def test_a_bad_certificate_is_refused(dovecot_with, mount, cert, told, scheme):
    server = dovecot_with(cert=cert)
    account = server.add_account("alice")
    home = mount.home()
    port = server.port if scheme == "imap" else server.tls_port
    line = refused(home, *mount.options(home, account), f"{scheme}://alice@127.0.0.1:{port}", home.mountpoint)
    assert re.search("certificate", line) and re.search(told, line), line
    assert "Login" not in server.log()


def test_an_authority_that_the_system_does_not_know_is_refused(account, mount):
    home = mount.home()
    line = refused(home, "-o", f"password_command={home.password_command(account.password)}",
                   f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    assert "certificate" in line and "ca_file" in line


@pytest.mark.parametrize("content", [None, "no certificate\n"], ids=["missing", "not PEM"])
def test_a_useless_ca_file_is_refused_by_name(account, mount, content):
    home = mount.home()
    path = home.root / "ca.pem"
    if content:
        path.write_text(content)
    line = refused(home, "-o", f"ca_file={path}", "-o", f"password_command={home.password_command('x')}",
                   f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    assert "ca.pem" in line


# TLS that is not there

def test_no_password_goes_to_a_server_without_starttls(dovecot_with, mount, proxy):
    server = dovecot_with(ssl="no")
    account = server.add_account("alice")
    counter = proxy(server.port)
    home = mount.home()
    line = refused(home, *mount.options(home, account), f"imap://alice@127.0.0.1:{counter.port}", home.mountpoint)
    assert "STARTTLS" in line and "imaps://" in line
    assert not {"LOGIN", "AUTHENTICATE"} & set(counter.commands)


def test_a_preauthenticated_greeting_cannot_talk_one_out_of_tls(mount):
    with Scripted({"INBOX": []}, greeting=b"* PREAUTH welcome\r\n") as server:
        home = mount.home()
        refused(home, "-o", f"password_command={home.password_command('x')}", f"imap://alice@127.0.0.1:{server.port}",
                home.mountpoint)
        assert not any(command.upper().startswith(("LIST", "SELECT", "EXAMINE")) for command in server.commands)


def test_what_came_before_the_handshake_is_not_believed_after_it(mount, certs):
    """An answer that follows the OK of STARTTLS in clear text was put there by somebody else."""
    with Scripted({"INBOX": []}, capabilities="IMAP4rev1 STARTTLS", certificate=certs.path("good"),
                  injected=b"* CAPABILITY IMAP4rev1\r\n") as server:
        home = mount.home()
        refused(home, "-o", f"ca_file={certs.ca}", "-o", f"password_command={home.password_command('x')}",
                f"imap://alice@127.0.0.1:{server.port}", home.mountpoint)
        assert not any("LOGIN" in command.upper() for command in server.commands)


def test_clear_text_beyond_loopback_must_be_allowed(mount):
    home = mount.home()
    line = refused(home, "-o", "tls=none", "-o", f"password_command={home.password_command('x')}",
                   "imap://alice@192.0.2.1", home.mountpoint, seconds=2)
    assert "allow_cleartext" in line


# Credentials

@pytest.mark.parametrize("auth", ["auto", "plain", "login", "scram"])
def test_a_wrong_password_is_told_with_the_servers_words(account, mount, auth):
    home = mount.home()
    options = mount.options(home, account, f"auth={auth}")
    home.password_command("not it")
    line = refused(home, *options, f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    assert "Authentication failed" in line and account.user in line
    assert "not it" not in line


@pytest.mark.parametrize("command", ["false", "sh -c 'echo >&2 key ring is locked; exit 1'", "/no/such/program", "true"])
def test_a_password_command_without_a_password_is_an_error(account, mount, certs, command):
    home = mount.home()
    line = refused(home, "-o", f"ca_file={certs.ca}", "-o", f"password_command={command}",
                   f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    assert "password" in line or "command" in line
    if "locked" in command:
        assert "key ring is locked" in line


def test_without_a_password_and_a_terminal_it_says_what_to_give(account, mount, certs):
    home = mount.home()
    line = refused(home, "-o", f"ca_file={certs.ca}", f"imap://{account.user}@127.0.0.1:{account.server.port}",
                   home.mountpoint)
    assert "password_command" in line


# Servers that are none

def test_nobody_listening_is_told(mount):
    home = mount.home()
    port = free_port()
    line = refused(home, *clear_text(home, port))
    assert str(port) in line and "refused" in line


def test_an_unknown_host_is_told(mount):
    home = mount.home()
    line = refused(home, "-o", f"password_command={home.password_command('x')}", "imap://alice@no-such-host.invalid",
                   home.mountpoint)
    assert "no-such-host.invalid" in line


@pytest.mark.parametrize("words", [
    [b"220 mail.example.com ESMTP\r\n"],
    [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"],
    [b"SSH-2.0-OpenSSH_9.2\r\n"],
    [b"\0\1\2\3\xff\xfe\r\n\r\n" * 100],
    [b"* OKAY\r\n"],
    [b"\r\n"],
    [b"* OK {99999999999999999999}\r\n"],
    [b"x" * (1 << 20)] * 64,
], ids=["SMTP", "HTTP", "SSH", "binary", "nearly", "empty line", "huge literal", "endless line"])
@pytest.mark.parametrize("then_close", [False, True], ids=["stays", "closes"])
def test_what_is_no_imap_server_is_told(mount, words, then_close):
    home = mount.home()
    with Talker(words, then_close) as server:
        line = refused(home, *clear_text(home, server.port, "timeout=2"))
        assert "127.0.0.1" in line


def test_a_silent_server_is_given_up_in_time(mount):
    home = mount.home()
    with Talker([]) as server:
        refused(home, *clear_text(home, server.port, "timeout=1"), seconds=5)


def test_a_server_silent_in_the_tls_handshake_is_given_up_in_time(mount):
    home = mount.home()
    with Talker([]) as server:
        refused(home, "-o", "timeout=1", "-o", f"password_command={home.password_command('x')}",
                f"imaps://alice@127.0.0.1:{server.port}", home.mountpoint, seconds=5)


@pytest.mark.parametrize("silent_on", ["CAPABILITY", "LOGIN", "LIST"])
def test_a_server_that_falls_silent_is_given_up_in_time(mount, silent_on):
    home = mount.home()
    with Scripted({"INBOX": []}, silent_on=silent_on) as server:
        refused(home, *clear_text(home, server.port, "timeout=1"), seconds=8)


def test_a_server_that_says_bye_is_quoted(mount):
    home = mount.home()
    with Talker([b"* BYE down for cleaning\r\n"], then_close=True) as server:
        assert "down for cleaning" in refused(home, *clear_text(home, server.port))


def test_tls_on_a_clear_text_port_is_told(account, mount):
    home = mount.home()
    refused(home, *mount.options(home, account), f"imaps://{account.user}@127.0.0.1:{account.server.port}",
            home.mountpoint)


def test_clear_text_on_a_tls_port_is_told(account, mount):
    home = mount.home()
    refused(home, *mount.options(home, account, "timeout=2"),
            f"imap://{account.user}@127.0.0.1:{account.server.tls_port}", home.mountpoint)


# Mountpoints

def test_a_missing_mountpoint_is_told(account, mount):
    home = mount.home()
    home.mountpoint.rmdir()
    line = refused(home, *mount.options(home, account), f"imap://{account.user}@127.0.0.1:{account.server.port}",
                   home.mountpoint)
    assert str(home.mountpoint) in line and "no such" in line.lower() and "mkdir" in line


def test_a_file_as_mountpoint_is_told(account, mount):
    home = mount.home()
    home.mountpoint.rmdir()
    home.mountpoint.write_text("")
    line = refused(home, *mount.options(home, account), f"imap://{account.user}@127.0.0.1:{account.server.port}",
                   home.mountpoint)
    assert str(home.mountpoint) in line and "irectory" in line


def test_a_busy_mountpoint_is_told_and_left_alone(account, mount):
    first = mount(account)
    other = mount.home()
    result = other.run(*mount.options(other, account), f"imap://{account.user}@127.0.0.1:{account.server.port}",
                       first.path)
    assert result.returncode > 0
    (line,) = result.stderr.splitlines()
    assert str(first.path) in line
    assert "INBOX" in os.listdir(first.path)
    assert sum(line.split()[1] == str(first.path) for line in open("/proc/mounts")) == 1


# Command lines

@pytest.mark.parametrize("option", ["nonsense", "nonsense=1", "tls=maybe", "eol=cr", "timeout=soon", "timeout=0",
                                    "connections=0", "cache_size=much", "prefetch=some", "auth=magic", "poll=-1"])
def test_an_unknown_option_or_value_is_named(account, mount, option):
    home = mount.home()
    line = refused(home, *mount.options(home, account, option),
                   f"imap://{account.user}@127.0.0.1:{account.server.port}", home.mountpoint)
    assert option.split("=")[0] in line


@pytest.mark.parametrize("account_name", ["http://alice@127.0.0.1", "imap://", "imap://alice@127.0.0.1:99999",
                                          "imap://alice@127.0.0.1:none", "imap://alice@"])
def test_an_account_that_is_none_is_named(mount, account_name):
    home = mount.home()
    line = refused(home, "-o", f"password_command={home.password_command('x')}", account_name, home.mountpoint)
    assert account_name in line or "account" in line.lower()


def test_a_line_end_in_a_user_name_never_reaches_the_server(account, mount, proxy):
    counter = proxy(account.server.port)
    home = mount.home()
    refused(home, *clear_text(home, counter.port)[:-2], f"imap://al%0D%0Ax%20NOOP%0D%0Aice@127.0.0.1:{counter.port}",
            home.mountpoint)
    assert "NOOP" not in counter.commands


def test_missing_arguments_are_told(mount):
    home = mount.home()
    refused(home)
    refused(home, "imap://alice@127.0.0.1")
    refused(home, "imap://alice@127.0.0.1", home.mountpoint, "one too many")


def test_a_state_folder_that_cannot_be_made_is_told(account, mount):
    home = mount.home()
    (home.root / "state").write_text("in the way")
    line = refused(home, *mount.options(home, account), f"imap://{account.user}@127.0.0.1:{account.server.port}",
                   home.mountpoint)
    assert str(home.root / "state") in line
