"""Watching directories as programs do: inotify(7), by inotifywait."""

import subprocess
import threading

from waiting import wait_for


class Watch:
    """What inotify says of directories, as ("new/", "MOVED_TO", "name"), from when it was made."""

    def __init__(self, *directories, events="create,delete,attrib,moved_to,moved_from"):
        command = ["inotifywait", "-m", "--format", "%w|%e|%f", *[part for name in events.split(",") for part in ("-e", name)]]
        self.events = []
        self.process = subprocess.Popen([*command, *map(str, directories)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        while "established" not in self.process.stderr.readline():
            assert self.process.poll() is None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            where, what, name = line.rstrip("\n").split("|", 2)
            # "path/INBOX/new/" is enough of a name in a test.
            self.events.append(("/".join(where.split("/")[-2:]), what.replace(",ISDIR", ""), name))

    def wait(self, *event, seconds=10):
        """Until (directory, event, name) came; the name may be left out."""
        wait_for(lambda: any(one[:len(event)] == event for one in list(self.events)), seconds,
                 f"{event} among {self.events}")

    def count(self, what):
        return sum(1 for one in list(self.events) if one[1] == what)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self._thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
