"""Section 2 of the contract: names with a leading dot are local files, and nobody else's business."""

import ctypes
import errno
import fcntl
import mmap
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import time

import pytest

from referee import Mail
from waiting import wait_for

PARENTS = ["", "INBOX", "INBOX/Receipts"]


def fails(number, call, *arguments):
    with pytest.raises(OSError) as failure:
        call(*arguments)
    assert failure.value.errno == number, failure.value


def run(*words, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=90, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def renameat2(old, new, flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def descriptors(mounted):
    """How many private files and directories the daemon holds open."""
    listing = subprocess.run(["ls", "-l", f"/proc/{mounted.pid}/fd"], capture_output=True, text=True).stdout
    return listing.count("/private/")


NOREPLACE, EXCHANGE = 1, 2


@pytest.fixture
def mounted(account, mount):
    account.referee.create("INBOX/Receipts", "Archive")
    account.referee.append("INBOX", [Mail(b"Subject: one\r\n\r\nbody\r\n", "\\Seen"), Mail(b"Subject: two\r\n\r\n")])
    before = everything(account)
    yield mount(account)
    assert everything(account) == before, "something has reached the server"


def everything(account):
    return {name: {uid: (mail.flags, mail.body) for uid, mail in account.referee.messages(name).items()}
            for name in account.referee.folders()}


@pytest.fixture
def home(mounted):
    """A private directory to play in."""
    path = mounted.path / ".home"
    path.mkdir()
    return path


# Names

@pytest.mark.parametrize("parent", PARENTS)
def test_a_private_file_is_listed_and_read_back(mounted, parent):
    path = mounted.folder(parent) / ".mh_sequences"
    path.write_text("cur: 1\n")
    assert path.read_text() == "cur: 1\n"
    assert ".mh_sequences" in os.listdir(path.parent)
    assert path.stat().st_uid == os.getuid()
    path.unlink()
    assert not path.exists() and ".mh_sequences" not in os.listdir(path.parent)


def test_private_files_are_of_one_directory_each(mounted):
    for parent in PARENTS:
        (mounted.folder(parent) / ".x").write_text(parent)
    assert [(mounted.folder(parent) / ".x").read_text() for parent in PARENTS] == PARENTS


def test_the_taken_names_are_not_private(mounted):
    for name in (".mailfs", ".search"):
        with pytest.raises(OSError):
            (mounted.path / name).rmdir()
        with pytest.raises(OSError):
            (mounted.path / name / "x").write_text("")
        assert name not in os.listdir(mounted.path)


def test_any_name_may_stand_below_a_private_one(home):
    names = ["cur", "new", "tmp", "a:2,S", "é", "日本語", "x" * 255, "back\\slash", "new\nline", "-rf", "%", " "]
    for name in names:
        (home / name).write_text(name)
    (home / os.fsdecode(b"\xff\xfe")).write_text("bytes")
    assert set(os.listdir(home)) == {*names, os.fsdecode(b"\xff\xfe")}
    assert all((home / name).read_text() == name for name in names)
    fails(errno.ENAMETOOLONG, (home / ("x" * 256)).write_text, "")


def test_a_listing_of_a_folder_is_complete_while_its_private_files_are_removed(mounted):
    wanted = {f".{number:04}{'x' * 200}" for number in range(600)}
    for name in wanted:
        (mounted.path / name).touch()
    seen = set()
    with os.scandir(mounted.path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                seen.add(entry.name)
                os.unlink(entry.path)
    assert seen == wanted
    assert not [name for name in os.listdir(mounted.path) if name.startswith(".")]


def test_directories_are_found_by_find_and_counted(mounted):
    folder = mounted.folder("Archive")
    (folder / ".deep" / "er").mkdir(parents=True)
    found = run("find", folder, "-type", "d", "-printf", "%P\n").split()
    assert sorted(found) == [".deep", ".deep/er", "cur", "new", "tmp"]
    assert folder.stat().st_nlink == 2 + 3 + 1


def test_a_new_private_name_moves_the_time_of_its_directory(mounted):
    folder = mounted.folder("Archive")
    before = folder.stat().st_mtime_ns
    time.sleep(0.02)
    (folder / ".x").touch()
    assert folder.stat().st_mtime_ns > before


def test_what_is_no_private_name_is_not_there(mounted):
    for name in (".missing", "INBOX/.missing", "INBOX/.missing/deeper", "INBOX/cur/.missing"):
        assert not (mounted.path / name).exists()


# Files

def test_append_truncate_and_holes(home):
    path = home / "file"
    with path.open("ab") as out:
        out.write(b"one\n")
    with path.open("ab") as out:
        out.write(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    os.truncate(path, 2)
    assert path.read_bytes() == b"on"
    os.truncate(path, 5)
    assert path.read_bytes() == b"on\0\0\0"
    with path.open("r+b") as out:
        out.seek(1 << 30)
        out.write(b"end")
    assert path.stat().st_size == (1 << 30) + 3 and path.stat().st_blocks < 1000
    path.write_bytes(b"short")
    assert path.read_bytes() == b"short"


def test_two_appenders_lose_nothing(home):
    path = home / "log"
    with path.open("ab", 0) as one, path.open("ab", 0) as two:
        for number in range(200):
            one.write(b"1\n")
            two.write(b"2\n")
    assert sorted(path.read_text().split()) == ["1"] * 200 + ["2"] * 200


def test_a_large_file_is_read_back_byte_by_byte(home):
    content = os.urandom(1 << 20) * 33 + b"tail"
    path = home / "large"
    path.write_bytes(content)
    shutil.copyfile(path, home / "copy")
    assert path.read_bytes() == content and (home / "copy").read_bytes() == content
    run("cmp", path, home / "copy")


def test_rename_over_an_open_file_leaves_it_readable(home):
    (home / "old").write_text("old")
    (home / "new").write_text("new")
    with (home / "old").open() as held:
        (home / "new").rename(home / "old")
        assert held.read() == "old"
        assert os.fstat(held.fileno()).st_nlink == 0
    assert os.listdir(home) == ["old"] and (home / "old").read_text() == "new"


def test_a_removed_open_file_can_be_used_in_every_way(home):
    path = home / "file"
    path.write_text("text")
    with path.open("r+") as held:
        path.unlink()
        held.seek(0, os.SEEK_END)
        held.write(" and more")
        held.flush()
        os.fsync(held.fileno())
        os.fchmod(held.fileno(), 0o640)
        os.ftruncate(held.fileno(), 8)
        os.utime(held.fileno(), (1, 2))
        os.setxattr(held.fileno(), "user.x", b"1")
        with open(f"/proc/self/fd/{held.fileno()}") as again:
            assert again.read() == "text and"
        seen = os.fstat(held.fileno())
        assert (seen.st_size, seen.st_mtime, stat.S_IMODE(seen.st_mode), seen.st_nlink) == (8, 2, 0o640, 0)
    assert os.listdir(home) == []


def test_a_removed_directory_that_is_somebodys_own(home):
    (home / "dir").mkdir()
    held = os.open(home / "dir", os.O_RDONLY)
    (home / "dir").rmdir()
    assert os.listdir(held) == []
    with pytest.raises(FileNotFoundError):
        os.open("x", os.O_CREAT | os.O_WRONLY, dir_fd=held)
    os.close(held)


def test_hard_links_are_one_file(home):
    (home / "a").write_text("text")
    os.link(home / "a", home / "b")
    assert (home / "a").stat().st_ino == (home / "b").stat().st_ino
    assert (home / "a").stat().st_nlink == (home / "b").stat().st_nlink == 2
    (home / "b").write_text("changed")
    assert (home / "a").read_text() == "changed"
    for first, second in (("a", "b"), ("b", "c"), ("c", "d")):
        if not (home / second).exists():
            os.link(home / first, home / second)
        (home / first).unlink()
        assert (home / second).read_text() == "changed"
    assert (home / "d").stat().st_nlink == 1
    fails(errno.EEXIST, os.link, home / "d", home / "d")
    fails(errno.EPERM, os.link, home, home.parent / ".again")


def test_symlinks_are_what_they_point_to(home, mounted):
    (home / "target").write_text("text")
    (home / "link").symlink_to("target")
    (home / "dangling").symlink_to("x" * 4000)
    (mounted.folder("INBOX") / ".link").symlink_to("../.home/target")
    assert (home / "link").read_text() == (mounted.folder("INBOX") / ".link").read_text() == "text"
    assert os.readlink(home / "dangling") == "x" * 4000
    assert (home / "link").lstat().st_size == len("target")
    os.utime(home / "link", (5, 5), follow_symlinks=False)
    assert (home / "link").lstat().st_mtime == 5 and (home / "target").stat().st_mtime != 5
    os.link(home / "link", home / "second", follow_symlinks=False)
    assert os.readlink(home / "second") == "target"
    (home / "link").unlink()
    assert (home / "target").exists()


def test_rename_takes_all_that_is_below(home, mounted):
    (home / "a" / "b" / "c").mkdir(parents=True)
    (home / "a" / "b" / "c" / "file").write_text("deep")
    with (home / "a" / "b" / "c" / "file").open() as held:
        (home / "a").rename(mounted.folder("INBOX") / ".moved")
        assert os.fstat(held.fileno()).st_size == 4
    assert (mounted.folder("INBOX") / ".moved" / "b" / "c" / "file").read_text() == "deep"
    (mounted.folder("INBOX") / ".moved" / "b" / "c" / "file").write_text("deeper")
    fails(errno.EINVAL, os.rename, mounted.folder("INBOX") / ".moved", mounted.folder("INBOX") / ".moved" / "b" / "x")
    assert os.listdir(home) == []


def test_rename_answers_as_a_disk_does(home):
    (home / "empty").mkdir()
    (home / "full" / "x").mkdir(parents=True)
    (home / "file").write_text("")
    fails(errno.ENOTEMPTY, os.rename, home / "empty", home / "full")
    fails(errno.EISDIR, os.rename, home / "file", home / "full")
    fails(errno.ENOTDIR, os.rename, home / "full", home / "file")
    fails(errno.ENOENT, os.rename, home / "missing", home / "file")
    (home / "full").rename(home / "empty")
    assert sorted(os.listdir(home)) == ["empty", "file"] and os.listdir(home / "empty") == ["x"]


def test_rename_can_keep_or_exchange(home):
    (home / "a").write_text("a")
    (home / "b").mkdir()
    fails(errno.EEXIST, renameat2, home / "a", home / "b", NOREPLACE)
    renameat2(home / "a", home / "b", EXCHANGE)
    assert (home / "b").read_text() == "a" and (home / "a").is_dir()
    (home / "b").write_text("changed")
    (home / "a" / "x").touch()
    renameat2(home / "b", home / "c", NOREPLACE)
    assert (home / "c").read_text() == "changed" and sorted(os.listdir(home)) == ["a", "c"]


def test_directories_nest_deeper_than_a_path_is_long(mounted, home):
    level = os.open(home, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("directory", dir_fd=level)
        below = os.open("directory", os.O_RDONLY, dir_fd=level)
        os.close(level)
        level = below
    with open(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=level), "w") as out:
        out.write("reached")
    assert os.listdir(level) == ["bottom"]
    os.close(level)
    assert run("sh", "-c", "find . -name bottom -execdir cat {} +", cwd=home) == "reached"
    run("rm", "-r", home / "directory")
    assert os.listdir(home) == []


def test_modes_and_times_are_as_asked(home):
    path = home / "file"
    path.touch()
    old = os.umask(0o022)
    try:
        os.close(os.open(home / "script", os.O_CREAT | os.O_WRONLY, 0o777))
        (home / "dir").mkdir()
        os.mkfifo(home / "fifo", 0o666)
    finally:
        os.umask(old)
    modes = {name: stat.S_IMODE((home / name).stat().st_mode) for name in ("script", "dir", "fifo")}
    assert modes == {"script": 0o755, "dir": 0o755, "fifo": 0o644}
    path.chmod(0o400)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    os.utime(path, ns=(1_000_000_001, 2_000_000_002))
    assert (path.stat().st_atime_ns, path.stat().st_mtime_ns) == (1_000_000_001, 2_000_000_002)
    before = time.time()
    os.utime(path)
    assert before - 1 < path.stat().st_mtime < before + 5
    run("touch", "-h", "-r", home / "dir", path)


def test_a_file_created_for_reading_only_can_still_be_written_by_its_maker(home):
    with open(os.open(home / "object", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o444), "r+b") as out:
        out.write(b"sealed")
        out.flush()
        os.ftruncate(out.fileno(), 4)
    assert (home / "object").read_bytes() == b"seal"
    fails(errno.EEXIST, os.open, home / "object", os.O_CREAT | os.O_EXCL | os.O_RDWR)


def test_no_file_lends_its_owners_rights(home):
    path = home / "program"
    path.touch()
    path.chmod(0o6755)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    with pytest.raises(PermissionError):
        os.mknod(home / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))


def test_pipes_and_sockets_work(home):
    os.mkfifo(home / "fifo")
    reader = subprocess.Popen(["cat", home / "fifo"], stdout=subprocess.PIPE)
    (home / "fifo").write_text("through")
    assert reader.communicate(timeout=10)[0] == b"through"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        directory = os.open(home, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{directory}/socket")
        server.listen()
        client.connect(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
    assert stat.S_ISSOCK((home / "socket").stat().st_mode)


def test_user_xattrs_are_kept_and_others_refused(home):
    path = home / "file"
    path.touch()
    os.setxattr(path, "user.colour", b"blue\0green")
    os.setxattr(home, "user.imap.flags", b"mine")
    assert os.getxattr(path, "user.colour") == b"blue\0green"
    assert os.listxattr(path) == ["user.colour"] and os.getxattr(home, "user.imap.flags") == b"mine"
    fails(errno.EEXIST, os.setxattr, path, "user.colour", b"", os.XATTR_CREATE)
    os.removexattr(path, "user.colour")
    fails(errno.ENODATA, os.getxattr, path, "user.colour")
    fails(errno.ENODATA, os.removexattr, path, "user.colour")
    fails(errno.EOPNOTSUPP, os.setxattr, path, "trusted.x", b"")


def test_space_can_be_reserved(home):
    with (home / "file").open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, 1 << 20)
    assert (home / "file").stat().st_blocks * 512 >= 1 << 20


def test_the_room_is_that_of_the_disk(mounted, home):
    disk = os.statvfs(mounted.home.state)
    assert os.statvfs(home).f_blocks == disk.f_blocks


def test_locks_exclude(home):
    (home / "lock").touch()
    with (home / "lock").open("r+") as one, (home / "lock").open("r+") as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        fails(errno.EWOULDBLOCK, fcntl.flock, two, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_memory_that_is_mapped_and_written_is_the_file(home):
    path = home / "database"
    path.write_bytes(b"\0" * 100_000)
    with path.open("r+b") as out, mmap.mmap(out.fileno(), 0) as memory, path.open("rb") as other, \
            mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ) as view:
        memory[50_000:50_005] = b"hello"
        assert view[50_000:50_005] == b"hello"
        memory.flush()
        assert other.seek(50_000) and other.read(5) == b"hello"
        out.seek(99_000)
        out.write(b"written")
        out.flush()
        assert view[99_000:99_007] == memory[99_000:99_007] == b"written"
    assert path.read_bytes()[50_000:50_005] == b"hello"


def test_ten_thousand_files(mounted, home):
    for number in range(10_000):
        (home / f"file-{number}").write_text(str(number))
    names = os.listdir(home)
    assert len(names) == len(set(names)) == 10_000
    assert sum(entry.stat().st_size for entry in os.scandir(home)) == sum(len(str(n)) for n in range(10_000))
    held = [(home / f"file-{number}").open() for number in range(500)]
    assert [file.read() for file in held] == [str(number) for number in range(500)]
    for file in held:
        file.close()
    wait_for(lambda: descriptors(mounted) < 300, 10, "the end of all that was open")
    shutil.rmtree(home)
    assert not home.exists()


# Between private files and mail

def test_a_message_and_a_private_file_are_as_on_two_file_systems(mounted):
    message = mounted.files()[1]
    private = mounted.folder("INBOX") / ".draft"
    private.write_text("Subject: x\n\n")
    fails(errno.EXDEV, os.rename, private, message.parent / "other:2,")
    fails(errno.EXDEV, os.rename, private, mounted.folder("INBOX") / "plain")
    fails(errno.EXDEV, os.rename, message, mounted.folder("INBOX") / ".kept")
    fails(errno.EXDEV, os.link, private, message.parent / "other:2,")
    fails(errno.EXDEV, os.link, message, mounted.folder("INBOX") / ".kept")
    shutil.copy2(message, mounted.folder("INBOX") / ".kept")
    assert (mounted.folder("INBOX") / ".kept").read_bytes() == message.read_bytes()


def test_a_folder_with_private_files_is_not_empty(mounted):
    (mounted.folder("Archive") / ".x").touch()
    fails(errno.ENOTEMPTY, mounted.folder("Archive").rmdir)


def test_a_read_only_mount_shows_private_files_and_keeps_them(account, mount):
    mounted = mount(account)
    (mounted.path / ".dir").mkdir()
    (mounted.path / ".dir" / "file").write_text("text")
    mounted.unmount()
    mounted.options += ["-o", "ro"]
    mounted.start()
    path = mounted.path / ".dir" / "file"
    assert path.read_text() == "text"
    for call, arguments in [(path.write_text, ("x",)), (path.unlink, ()), (path.chmod, (0o600,)),
                            (path.rename, (mounted.path / ".y",)), (os.truncate, (path, 0)), (os.utime, (path,)),
                            (os.setxattr, (path, "user.x", b"")), (os.link, (path, mounted.path / ".y")),
                            (os.symlink, ("x", mounted.path / ".y")), ((mounted.path / ".y").mkdir, ()),
                            ((mounted.path / ".y").touch, ()), (os.mkfifo, (mounted.path / ".y",))]:
        fails(errno.EROFS, call, *arguments)
    assert os.listdir(mounted.path / ".dir") == ["file"]


def test_a_read_only_mount_without_private_files_makes_none(account, mount):
    mounted = mount(account, "ro")
    assert not (mounted.path / ".x").exists()
    assert not list(mounted.home.state.rglob("private"))
    fails(errno.EROFS, (mounted.path / ".x").mkdir)


# Lasting

def fill(path):
    (path / "deep" / "er").mkdir(parents=True)
    (path / "deep" / "er" / "file").write_text("content")
    (path / "deep" / "er" / "file").chmod(0o640)
    os.utime(path / "deep" / "er" / "file", (7, 7))
    os.link(path / "deep" / "er" / "file", path / "hard")
    (path / "soft").symlink_to("hard")


def picture(path):
    return {str(one.relative_to(path)): (one.lstat().st_mode, one.lstat().st_mtime_ns, one.lstat().st_ino)
            for one in path.rglob("*")}


def test_private_files_and_their_inodes_survive_a_remount(mounted, home):
    fill(home)
    before = picture(home)
    mounted.remount()
    assert picture(home) == before and (home / "soft").read_text() == "content"


def test_private_files_survive_the_death_of_the_daemon(mounted, home):
    fill(home)
    before = picture(home)
    mounted.kill()
    mounted.start()
    assert picture(home) == before and (home / "hard").read_text() == "content"


def test_private_files_survive_the_loss_of_the_cache(mounted, home):
    fill(home)
    mounted.unmount()
    shutil.rmtree(mounted.home.cache)
    mounted.start()
    assert (home / "hard").read_text() == "content"


def test_private_files_are_there_when_the_server_is_not(account, mount, proxy):
    wire = proxy(account.server.port)
    mounted = mount(account, port=wire.port)
    (mounted.folder("INBOX") / ".x").write_text("local")
    mounted.unmount()
    wire.refuse()
    mounted.start()
    assert (mounted.folder("INBOX") / ".x").read_text() == "local"


def test_private_files_of_a_folder_that_another_client_removed_are_found_again(account, mount):
    account.referee.create("Short-lived")
    mounted = mount(account)
    (mounted.folder("Short-lived") / ".notes").write_text("mine")
    mounted.unmount()
    account.referee.delete("Short-lived")
    mounted.start()
    wait_for(lambda: not mounted.folder("Short-lived").exists(), 10, "the end of the folder")
    mounted.remount()
    (lost,) = (mounted.path / ".lost+found").iterdir()
    assert (lost / ".notes").read_text() == "mine"
    mounted.remount()
    assert os.listdir(mounted.path / ".lost+found") == [lost.name]


def test_private_files_are_never_another_folders_when_the_index_is_lost(account, mount):
    account.referee.create("A")
    mounted = mount(account)
    (mounted.path / ".root").write_text("root")
    (mounted.folder("A") / ".notes").write_text("mine")
    mounted.unmount()
    for path in mounted.home.state.rglob("index.db*"):
        path.unlink()
    account.referee.create("0 comes first")
    mounted.start()
    assert (mounted.path / ".root").read_text() == "root"
    assert [path.read_text() for path in mounted.path.glob("*/.notes")] == []
    assert [path.read_text() for path in mounted.path.glob(".lost+found/*/.notes")] == ["mine"]


def test_private_files_follow_a_folder_that_is_renamed(account, mount):
    account.referee.create("Old")
    mounted = mount(account)
    (mounted.folder("Old") / ".notes").write_text("mine")
    mounted.folder("Old").rename(mounted.folder("New"))
    assert (mounted.folder("New") / ".notes").read_text() == "mine"
    mounted.remount()
    assert (mounted.folder("New") / ".notes").read_text() == "mine"


def test_a_folder_goes_once_its_private_files_have_gone(account, mount):
    account.referee.create("Folder")
    mounted = mount(account)
    (mounted.folder("Folder") / ".deep" / "er").mkdir(parents=True)
    run("rm", "-r", mounted.folder("Folder"))
    assert not mounted.folder("Folder").exists()
    wait_for(lambda: "Folder" not in account.referee.folders(), 10, "DELETE")


def test_the_daemon_forgets_what_the_kernel_forgets(mounted, home):
    before = descriptors(mounted)
    for number in range(300):
        (home / str(number)).mkdir()
        (home / str(number) / "file").write_text("x")
    held = [(home / str(number) / "file").open() for number in range(100)]
    for number in range(300):
        (home / str(number) / "file").unlink()
        (home / str(number)).rmdir()
    for file in held:
        assert file.read() == "x"
        file.close()
    wait_for(lambda: descriptors(mounted) <= before + 1, 10, "FORGET")


# Programs

def test_git_keeps_a_repository(mounted):
    environment = dict(mounted.home.environment, GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.org",
                       GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@example.org")
    repository = mounted.path / ".repo"

    def git(*words):
        return run("git", "-C", repository, *words, env=environment)
    run("git", "init", "-q", repository, env=environment)
    for number in range(50):
        (repository / f"file{number}").write_text(f"{number}\n" * 100)
    git("add", ".")
    git("commit", "-q", "-m", "first")
    (repository / "file0").write_text("changed\n")
    git("commit", "-q", "-a", "-m", "second")
    git("gc", "-q")
    mounted.remount()
    git("fsck", "--strict")
    assert git("status", "--short") == "" and len(git("log", "--oneline").splitlines()) == 2


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_sqlite_keeps_a_database(mounted, journal):
    path = mounted.folder("INBOX") / ".index.db"
    with sqlite3.connect(path) as database:
        assert database.execute(f"PRAGMA journal_mode = {journal}").fetchone() == (journal,)
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text)")
        for number in range(20):
            with database:
                database.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 100,)] * 50)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    database.close()
    other.close()
    mounted.remount()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*), sum(length(text)) FROM t").fetchone() == (1000, 100_000)
    database.close()


