"""Which requests the kernel sends to a mounted mailfs, and which locks of files that takes: counted by strace, for
whom it may trace."""

import os
import re
import shutil
import subprocess
from collections import Counter

from waiting import wait_for

NAMES = {1: "LOOKUP", 2: "FORGET", 3: "GETATTR", 4: "SETATTR", 12: "RENAME", 14: "OPEN", 15: "READ", 16: "WRITE",
         17: "STATFS", 18: "RELEASE", 22: "GETXATTR", 25: "FLUSH", 27: "OPENDIR", 28: "READDIR", 29: "RELEASEDIR",
         42: "BATCH_FORGET", 44: "READDIRPLUS", 45: "RENAME"}
# read(17, "\x38\x00\x00\x00\x0e\x00\x00\x00"..., 1052672): length and operation of a request; or the end of such a
# line, if another thread came between.
REQUEST = re.compile(r'(?:read\(\d+, |read resumed>)"((?:\\x[0-9a-f]{2}){8})"(?:\.\.\.)?, \d{6,}\) += \d')


def can_count():
    """No other program may look into mailfs, but for root's."""
    return os.getuid() == 0 and shutil.which("strace")


class Requests:
    """with Requests(pid, path) as requests: …; then requests["OPEN"], requests.locks."""

    def __init__(self, pid, path):
        self.pid, self.path = pid, path
        self.counts = Counter()
        self.locks = 0

    def __enter__(self):
        self.process = subprocess.Popen(["strace", "-f", "-xx", "-s", "8", "-e", "trace=read,fcntl", "-o", self.path,
                                         "-p", str(self.pid)], stderr=subprocess.DEVNULL)
        wait_for(self._is_traced, what="strace")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        lines = self.path.read_text()
        self.locks = lines.count("F_SETLK")
        for found in REQUEST.findall(lines):
            operation = int.from_bytes(bytes.fromhex(found.replace("\\x", ""))[4:8], "little")
            self.counts[NAMES.get(operation, str(operation))] += 1

    def __getitem__(self, name):
        return self.counts[name]

    def _is_traced(self):
        """Every thread of it."""
        threads = [open(f"/proc/{self.pid}/task/{thread}/status").read()
                   for thread in os.listdir(f"/proc/{self.pid}/task")]
        return all(f"TracerPid:\t{self.process.pid}\n" in status for status in threads)
