"""Programs that know nothing of IMAP do on the server what their users mean."""

import mailbox
import os
import shutil
import subprocess
import time

import pytest

from referee import Mail
from waiting import wait_for


def has(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def run(*command, cwd=None, seconds=60, **options):
    return subprocess.run(list(map(str, command)), cwd=cwd, check=True, capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL, **options)


def mails(account, folder):
    if folder not in account.referee.folders():
        return None
    return sorted((one.text, one.flags, one.date) for one in account.referee.messages(folder).values())


@pytest.fixture
def local(tmp_path):
    """A Maildir on a local disk."""
    root = tmp_path / "Local"
    for place in ("cur", "new", "tmp"):
        (root / place).mkdir(parents=True)
    for number in range(20):
        seen = number % 2
        path = root / ("cur" if seen else "new") / (f"{1_500_000_000 + number}.M{number}.host" + (":2,S" if seen else ""))
        path.write_bytes(b"Subject: %d\n\nThe text %d.\n" % (number, number))
        os.utime(path, (1_500_000_000 + number,) * 2)
        path.chmod(0o644)
    root.chmod(0o755)
    return root


def expected(local):
    return sorted((path.read_bytes(), frozenset({"\\Seen"} if path.name.endswith("S") else ()), int(path.stat().st_mtime))
                  for place in ("cur", "new") for path in (local / place).iterdir())


def tree(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


# Whole Maildirs in and out

@has("rsync")
def test_rsync_in_and_out(account, mount, local, tmp_path):
    mounted = mount(account)
    run("rsync", "-a", f"{local}/", mounted.folder("Mirror"))
    assert tree(mounted.folder("Mirror")) == tree(local)
    wait_for(lambda: mails(account, "Mirror") == expected(local), 20, "every message with flags and date")
    run("rsync", "-a", f"{mounted.folder('Mirror')}/", tmp_path / "Back")
    assert tree(tmp_path / "Back") == tree(local)
    again = run("rsync", "-rti", f"{local}/", mounted.folder("Mirror")).stdout
    assert not [line for line in again.splitlines() if line.startswith("<f") or line.startswith(">f")]


@has("rsync")
def test_rsync_delete_removes_what_is_gone(account, mount, local):
    mounted = mount(account)
    run("rsync", "-a", f"{local}/", mounted.folder("Mirror"))
    wait_for(lambda: mails(account, "Mirror") == expected(local), 20, "every message")
    gone = sorted((local / "cur").iterdir())[0]
    gone.unlink()
    run("rsync", "-rt", "--delete", f"{local}/", mounted.folder("Mirror"))
    wait_for(lambda: mails(account, "Mirror") == expected(local), 20, "one message less")


def put_unread(account, n=20):
    texts = [b"Subject: %d\r\n\r\nThe text %d.\r\n" % (number, number) for number in range(n)]
    account.referee.append("INBOX", [Mail(text, "\\Seen" if number % 2 else "") for number, text in enumerate(texts)])
    return sorted(text.replace(b"\r\n", b"\n") for text in texts)


def move_out(folder, to):
    """Returns what rsync says of what it has copied and does not remove."""
    result = subprocess.run(["rsync", "-a", "--remove-source-files", f"{folder}/", to], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60)
    assert result.returncode in (0, 23), result.stderr
    return [line for line in result.stderr.splitlines() if "Skipping sender remove" in line]


@has("rsync")
def test_rsync_moves_out_what_nobody_has_read_the_second_time(account, mount, tmp_path):
    texts = put_unread(account)
    inbox = mount(account).folder("INBOX")
    assert len(move_out(inbox, tmp_path / "Out")) == len(texts)
    assert sorted(tree(tmp_path / "Out").values()) == texts
    assert sorted(tree(inbox).values()) == texts
    assert move_out(inbox, tmp_path / "Out") == []
    assert sorted(tree(tmp_path / "Out").values()) == texts and tree(inbox) == {}
    wait_for(lambda: mails(account, "INBOX") == [], 20, "the messages to go from the server")


@has("rsync")
def test_rsync_moves_out_at_once_what_was_prefetched(account, mount, tmp_path):
    texts = put_unread(account)
    mounted = mount(account)
    (mounted.path / ".mailfs/ctl").write_text("prefetch INBOX\n")
    wait_for(lambda: "20 of 20 here" in mounted.status(), 20, "every body")
    assert move_out(mounted.folder("INBOX"), tmp_path / "Out") == []
    assert sorted(tree(tmp_path / "Out").values()) == texts and tree(mounted.folder("INBOX")) == {}


@has("rsync")
def test_rsync_of_a_file_onto_the_folder(account, mount, tmp_path):
    mounted = mount(account)
    (tmp_path / "msg.eml").write_bytes(b"Subject: x\n\n")
    os.utime(tmp_path / "msg.eml", (1_500_000_000,) * 2)
    run("rsync", "-t", tmp_path / "msg.eml", f"{mounted.folder('INBOX')}/")
    wait_for(lambda: mails(account, "INBOX") == [(b"Subject: x\n\n", frozenset(), 1_500_000_000)], 20, "the message")
    assert sorted(os.listdir(mounted.folder("INBOX"))) == ["cur", "new", "tmp"]


def test_cp_a_in_and_out(account, mount, local, tmp_path):
    mounted = mount(account)
    run("cp", "-a", local, mounted.folder("Mirror"))
    assert tree(mounted.folder("Mirror")) == tree(local)
    wait_for(lambda: mails(account, "Mirror") == expected(local), 20, "every message with flags and date")
    run("cp", "-a", mounted.folder("Mirror"), tmp_path / "Back")
    assert tree(tmp_path / "Back") == tree(local)
    assert {path.name: int(path.stat().st_mtime) for path in (tmp_path / "Back").rglob("*") if path.is_file()} == \
        {path.name: int(path.stat().st_mtime) for path in local.rglob("*") if path.is_file()}


def test_tar_in_and_out(account, mount, local, tmp_path):
    mounted = mount(account)
    run("tar", "-cf", tmp_path / "in.tar", "-C", local.parent, "Local")
    run("tar", "-xf", tmp_path / "in.tar", "--no-same-permissions", "--no-same-owner", "-C", mounted.path)
    wait_for(lambda: mails(account, "Local") == expected(local), 20, "every message with flags and date")
    run("tar", "-cf", tmp_path / "out.tar", "-C", mounted.path, "Local")
    run("tar", "-xf", tmp_path / "out.tar", "-C", tmp_path, "--transform", "s/Local/Back/")
    assert tree(tmp_path / "Back") == tree(local)


def test_mv_of_a_maildir_from_a_disk(account, mount, local):
    mounted = mount(account)
    wanted, files = expected(local), tree(local)
    run("mv", local, mounted.folder("Moved"))
    assert tree(mounted.folder("Moved")) == files and not local.exists()
    wait_for(lambda: mails(account, "Moved") == wanted, 20, "every message with flags and date")


# mblaze

@has("mdeliver")
def test_mblaze_delivers_flags_and_refiles(account, mount, tmp_path):
    account.referee.create("Archive")
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    (tmp_path / "mbox").write_bytes(b"Subject: x\n\nThe text.\n")
    with (tmp_path / "mbox").open() as message:
        delivered = subprocess.run(["mdeliver", "-v", inbox], stdin=message, check=True, capture_output=True,
                                   text=True).stdout.strip()
    assert delivered.startswith(str(inbox))
    wait_for(lambda: [mail[:2] for mail in mails(account, "INBOX")] == [(b"Subject: x\n\nThe text.\n", set())], 10,
             "the delivery")
    run("minc", inbox)
    path, = (inbox / "cur").iterdir()
    run("mflag", "-S", "-F", path)
    wait_for(lambda: [mail[1] for mail in mails(account, "INBOX")] == [{"\\Seen", "\\Flagged"}], 10, "the flags")
    path, = (inbox / "cur").iterdir()
    run("mrefile", path, mounted.folder("Archive"))
    wait_for(lambda: mails(account, "INBOX") == [] and [mail[1] for mail in mails(account, "Archive")]
             == [{"\\Seen", "\\Flagged"}], 10, "the move")


# Mutt

def mutt(program, home, folder, keys):
    """Types @keys into the program, which runs on a terminal of its own."""
    rc = home / "muttrc"
    rc.write_text("set mbox_type=Maildir\nset folder=\"%s\"\nset spoolfile=\"%s\"\nset confirmappend=no\nset confirmcreate=no\n"
                  "set delete=yes\nset quit=yes\nset move=no\nset mark_old=no\nset wait_key=no\nset resolve=no\n"
                  "set header_cache=\"\"\nset sleep_time=0\nset pipe_decode=no\nunset record\nset copy=no\n"
                  % (folder.parent, folder))
    command = f"{program} -n -F {rc} -f {folder} -e 'push \"{keys}\"'"
    subprocess.run(["script", "-qec", command, "/dev/null"], check=True, timeout=60, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "HOME": str(home), "LC_ALL": "C.UTF-8"})


@pytest.mark.parametrize("program", [pytest.param(name, marks=has(name)) for name in ("mutt", "neomutt")])
def test_mutt_reads_flags_saves_and_deletes(account, mount, tmp_path, program):
    account.referee.create("Archive")
    text = b"From: a@b.c\r\nSubject: %d\r\nDate: Fri, 14 Jul 2017 02:40:04 +0000\r\n\r\nText %d\r\n"
    account.referee.append("INBOX", [Mail(text % (number, number)) for number in range(1, 6)])
    mounted = mount(account)
    inbox = mounted.folder("INBOX")
    # Read the first, flag the second, delete the third, save the fourth, leave the fifth.
    mutt(program, tmp_path, inbox, "1<enter><display-message><exit>2<enter><flag-message>3<enter><delete-message>"
         "4<enter><save-message>=Archive<enter><sync-mailbox><quit>")

    def state():
        return {one.text.split(b"\n")[1]: one.flags for one in account.referee.messages("INBOX").values()}
    wanted = {b"Subject: 1": {"\\Seen"}, b"Subject: 2": {"\\Flagged"}, b"Subject: 5": set()}
    wait_for(lambda: state() == wanted, 20, f"what was done, not {state()}")
    archived, = wait_for(lambda: mails(account, "Archive"), 10, "the saved message")
    assert archived[0].startswith(b"From: a@b.c\nSubject: 4\n") and archived[0].endswith(b"\n\nText 4\n")
    assert archived[2] == 1_500_000_004
    assert len(os.listdir(inbox / "cur")) + len(os.listdir(inbox / "new")) == 3


# notmuch

@has("notmuch")
def test_notmuch_synchronizes_flags(account, mount, tmp_path):
    account.referee.append("INBOX", [Mail(b"From: a@b.c\r\nSubject: %d\r\nMessage-ID: <%d@b.c>\r\n\r\nText\r\n" % (n, n))
                                     for n in range(3)])
    mounted = mount(account)
    config = tmp_path / "notmuch"
    config.write_text(f"[database]\npath={mounted.path}\n[user]\nname=x\nprimary_email=a@b.c\n[new]\ntags=unread;inbox\n"
                      "[maildir]\nsynchronize_flags=true\n")
    environment = {**os.environ, "NOTMUCH_CONFIG": str(config), "HOME": str(tmp_path)}
    run("notmuch", "new", env=environment)
    run("notmuch", "tag", "-unread", "+flagged", "id:1@b.c", env=environment)
    wait_for(lambda: {one.text.split(b"\n")[1]: one.flags for one in account.referee.messages("INBOX").values()}
             == {b"Subject: 0": set(), b"Subject: 1": {"\\Seen", "\\Flagged"}, b"Subject: 2": set()}, 10, "the tags as flags")
    account.referee.store("INBOX", [3], "+FLAGS", "\\Seen")
    wait_for(lambda: mounted.files()[3].name.endswith(":2,S"), 10, "the change of another client")
    run("notmuch", "new", env=environment)
    assert run("notmuch", "search", "--output=messages", "tag:unread", env=environment).stdout.split() == ["id:0@b.c"]


@has("notmuch")
def test_notmuch_renames_what_a_tag_of_maildir_means(account, mount, tmp_path):
    """draft, flagged, passed, replied, unread and back again; a message moved by hand is the same for it."""
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"From: a@b.c\r\nSubject: 1\r\nMessage-ID: <1@b.c>\r\n\r\nText\r\n")])
    mounted = mount(account)
    config = tmp_path / "notmuch"
    config.write_text(f"[database]\npath={mounted.path}\n[user]\nname=x\nprimary_email=a@b.c\n[new]\ntags=unread;inbox\n"
                      "[maildir]\nsynchronize_flags=true\n")
    environment = {**os.environ, "NOTMUCH_CONFIG": str(config), "HOME": str(tmp_path)}

    def flags(folder="INBOX"):
        return [one.flags for one in account.referee.messages(folder).values()]
    run("notmuch", "new", env=environment)
    run("notmuch", "tag", "+draft", "+flagged", "+passed", "+replied", "-unread", "id:1@b.c", env=environment)
    wait_for(lambda: flags() == [{"\\Draft", "\\Flagged", "$Forwarded", "\\Answered", "\\Seen"}], 10, "all flags")
    run("notmuch", "tag", "-draft", "-flagged", "-passed", "-replied", "+unread", "id:1@b.c", env=environment)
    wait_for(lambda: flags() == [frozenset()], 10, "no flag")
    path, = (mounted.folder("INBOX") / "cur").iterdir()
    run("mv", path, mounted.folder("Archive") / "cur")
    run("notmuch", "new", env=environment)
    run("notmuch", "tag", "+replied", "folder:Archive", env=environment)
    wait_for(lambda: flags("Archive") == [{"\\Answered"}], 10, "the flag where it is now")


