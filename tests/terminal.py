"""A program on a terminal of its own, and what it has shown."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time


class Terminal:
    """with Terminal("mutt", "-f", folder) as terminal: …"""

    def __init__(self, *command, environment=os.environ, rows=24, columns=80):
        words = [str(part) for part in command]
        self.name = words[0]
        self.shown, self.status = "", None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(words[0], words, {"TERM": "xterm", **environment})
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def shows(self, wanted, seconds=20):
        """Whether @wanted, a pattern or a function of what is shown, comes in time."""
        is_there = wanted if callable(wanted) else re.compile(wanted).search
        deadline = time.monotonic() + seconds
        while not is_there(self.shown) and self._read(deadline):
            pass
        return bool(is_there(self.shown))

    def read_until(self, wanted, seconds=20):
        """Returns all that is shown until then."""
        assert self.shows(wanted, seconds), f"no {wanted!r} in {self.shown!r}"
        return self.shown

    def end(self, seconds=20):
        """What it exits with, when it does so by itself."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        assert time.monotonic() < deadline, f"{self.name} does not end: {self.shown!r}"
        return self._reap()

    def _read(self, deadline):
        """Something more; False: its other end is closed, or nothing came in time."""
        if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            self.shown += os.read(self.fd, 65536).decode(errors="replace")
        except OSError:  # its other end is closed
            return False
        return True

    def _reap(self):
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()
        os.close(self.fd)
