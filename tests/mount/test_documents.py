"""Every command line of README, manuals and examples does what is said there.

Documents speak of me@imap.example.com; here that is an account on a real server
with a few mails, and a home of its own with ~/.netrc and a password store.
"""

import email.utils
import os

import pytest

import documents
import settings
from mailfs import BINARY
from referee import Mail

# What cannot run inside of a test, and what runs it instead.
ELSEWHERE = {
    "examples/demo.sh": "tests/mount/test_demo.py",
    "tests/run.sh": "tests/run.sh",
    "meson install": "tests/test_packaging.py",
    "packaging/build-deb.sh": "tests/test_packaging.py",
    "man": "tests/test_manuals.py",
}


def mail(subject, text, flags, date):
    return Mail(f"From: Bob <bob@example.com>\r\nTo: me@example.com\r\nSubject: {subject}\r\n"
                f"Date: {email.utils.formatdate(date)}\r\nMessage-ID: <{date}@example.com>\r\n\r\n{text}\r\n".encode(), flags, date)


INBOX = [mail("Flight", "Here is your boarding pass.", "\\Seen", 1772211780),
         mail("Key to the shed", "Under the third flower pot.", "\\Seen \\Flagged", 1772290800),
         mail("Lunch on Thursday?", "The new place by the river.", "", 1772439300)]


def write_script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def me(account, mount, certs):
    """A home where the words of the documents are true."""
    account.referee.create("Archive")
    account.referee.append("INBOX", INBOX)
    home = mount.home()
    (home.root / "letter.eml").write_bytes(INBOX[0].body.replace(b"\r\n", b"\n"))
    (home.root / ".config" / "mailfs").mkdir(parents=True)
    (home.root / ".config" / "mailfs" / "mailfs.conf").write_text(f"[defaults]\nca_file={certs.ca}\n")
    netrc = home.root / ".netrc"
    netrc.write_text(f'machine 127.0.0.1 login {account.user} password "{account.password}"\n')
    netrc.chmod(0o600)
    commands = home.root / "bin"
    commands.mkdir()
    write_script(commands / "mailfs", f'exec {BINARY} "$@"')
    write_script(commands / "pass", f"echo '{account.password}'")
    home.environment["PATH"] = f"{commands}:{settings.ROOT / 'examples'}:{os.environ['PATH']}"
    for name in ("STATE", "CACHE", "CONFIG"):
        del home.environment[f"XDG_{name}_HOME"]
    there = f"{account.user}@127.0.0.1:{account.server.tls_port}"
    home.words = [("me@imap.example.com", there), ("me@example.com", f"imaps://{there}"), ("/home/me/", f"{home.root}/"),
                  ("build/fs/mailfs", "mailfs"), ("/usr/share/doc/mailfs/", f"{settings.ROOT}/")]
    return home


def test_every_command_that_is_tested_elsewhere_is():
    for place in ELSEWHERE.values():
        assert (settings.ROOT / place).exists()


@pytest.mark.parametrize("document", ["README.md", "docs/mailfs.1", "examples/README.md"])
def test_every_command_of_a_document_does_what_it_says(me, document):
    steps = [step for step in documents.steps(settings.ROOT / document)
             if not step.command.startswith(tuple(ELSEWHERE))]
    assert steps
    if document == "examples/README.md":
        me.run(me.words[1][1], me.mountpoint)
    documents.live_through(steps, me.environment, me.root, me.words)