# mu

@has("mu")
def test_mu_flags_and_moves_what_it_has_indexed(account, mount, tmp_path):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"From: a@b.c\r\nSubject: %d\r\nMessage-ID: <%d@b.c>\r\n\r\nText\r\n" % (n, n))
                                     for n in (1, 2)])
    mounted = mount(account)
    home = f"--muhome={tmp_path}/mu"
    run("mu", "init", home, "-q", "--maildir", mounted.path)
    run("mu", "index", home, "-q")
    commands = '(move :msgid "1@b.c" :flags "+S-u-N+F")\n(move :msgid "2@b.c" :maildir "/Archive" :flags "+S-u-N")\n(quit)\n'
    subprocess.run(["mu", "server", home], input=commands.encode(), check=True, capture_output=True, timeout=60)
    wait_for(lambda: [mail[1] for mail in mails(account, "INBOX")] == [{"\\Seen", "\\Flagged"}], 10, "the flags")
    wait_for(lambda: [mail[1] for mail in mails(account, "Archive")] == [{"\\Seen"}], 10, "the move")
    run("mu", "index", home, "-q")
    found = run("mu", "find", home, "maildir:/Archive", "--fields", "l").stdout.split()
    assert [os.path.dirname(path) for path in found] == [str(mounted.folder("Archive") / "cur")]


