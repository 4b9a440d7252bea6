"""A server without UIDPLUS does not say as what an upload or a copy has arrived: it is looked for by what it is."""

import os
import re

import pytest

from scripted import Message, Scripted, Session
from waiting import wait_for

TEXTS = {"by its Message-ID": b"Message-ID: <ours@example.org>\nSubject: x\n\nThe text.\n",
         "by its text": b"Subject: x\n\nThis is ours.\n"}


class Untold(Session):
    """What arrives is quickly taken away by another client; @lies: and one put there that looks alike."""

    def arrive(self, name, body, date):
        folder = self.server.mailboxes[name]
        uid = max((message.uid for message in folder), default=0) + 1
        alike = body.replace(b"ours", b"thei")
        folder.append(Message(uid, alike if self.server.lies else body, date=date))

    def do_append(self, command):
        name, date, text = re.match(r'APPEND "?(\w+)"? \(.*?\) "(.*?)" "(.*)"$', command, re.S).groups()
        self.arrive(name, text.encode("latin-1"), date)

    def do_uid_copy(self, command):
        uid, name = re.match(r'UID COPY (\d+) "?(\w+)"?', command).groups()
        for message in self.selected:
            if message.uid == int(uid):
                self.arrive(name, message.body, message.date)

    def do_uid_store(self, command):
        pass


def shown(mounted, folder):
    return [path.read_bytes() for place in ("cur", "new") for path in (mounted.folder(folder) / place).iterdir()]


WAYS = {"upload": lambda path, made: made.write_bytes(path.read_bytes() + b"new\n"),
        "copied": lambda path, made: os.link(path, made),
        "copiedunseen": lambda path, made: os.link(path, made),
        "moved": lambda path, made: os.rename(path, made)}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("alike", [False, True], ids=["alone", "another alike"])
def test_what_has_arrived_is_known_by_its_content(mount, text, alike):
    boxes = {"INBOX": [Message(uid, text.replace(b"\n", b"\r\n") + b"%d\r\n" % uid) for uid in range(1, 5)],
             **{way: [] for way in WAYS}}
    with Scripted(boxes, session=Untold, lies=alike) as server:
        mounted = mount(server, "poll=1", port=server.port)
        files = mounted.files()
        kept = [text + b"1\nnew\n", files[2].read_bytes()]
        for (way, change), path in zip(WAYS.items(), files.values()):
            change(path, mounted.folder(way) / "cur/made:2,S")
        wait_for(lambda: all(boxes.values()) and "pending:    0\n" in mounted.status(), 20, "an answer")
        for way in WAYS:
            there = [boxes[way][0].body.replace(b"\r\n", b"\n")]
            wait_for(lambda: shown(mounted, way) == there, 10, "what is on the server")
            assert (mounted.folder(way) / "cur/made:2,S").exists() != alike
        lost = (mounted.path / ".mailfs/lost+found").iterdir()
        assert sorted(path.read_bytes() for path in lost) == (sorted(kept) if alike else [])
        wait_for(lambda: len(shown(mounted, "INBOX")) == 3 + alike, 10, "the original, where it was not moved")
        mounted.unmount()