def test_notmuch_keeps_its_database_in_the_mount(account, mount):
    account.referee.append("INBOX", [Mail(b"From: a@example.org\r\nSubject: number %d\r\nMessage-ID: <%d@x>\r\n\r\nbody %d\r\n"
                                          % (number, number, number), "\\Seen") for number in range(200)])
    mounted = mount(account)
    config = mounted.home.root / "notmuch-config"
    config.write_text(f"[database]\npath={mounted.path}\n[user]\nname=A\nprimary_email=a@example.org\n"
                      "[new]\ntags=inbox\n[maildir]\nsynchronize_flags=false\n")
    environment = dict(mounted.home.environment, NOTMUCH_CONFIG=str(config))
    assert "200" in run("notmuch", "new", env=environment)
    assert (mounted.path / ".notmuch" / "xapian").is_dir()
    mounted.remount()
    assert run("notmuch", "count", env=environment).strip() == "200"
    assert "number 77" in run("notmuch", "search", "subject:77", env=environment)
    run("notmuch", "tag", "+seen", "subject:77", env=environment)
    assert "No new mail" in run("notmuch", "new", env=environment)
    assert run("notmuch", "count", "tag:seen", env=environment).strip() == "1"


def test_mutt_keeps_its_header_cache_in_the_mount(mounted, home):
    settings = mounted.home.root / "muttrc"
    settings.write_text("\n".join([
        f"set header_cache={home}", "set mbox_type=Maildir", f"set folder={mounted.path}", "set quit=yes", "set move=no",
        "set mark_old=no", "set wait_key=no", 'push "<exit>"']) + "\n")

    def look():
        words = f"mutt -n -R -F {settings} -f {mounted.folder('INBOX')}"
        run("script", "-qec", words, "/dev/null", env=dict(mounted.home.environment, TERM="xterm"), stdin=subprocess.DEVNULL)
        return {path: (path.stat().st_size, path.stat().st_ino) for path in home.rglob("*") if path.is_file()}
    before = look()
    assert before and all(size for size, _ in before.values())
    mounted.remount()
    assert look() == before


