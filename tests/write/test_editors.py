"""Editors write a draft anew, each in its own way."""

import itertools
import mailbox
import os
import shutil
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

OLD = b"Subject: draft\n\nold text\n"
NEW = OLD.replace(b"old", b"new")


def texts(account):
    return sorted(stored.text for stored in account.referee.messages("INBOX").values())


@pytest.fixture
def path(account, mount, request):
    """A draft with a keyword, in a mount with the option that a test may name."""
    account.referee.append("INBOX", [Mail(OLD.replace(b"\n", b"\r\n"), "\\Draft \\Seen work")])
    return mount(account, getattr(request, "param", "delete=trash")).files()[1]


def edit(command, path, home):
    subprocess.run([*command, path.name], check=True, env={**os.environ, "TERM": "dumb", "HOME": str(home)},
                   stdin=subprocess.DEVNULL, cwd=path.parent, timeout=60)


def vim(*settings):
    """Without vim's own exception for files in /tmp."""
    words = [word for setting in ("backupskip=", *settings) for word in ("--cmd", f"set {setting}")]
    return ["vim", "-u", "NONE", "-n", "-es", *words, "-c", "%s/old/new/", "-c", "wq"]


def assert_new(account, path):
    """The new text under the old name with the old flags, here and on the server, and the old text nowhere."""
    assert path.read_bytes() == NEW and os.listdir(path.parent) == [path.name]
    assert os.listdir(path.parent.parent / "new") == []
    wait_for(lambda: texts(account) == [NEW], 10, "the new text alone")
    stored, = account.referee.messages("INBOX").values()
    assert stored.flags == {"\\Draft", "\\Seen", "work"}
    for trash in {"Trash"} & account.referee.folders().keys():
        wait_for(lambda: not account.referee.messages(trash), 10, "the old text to go")


WAYS = [*itertools.product(["backupcopy=yes", "backupcopy=no", "backupcopy=auto"], ["writebackup", "nowritebackup"]),
        ("backupcopy=yes", "writebackup", "nofsync")]


@pytest.mark.parametrize("settings", WAYS, ids="-".join)
def test_vim_leaves_the_new_text_alone(account, path, tmp_path, settings):
    edit(vim("nobackup", "backupdir=.", *settings), path, tmp_path)
    assert_new(account, path)
    assert os.listdir(path.parent.parent / "tmp") == []


@pytest.mark.parametrize("path", ["delete=expunge", "sync"], indirect=True)
def test_vim_where_the_old_text_has_gone_by_then(account, path, tmp_path):
    edit(vim("nobackup", "backupdir=.", "backupcopy=no"), path, tmp_path)
    assert_new(account, path)


def test_vim_with_a_swap_file_beside_the_message(account, path, tmp_path):
    command = vim("directory=.", "nobackup", "backupcopy=yes")
    command.remove("-n")
    edit(command, path, tmp_path)
    assert_new(account, path)


@pytest.mark.parametrize("copy", ["backupcopy=yes", "backupcopy=no"])
def test_a_backup_that_vim_keeps_is_no_message(account, path, tmp_path, copy):
    edit(vim("backup", "backupdir=.", copy), path, tmp_path)
    assert_new(account, path)
    backup = path.with_name(path.name + "~")
    assert backup.read_bytes() == OLD
    assert os.listdir(path.parent.parent / "tmp") == [backup.name]


@pytest.mark.parametrize("script", [
    'sed -i s/old/new/ "$1"',
    'perl -pi -e s/old/new/ "$1"',
    'sed s/old/new/ "$1" > "$1.tmp"; mv "$1.tmp" "$1"',
    'cp "$1" "$1.orig"; sed s/old/new/ "$1.orig" > "$1"; rm "$1.orig"',
    'text=$(sed s/old/new/ "$1"); echo "$text" > "$1"',
    'sed s/old/new/ "$1" > ".$1.part"; mv ".$1.part" "$1"',
])
def test_scripts_leave_the_new_text_alone(account, path, script):
    subprocess.run(["sh", "-ec", script, "sh", path.name], check=True, cwd=path.parent, timeout=60)
    assert_new(account, path)
    assert os.listdir(path.parent.parent / "tmp") == []


REMOVES_FIRST = {
    "rename": 'os.unlink(name); os.rename("../tmp/draft", name)',
    "link": 'os.unlink(name); os.link("../tmp/draft", name); os.unlink("../tmp/draft")',
    "beside": 'os.rename("../tmp/draft", ".draft"); os.unlink(name); os.rename(".draft", name)',
    "delivered": 'os.rename("../tmp/draft", "../new/draft"); os.unlink(name); os.rename("../new/draft", name)',
}


@pytest.mark.parametrize("path", ["delete=trash", "delete=expunge", "sync"], indirect=True)
@pytest.mark.parametrize("way", REMOVES_FIRST)
def test_who_removes_the_name_and_then_puts_another_file_there(account, path, way):
    (path.parent.parent / "tmp/draft").write_bytes(NEW)
    subprocess.run(["python3", "-c", f"import os, sys; name = sys.argv[1]; {REMOVES_FIRST[way]}", path.name], check=True,
                   cwd=path.parent, timeout=60)
    assert_new(account, path)
    assert os.listdir(path.parent.parent / "tmp") == []


def test_a_name_without_flags_that_was_removed_first_keeps_them(account, path):
    """As it does when the file is renamed over it."""
    (path.parent.parent / "tmp/draft").write_bytes(NEW)
    os.unlink(path)
    os.rename(path.parent.parent / "tmp/draft", path.with_name(path.name.split(":")[0]))
    assert_new(account, path)


def test_pythons_maildir_sets_a_message_anew(account, path):
    box = mailbox.Maildir(path.parent.parent)
    key, = box.keys()
    message = box[key]
    message.set_payload("new text\n")
    box[key] = message
    assert_new(account, path)


def test_what_was_removed_by_another_stays_in_the_trash(account, path):
    (path.parent.parent / "tmp/draft").write_bytes(NEW)
    subprocess.run(["rm", path.name], check=True, cwd=path.parent)
    os.rename(path.parent.parent / "tmp/draft", path)
    wait_for(lambda: texts(account) == [NEW], 10, "the new text alone")
    wait_for(lambda: [one.text for one in account.referee.messages("Trash").values()] == [OLD], 10, "the old text there")


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed")
@pytest.mark.parametrize("options", [[], ["--inplace"]], ids=str)
def test_rsync_brings_a_new_text(account, path, tmp_path, options):
    source = tmp_path / path.name
    source.write_bytes(NEW + b"longer\n")
    subprocess.run(["rsync", "-t", *options, source, f"{path.parent}/"], check=True, timeout=60)
    source.write_bytes(NEW)
    subprocess.run(["rsync", "-t", *options, source, f"{path.parent}/"], check=True, timeout=60)
    assert_new(account, path)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_git_style_lock_file(account, mount):
    """NAME.lock is written, synced and takes the place of NAME."""
    folder = mount(account).folder("INBOX")
    for value in ("one", "two"):
        subprocess.run(["git", "config", "-f", folder / ".config", "mail.number", value], check=True)
        subprocess.run(["git", "config", "-f", folder / "cur/message:2,S", "mail.number", value], check=True)
    assert os.listdir(folder / "cur") == ["message:2,S"] and os.listdir(folder / "tmp") == []
    wait_for(lambda: texts(account) == [b"[mail]\n\tnumber = two\n"], 10, "the last version alone")
