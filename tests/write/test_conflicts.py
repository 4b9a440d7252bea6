"""Another client works on the same mail while changes wait here to be sent."""

import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for


def text(name):
    return b"Subject: %s\n\nText\n" % name.encode()


def mails(account, folder):
    if folder not in account.referee.folders():
        return None
    return sorted((one.text, one.flags) for one in account.referee.messages(folder).values())


def shown(mounted, folder):
    return sorted(path.read_bytes() for place in ("cur", "new") for path in (mounted.folder(folder) / place).iterdir())


def lost(mounted):
    return sorted(path.read_bytes() for path in (mounted.path / ".mailfs/lost+found").iterdir())


@pytest.fixture
def apart(account, mount, proxy):
    """A mount that is cut off while another client is not: two messages, both read here but for the last; meet() ends it."""
    line = proxy(account.server.port)
    account.referee.create("Archive", "Project", "Project/deep")
    account.referee.append("INBOX", [Mail(text(name).replace(b"\n", b"\r\n"), "\\Answered") for name in ("a", "b", "c")])
    account.referee.append("Project", [Mail(text("p").replace(b"\n", b"\r\n"))])
    mounted = mount(account, "prefetch=none", "poll=1", port=line.port)
    files = mounted.files()
    for uid in (1, 2):
        files[uid].read_bytes()
    for folder in ("Archive", "Project", "Project/deep"):
        for path in mounted.files(folder).values():
            path.read_bytes()
    line.refuse()
    wait_for(lambda: "offline" in mounted.status(), 20, "the cut to be noticed")

    def meet():
        line.accept()
        (mounted.path / ".mailfs/ctl").write_text("online\n")
        wait_for(lambda: "connection: online" in mounted.status() and "pending:    0\n" in mounted.status(), 40,
                 "everything to be sent")
    mounted.meet, mounted.account, mounted.old = meet, account, files
    return mounted


def base(path):
    return path.name.split(":2,")[0]


def test_flags_merge_by_difference(apart):
    os.rename(apart.old[1], apart.old[1].with_name(f"{base(apart.old[1])}:2,FR"))
    os.setxattr(apart.old[2], "user.imap.flags", b"-\\Answered +mine")
    apart.account.referee.store("INBOX", [1], "+FLAGS", "\\Seen theirs")
    apart.account.referee.store("INBOX", [2], "-FLAGS", "\\Answered")
    apart.account.referee.store("INBOX", [2], "+FLAGS", "\\Draft")
    apart.meet()
    assert mails(apart.account, "INBOX")[:2] == [(text("a"), {"\\Answered", "\\Flagged", "\\Seen", "theirs"}),
                                                 (text("b"), {"\\Draft", "mine"})]
    wait_for(lambda: sorted(path.name.split(":2,")[1] for path in apart.files().values()) == ["D", "FRS", "R"], 10, "all flags")


def test_a_removal_wins_over_a_flag(apart):
    os.rename(apart.old[1], apart.old[1].with_name("a:2,F"))
    os.unlink(apart.old[2])
    apart.account.referee.expunge("INBOX", [1])
    apart.account.referee.store("INBOX", [2], "+FLAGS", "\\Flagged")
    apart.meet()
    assert mails(apart.account, "INBOX") == [(text("c"), {"\\Answered"})]
    assert mails(apart.account, "Trash") == [(text("b"), {"\\Answered", "\\Flagged"})]
    wait_for(lambda: shown(apart, "INBOX") == [text("c")], 10, "what is left")
    assert lost(apart) == []


def test_a_moved_message_that_is_gone_is_kept_if_it_is_here(apart):
    for uid in (1, 3):
        os.rename(apart.old[uid], apart.folder("Archive") / "cur" / f"m{uid}:2,R")
    apart.account.referee.expunge("INBOX", [1, 3])
    apart.meet()
    wait_for(lambda: lost(apart) == [text("a")], 10, "the one with a body")
    assert shown(apart, "Archive") == [] and mails(apart.account, "Archive") == []
    path, = (apart.path / ".mailfs/lost+found").iterdir()
    assert os.getxattr(path, "user.mailfs.state").startswith(b"failed: ")
    assert "lost+found: 1 " in apart.status()


def test_walking_on_to_lost_and_found_reads_it(account, mount):
    account.referee.create("Box")
    account.referee.append("Box", [b"Subject: %d\r\n\r\n" % number for number in range(6)])
    mounted = mount(account, "poll=1", "prefetch=none")
    files = mounted.files("Box")
    texts = sorted(path.read_bytes() for path in files.values())
    control = mounted.path / ".mailfs/ctl"
    control.write_text("offline")
    for uid, path in files.items():
        path.rename(mounted.folder("INBOX") / "cur" / f"m{uid}:2,S")
    account.referee.expunge("Box", files)
    control.write_text("online")
    lost = mounted.path / ".mailfs/lost+found"
    wait_for(lambda: len(os.listdir(lost)) == 6, 20, "all six")
    assert sorted(path.read_bytes() for path in sorted(lost.iterdir())) == texts
    account.referee.append("INBOX", [b"Subject: news\r\n\r\n"])
    wait_for(lambda: len(mounted.files()) == 1, 10, "news")