def test_an_editors_swap_and_backup_files(mounted):
    folder = mounted.folder("INBOX")
    swap = os.open(folder / ".note.swp", os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    os.write(swap, b"b0VIM 9.0")
    os.lseek(swap, 0, os.SEEK_SET)
    os.write(swap, b"x" * 4096)
    os.fsync(swap)
    (folder / ".note").write_text("first")
    os.rename(folder / ".note", folder / ".note~")
    (folder / ".note").write_text("second")
    directory = os.open(folder, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    os.close(swap)
    os.unlink(folder / ".note.swp")
    assert (folder / ".note").read_text() == "second" and (folder / ".note~").read_text() == "first"


def test_rsync_and_tar_bring_a_tree_in_and_out(mounted, home):
    source = mounted.home.root / "source"
    source.mkdir()
    fill(source)
    run("rsync", "-aHX", f"{source}/", f"{home}/")
    run("rsync", "-aHX", f"{source}/", f"{home}/")
    run("tar", "-C", home, "-cf", mounted.home.root / "tree.tar", ".")
    out = mounted.home.root / "out"
    out.mkdir()
    run("tar", "-C", out, "-xpf", mounted.home.root / "tree.tar")
    run("diff", "-r", source, out)
    assert (out / "hard").stat().st_mode == (source / "hard").stat().st_mode