# git-like: write, fsync, rename

def test_write_fsync_rename(account, mount):
    cur = mount(account).folder("INBOX") / "cur"
    for number in range(2):
        descriptor = os.open(cur / "msg.lock", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, b"Subject: x\n\nversion %d\n" % number)
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(cur / "msg.lock", cur / "msg:2,S")
    assert os.listdir(cur) == ["msg:2,S"]
    wait_for(lambda: [mail[:2] for mail in mails(account, "INBOX")] == [(b"Subject: x\n\nversion 1\n", {"\\Seen"})], 10,
             "the last version alone")


def test_pythons_maildir_locks_changes_and_flushes(account, mount):
    """All that its interface has for changes."""
    mounted = mount(account)
    box = mailbox.Maildir(mounted.folder("INBOX"), create=False)
    box.lock()
    keys = [box.add(f"Subject: {number}\n\nText\n") for number in range(5)]
    box.flush()
    box.unlock()
    message = box[keys[0]]
    message.set_subdir("cur")
    message.set_flags("RS")
    box[keys[0]] = message
    box.update({keys[1]: mailbox.MaildirMessage("Subject: new\n\nText\n")})
    assert box.pop(keys[2])["Subject"] == "2"
    box.discard(keys[2])
    del box[keys[3]]
    box.clean()
    box.close()
    wanted = [(b"Subject: 0\n\nText\n", {"\\Answered", "\\Seen"}), (b"Subject: 4\n\nText\n", set()),
              (b"Subject: new\n\nText\n", set())]
    wait_for(lambda: [mail[:2] for mail in mails(account, "INBOX")] == wanted, 20, "what was done")
    assert sorted(message["Subject"] for message in mailbox.Maildir(mounted.folder("INBOX"))) == ["0", "4", "new"]
    mailbox.Maildir(mounted.folder("INBOX")).clear()
    wait_for(lambda: mails(account, "INBOX") == [], 20, "an empty folder")