def test_both_move_it(apart):
    """The other was first; what is here is kept, and nothing is doubled on the server."""
    os.rename(apart.old[1], apart.folder("Archive") / "cur/a:2,R")
    apart.account.referee.imap.select("INBOX")
    apart.account.referee.imap.uid("MOVE", "1", "Project")
    apart.account.referee.imap.unselect()
    apart.meet()
    assert mails(apart.account, "Archive") == [] and len(mails(apart.account, "Project")) == 2
    wait_for(lambda: lost(apart) == [text("a")], 10, "the copy that is here")


def test_a_rewritten_message_survives_its_removal(apart):
    apart.old[1].write_bytes(text("a") + b"More\n")
    apart.account.referee.expunge("INBOX", [1])
    apart.meet()
    assert mails(apart.account, "INBOX")[0] == (text("a") + b"More\n", {"\\Answered"})
    assert apart.old[1].read_bytes() == text("a") + b"More\n" and lost(apart) == []


def rewrite(path):
    path.write_bytes(path.read_bytes() + b"More\n")


def replace(path):
    new = path.parents[1] / "tmp/new"
    new.write_bytes(path.read_bytes() + b"More\n")
    os.rename(new, path)


@pytest.mark.parametrize("write", [rewrite, replace])
def test_flags_that_the_old_text_gets_go_over_to_the_new_one(apart, write):
    write(apart.old[1])
    seen = apart.old[2].with_name(f"{base(apart.old[2])}:2,RS")
    os.rename(apart.old[2], seen)
    write(seen)
    apart.account.referee.store("INBOX", [1, 2], "+FLAGS", "\\Flagged \\Deleted work")
    apart.account.referee.store("INBOX", [1], "-FLAGS", "\\Answered")
    apart.meet()
    assert mails(apart.account, "INBOX") == [
        (text("a") + b"More\n", {"\\Flagged", "work"}),
        (text("b") + b"More\n", {"\\Answered", "\\Flagged", "\\Seen", "work"}),
        (text("c"), {"\\Answered"})]


@pytest.fixture
def writing(account, mount):
    """Two messages that are being written when another client removes them, and a third."""
    account.referee.create("Archive")
    account.referee.append("INBOX", [Mail(text(name).replace(b"\n", b"\r\n"), "\\Seen") for name in ("a", "b", "c")])
    mounted = mount(account)
    mounted.account = account
    mounted.old = mounted.files()
    with mounted.old[1].open("ab") as first, mounted.old[2].open("ab") as second:
        account.referee.expunge("INBOX", [1, 2, 3])
        wait_for(lambda: not mounted.old[3].exists(), 10, "the removal")
        mounted.writers = first, second
        yield mounted


def close(writing):
    for writer in writing.writers:
        writer.write(b"More\n")
        writer.close()
    (writing.path / ".mailfs/ctl").write_text("sync\n")
    assert "pending:    0\n" in writing.status()


def test_what_is_being_written_when_it_is_removed_keeps_its_name(writing):
    names = [writing.old[1].name, writing.old[2].name]
    assert sorted(os.listdir(writing.old[1].parent)) == names
    close(writing)
    writing.remount()
    assert sorted(os.listdir(writing.old[1].parent)) == names
    assert mails(writing.account, "INBOX") == [(text("a") + b"More\n", {"\\Seen"}), (text("b") + b"More\n", {"\\Seen"})]


def test_what_is_being_written_when_it_is_removed_is_flagged_moved_and_removed(writing):
    flagged = writing.old[1].with_name(writing.old[1].name.replace(":2,S", ":2,FS"))
    os.rename(writing.old[1], flagged)
    os.setxattr(flagged, "user.imap.flags", b"+work")
    os.rename(flagged, writing.folder("Archive") / "cur" / flagged.name)
    os.unlink(writing.old[2])
    close(writing)
    assert mails(writing.account, "Archive") == [(text("a") + b"More\n", {"\\Flagged", "\\Seen", "work"})]
    assert mails(writing.account, "INBOX") == [] and mails(writing.account, "Trash") in (None, [])


# Folders

