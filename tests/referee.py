"""An IMAP client that owes nothing to mailfs: what it says of the server is true."""

import base64
import email.utils
import imaplib
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

imaplib._MAXLINE = 64 << 20  # a test message may have a line of any length


@dataclass
class Mail:
    """A message to be put on the server."""

    body: bytes
    flags: str = ""
    date: int = 1_600_000_000


@dataclass
class Stored:
    """A message that is on the server."""

    uid: int
    flags: frozenset
    date: int
    size: int
    body: bytes = field(repr=False, default=b"")

    @property
    def text(self):
        """The message as a Unix reader wants it."""
        return self.body.replace(b"\r\n", b"\n")


def wire_name(name):
    """A mailbox name in modified UTF-7 (RFC 3501 section 5.1.3)."""
    def shift(run):
        coded = base64.b64encode(run[0].encode("utf-16-be")).rstrip(b"=").decode().replace("/", ",")
        return f"&{coded}-"
    return re.sub("[^\x20-\x7e]+", shift, name.replace("&", "&-"))


def quoted(name):
    return '"' + wire_name(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Referee:
    def __init__(self, port, user, password):
        self.imap = imaplib.IMAP4("127.0.0.1", port)
        self.imap.login(user, password)

    def close(self):
        try:
            self.imap.logout()
        except (OSError, imaplib.IMAP4.error):
            pass  # the test has killed the server

    def append(self, mailbox, messages):
        """Stores messages (Mail or bytes, CRLF) in one MULTIAPPEND, bytes untouched."""
        parts = [b"append APPEND " + quoted(mailbox).encode()]
        for message in messages:
            mail = message if isinstance(message, Mail) else Mail(message)
            date = imaplib.Time2Internaldate(datetime.fromtimestamp(mail.date, timezone.utc))
            parts.append(f" ({mail.flags}) {date} {{{len(mail.body)}+}}\r\n".encode() + mail.body)
        self.imap.send(b"".join(parts) + b"\r\n")
        while True:
            line = self.imap.readline()
            if line.startswith(b"append "):
                assert line.startswith(b"append OK"), line
                return

    def folders(self):
        """Wire names of all mailboxes, each with its attributes."""
        found = {}
        for line in self._ok(self.imap.list()):
            attributes, name = re.match(rb'\(([^)]*)\) "." "?(.*?)"?$', line).groups()
            found[re.sub(r"\\(.)", r"\1", name.decode())] = attributes.decode().split()
        return found

    def create(self, *names):
        for name in names:
            self._ok(self.imap.create(quoted(name)))

    def rename(self, name, to):
        self._ok(self.imap.rename(quoted(name), quoted(to)))

    def delete(self, name):
        self._ok(self.imap.delete(quoted(name)))

    def status(self, mailbox, item):
        answer = self._ok(self.imap.status(quoted(mailbox), f"({item})"))[0]
        return int(re.search(rb"\b%s (\d+)" % item.encode(), answer).group(1))

    def messages(self, mailbox, bodies=True):
        """Every message of the mailbox by UID, without changing any."""
        self._ok(self.imap.select(quoted(mailbox), readonly=True))
        items = "(UID FLAGS INTERNALDATE RFC822.SIZE" + (" BODY.PEEK[])" if bodies else ")")
        found = {}
        if self.imap.untagged_responses.get("EXISTS", [b"0"])[-1] != b"0":
            answer = self._ok(self.imap.fetch("1:*", items))
            for part in answer:
                head, body = part if isinstance(part, tuple) else (part, b"")
                if b"UID" in head:
                    stored = self._stored(head, body)
                    found[stored.uid] = stored
        self._ok(self.imap.unselect())
        return found

    @staticmethod
    def _stored(head, body):
        date = re.search(rb'INTERNALDATE "([^"]+)"', head).group(1).decode()
        return Stored(uid=int(re.search(rb"UID (\d+)", head).group(1)),
                      flags=frozenset(re.search(rb"FLAGS \(([^)]*)\)", head).group(1).decode().split()) - {"\\Recent"},
                      date=int(email.utils.mktime_tz(email.utils.parsedate_tz(date.strip().replace("-", " ")))),
                      size=int(re.search(rb"RFC822.SIZE (\d+)", head).group(1)), body=body)

    def store(self, mailbox, uids, change, flags):
        """As store("INBOX", [1, 2], "+FLAGS", "\\\\Seen")."""
        self._ok(self.imap.select(quoted(mailbox)))
        self._ok(self.imap.uid("STORE", ",".join(map(str, uids)), change + ".SILENT", f"({flags})"))
        self._ok(self.imap.unselect())

    def move(self, mailbox, uids, to):
        self._ok(self.imap.select(quoted(mailbox)))
        self._ok(self.imap.uid("MOVE", ",".join(map(str, uids)), quoted(to)))
        self._ok(self.imap.unselect())

    def expunge(self, mailbox, uids):
        self.store(mailbox, uids, "+FLAGS", "\\Deleted")
        self._ok(self.imap.select(quoted(mailbox)))
        self._ok(self.imap.uid("EXPUNGE", ",".join(map(str, uids))))
        self._ok(self.imap.unselect())

    @staticmethod
    def _ok(answer):
        assert answer[0] == "OK", answer
        return answer[1]
