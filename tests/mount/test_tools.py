"""The tools that people use on a Maildir, on the mounted corpus.

Each tool runs on the mount and on an ordinary Maildir which the referee has
filled with what the server holds (the twin).  Both must show the same.
"""

import filecmp
import mailbox
import os
import re
import subprocess
import tarfile

import pytest

from terminal import Terminal

FOLDERS = ["INBOX", "Lists/büro", "Archive"]
TOTAL = 6046


def run(*command, cwd=None, env=None, codes=(0,)):
    result = subprocess.run(command, cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})},
                            capture_output=True)
    assert result.returncode in codes, result.stderr[-2000:]
    return result.stdout


def relative_files(root):
    return sorted(str(path.relative_to(root)) for folder in FOLDERS for path in (root / folder).glob("[cn]*/*"))


# Unix

def test_ls_shows_the_same_names(library_mount, twin):
    for folder in FOLDERS:
        for place in ("cur", "new", "tmp"):
            assert run("ls", library_mount.path / folder / place) == run("ls", twin / folder / place)


def test_ls_l_shows_the_same_sizes_and_dates(library_mount, twin):
    """After a first reading, which makes sizes exact."""
    run("grep", "-rc", "x", library_mount.path, codes=(0, 1))
    for folder in FOLDERS:
        for place in ("cur", "new"):
            shown = [run("ls", "-l", "--time-style=full-iso", root / folder / place).splitlines()[1:]
                     for root in (library_mount.path, twin)]
            strip = [[(line.split()[4:7], line.split()[-1]) for line in lines] for lines in shown]
            assert strip[0] == strip[1]


def test_find_finds_the_same_files(library_mount, twin):
    tests = [["-name", "*:2,*S*"], ["-newermt", "2005-01-01"], ["-type", "f", "-path", "*/new/*"]]
    for test in tests:
        found = [sorted(run("find", *FOLDERS, *test, "-print", cwd=root).splitlines())
                 for root in (library_mount.path, twin)]
        assert found[0] == found[1] and found[0]
    assert len(run("find", *FOLDERS, "-type", "f", cwd=library_mount.path).splitlines()) == TOTAL


@pytest.mark.parametrize("arguments", [["-rc", "^Subject:"], ["-rlai", "viagra"], ["-rh", "^Message-Id:"], ["-rL", "^From:"],
                                       ["-rUaohb", "\\$[0-9]*"]], ids=" ".join)
def test_grep_r_finds_the_same_lines(library_mount, twin, arguments):
    found = [sorted(run("grep", *arguments, *FOLDERS, cwd=root, codes=(0, 1)).splitlines())
             for root in (library_mount.path, twin)]
    assert found[0] == found[1]


def test_ripgrep_finds_the_same_lines(library_mount, twin):
    for arguments in (["-c", "^Subject:"], ["-al", "viagra"], ["--mmap", "-aco", "the"]):
        found = [sorted(run("rg", *arguments, *FOLDERS, cwd=root).splitlines()) for root in (library_mount.path, twin)]
        assert found[0] == found[1] and found[0]


def test_rsync_copies_every_byte_and_finds_nothing_to_do_the_second_time(library_mount, twin, tmp_path):
    run("rsync", "-a", f"{library_mount.path}/", tmp_path)
    assert relative_files(tmp_path) == relative_files(twin)
    for name in relative_files(twin):
        assert filecmp.cmp(tmp_path / name, twin / name, shallow=False), name
        assert (tmp_path / name).stat().st_mtime == (twin / name).stat().st_mtime
    again = run("rsync", "-ai", f"{library_mount.path}/", tmp_path).decode().splitlines()
    assert not [line for line in again if line.startswith(">f")]


def test_rsync_by_checksum_sees_no_difference_to_the_twin(library_mount, twin):
    for folder in FOLDERS:
        changed = run("rsync", "-rcni", f"{library_mount.path}/{folder}/", f"{twin}/{folder}/").decode().splitlines()
        assert not [line for line in changed if line.startswith(">")]


def test_tar_packs_every_byte(library_mount, twin, tmp_path):
    archive = tmp_path / "mail.tar"
    run("tar", "-cf", archive, *FOLDERS, cwd=library_mount.path)
    with tarfile.open(archive) as tar:
        packed = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    assert packed == {name: (twin / name).read_bytes() for name in relative_files(twin)}


def test_cp_a_copies_every_byte_and_date(library_mount, twin, tmp_path):
    run("cp", "-a", library_mount.path / "Archive", tmp_path)
    for name in relative_files(twin):
        if name.startswith("Archive/"):
            assert (tmp_path / name).read_bytes() == (twin / name).read_bytes()
            assert (tmp_path / name).stat().st_mtime == (twin / name).stat().st_mtime


def test_diff_r_sees_no_difference_to_the_twin(library_mount, twin):
    run("grep", "-rc", "x", library_mount.path, codes=(0, 1))
    for folder in FOLDERS:
        assert run("diff", "-r", library_mount.path / folder, twin / folder) == b""


# Python

def test_pythons_maildir_shows_the_same_messages(library_mount, twin):
    for folder in FOLDERS:
        shown = []
        for root in (library_mount.path, twin):
            box = mailbox.Maildir(root / folder, factory=None, create=False)
            shown.append({key: (box.get_bytes(key), message.get_flags(), message.get_subdir(), message.get_date())
                          for key, message in box.iteritems()})
        assert shown[0] == shown[1]
        assert len(shown[0]) == len(os.listdir(twin / folder / "cur")) + len(os.listdir(twin / folder / "new"))


