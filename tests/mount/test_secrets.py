"""Where secrets do not stay, and logging in with a certificate."""

import base64
import os
import re
import tempfile

import pytest

from waiting import wait_for

memory_readable = pytest.mark.skipif(os.getuid() != 0, reason="the memory of a process that hides it is root's to read")


def count_in_memory(pid, words):
    """How often each of @words stands in what @pid has allocated."""
    counts = dict.fromkeys(words, 0)
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not rights.startswith("rw"):
                continue
            memory.seek(int(start, 16))
            try:
                content = memory.read(int(end, 16) - int(start, 16))
            except OSError:
                continue
            for word in words:
                counts[word] += content.count(word)
    return counts


# malloc(3) overwrites the beginning of what is freed, so the end is looked for.
PASSWORD = "front-of-it-for-malloc-to-overwrite/Tr0ub4dor-and-3-more"
TAIL = b"Tr0ub4dor-and-3-more"


@memory_readable
@pytest.mark.parametrize("auth", ["plain", "login"])
def test_a_password_is_in_memory_once(dovecot, mount, auth):
    """The one that is kept for the next connection."""
    account = dovecot.add_account(f"forgetful-{auth}", PASSWORD)
    mounted = mount(account, f"auth={auth}")
    os.listdir(mounted.path / "INBOX" / "cur")
    encoded = base64.b64encode(f"\0{account.user}\0{PASSWORD}".encode())[-24:-4]
    # A session that is just logging in has one of its own.
    wait_for(lambda: count_in_memory(mounted.pid, [TAIL, encoded]) == {TAIL: 1, encoded: 0}, 20,
             "one copy of the password")


# Certificates of clients

@pytest.fixture
def strict(dovecot_with, certs):
    """A server that wants a certificate of its clients, signed by our authority."""
    with tempfile.NamedTemporaryFile() as authority:
        authority.write(certs.ca.read_bytes())
        authority.flush()
        os.chmod(authority.name, 0o644)
        yield dovecot_with(more=f"ssl_ca = <{authority.name}\nssl_verify_client_cert = yes\n"
                                "ssl_require_crl = no\nauth_ssl_require_client_cert = yes\n")


def test_a_client_certificate_is_shown_to_the_server(strict, mount, certs):
    account = strict.add_account("alice")
    mounted = mount(account, f"client_cert={certs.path('good')}")
    assert "INBOX" in os.listdir(mounted.path)


def test_its_key_may_be_in_a_file_of_its_own(strict, mount, certs):
    account = strict.add_account("alice")
    key = certs.directory / "good.key"
    mounted = mount(account, f"client_cert={certs.directory / 'good.crt'},client_key={key}")
    assert "INBOX" in os.listdir(mounted.path)


@pytest.mark.parametrize("cert,told", [(None, "certificate"), ("nowhere", "nowhere.pem"), ("ca", "ca.pem")],
                         ids=["none", "missing", "without a key"])
def test_without_one_that_fits_the_mount_is_refused(strict, mount, certs, cert, told):
    account = strict.add_account("alice")
    home = mount.home()
    words = [f"client_cert={certs.path(cert)}"] if cert else []
    result = home.run(*mount.options(home, account, *words), f"imap://alice@127.0.0.1:{account.server.port}",
                      home.mountpoint)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert told in line, line
