"""The least that an IMAP client can do: commands over a socket, pipelined, answers thrown away."""

import re
import socket


class Raw:
    def __init__(self, port, account):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.account = account
        self.buffer = bytearray(1 << 20)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def run(self, *commands):
        """Sends all commands at once, bytes or str without tags, and waits for the last answer."""
        tags = []
        for command in commands:
            self.count += 1
            tags.append(b"t%d " % self.count)
        self.socket.sendall(b"".join(tag + (command.encode() if isinstance(command, str) else command) + b"\r\n"
                                     for tag, command in zip(tags, commands)))
        return self._wait(b"\r\n" + tags[-1])

    def _wait(self, last):
        """The end of what came, with the line that begins with @last in it."""
        tail = b"\r\n"
        while True:
            size = self.socket.recv_into(self.buffer)
            if size == 0:
                raise ConnectionError("the server has gone")
            tail = tail[-4096:] + bytes(self.buffer[max(0, size - 4096):size])
            at = tail.find(last)
            if at >= 0 and tail.find(b"\r\n", at + 2) >= 0:
                if not re.match(rb"\r\nt\d+ OK", tail[at:]):
                    raise ConnectionError(tail[at:].decode(errors="replace"))
                return tail

    def log_in(self, *more):
        return self.run(f'LOGIN {self.account.user} "{self.account.password}"', *more)

    def wait_greeting(self):
        self.socket.recv(4096)


def session(port, account, *commands):
    """All of it: connect, log in, do, go."""
    with Raw(port, account) as raw:
        return raw.log_in(*commands)


def multiappend(mailbox, messages):
    """One command that stores them all."""
    parts = [b"APPEND " + mailbox.encode()]
    for message in messages:
        parts.append(b" () {%d+}\r\n" % len(message) + message)
    return b"".join(parts)
