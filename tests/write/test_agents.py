"""Mail delivery agents put mail into the mount, as they do into any Maildir.

Debian's are set-group-ID, and the kernel lets no such program into a mount that
is private: there they are run without that bit, or the mount has allow_other.
"""

import os
import shutil
import subprocess

import pytest

from waiting import wait_for

MANY = 500


def has(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def mail(number):
    return b"From: a@b.c\nSubject: %d\nMessage-ID: <%d@b.c>\n\nThe text of number %d.\n" % (number, number, number)


def texts(account, folder="INBOX"):
    return sorted(one.text for one in account.referee.messages(folder).values())


@pytest.fixture
def plain(tmp_path):
    """A program without its set-ID bits."""
    def copy(program):
        shutil.copyfile(shutil.which(program), tmp_path / program)
        (tmp_path / program).chmod(0o755)
        return tmp_path / program
    return copy


def deliver(command, text, home):
    subprocess.run(command, input=text, check=True, timeout=60, capture_output=True, env={**os.environ, "HOME": str(home)})


@pytest.fixture
def maildrop(tmp_path, plain):
    """Its command, to deliver into a folder."""
    def command(folder, program=None):
        rules = tmp_path / "mailfilter"
        rules.write_text(f'to "{folder}"\n')
        rules.chmod(0o600)
        return [program or plain("maildrop"), rules]
    return command


@pytest.fixture
def procmail(tmp_path, plain):
    def command(folder, program=None):
        rules = tmp_path / "procmailrc"
        rules.write_text(f"SHELL=/bin/sh\nVERBOSE=no\nLOGFILE={tmp_path}/procmail.log\n:0\n{folder}/\n")
        rules.chmod(0o600)
        return [program or plain("procmail"), "-m", rules]
    return command


AGENTS = [pytest.param(name, marks=has(name)) for name in ("maildrop", "procmail")]


@pytest.mark.parametrize("name", AGENTS)
def test_a_delivery_is_a_message_on_the_server(account, mount, request, tmp_path, name):
    inbox = mount(account).folder("INBOX")
    deliver(request.getfixturevalue(name)(inbox), mail(1), tmp_path)
    shown, = (inbox / "new").iterdir()
    wait_for(lambda: texts(account), 10, "the message")
    delivered, = texts(account)
    assert delivered == shown.read_bytes() and delivered.endswith(mail(1))
    assert os.listdir(inbox / "tmp") == [] and os.listdir(inbox / "cur") == []


@pytest.mark.skipif(os.getuid() != 0, reason="allow_other may be kept to root")
@pytest.mark.parametrize("name", AGENTS)
def test_debians_own_agents_deliver_with_allow_other(account, mount, request, tmp_path, name):
    inbox = mount(account, "allow_other").folder("INBOX")
    deliver(request.getfixturevalue(name)(inbox, name), mail(1), tmp_path)
    wait_for(lambda: [text.endswith(mail(1)) for text in texts(account)] == [True], 10, "the message")


@pytest.mark.parametrize("name", AGENTS)
def test_a_stream_of_deliveries_loses_nothing_and_costs_few_commands(account, mount, proxy, request, tmp_path, name):
    """The server says nothing until all are delivered, so that it does not matter how fast the agent is."""
    counter = proxy(account.server.port)
    inbox = mount(account, "poll=3600", "timeout=120", port=counter.port).folder("INBOX")
    command = request.getfixturevalue(name)(inbox)
    os.listdir(inbox / "new")
    for number in range(MANY):
        (tmp_path / f"{number}.eml").write_bytes(mail(number))
    counter.reset()
    counter.stall()
    subprocess.run(["sh", "-ec", 'mails=$1; shift; for mail in "$mails"/*.eml; do "$@" < $mail; done', "sh", tmp_path, *command],
                   check=True, timeout=100, env={**os.environ, "HOME": str(tmp_path)})
    assert len(os.listdir(inbox / "new")) == MANY
    counter.resume()
    wait_for(lambda: account.referee.status("INBOX", "MESSAGES") == MANY, 30, "every message")
    assert [text[text.index(b"From: a@b.c"):] for text in texts(account)] == sorted(mail(number) for number in range(MANY))
    assert counter.commands["APPEND"] <= 10, counter.commands


@has("procmail")
def test_a_rule_makes_the_folder_it_files_into(account, mount, tmp_path, plain):
    mounted = mount(account)
    rules = tmp_path / "procmailrc"
    rules.write_text(f"SHELL=/bin/sh\nMAILDIR={mounted.path}\n:0\n* ^From: \\/[a-z]+\n{{\n WHO=$MATCH\n :0\n $WHO/\n}}\n")
    rules.chmod(0o600)
    deliver([plain("procmail"), "-m", rules], mail(1).replace(b"a@b.c", b"alice@b.c"), tmp_path)
    wait_for(lambda: "alice" in account.referee.folders() and len(texts(account, "alice")) == 1, 10, "the folder")
