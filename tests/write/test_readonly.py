"""With -o ro nothing is changed, and the errors say so."""

import errno
import os

import pytest

from referee import Mail

ACTIONS = {
    "rename": lambda path: os.rename(path, path.with_name("x:2,FS")),
    "move": lambda path: os.rename(path, path.parent.parent / "new/x"),
    "unlink": os.unlink,
    "link": lambda path: os.link(path, path.with_name("copy")),
    "write": lambda path: path.open("r+b"),
    "truncate": lambda path: os.truncate(path, 3),
    "create": lambda path: path.with_name("new").open("wb"),
    "create in tmp": lambda path: (path.parent.parent / "tmp/x").open("wb"),
    "mkdir": lambda path: os.mkdir(path.parent.parent / "Sub"),
    "rmdir": lambda path: os.rmdir(path.parent.parent / "tmp"),
    "symlink": lambda path: os.symlink("x", path.with_name("link")),
    "mknod": lambda path: os.mknod(path.with_name("node")),
    "chmod": lambda path: os.chmod(path, 0o644),
    "utime": lambda path: os.utime(path),
    "flags": lambda path: os.setxattr(path, "user.imap.flags", b""),
    "no flags": lambda path: os.removexattr(path, "user.imap.flags"),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
def test_every_change_is_erofs(account, mount, action):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", "\\Seen")])
    path = mount(account, "ro").files()[1]
    with pytest.raises(OSError) as failure:
        action(path)
    assert failure.value.errno == errno.EROFS
    assert path.read_bytes() == b"Subject: x\n\n"
    assert [stored.flags for stored in account.referee.messages("INBOX").values()] == [{"\\Seen"}]
