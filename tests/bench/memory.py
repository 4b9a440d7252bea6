"""What the daemon holds, and what a million messages cost."""

import os
import subprocess

from stage import Mounted, seconds
from task import Aim, Task

FOLDERS = 200


class Memory(Task):
    name = "memory"
    title = "memory of the daemon, 100,000 messages listed"
    contestants = ("mailfs", "tls", "mbsync")
    aims = (Aim("mailfs", 20),)
    units = {"mailfs": "MB", "private": "MB", "with TLS": "MB", "private with TLS": "MB", "mbsync": "MB"}
    rounds = 1

    def prepare(self):
        self.account = self.stage.many()

    def _memory(self, **settings):
        """Highest so far, and now without what is of files, such as libraries."""
        with self.stage.mount(self.account, "prefetch=none", **settings) as mount:
            os.listdir(mount / "INBOX" / "new")
            return mount.memory_mb("VmHWM"), mount.memory_mb("RssAnon")

    def mailfs(self):
        return dict(zip(("mailfs", "private"), self._memory()))

    def tls(self):
        return dict(zip(("with TLS", "private with TLS"), self._memory(tls=True)))

    def mbsync(self):
        path, command = self.stage.mbsync(self.account)
        process = subprocess.Popen(command)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        return usage.ru_maxrss / 1024


class Million(Task):
    name = "million"
    title = "1,000,000 messages in 200 folders"
    contestants = ("mailfs",)
    aims = (Aim("mount again", 1), Aim("memory", 40))
    units = {"memory": "MB", "peak": "MB", "memory after": "MB"}
    rounds = 1
    is_default = False

    def prepare(self):
        self.account = self.stage.million(FOLDERS)

    def mailfs(self):
        with self.stage.mount(self.account, "prefetch=headers") as mount:
            took = seconds(mount.wait_listed)
            first = {"listed": took, "memory": mount.memory_mb(), "peak": mount.memory_mb("VmHWM")}
            mount.unmount()
            again = seconds(mount.start)
            folder = mount / "folder7" / "new"
            return {"mailfs": again, "mount again": again + seconds(os.stat, folder), **first,
                    "ls of one folder": seconds(os.listdir, folder), "memory after": mount.memory_mb()}


TASKS = (Memory, Million)
