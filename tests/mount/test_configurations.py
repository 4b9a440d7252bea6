"""The configuration files in examples/, at work."""

import os
import shutil
import subprocess

import pytest

import namespace
import settings
from mailfs import BINARY
from referee import Mail
from waiting import wait_for

EXAMPLES = settings.ROOT / "examples"

# A machine where mailfs is installed and alice lives, whose mount helpers are these;
# in a mount namespace of its own.
MACHINE = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mknod -m 666 /mnt/fuse c 10 229
mount --bind /mnt/fuse /dev/fuse
echo "alice:x:65533:65533::$HOME:/bin/sh" | cat /etc/passwd - > /mnt/passwd
mount --bind /mnt/passwd /etc/passwd
echo alice:x:65533: | cat /etc/group - > /mnt/group
mount --bind /mnt/group /etc/group
echo user_allow_other > /mnt/fuse.conf
mount --bind /mnt/fuse.conf /etc/fuse.conf
mkdir /mnt/sbin
cp "$(command -v mount.fuse3)" $(command -v automount) /mnt/sbin
cp "$HELPER" /mnt/sbin/mount.mailfs
mount --bind /mnt/sbin /usr/sbin
mount -t tmpfs tmpfs /usr/local/bin
ln -s "$BINARY" /usr/local/bin/mailfs
mount -t tmpfs tmpfs /run
"""

AS_ALICE = "setpriv --reuid=65533 --regid=65533 --clear-groups"


@pytest.fixture
def machine(account, mount, certs):
    """machine(script) runs the script there; alice has an account "work"."""
    account.referee.append("INBOX", [Mail(b"Subject: for alice\r\n\r\n")])
    home = mount.home()
    (home.root / ".config" / "mailfs").mkdir(parents=True)
    (home.root / "ca.pem").write_bytes(certs.ca.read_bytes())
    (home.root / ".config" / "mailfs" / "mailfs.conf").write_text(
        f"[work]\naccount=imap://{account.user}@127.0.0.1:{account.server.port}\nca_file={home.root}/ca.pem\n"
        f"password_command={home.password_command(account.password)}\n")
    os.chmod(home.root.parent, 0o755)
    for path in (home.root, *home.root.rglob("*")):
        os.chown(path, 65533, 65533)

    def run(script):
        environment = {name: value for name, value in home.environment.items() if not name.startswith("XDG_")}
        environment.update(BINARY=str(BINARY), HELPER=str(settings.ROOT / "packaging" / "mount.mailfs"))
        result = subprocess.run(namespace.words(f"{MACHINE}\n{script}"), env=environment, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=20)
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()
    run.home = home
    return run


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root makes such a machine")


@needs_root
def test_a_line_of_fstab_mounts_for_its_user(machine):
    home = machine.home
    lines = (EXAMPLES / "fstab").read_text().replace("/home/alice", str(home.root))
    (home.root / "fstab").write_text(lines)
    shown = machine(f"cd {home.root}; mkdir work; mount -T {home.root}/fstab {home.mountpoint} >&2; grep {home.mountpoint} /proc/mounts; "
                    f"{AS_ALICE} sh -c 'grep -h Subject {home.mountpoint}/INBOX/new/*; stat -c %U {home.mountpoint}'; "
                    f"test -d {home.root}/.local/state/mailfs; umount {home.mountpoint}")
    kind, options = shown[0].split()[2:4]
    assert kind == "fuse.mailfs" and {"nosuid", "nodev", "user_id=65533"} <= set(options.split(","))
    assert shown[1:] == ["Subject: for alice", "alice"]


@needs_root
def test_a_user_mounts_a_line_of_fstab_himself(machine):
    home = machine.home
    lines = (EXAMPLES / "fstab").read_text().replace("/home/bob", str(home.root))
    (home.root / "fstab").write_text(lines)
    shown = machine(f"mount --bind {home.root}/fstab /etc/fstab; "
                    f"{AS_ALICE} sh -c 'mount {home.mountpoint} >&2 && grep -h Subject {home.mountpoint}/INBOX/new/* && "
                    f"mailfs unmount {home.mountpoint}'")
    assert shown == ["Subject: for alice"]


@needs_root
@pytest.mark.skipif(not shutil.which("automount"), reason="autofs is not installed")
def test_autofs_mounts_what_somebody_looks_into(machine):
    home = machine.home
    (home.root / "auto.master").write_text(f"/mnt/mail  {EXAMPLES}/auto.mail  --timeout=1800\n")
    # In a session of its own, since those of its own process group see no automounts.
    shown = machine(f"setsid automount --foreground {home.root}/auto.master >&2 & trap 'kill $!; wait $!' EXIT; "
                    "until grep -q /mnt/mail /proc/mounts; do :; done; "
                    f"{AS_ALICE} sh -c 'grep -h Subject /mnt/mail/alice/INBOX/new/*'")
    assert shown == ["Subject: for alice"]


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt_reads_and_archives_with_the_example(account, mount, program):
    account.referee.append("INBOX", [Mail(b"From: Bob <bob@example.com>\r\nSubject: %d\r\n\r\nText\r\n" % number)
                                     for number in (1, 2)])
    mounted = mount(account)
    home = mounted.home
    keys = "1<enter><display-message><exit>2<enter><delete-message><sync-mailbox><quit>y"
    (home.root / ".cache" / "mutt").mkdir(parents=True)
    (home.root / ".muttrc").write_text(f"source {EXAMPLES}/muttrc\nset quit=yes delete=yes move=no wait_key=no\n"
                                       f"push '{keys}'\n")
    subprocess.run(["script", "-qec", f"{program} -n", "/dev/null"], check=True, timeout=60, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, env={**home.environment, "TERM": "xterm"})

    def state():
        return {folder: [(one.text.split(b"\n")[1], one.flags) for one in account.referee.messages(folder).values()]
                for folder in ("INBOX", "Trash")}
    wait_for(lambda: state() == {"INBOX": [(b"Subject: 1", {"\\Seen"})], "Trash": [(b"Subject: 2", set())]}, 20,
             f"one read and one in Trash, not {state()}")
    assert any((home.root / ".cache" / "mutt").iterdir())


# What the commands of mailfs.conf are called with, and whose secret they print.
COMMANDS = {
    "pass": ("show mail/work", "work"),
    "secret-tool": ("lookup service imap user me", "home"),
    "oama": ("access me@gmail.com", "gmail"),
    "mutt_oauth2.py": ("office.tokens", "office"),
}


def test_every_account_of_the_file_is_mounted_in_one_tree(dovecot_with, mount, certs, issuer):
    """With stand-ins for the programs that print secrets, and for the providers."""
    server = dovecot_with(**issuer.settings())
    home = mount.home()
    text = (EXAMPLES / "mailfs.conf").read_text()
    for name, address in (("work", "imaps://me@imap.example.com"), ("home", "me@example.com"), ("gmail", "me@gmail.com"),
                          ("office", "me@outlook.com")):
        account = server.add_account(name)
        account.referee.append("INBOX", [Mail(f"Subject: of {name}\r\n\r\n".encode())])
        account.close()
        text = text.replace(f"account={address}\n", f"account=imap://{name}@127.0.0.1:{server.port}\n")
    programs = home.root / "bin"
    programs.mkdir()
    for program, (words, name) in COMMANDS.items():
        secret = issuer.token(name) if "oauth" in program or program == "oama" else account.password
        (programs / program).write_text(f'#!/bin/sh\ncase "$*" in *"{words}") echo "{secret}" ;; *) exit 1 ;; esac\n')
        (programs / program).chmod(0o755)
    text = text.replace("python3 /usr/share/doc/mutt/examples/", "")
    text = text.replace("[defaults]\n", f"[defaults]\nca_file={certs.ca}\n")
    (home.root / "config" / "mailfs").mkdir(parents=True)
    (home.root / "config" / "mailfs" / "mailfs.conf").write_text(text)
    home.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    try:
        result = home.run("--all", home.mountpoint)
        assert result.returncode == 0, result.stderr
        for name in ("work", "home", "gmail", "office"):
            message, = (home.mountpoint / name / "INBOX" / "new").iterdir()
            assert message.read_text() == f"Subject: of {name}\n\n"
        assert "Junk" not in os.listdir(home.mountpoint / "work")
        assert os.access("/usr/share/doc/mutt/examples/mutt_oauth2.py", os.R_OK)
    finally:
        home.run("unmount", home.mountpoint)