def test_pythons_maildir_moves_between_folders(account, mount):
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(b"Subject: 1\r\n\r\n", "\\Seen"), Mail(b"Subject: 2\r\n\r\n")])
    mounted = mount(account)
    inbox, archive = (mailbox.Maildir(mounted.folder(name), create=False) for name in ("INBOX", "Archive"))
    for key in list(inbox.keys()):
        archive.add(inbox[key])
        inbox.remove(key)
    wait_for(lambda: mails(account, "INBOX") == [] and len(mails(account, "Archive")) == 2, 10, "the messages")
    assert [mail[:2] for mail in mails(account, "Archive")] == [(b"Subject: 1\n\n", {"\\Seen"}), (b"Subject: 2\n\n", set())]


def test_a_burst_by_many_processes(account, mount):
    """As a mail server delivers: several agents at once."""
    inbox = mount(account).folder("INBOX")
    script = 'for i in 1 2 3 4 5 6 7 8 9 10; do printf "Subject: $1.$i\\n\\n" > tmp/$1.$i; mv tmp/$1.$i new/$1.$i; done'
    agents = [subprocess.Popen(["sh", "-ec", script, "sh", str(number)], cwd=inbox) for number in range(8)]
    assert [agent.wait(60) for agent in agents] == [0] * 8
    started = time.monotonic()
    wait_for(lambda: account.referee.status("INBOX", "MESSAGES") == 80, 20, "every message")
    assert time.monotonic() - started < 20
    assert {mail[0] for mail in mails(account, "INBOX")} == {b"Subject: %d.%d\n\n" % (agent, number)
                                                           for agent in range(8) for number in range(1, 11)}
