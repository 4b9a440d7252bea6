"""`connections`: never more sessions than that, and everything works with any number."""

import os

import pytest

from referee import Mail
from waiting import wait_for


@pytest.mark.parametrize("most", [1, 2, 3])
def test_everything_works_with_few_sessions(account, mount, proxy, most):
    bodies = [Mail(b"Subject: %d\r\n\r\nbody\r\n" % number) for number in range(40)]
    account.referee.create("Archive")
    account.referee.append("INBOX", bodies)
    line = proxy(account.server.port)
    mounted = mount(account, f"connections={most}", "poll=2", port=line.port)
    inbox, archive = mounted.folder("INBOX"), mounted.folder("Archive")
    for uid, path in mounted.files().items():
        assert path.read_bytes() == bodies[uid - 1].body.replace(b"\r\n", b"\n")
    assert os.listdir(archive / "new") == []
    files = mounted.files()
    files[1].rename(inbox / "cur" / (files[1].name + ":2,S"))
    files[2].rename(archive / "cur" / (files[2].name + ":2,S"))
    (archive / "cur" / "letter:2,S").write_bytes(b"Subject: mine\n\n")
    (mounted.path / ".mailfs" / "ctl").write_text("sync\n")
    assert account.referee.messages("INBOX", bodies=False)[1].flags == {"\\Seen"}
    assert len(account.referee.messages("Archive", bodies=False)) == 2
    account.referee.append("INBOX", bodies[:1])
    wait_for(lambda: len(mounted.files()) == 40, 10, "new mail")
    account.referee.expunge("Archive", [1])
    wait_for(lambda: len(os.listdir(archive / "cur")) == 1, 10, "the removal in Archive")
    assert line.connections <= most
