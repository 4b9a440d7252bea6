"""An IMAP server that does what Dovecot cannot be made to do.

It is a small honest IMAP4rev1 server without extensions until a test makes it
lie: by a message's fields, by the server's fields, or by overriding a method.

    with Scripted({"INBOX": [Message(1, b"Subject: x\\r\\n\\r\\n", size=9999)]}) as server:
        mounted = mount(server, port=server.port)
"""

import re
import socket
import ssl
import threading
from dataclasses import dataclass


@dataclass
class Message:
    uid: int
    body: bytes
    flags: str = "\\Seen"
    date: str = "13-Sep-2020 12:26:40 +0000"
    size: int = None          # what RFC822.SIZE claims, when not the truth
    literal: bytes = None     # sent in place of "{n}" CRLF and the body
    cut_after: int = None     # bytes of the body, then the connection is gone
    stall_after: int = None   # bytes of the body, then nothing more comes


class Scripted:
    greeting = b"* OK ready\r\n"
    capabilities = "IMAP4rev1 LITERAL+"
    junk = b""           # said before each tagged answer
    chunk = None         # bytes a write, when not all at once
    silent_on = None     # the command that is never answered
    certificate = None   # makes STARTTLS possible
    session = None       # the class of its sessions, when not Session
    lies = ()            # for a session that tells some
    injected = b""       # sent in clear text behind the OK of STARTTLS

    user, password = "alice", "any"

    def __init__(self, mailboxes, **lies):
        self.mailboxes = mailboxes
        self.commands = []
        for name, value in lies.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._closing = threading.Event()
        self._sockets = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=[connection], daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection:
            try:
                (self.session or Session)(self, connection).run()
            except OSError:
                pass  # the client has gone, or the script says so

    def hang(self):
        """Says nothing until the test is over."""
        self._closing.wait()
        raise ConnectionAbortedError


class Session:
    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.input = connection.makefile("rb")
        self.selected = []

    def send(self, data):
        step = self.server.chunk or len(data)
        for start in range(0, len(data), step or 1):
            self.connection.sendall(data[start:start + step])

    def read_command(self):
        """The whole command as one string, literals put in as if quoted."""
        line = self.input.readline()
        if not line:
            raise ConnectionAbortedError
        line = line.rstrip(b"\r\n")
        while literal := re.search(rb"\{(\d+)(\+?)\}$", line):
            if not literal.group(2):
                self.send(b"+ go on\r\n")
            content = self.input.read(int(literal.group(1)))
            line = line[:literal.start()] + b'"' + content + b'"' + self.input.readline().rstrip(b"\r\n")
        return line.decode("latin-1")

    def run(self):
        self.send(self.server.greeting)
        while True:
            tag, _, command = self.read_command().partition(" ")
            self.server.commands.append(command)
            name = re.match(r"(UID )?\w+", command.upper()).group(0)
            if name == self.server.silent_on:
                self.server.hang()
            handler = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
            if name == "STARTTLS":
                self.start_tls(tag)
                continue
            if not handler:
                self.send(f"{tag} BAD unknown command\r\n".encode())
                continue
            answer = handler(command) or "OK done"
            self.send(self.server.junk + f"{tag} {answer}\r\n".encode())
            if name == "LOGOUT":
                raise ConnectionAbortedError

    def start_tls(self, tag):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        self.send(f"{tag} OK begin\r\n".encode() + self.server.injected)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.input = self.connection.makefile("rb")

    def do_capability(self, _):
        self.send(f"* CAPABILITY {self.server.capabilities}\r\n".encode())

    def do_noop(self, _):
        pass

    do_login = do_check = do_unselect = do_close = do_noop

    def do_logout(self, _):
        self.send(b"* BYE\r\n")

    def do_list(self, command):
        if command.endswith('""'):
            self.send(b'* LIST (\\Noselect) "/" ""\r\n')
            return
        for name in self.server.mailboxes:
            self.send(b'* LIST () "/" "' + name.encode("latin-1") + b'"\r\n')

    def do_lsub(self, _):
        for name in self.server.mailboxes:
            self.send(b'* LSUB () "/" "' + name.encode("latin-1") + b'"\r\n')

    def do_status(self, command):
        name = re.match(r'STATUS "?([^"]*?)"? \(', command).group(1)
        messages = self.server.mailboxes[name]
        uidnext = max((message.uid for message in messages), default=0) + 1
        self.send(f'* STATUS "{name}" (MESSAGES {len(messages)} RECENT 0 UIDNEXT {uidnext} UIDVALIDITY 1 '
                  f"UNSEEN 0)\r\n".encode())

    def do_select(self, command):
        name = command.split(" ", 1)[1].strip('"')
        if name not in self.server.mailboxes:
            return "NO no such mailbox"
        self.selected = self.server.mailboxes[name]
        uidnext = max((message.uid for message in self.selected), default=0) + 1
        self.send(f"* FLAGS (\\Seen \\Deleted)\r\n* {len(self.selected)} EXISTS\r\n* 0 RECENT\r\n"
                  f"* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT {uidnext}] ok\r\n".encode())
        return "OK [READ-ONLY] done" if command.startswith("EXAMINE") else "OK [READ-WRITE] done"

    do_examine = do_select

    def do_uid_search(self, _):
        self.send(f"* SEARCH {' '.join(str(message.uid) for message in self.selected)}\r\n".encode())

    def do_uid_fetch(self, command):
        uids, items = re.match(r"UID FETCH (\S+) (.*)", command.upper()).groups()
        for number, message in enumerate(self.selected, start=1):
            if self._wanted(message.uid, uids):
                self._fetch(number, message, items)

    def _wanted(self, uid, uids):
        last = max(message.uid for message in self.selected)
        for part in uids.split(","):
            first, _, end = part.partition(":")
            bounds = sorted(last if bound == "*" else int(bound) for bound in (first, end or first))
            if bounds[0] <= uid <= bounds[1]:
                return True
        return False

    def _fetch(self, number, message, items):
        self.send(f"* {number} FETCH (UID {message.uid}".encode())
        if "FLAGS" in items:
            self.send(f" FLAGS ({message.flags})".encode())
        if "INTERNALDATE" in items:
            self.send(f' INTERNALDATE "{message.date}"'.encode())
        if "RFC822.SIZE" in items:
            size = len(message.body) if message.size is None else message.size
            self.send(f" RFC822.SIZE {size}".encode())
        if "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]" in items:
            line = re.search(rb"^Message-ID:.*?\r\n|$", message.body, re.M).group(0) + b"\r\n"
            self.send(f" BODY[HEADER.FIELDS (MESSAGE-ID)] {{{len(line)}}}\r\n".encode() + line)
        if "BODY.PEEK[]" in items:
            self.send(b" BODY[] ")
            self._send_body(message)
        self.send(b")\r\n")

    def _send_body(self, message):
        if message.literal is not None:
            self.send(message.literal)
            return
        self.send(f"{{{len(message.body)}}}\r\n".encode())
        if message.cut_after is not None:
            self.send(message.body[:message.cut_after])
            raise ConnectionAbortedError
        if message.stall_after is not None:
            self.send(message.body[:message.stall_after])
            self.server.hang()
        self.send(message.body)