# Mail programs

@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt_shows_every_message_of_a_folder(library_mount, twin, tmp_path, program):
    """It pipes all messages, each as it is, into one file."""
    mark = "@@ next @@"
    for folder in FOLDERS:
        out = tmp_path / "out"
        settings = tmp_path / "muttrc"
        settings.write_text("\n".join([
            "set mbox_type=Maildir", "set header_cache=''", f"set folder={tmp_path}", "set sort=mailbox-order",
            "set pipe_decode=no", "set pipe_split=no", f'set pipe_sep="\\n{mark}\\n"', "set wait_key=no",
            "set quit=yes", "set mark_old=no", "set move=no", "set delete=no", "set suspend=no", "set beep=no",
            f"push \"<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > {out}<enter><exit>\""]) + "\n")
        with Terminal(program, "-n", "-F", settings, "-R", "-f", library_mount.path / folder,
                      environment={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}) as terminal:
            assert terminal.end(120) == 0, terminal.shown[-2000:]
        shown = out.read_bytes().split(f"\n{mark}\n".encode())[:-1]
        wanted = [path.read_bytes() for place in ("cur", "new") for path in (twin / folder / place).iterdir()]
        assert len(shown) == len(wanted)
        assert sorted(shown) == sorted(wanted)


def test_mu_indexes_the_same_messages_and_finds_nothing_new_afterwards(library_mount, twin, tmp_path):
    shown = []
    for number, root in enumerate((library_mount.path, twin)):
        home = f"--muhome={tmp_path}/mu{number}"
        run("mu", "init", home, f"--maildir={root}")
        run("mu", "index", home, "--quiet")
        found = run("mu", "find", home, "--fields", "l d f s", "--format=plain", "").decode(errors="replace")
        shown.append(sorted(line.replace(str(root), "ROOT") for line in found.splitlines()))
        again = run("mu", "index", home, "--nocolor").decode()
        assert re.search(r"updated/new: 0\b", again), again
    assert shown[0] == shown[1]
    assert len(shown[0]) == TOTAL


def test_notmuch_indexes_the_same_messages_and_finds_nothing_new_afterwards(library_mount, twin, tmp_path):
    """One folder, and the database outside the mail tree."""
    shown = []
    for number, root in enumerate((library_mount.path / "Archive", twin / "Archive")):
        directory = tmp_path / f"notmuch{number}"
        directory.mkdir()
        (directory / "config").write_text(
            f"[database]\npath={directory}\nmail_root={root}\n[user]\nname=x\nprimary_email=x@example.com\n"
            "[new]\ntags=new\n[maildir]\nsynchronize_flags=false\n")

        def notmuch(*words):
            return run("notmuch", f"--config={directory}/config", *words, env={"HOME": str(directory)}).decode()
        notmuch("new", "--quiet")
        files = notmuch("search", "--output=files", "*").splitlines()
        threads = notmuch("search", "--sort=oldest-first", "*").splitlines()
        shown.append((sorted(os.path.relpath(name, root) for name in files),
                      sorted(re.sub(r"^thread:\S+", "", line) for line in threads)))
        assert "No new mail" in notmuch("new")
    assert shown[0] == shown[1]
    assert len(shown[0][0]) == len(library_mount.files("Archive"))


def test_mblaze_lists_and_scans_the_same_messages(library_mount, twin):
    for folder in FOLDERS:
        lists = [sorted(run("mlist", folder, cwd=root).splitlines()) for root in (library_mount.path, twin)]
        assert lists[0] == lists[1] and lists[0]
        names = [name.decode() for name in lists[0]]
        for command in (["mscan", "-f", "%10d %20f %s"], ["mhdr", "-d", "-h", "subject"], ["mhdr", "-M", "-h", "from"]):
            shown = [run(*command, *names, cwd=root, env={"MBLAZE": "/nonexistent"}, codes=(0, 1))
                     for root in (library_mount.path, twin)]
            assert shown[0] == shown[1] and shown[0]


def test_mblaze_shows_the_same_text(library_mount, twin):
    names = relative_files(twin)[::200]
    shown = [run("mshow", "-N", *names, cwd=root, codes=(0, 1)) for root in (library_mount.path, twin)]
    assert shown[0] == shown[1] and len(shown[0]) > 10_000


def test_mbsync_between_the_mount_and_the_server_would_find_the_same_mail(library, library_mount, tmp_path):
    """A sync program's own idea of the mailbox has what the mount shows."""
    settings = tmp_path / "mbsyncrc"
    password = tmp_path / "password"
    password.write_text(library.password)
    store = tmp_path / "store"
    store.mkdir()
    settings.write_text(
        f"IMAPStore far\nHost 127.0.0.1\nPort {library.server.port}\nUser {library.user}\nPassCmd \"cat {password}\"\n"
        f"SSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath {store}/\nInbox {store}/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPattern Archive\nSync Pull\nCreate Near\nCopyArrivalDate yes\nSyncState *\n")
    run("mbsync", "-c", settings, "-a")
    pulled = [re.sub(rb"^X-TUID: .*\n", b"", path.read_bytes(), flags=re.M)
              for place in ("cur", "new") for path in (store / "Archive" / place).iterdir()]
    mounted = [path.read_bytes() for path in library_mount.files("Archive").values()]
    assert sorted(pulled) == sorted(mounted)