def test_a_folder_is_removed_under_what_goes_into_it(apart):
    (apart.folder("Archive") / "new/n").write_bytes(text("n"))
    os.rename(apart.old[1], apart.folder("Archive") / "cur/a:2,R")
    apart.account.referee.delete("Archive")
    apart.meet()
    wait_for(lambda: lost(apart) == [text("n")], 10, "the delivery")
    wait_for(lambda: not apart.folder("Archive").exists(), 10, "the folder to go")
    assert mails(apart.account, "INBOX")[0] == (text("a"), {"\\Answered"})
    assert sorted(path.read_bytes() for path in apart.files().values()) == [text("a"), text("b"), text("c")]


def test_a_folder_is_removed_under_files_with_names_that_no_message_has(apart):
    for name in (".hidden", "..", "n" * 255):
        (apart.folder("Archive") / "tmp" / name.replace("..", "..two")).write_bytes(text(name))
    apart.account.referee.delete("Archive")
    apart.meet()
    wait_for(lambda: lost(apart) == sorted([text(".hidden"), text(".."), text("n" * 255)]), 10, "the files")


def test_a_folder_is_renamed_under_what_goes_into_it(apart):
    (apart.folder("Archive") / "new/n").write_bytes(text("n"))
    os.rename(apart.old[1], apart.folder("Archive") / "cur/a:2,R")
    apart.account.referee.imap.rename("Archive", "Elsewhere")
    apart.meet()
    wait_for(lambda: apart.folder("Elsewhere").is_dir() and not apart.folder("Archive").exists(), 10, "the new name")
    wait_for(lambda: len(mails(apart.account, "Elsewhere")) == 2, 10, "both")
    assert mails(apart.account, "Elsewhere") == [(text("a"), {"\\Answered"}), (text("n"), frozenset())]
    assert mails(apart.account, "INBOX")[0][0] == text("b") and lost(apart) == []


def test_a_message_moves_out_of_a_folder_that_goes(apart):
    path, = apart.files("Project").values()
    os.rename(path, apart.folder("Archive") / "cur/p:2,S")
    apart.account.referee.delete("Project/deep")
    apart.account.referee.delete("Project")
    apart.meet()
    wait_for(lambda: lost(apart) == [text("p")], 10, "what the server has no more")
    wait_for(lambda: not apart.folder("Project").exists(), 10, "the folder to go")


def test_both_rename_a_folder(apart):
    os.rename(apart.folder("Project"), apart.folder("Ours"))
    apart.account.referee.imap.rename("Project", "Theirs")
    apart.meet()
    assert {"Theirs", "Theirs/deep"} <= set(apart.account.referee.folders())
    assert not {"Ours", "Project"} & set(apart.account.referee.folders())
    wait_for(lambda: apart.folder("Theirs/deep").is_dir() and not apart.folder("Ours").exists(), 10, "their name")
    assert shown(apart, "Theirs") == [text("p")] and mails(apart.account, "Theirs") == [(text("p"), frozenset())]


def test_a_folder_that_somebody_fills_is_not_removed(apart):
    os.rmdir(apart.folder("Archive"))
    apart.account.referee.append("Archive", [Mail(text("x").replace(b"\n", b"\r\n"))])
    apart.meet()
    wait_for(apart.folder("Archive").is_dir, 10, "the folder again")
    wait_for(lambda: shown(apart, "Archive") == [text("x")], 10, "what is in it")
    assert mails(apart.account, "Archive") == [(text("x"), frozenset())]


def test_both_make_a_folder(apart):
    subprocess.run(["sh", "-ec", "mkdir Made; printf 'Subject: ours\\n\\nText\\n' > Made/new/x"], cwd=apart.path, check=True)
    apart.account.referee.create("Made")
    apart.account.referee.append("Made", [Mail(text("theirs").replace(b"\n", b"\r\n"))])
    apart.meet()
    assert [mail[0] for mail in mails(apart.account, "Made")] == [text("ours"), text("theirs")]
    wait_for(lambda: shown(apart, "Made") == [text("ours"), text("theirs")], 10, "both messages")
    assert apart.account.referee.folders().keys() & {"Made"} and lost(apart) == []


def test_a_folder_is_made_where_another_was_removed_and_made(apart):
    """The same name is another mailbox: nothing of the old one is taken for its own."""
    path, = apart.files("Project").values()
    os.rename(path, path.parent / f"{base(path)}:2,F" if path.parent.name == "cur" else apart.folder("Project") / "cur/p:2,F")
    apart.account.referee.delete("Project/deep")
    apart.account.referee.delete("Project")
    apart.account.referee.create("Project")
    apart.account.referee.append("Project", [Mail(text("other").replace(b"\n", b"\r\n"))])
    apart.meet()
    assert mails(apart.account, "Project") == [(text("other"), frozenset())]
    wait_for(lambda: shown(apart, "Project") == [text("other")], 10, "the new message alone")
