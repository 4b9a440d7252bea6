"""A program on a terminal of its own, and what it has shown."""

import os
import pty
import select
import signal
import time


class Terminal:
    def __init__(self, *command):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", LINES="24", COLUMNS="80")
            os.execvp(command[0], [str(part) for part in command])

    def shows(self, text, seconds=20):
        """Whether @text is shown in time."""
        deadline = time.monotonic() + seconds
        while text not in self.shown and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                self.shown += os.read(self.fd, 4096).decode(errors="replace")
        return text in self.shown

    def wait(self, text):
        assert self.shows(text), f"no {text!r} in {self.shown!r}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
