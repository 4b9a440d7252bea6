"""Section 1 of the contract: mounting, what it promises, and unmounting."""

import errno
import os
import signal
import stat
import subprocess

import pytest

from dovecot import CAPABILITIES
from mailfs import BINARY
from referee import Mail
from scripted import Message, Scripted
from waiting import wait_for


def url(account, port=None, scheme="imap", host="127.0.0.1"):
    return f"{scheme}://{account.user}@{host}:{port or account.server.port}"


def mount_line(home):
    (line,) = [line for line in open("/proc/mounts") if line.split()[1] == str(home.mountpoint)]
    return line


def test_the_program_goes_to_the_background_when_the_mount_works(account, mount):
    home = mount.home()
    result = home.run(*mount.options(home, account), url(account), home.mountpoint)
    assert result.returncode == 0, result.stderr
    assert "INBOX" in os.listdir(home.mountpoint)
    assert len(home.daemons()) == 1


def test_unmounting_ends_the_background_program(account, mount):
    home = mount.home()
    home.run(*mount.options(home, account), url(account), home.mountpoint)
    subprocess.run(["fusermount3", "-u", home.mountpoint], check=True)
    assert not home.is_mounted()
    wait_for(lambda: not home.daemons(), 20, "the daemon's end")


def test_implicit_tls_works(account, mount):
    home = mount.home()
    result = home.run(*mount.options(home, account), url(account, account.server.tls_port, "imaps"), home.mountpoint)
    assert result.returncode == 0, result.stderr
    assert "INBOX" in os.listdir(home.mountpoint)


def test_a_host_name_works_like_an_address(account, mount):
    home = mount.home()
    result = home.run(*mount.options(home, account), url(account, host="localhost"), home.mountpoint)
    assert result.returncode == 0, result.stderr


def test_all_options_can_be_one_word_with_commas(account, mount):
    home = mount.home()
    words = mount.options(home, account)[1::2]
    result = home.run(url(account), home.mountpoint, "-o", ",".join(words))
    assert result.returncode == 0, result.stderr
    assert home.is_mounted()


