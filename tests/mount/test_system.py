"""How a system mounts: fstab, mount(8), a service manager, an ordinary user."""

import os
import socket
import subprocess

import pytest

import namespace
from mailfs import BINARY
from referee import Mail
from waiting import wait_for

# As an ordinary user with a /dev/fuse of his own, where only root may use that of
# the machine.  A private mount namespace, so that nobody else sees it.
AS_USER = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mknod -m 666 /mnt/fuse c 10 229
touch /dev/fuse
mount --bind /mnt/fuse /dev/fuse
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"""

# What that user does; the first word that fails ends it.
SESSION = """
set -e
"$MAILFS" -o "$OPTIONS" "$URL" "$MAIL"
grep -h Subject "$MAIL"/INBOX/new/*
stat -c %u:%a "$MAIL"/INBOX/new/*
"$MAILFS" sync
"$MAILFS" unmount "$MAIL"
! grep "$MAIL" /proc/mounts
"""

root_only = pytest.mark.skipif(os.getuid() != 0, reason="mount(8) does so for root alone")


def url(account):
    return f"imap://{account.user}@127.0.0.1:{account.server.port}"


def hand_over(home):
    """The home and all in it to the user of AS_USER."""
    os.chmod(home.root.parent, 0o755)
    for path in (home.root, *home.root.rglob("*")):
        os.chown(path, 65534, 65534)


def test_an_ordinary_user_mounts_uses_and_unmounts(account, mount, certs):
    account.referee.append("INBOX", [Mail(b"Subject: mine\r\n\r\n")])
    home = mount.home()
    authority = home.root / "ca.pem"
    authority.write_bytes(certs.ca.read_bytes())
    options = f"ca_file={authority},password_command={home.password_command(account.password)}"
    uid, words = os.getuid(), ["sh", "-c", SESSION]
    if uid == 0:
        hand_over(home)
        uid, words = 65534, namespace.words(AS_USER, *words)
    result = subprocess.run(words, env=dict(home.environment, MAILFS=BINARY, OPTIONS=options, URL=url(account),
                                            MAIL=home.mountpoint), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    found, *shown = result.stdout.splitlines()
    assert "5 folders, 1 messages" in found
    assert shown == ["Subject: mine", f"{uid}:600", f"{home.mountpoint}: synced"]


# mount(8) looks for the program where it is installed, whatever $PATH says.
AS_INSTALLED = """
mount -t tmpfs tmpfs /usr/local/bin
ln -s "$MAILFS" /usr/local/bin/mailfs
exec sh -c "$1"
"""


def as_installed(home, script):
    environment = dict(home.environment, MAILFS=BINARY, MAIL=home.mountpoint)
    return subprocess.run(namespace.words(AS_INSTALLED, script), env=environment, capture_output=True, text=True,
                          timeout=60)


FSTAB_WORDS = "rw,nosuid,nodev,noatime,noauto,nofail,user,_netdev,x-systemd.automount,x-systemd.idle-timeout=5min"


@root_only
def test_a_line_of_fstab_mounts(account, mount):
    home = mount.home()
    words = ",".join([FSTAB_WORDS, *mount.options(home, account)[1::2]]).replace(" ", r"\040")
    fstab = home.root / "fstab"
    fstab.write_text(f"{url(account)} {home.mountpoint} fuse.mailfs {words} 0 0\n")
    once = f"mount -T {fstab} $MAIL && ls $MAIL && grep $MAIL /proc/mounts && umount $MAIL"
    result = as_installed(home, f"{once} && {once}")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines.count("INBOX") == 2
    (options, _) = [line.split()[3].split(",") for line in lines if "fuse.mailfs" in line]
    assert {"nosuid", "nodev", "noatime"} <= set(options)


@root_only
def test_mount_with_a_type_mounts_and_its_failure_is_told(account, mount):
    home = mount.home()
    words = ",".join(["ro", *mount.options(home, account)[1::2]])
    script = f"mount -t fuse.mailfs {url(account)} $MAIL -o '{words}' && ls $MAIL"
    result = as_installed(home, f"{script} && ! touch $MAIL/INBOX/tmp/x && umount $MAIL")
    assert result.returncode == 0, result.stderr
    assert "INBOX" in result.stdout.splitlines() and "Read-only" in result.stderr
    home.password_command("wrong")
    result = as_installed(home, script)
    assert result.returncode != 0 and not result.stdout
    assert "Authentication failed" in result.stderr


# A service manager

class Manager:
    """Listens where $NOTIFY_SOCKET points to, as systemd does."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0"))
        self.socket.settimeout(20)

    def next(self):
        return self.socket.recv(4096).decode().splitlines()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_service_manager_is_told_when_it_is_ready_and_when_it_ends(account, mount, kind):
    home = mount.home()
    manager = Manager(str(home.root / "notify") if kind == "path" else f"@mailfs-test-{os.getpid()}")
    home.environment["NOTIFY_SOCKET"] = manager.name
    mounted = mount(account, home=home)
    told = manager.next()
    assert told[0] == "READY=1"
    assert told[1].startswith("STATUS=") and account.user in told[1]
    assert home.is_mounted()
    mounted.unmount()
    assert manager.next() == ["STOPPING=1"]


def test_a_service_manager_is_not_told_of_what_failed(account, mount):
    home = mount.home()
    manager = Manager(str(home.root / "notify"))
    home.environment["NOTIFY_SOCKET"] = manager.name
    options = mount.options(home, account)
    home.password_command("wrong")
    assert home.run("-f", *options, url(account), home.mountpoint).returncode == 1
    manager.socket.settimeout(0)
    with pytest.raises(BlockingIOError):
        manager.next()


def test_commands_do_not_inherit_the_manager_s_socket(account, mount, certs):
    home = mount.home()
    seen = home.root / "seen"
    home.environment["NOTIFY_SOCKET"] = Manager(str(home.root / "notify")).name
    script = f"sh -c 'env > {seen}; {home.password_command(account.password)}'"
    result = home.run("-o", f"ca_file={certs.ca}", "-o", f"password_command={script}", url(account), home.mountpoint)
    assert result.returncode == 0, result.stderr
    assert "HOME=" in seen.read_text() and "NOTIFY_SOCKET" not in seen.read_text()
