"""What the daemon holds, and what a million messages cost."""

import os
import subprocess

from stage import Mounted, seconds
from task import Aim, Task

FOLDERS = 200


class Memory(Task):
    name = "memory"
    title = "memory of the daemon, 100,000 messages listed"
    contestants = ("mailfs", "mbsync")
    aims = (Aim("mailfs", 20),)
    units = {"mailfs": "MB", "peak": "MB", "mbsync": "MB"}
    once = ("mailfs", "mbsync")

    def prepare(self):
        self.account = self.stage.many()

    def mailfs(self):
        with self.stage.mount(self.account, "prefetch=none") as mount:
            os.listdir(mount / "INBOX" / "new")
            return {"mailfs": mount.memory_mb(), "peak": mount.memory_mb("VmHWM")}

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
    units = {"memory": "MB", "peak": "MB"}
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
