"""What a session of tests leaves behind when its processes are ended before they have cleaned up.

All that could stay has the session's number in the names of its directories.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

SESSION = "MAILFS_TEST_SESSION"  # in the environment, for the processes of one session


def number():
    return os.environ.setdefault(SESSION, str(os.getpid()))


def prefix(kind):
    """Of a directory's name, for tempfile."""
    return f"mailfs-{kind}-{number()}-"


def end():
    """Ends servers and daemons of this session, and takes mounts and directories away."""
    ours = re.compile(rf"/mailfs-\w+-{number()}-")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if ours.search((process / "cmdline").read_text(errors="replace")):
                os.kill(int(process.name), signal.SIGKILL)
    for line in reversed(list(open("/proc/mounts"))):
        if ours.search(line.split()[1]):
            subprocess.run(["fusermount3", "-u", "-z", line.split()[1]])
    for directory in Path(tempfile.gettempdir()).glob(f"mailfs-*-{number()}-*"):
        shutil.rmtree(directory, ignore_errors=True)
