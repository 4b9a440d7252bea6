"""OAuth2: tokens of a command, checked by a real server."""

import os

import pytest

from referee import Mail
from waiting import wait_for


class Teller:
    """A token_command: prints what the test wants, and counts how often it was run."""

    def __init__(self, home, token):
        self.tokens, self.runs_path = home.root / "token", home.root / "runs"
        self.runs_path.touch()
        self.script = home.root / "tell-token"
        self.script.write_text(f"#!/bin/sh\necho run >> {self.runs_path}\n"
                               f"n=$(wc -l < {self.runs_path})\n"
                               f"sed -n \"$n\"p {self.tokens} | grep . || tail -n 1 {self.tokens}\n")
        self.script.chmod(0o700)
        self.tell(token)

    def tell(self, *tokens):
        """One after another; the last again and again."""
        self.tokens.write_text("".join(f"{token}\n" for token in tokens))

    def runs(self):
        return len(self.runs_path.read_text().splitlines())


def options(certs, auth, teller, *more):
    words = [f"ca_file={certs.ca}", f"auth={auth}", f"token_command={teller.script}", *more]
    return [part for word in words for part in ("-o", word)]


@pytest.fixture
def oauth_mount(mount, certs):
    """Mounts with tokens in place of passwords."""
    def make(account, auth, teller, home, *more):
        mount.options = lambda home, account, *words, tls=True: options(certs, auth, teller, *words)
        return mount(account, *more, home=home)
    return make


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
def test_a_token_logs_in(dovecot_with, mount, oauth_mount, issuer, auth):
    account = dovecot_with(**issuer.settings()).add_account("alice")
    home = mount.home()
    teller = Teller(home, issuer.token("alice"))
    mounted = oauth_mount(account, auth, teller, home)
    assert "INBOX" in os.listdir(mounted.path)
    assert teller.runs() == 1


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
def test_a_token_that_has_expired_is_fetched_again(dovecot_with, mount, oauth_mount, issuer, auth):
    account = dovecot_with(**issuer.settings()).add_account("alice")
    home = mount.home()
    teller = Teller(home, None)
    teller.tell(issuer.token("alice", -60), issuer.token("alice"))
    mounted = oauth_mount(account, auth, teller, home)
    assert "INBOX" in os.listdir(mounted.path)
    assert teller.runs() == 2


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
def test_the_mount_goes_on_when_the_token_is_no_longer_good(dovecot_with, mount, oauth_mount, issuer, auth):
    server = dovecot_with(**issuer.settings())
    account = server.add_account("alice")
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\nbody\r\n")])
    home = mount.home()
    teller = Teller(home, issuer.token("alice"))
    mounted = oauth_mount(account, auth, teller, home)
    path = mounted.files()[1]
    server.kill()
    issuer.change_key()
    teller.tell(issuer.token("alice"))
    before = teller.runs()
    server.start()
    (mounted.path / ".mailfs" / "ctl").write_text("online\n")
    wait_for(lambda: "connection: online" in mounted.status(), 30, "the mount to come back")
    assert path.read_bytes() == b"Subject: x\n\nbody\n"
    assert teller.runs() > before


def test_a_token_that_stays_bad_is_told(dovecot_with, mount, certs, issuer):
    account = dovecot_with(**issuer.settings()).add_account("alice")
    home = mount.home()
    teller = Teller(home, issuer.token("somebody else"))
    result = home.run(*options(certs, "xoauth2", teller), f"imap://alice@127.0.0.1:{account.server.port}",
                      home.mountpoint)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "alice" in line and "token_command" in line
    assert teller.tokens.read_text().strip() not in line
    assert teller.runs() == 2


def test_a_token_is_nowhere_to_be_seen(dovecot_with, mount, oauth_mount, issuer):
    account = dovecot_with(**issuer.settings()).add_account("alice")
    home = mount.home()
    token = issuer.token("alice")
    mounted = oauth_mount(account, "xoauth2", Teller(home, token), home, "debug")
    os.listdir(mounted.path / "INBOX" / "cur")
    for place in ("cmdline", "environ", "mountinfo"):
        assert token.encode() not in open(f"/proc/{mounted.pid}/{place}", "rb").read(), place
    assert token not in mounted.log()