def test_mount_fuse_can_run_it_as_from_fstab(account, mount):
    home = mount.home()
    words = ",".join([*mount.options(home, account)[1::2], "nosuid", "nodev", "noatime"])
    environment = dict(home.environment, PATH=f"{BINARY.parent}:{os.environ['PATH']}:/usr/sbin:/sbin")
    result = subprocess.run(["mount.fuse3", url(account), home.mountpoint, "-t", "mailfs", "-o", words],
                            env=environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert "INBOX" in os.listdir(home.mountpoint)
    subprocess.run(["fusermount3", "-u", home.mountpoint], check=True)


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_every_offered_way_to_log_in_works(dovecot_with, mount, mechanism):
    account = dovecot_with(mechanisms=mechanism).add_account("alice")
    assert "INBOX" in os.listdir(mount(account).path)


@pytest.mark.parametrize("auth,said", [("auto", "AUTHENTICATE SCRAM-SHA-256"), ("scram", "AUTHENTICATE SCRAM-SHA-256"),
                                       ("plain", "AUTHENTICATE PLAIN"), ("login", "LOGIN|AUTHENTICATE LOGIN")])
def test_auth_chooses_the_mechanism_and_auto_takes_the_strongest(account, mount, proxy, auth, said):
    counter = proxy(account.server.port)
    mount(account, f"auth={auth}", port=counter.port)
    logins = [line for line in counter.lines if line.startswith(("AUTHENTICATE", "LOGIN"))]
    assert logins and all(line.startswith(tuple(said.split("|"))) for line in logins)


@pytest.mark.parametrize("auth", ["plain", "login", "scram"])
@pytest.mark.parametrize("password", ['say "friend"', "back\\slash and {3}", "Grüße, Jürgen", " spaces "])
def test_a_password_may_hold_any_character(dovecot, mount, password, auth):
    account = dovecot.add_account(f"{auth}-{password.encode().hex()}", password)
    assert "INBOX" in os.listdir(mount(account, f"auth={auth}").path)


def test_the_password_is_nowhere_to_be_seen(dovecot, mount):
    account = dovecot.add_account("secretive", "Tr0ub4dor-and-3")
    mounted = mount(account, "debug")
    os.listdir(mounted.path / "INBOX" / "cur")
    places = ["/proc/mounts", f"/proc/{mounted.pid}/cmdline", f"/proc/{mounted.pid}/environ", mounted.log_path]
    for place in places:
        assert b"Tr0ub4dor" not in open(place, "rb").read(), place
    for path in mounted.home.root.rglob("*"):
        if path.is_file() and mounted.path not in path.parents and path.name != "password":
            assert b"Tr0ub4dor" not in path.read_bytes(), path


def test_core_dumps_are_off(account, mount):
    limits = open(f"/proc/{mount(account).pid}/limits").read()
    assert "Max core file size        0                    0" in limits


def test_the_mount_is_private_and_says_what_it_is(account, mount):
    mounted = mount(account)
    source, _, kind, options, *_ = mount_line(mounted.home).split()
    assert kind == "fuse.mailfs"
    assert ":" in source, "tools take a file system with a colon in its source for remote"
    assert f"user_id={os.getuid()}" in options
    assert "allow_other" not in options


def test_files_and_directories_are_their_owners_alone(account, mount):
    account.referee.append("INBOX", [b"Subject: private\r\n\r\n"])
    mounted = mount(account)
    (path,) = mounted.files().values()
    for place, mode in ((mounted.path, 0o700), (mounted.folder("INBOX"), 0o700), (path.parent, 0o700), (path, 0o600)):
        seen = place.stat()
        assert (stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid) == (mode, os.getuid(), os.getgid()), place


def test_state_and_cache_are_private_folders_under_xdg(account, mount):
    account.referee.append("INBOX", [b"Subject: private\r\n\r\n"])
    mounted = mount(account)
    mounted.files()[1].read_bytes()
    for place in (mounted.home.state, mounted.home.cache):
        assert any(place.iterdir())
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_state_dir_and_cache_dir_say_where_things_go(account, mount):
    home = mount.home()
    state, cache = home.root / "elsewhere" / "state", home.root / "elsewhere" / "cache"
    mount(account, f"state_dir={state}", f"cache_dir={cache}", home=home)
    assert any(state.iterdir()) and any(cache.iterdir())
    assert not home.state.exists() and not home.cache.exists()


@pytest.mark.parametrize("change", [
    lambda folder, message: (folder / "cur" / "1.x.y:2,").write_bytes(b"Subject: x\n\n"),
    lambda folder, message: (folder / "tmp" / "1.x.y").write_bytes(b"Subject: x\n\n"),
    lambda folder, message: message.open("r+b"),
    lambda folder, message: message.unlink(),
    lambda folder, message: message.rename(folder / "cur" / "other:2,S"),
    lambda folder, message: os.link(message, folder / "cur" / "other:2,S"),
    lambda folder, message: os.truncate(message, 0),
    lambda folder, message: os.setxattr(message, "user.imap.flags", b"\\Seen"),
    lambda folder, message: (folder / "child").mkdir(),
    lambda folder, message: folder.rename(folder.parent / "Other"),
    lambda folder, message: (folder.parent / "Drafts" / "cur").rmdir(),
], ids=["deliver", "write in tmp", "open for writing", "unlink", "rename", "link", "truncate", "setxattr", "mkdir",
        "rename folder", "rmdir"])
def test_a_read_only_mount_refuses_each_change(account, mount, change):
    account.referee.append("INBOX", [b"Subject: stays\r\n\r\n"])
    mounted = mount(account, "ro")
    with pytest.raises(OSError) as refusal:
        change(mounted.folder("INBOX"), mounted.files()[1])
    assert refusal.value.errno == errno.EROFS
    assert [stored.body for stored in account.referee.messages("INBOX").values()] == [b"Subject: stays\r\n\r\n"]


def test_a_second_mount_of_the_same_state_is_refused(account, mount):
    first = mount(account)
    elsewhere = first.home.root / "second"
    elsewhere.mkdir()
    result = first.home.run(*mount.options(first.home, account), url(account), elsewhere)
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1 and "mounted already" in result.stderr or "in use" in result.stderr
    assert not os.path.ismount(elsewhere)
    assert "INBOX" in os.listdir(first.path)


def test_a_mountpoint_left_by_a_killed_daemon_heals(account, mount):
    account.referee.append("INBOX", [b"Subject: x\r\n\r\n"])
    mounted = mount(account)
    mounted.kill()
    with pytest.raises(OSError) as dead:
        os.listdir(mounted.path)
    assert dead.value.errno == errno.ENOTCONN
    again = mount(account, home=mounted.home)
    assert again.files()[1].read_bytes() == b"Subject: x\n\n"


def test_a_killed_daemon_loses_nothing_of_the_cache(account, mount, proxy):
    account.referee.append("INBOX", [b"Subject: %d\r\n\r\n" % number for number in range(50)])
    counter = proxy(account.server.port)
    mounted = mount(account, port=counter.port)
    before = {uid: (path.name, path.read_bytes()) for uid, path in mounted.files().items()}
    mounted.kill()
    again = mount(account, home=mounted.home, port=counter.port)
    assert {uid: (path.name, path.read_bytes()) for uid, path in again.files().items()} == before


def test_without_a_server_it_mounts_what_is_cached_and_says_so(dovecot_with, mount):
    server = dovecot_with()
    account = server.add_account("alice")
    account.referee.append("INBOX", [b"Subject: kept\r\n\r\nhere\r\n", b"Subject: never read\r\n\r\n"])
    mounted = mount(account)
    name = mounted.files()[1].name
    assert mounted.files()[1].read_bytes() == b"Subject: kept\n\nhere\n"
    mounted.unmount()
    server.kill()

    result = mounted.home.run(*mount.options(mounted.home, account), url(account), mounted.path)
    assert result.returncode == 0, result.stderr
    assert "offline" in result.stderr
    assert mounted.files()[1].name == name
    assert mounted.files()[1].read_bytes() == b"Subject: kept\n\nhere\n"
    with pytest.raises(OSError) as missing:
        mounted.files()[2].read_bytes()
    assert missing.value.errno == errno.EHOSTDOWN
    subprocess.run(["fusermount3", "-u", mounted.path], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_unmounts_and_ends_well(account, mount, number):
    mounted = mount(account)
    mounted.process.send_signal(number)
    assert mounted.process.wait(20) == 0
    assert not mounted.home.is_mounted()


def test_mounting_does_not_depend_on_the_current_directory(account, mount):
    home = mount.home()
    result = subprocess.run([BINARY, *mount.options(home, account), url(account), "mail"], cwd=home.root,
                            env=home.environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert "INBOX" in os.listdir(home.mountpoint)
    subprocess.run(["fusermount3", "-u", home.mountpoint], check=True)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_need_no_account(mount, option):
    result = mount.home().run(option)
    assert result.returncode == 0
    assert "mailfs" in result.stdout and not result.stderr


def test_help_names_the_options(mount):
    text = mount.home().run("--help").stdout
    for option in ("ca_file", "tls", "auth", "password_command", "state_dir", "cache_dir", "cache_size", "prefetch",
                   "folders", "exclude", "subscribed", "connections", "poll", "timeout", "drain", "eol", "ro"):
        assert option in text, option


@pytest.mark.parametrize("option,shown", [
    ("folders=INBOX", {"INBOX"}),
    ("folders=Lists/*", {"Lists", "Lists/one", "Lists/two"}),
    ("exclude=Lists/*", {"INBOX", "Drafts", "Sent", "Trash", "Junk", "Lists", "Other"}),
    ("subscribed", {"INBOX", "Drafts", "Sent", "Trash", "Junk"}),
])
def test_folders_can_be_chosen(account, mount, option, shown):
    account.referee.create("Lists", "Lists/one", "Lists/two", "Other")
    mounted = mount(account, option)
    folders = {str(path.parent.relative_to(mounted.path)) for path in mounted.path.rglob("cur")}
    parents = {str(path.relative_to(mounted.path)) for path in mounted.path.iterdir()}
    assert folders | parents == shown


@pytest.mark.parametrize("missing", ["LIST-STATUS", "LIST-EXTENDED LIST-STATUS", "SPECIAL-USE", "CONDSTORE QRESYNC", "QRESYNC",
                                     "ESEARCH", "LITERAL+", "ENABLE", "IDLE", "UIDPLUS MOVE", "NAMESPACE", "SASL-IR",
                                     "UNSELECT", "QUOTA", " ".join(CAPABILITIES.split()[1:])])
def test_any_extension_may_be_missing(dovecot_with, mount, missing):
    account = dovecot_with(without=missing.split()).add_account("alice")
    account.referee.create("Archive/2026")
    account.referee.append("Archive/2026", [Mail(b"Subject: %d\r\n\r\n" % number, "\\Seen") for number in (1, 2, 3)])
    account.referee.expunge("Archive/2026", [2])
    mounted = mount(account)
    assert {"INBOX", "Archive", "Sent"} <= set(os.listdir(mounted.path))
    assert {uid: path.read_bytes() for uid, path in mounted.files("Archive/2026").items()} == {
        1: b"Subject: 1\n\n", 3: b"Subject: 3\n\n"}
    mounted.remount()
    assert mounted.files("Archive/2026").keys() == {1, 3}


@pytest.mark.parametrize("location", ["maildir:~/mail", "sdbox:~/mail", "mbox:~/mail:INBOX=~/inbox"])
def test_it_does_not_matter_how_the_server_stores_mail(dovecot_with, mount, location):
    account = dovecot_with(location=location).add_account("alice")
    account.referee.append("Sent", [Mail(b"Subject: %d\r\n\r\nbody\r\n" % number, "\\Seen") for number in range(20)])
    mounted = mount(account)
    stored = account.referee.messages("Sent")
    assert {uid: path.read_bytes() for uid, path in mounted.files("Sent").items()} == {
        uid: message.text for uid, message in stored.items()}


def test_a_server_without_any_extension_will_do(mount):
    mails = [Message(uid, b"Subject: %d\r\n\r\nhello\r\n" % uid) for uid in (3, 5, 8)]
    with Scripted({"INBOX": mails, "Other": []}, capabilities="IMAP4rev1") as server:
        mounted = mount(server, port=server.port)
        assert {uid: path.read_bytes() for uid, path in mounted.files().items()} == {
            mail.uid: mail.body.replace(b"\r\n", b"\n") for mail in mails}
        mounted.unmount()
