"""Gmail's labels, on a server that has what Gmail documents of them."""

import errno
import os
import re

import pytest

from scripted import Message, Scripted, Session
from waiting import wait_for

BODY = b"Subject: x\r\n\r\n"


class Gmail(Session):
    """Labels are a set; what is stored is told back."""

    refuses = False

    def do_uid_store(self, command):
        uids, sign, kind, words = re.match(r"UID STORE (\S+) ([+-])(X-GM-LABELS|FLAGS(?:\.SILENT)?) \((.*)\)$", command).groups()
        if Gmail.refuses:
            return "NO [CANNOT] not that label"
        for number, message in enumerate(self.selected, start=1):
            if kind == "X-GM-LABELS" and self._wanted(message.uid, uids):
                named = re.findall(r'"((?:\\.|[^"])*)"', words)
                kept = [label for label in message.labels if label not in named]
                message.labels = kept + (named if sign == "+" else [])
                self.send(f"* {number} FETCH (X-GM-LABELS ({quote(message.labels)}) UID {message.uid})\r\n".encode())

    def _fetch(self, number, message, items):
        if "X-GM-LABELS" in items:
            self.send(f"* {number} FETCH (UID {message.uid} X-GM-LABELS ({quote(message.labels)}) FLAGS ({message.flags}) "
                      f'INTERNALDATE "{message.date}" RFC822.SIZE {len(message.body)})\r\n'.encode())
        else:
            super()._fetch(number, message, items)


def quote(labels):
    return " ".join(f'"{label}"' for label in labels)


def labelled(uid, *labels):
    message = Message(uid, BODY)
    message.labels = list(labels)
    return message


@pytest.fixture
def gmail(mount):
    messages = [labelled(1, "\\\\Inbox", "to do"), labelled(2), labelled(3, "B&APw-ro")]
    Gmail.refuses = False
    with Scripted({"INBOX": messages}, session=Gmail, capabilities="IMAP4rev1 LITERAL+ X-GM-EXT-1") as server:
        mounted = mount(server, "poll=1", port=server.port)
        mounted.server, mounted.messages = server, messages
        yield mounted
        mounted.unmount()


def labels(path):
    return os.getxattr(path, "user.imap.labels").decode()


def set_labels(path, value):
    os.setxattr(path, "user.imap.labels", value.encode())


def wait_until_synced(path):
    wait_for(lambda: os.getxattr(path, "user.mailfs.state") == b"synced", 10, "the answer")


def test_labels_are_shown_in_utf8_and_quoted_where_they_are_several_words(gmail):
    files = gmail.files()
    assert [labels(files[uid]) for uid in (1, 2, 3)] == ['\\Inbox "to do"', "", "Büro"]


def test_labels_are_set_added_and_removed(gmail):
    files = gmail.files()
    set_labels(files[1], '+Büro -"to do" +\\Starred')
    set_labels(files[2], 'plain "two words"')
    os.removexattr(files[3], "user.imap.labels")
    assert set(labels(files[1]).split()) == {"\\Inbox", "Büro", "\\Starred"} and labels(files[3]) == ""
    wait_for(lambda: set(gmail.messages[0].labels) == {"\\\\Inbox", "B&APw-ro", "\\\\Starred"}, 10, "the labels")
    wait_for(lambda: set(gmail.messages[1].labels) == {"plain", "two words"} and gmail.messages[2].labels == [], 10, "the others")
    wait_until_synced(files[1])
    assert set(labels(files[1]).split()) == {"\\Inbox", "Büro", "\\Starred"}


def test_a_change_and_its_opposite_cost_nothing(gmail):
    path = gmail.files()[2]
    (gmail.path / ".mailfs/ctl").write_text("offline\n")
    set_labels(path, "+x")
    set_labels(path, "-x")
    (gmail.path / ".mailfs/ctl").write_text("online\n")
    wait_until_synced(path)
    assert not any("STORE" in command for command in gmail.server.commands) and labels(path) == ""


def test_labels_that_another_client_changes_are_merged(gmail):
    path = gmail.files()[1]
    gmail.messages[0].labels.append("theirs")
    set_labels(path, "+mine")
    wait_for(lambda: set(gmail.messages[0].labels) == {"\\\\Inbox", "to do", "theirs", "mine"}, 10, "both changes")
    gmail.remount()
    wait_for(lambda: "theirs" in labels(path) and "mine" in labels(path), 10, "both to be shown")


def test_a_refused_label_goes_back(gmail):
    path = gmail.files()[1]
    Gmail.refuses = True
    set_labels(path, "+bad")
    wait_for(lambda: os.getxattr(path, "user.mailfs.state").startswith(b"failed: labels: not that label"), 10, "the refusal")
    assert labels(path) in ('\\Inbox "to do"', '"to do" \\Inbox')


@pytest.mark.parametrize("value", ['"open', "+", '+x y', '""'])
def test_what_is_no_label_is_einval(gmail, value):
    path = gmail.files()[1]
    with pytest.raises(OSError) as failure:
        set_labels(path, value)
    assert failure.value.errno == errno.EINVAL and labels(path) == '\\Inbox "to do"'


def test_where_the_server_has_none_they_cannot_be_set(account, mount):
    account.referee.append("INBOX", [BODY])
    with pytest.raises(PermissionError):
        set_labels(mount(account).files()[1], "x")
