"""mailfs as its users run it, each time with folders of its own."""

import errno
import os
import re
import signal
import subprocess
from pathlib import Path

from waiting import wait_for

BINARY = Path(os.environ.get("MAILFS_BINARY", Path(__file__).parent.parent / "build" / "fs" / "mailfs")).absolute()

# What no log may hold: a sanitizer's report, a failed assertion, GLib's complaints.
BUG = re.compile(r"Sanitizer|runtime error:|CRITICAL|\*\* ERROR|Bail out|assertion .* failed")


class Home:
    """What belongs to one user on one machine: XDG folders and a mountpoint."""

    def __init__(self, root):
        self.root = root
        self.mountpoint = root / "mail"
        self.mountpoint.mkdir(parents=True)
        self.environment = dict(os.environ, HOME=str(root), LC_ALL="C.UTF-8")
        for name in ("state", "cache", "config"):
            self.environment[f"XDG_{name.upper()}_HOME"] = str(root / name)

    @property
    def state(self):
        return self.root / "state" / "mailfs"

    @property
    def cache(self):
        return self.root / "cache" / "mailfs"

    def password_command(self, password):
        path = self.root / "password"
        path.write_text(password + "\n")
        path.chmod(0o600)
        return f"cat {path}"

    def run(self, *arguments, seconds=30):
        """Runs the program to its end, or to where it goes to the background."""
        return subprocess.run([BINARY, *map(str, arguments)], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds)

    def is_mounted(self):
        """Without asking the file system itself, which may be dead or slow."""
        return any(line.split()[1] == str(self.mountpoint) for line in open("/proc/mounts"))

    def is_served(self):
        """Mounted, and not by a daemon that is dead.  Between a dead mount and the next there is a bare directory."""
        try:
            return os.statvfs(self.mountpoint) and os.path.ismount(self.mountpoint)
        except OSError as failure:
            assert failure.errno in (errno.ENOTCONN, errno.ECONNABORTED)

    def daemons(self):
        """Process ids of the programs that serve this mountpoint."""
        found = []
        for process in Path("/proc").iterdir():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == bytes(BINARY) and bytes(self.mountpoint) in words:
                found.append(int(process.name))
        return found

    def clean_up(self):
        for pid in self.daemons():
            os.kill(pid, signal.SIGKILL)
        paths = [line.split()[1] for line in open("/proc/mounts")]
        for path in reversed(paths):
            if path == str(self.mountpoint) or path.startswith(f"{self.mountpoint}/"):
                subprocess.run(["fusermount3", "-u", "-z", path], check=True)


class Mount:
    """A mounted account.  Kept in the foreground, so that its end can be judged."""

    def __init__(self, home, url, options):
        self.home, self.url, self.options = home, url, options
        self.path = home.mountpoint
        self.log_path = home.root / "log"
        self.start()

    def start(self):
        arguments = [BINARY, "-f", *self.options, self.url, self.path]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(arguments, env=self.home.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_for(lambda: self.home.is_served() or self.process.poll() is not None, 60, "the mount")
        assert self.process.poll() is None, f"mailfs did not mount:\n{self.log()}"

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def unmount(self):
        """As a user does; retried while something still has a file open."""
        def try_once():
            return subprocess.run(["fusermount3", "-u", self.path], capture_output=True).returncode == 0
        wait_for(try_once, 20, "fusermount3 -u")
        assert self.process.wait(30) == 0, f"mailfs ended with {self.process.returncode}:\n{self.log()}"

    def remount(self):
        self.unmount()
        self.start()

    def kill(self):
        """The daemon dies and leaves its mountpoint behind."""
        self.process.kill()
        self.process.wait(10)

    def finish(self):
        """Unmounts if that is still to be done, and looks for traces of a crash."""
        if self.process.poll() is None:
            self.unmount()
        assert self.process.returncode in (0, -signal.SIGKILL), f"mailfs crashed:\n{self.log()}"
        assert not BUG.search(self.log()), self.log()

    # Looking around

    def folder(self, name):
        return self.path / name

    def files(self, folder="INBOX"):
        """The messages of a folder, by UID; in this order, since that is their way."""
        found = {}
        for place in ("new", "cur"):
            for path in (self.path / folder / place).iterdir():
                try:
                    found[int(os.getxattr(path, "user.imap.uid"))] = path
                except FileNotFoundError:
                    pass  # has just gone
        return found

    def status(self):
        return (self.path / ".mailfs" / "status").read_text()
