"""Every message byte for byte, with its true size, and the server none the wiser."""

import mmap
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from referee import Mail
from waiting import wait_for

ODD = {
    "no header": b"no header at all",
    "only a header": b"Subject: x\r\n",
    "empty body": b"Subject: x\r\n\r\n",
    "empty line first": b"\r\nSubject: in the body\r\n",
    "one line end": b"\r\n",
    "one byte": b"x",
    "no last line end": b"Subject: x\r\n\r\nlast",
    "8-bit header": "Subject: Grüße aus Köln\r\nFrom: Jürgen <j@example.com>\r\n\r\nok\r\n".encode("latin-1"),
    "UTF-8 header": "Subject: 日本語\r\n\r\n本文\r\n".encode(),
    "every byte but NUL": b"Subject: bytes\r\n\r\n" + bytes(set(range(1, 256)) - set(b"\r\n")) + b"\r\n",
    "bare CR": b"Subject: x\r\n\r\none\rtwo\r\rthree\r\n",
    "CR at the end": b"Subject: x\r\n\r\nlast\r",
    "CR before CRLF": b"Subject: x\r\n\r\none\r\r\ntwo\r\r\r\n",
    "bare LF": b"Subject: x\r\n\r\none\ntwo\n\nthree\n",
    "LF only": b"Subject: x\n\nbody\n",
    "a 1 MB line": b"Subject: x\r\n\r\n" + b"y" * (1 << 20) + b"\r\n",
    "a 1 MB header line": b"Subject: " + b"y" * (1 << 20) + b"\r\n\r\nbody\r\n",
    "only line ends": b"\r\n" * 100_000,
    "From_ lines": b"From someone\r\nFrom: x\r\n\r\nFrom here\r\n>From there\r\n",
    "looks like IMAP": b"Subject: x\r\n\r\n)\r\na1 OK done\r\n* BYE\r\n{5}\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n",
    "dots": b"Subject: x\r\n\r\n.\r\n..\r\n.\r\n",
    "exactly a page": b"Subject: x\r\n\r\n" + b"y" * (4096 - 13),
    "exactly 64 KiB": b"Subject: x\r\n\r\n" + b"y\r\n" * ((65536 - 12) // 2),
    "10 MB": b"Subject: big\r\n\r\n" + b"%072d\r\n" % 7 * (10_000_000 // 74),
}


def read(path):
    """The content, after making sure that the size agrees with it for its reader."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read()
    assert size == len(content)
    return content


# The corpus

@pytest.mark.parametrize("folder", ["INBOX", "Lists/büro", "Archive"])
def test_every_mail_of_the_corpus_is_the_servers_with_lf(library, library_mount, folder):
    stored = library.referee.messages(folder)
    files = library_mount.files(folder)
    assert files.keys() == stored.keys()
    wrong = [uid for uid, path in files.items() if read(path) != stored[uid].text]
    assert not wrong
    assert [uid for uid, path in files.items() if path.stat().st_size != len(stored[uid].text)] == []


def test_what_the_referee_reads_is_what_was_stored(library):
    """So that the test above does not compare two wrongs."""
    for folder, mails in library.shelves.items():
        assert [stored.body for stored in library.referee.messages(folder).values()] == [mail.body for mail in mails]


def test_reading_the_corpus_changes_no_flag(library, library_mount):
    for folder, mails in library.shelves.items():
        for path in library_mount.files(folder).values():
            path.read_bytes()
        flags = [stored.flags for stored in library.referee.messages(folder, bodies=False).values()]
        assert flags == [frozenset(mail.flags.split()) for mail in mails]


def test_places_and_letters_of_the_corpus_are_the_servers_flags(library, library_mount):
    letters = {"\\Draft": "D", "\\Flagged": "F", "$Forwarded": "P", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
    for folder in library.shelves:
        files = library_mount.files(folder)
        for uid, stored in library.referee.messages(folder, bodies=False).items():
            shown = "".join(sorted(letters[flag] for flag in stored.flags if flag in letters))
            place, _, info = f"{files[uid].parent.name}/{files[uid].name}".partition(":2,")
            assert (place.split("/")[0], info) == ("cur" if shown else "new", shown)


# Odd messages

@pytest.mark.parametrize("name", ODD)
def test_an_odd_message_is_read_as_the_server_sends_it(account, mount, name):
    account.referee.append("INBOX", [ODD[name]])
    path = mount(account).files()[1]
    assert read(path) == account.referee.messages("INBOX")[1].text
    assert path.stat().st_size == len(account.referee.messages("INBOX")[1].text)


@pytest.mark.parametrize("name", ODD)
def test_with_eol_crlf_an_odd_message_is_as_on_the_wire(account, mount, name):
    account.referee.append("INBOX", [ODD[name]])
    path = mount(account, "eol=crlf").files()[1]
    assert read(path) == account.referee.messages("INBOX")[1].body


def test_line_ends_can_be_changed_between_mounts(account, mount):
    account.referee.append("INBOX", [b"Subject: x\r\n\r\none\r\ntwo\r\n"])
    lf = mount(account)
    assert read(lf.files()[1]) == b"Subject: x\n\none\ntwo\n"
    lf.unmount()
    crlf = mount(account, "eol=crlf", home=lf.home)
    assert read(crlf.files()[1]) == b"Subject: x\r\n\r\none\r\ntwo\r\n"


# Sizes and ways to read

def test_the_size_before_the_first_open_is_the_servers_and_exact_after_it(account, mount):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 1000
    account.referee.append("INBOX", [body])
    path = mount(account).files()[1]
    assert path.stat().st_size == len(body)
    with path.open("rb") as file:
        assert os.fstat(file.fileno()).st_size == len(body) - 1002
    assert path.stat().st_size == len(body) - 1002


def test_an_exact_size_is_remembered_over_a_remount_and_without_the_cache(account, mount):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 1000
    account.referee.append("INBOX", [body])
    mounted = mount(account)
    read(mounted.files()[1])
    mounted.remount()
    assert mounted.files()[1].stat().st_size == len(body) - 1002


def test_with_prefetch_all_every_size_is_exact_once_status_says_complete(account, mount):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 1000
    account.referee.create("Archive")
    account.referee.append("INBOX", [body] * 50)
    account.referee.append("Archive", [body] * 50)
    mounted = mount(account, "prefetch=all")
    wait_for(lambda: "complete" in mounted.status(), 30, "status to say complete")
    sizes = [path.stat().st_size for path in mounted.path.rglob("new/*")]
    assert sizes == [len(body) - 1002] * 100


@pytest.mark.parametrize("tool", [["cat"], ["dd", "bs=7"], ["dd", "bs=1M"], ["tail", "-c", "+1"], ["sed", ""],
                                  ["sh", "-c", "cat < \"$0\""], ["tac", "-s", "no such words"]], ids=" ".join)
def test_tools_read_every_byte_and_no_byte_too_many(account, mount, tool):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 5000
    account.referee.append("INBOX", [body])
    path = mount(account).files()[1]
    argument = f"if={path}" if tool[0] == "dd" else path
    result = subprocess.run([*tool, argument], check=True, capture_output=True)
    assert result.stdout == body.replace(b"\r\n", b"\n")


def test_wc_cmp_and_cp_agree_about_a_message_never_read_before(account, mount, tmp_path):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 5000
    account.referee.append("INBOX", [body] * 3)
    files = mount(account).files()
    text = tmp_path / "text"
    text.write_bytes(body.replace(b"\r\n", b"\n"))
    counted = subprocess.run(["wc", "-c", files[1]], check=True, capture_output=True, text=True).stdout
    assert int(counted.split()[0]) == text.stat().st_size
    subprocess.run(["cmp", files[2], text], check=True)
    subprocess.run(["cp", files[3], tmp_path / "copy"], check=True)
    assert (tmp_path / "copy").read_bytes() == text.read_bytes()


def test_a_message_can_be_mapped_into_memory(account, mount):
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 5000
    account.referee.append("INBOX", [body])
    with mount(account).files()[1].open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == body.replace(b"\r\n", b"\n")


def test_any_part_can_be_read_first(account, mount):
    body = b"Subject: x\r\n\r\n" + b"".join(b"%06d\r\n" % number for number in range(100_000))
    text = body.replace(b"\r\n", b"\n")
    account.referee.append("INBOX", [body])
    with mount(account).files()[1].open("rb", buffering=0) as file:
        for offset in (len(text) - 10, 0, 65_530, 300_001, len(text), len(text) + 5):
            assert os.pread(file.fileno(), 100, offset) == text[offset:offset + 100]
        assert file.seek(0, os.SEEK_END) == len(text)


def test_many_readers_at_once_each_get_their_message(account, mount):
    bodies = [b"Subject: %d\r\n\r\n" % number + b"%d\r\n" % number * (number * 7 % 3000) for number in range(300)]
    account.referee.append("INBOX", bodies)
    mounted = mount(account)
    files = mounted.files()
    jobs = [uid for _ in range(4) for uid in files]
    with ThreadPoolExecutor(16) as pool:
        contents = list(pool.map(lambda uid: files[uid].read_bytes(), jobs))
    assert contents == [bodies[uid - 1].replace(b"\r\n", b"\n") for uid in jobs]


SIZES = [1, 2, 4095, 4096, 4097, 8192, 65_535, 65_536, 65_537, 131_072]


@pytest.mark.parametrize("way", ["read", "map", "last first", "many at once"])
def test_what_is_here_since_the_last_mount_is_read_to_the_byte(account, mount, way):
    """The kernel is given the text with the answer to the first open, if it is short."""
    account.referee.append("INBOX", [b"x" * (size - 1) + b"y" for size in SIZES])
    mounted = mount(account)
    for path in mounted.files().values():
        read(path)
    mounted.remount()
    paths = mounted.files().values()
    assert [path.stat().st_size for path in paths] == SIZES
    contents = []
    for path in paths:
        with path.open("rb", buffering=0) as file:
            if way == "map":
                with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                    contents.append(mapped[:])
            elif way == "last first":
                size = os.fstat(file.fileno()).st_size
                last = os.pread(file.fileno(), 10, size - 1)
                contents.append(os.pread(file.fileno(), size - 1, 0) + last)
            elif way == "many at once":
                with ThreadPoolExecutor(8) as pool:
                    read_by_all = set(pool.map(lambda _: path.read_bytes(), range(8)))
                assert len(read_by_all) == 1
                contents.extend(read_by_all)
            else:
                contents.append(file.read())
    assert contents == [b"x" * (size - 1) + b"y" for size in SIZES]


def test_many_readers_of_one_uncached_message_all_get_it(account, mount):
    body = b"Subject: big\r\n\r\n" + b"%072d\r\n" % 7 * 30_000
    account.referee.append("INBOX", [body])
    path = mount(account).files()[1]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: path.read_bytes(), range(8))) == {body.replace(b"\r\n", b"\n")}


def test_folders_are_listed_for_the_first_time_by_many_at_once(account, mount):
    account.referee.append("INBOX", [Mail(b"Subject: x\r\n\r\n", "\\Seen")] * 2000)
    mounted = mount(account)
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: len(os.listdir(mounted.folder("INBOX") / "cur")), range(8)))
    assert counts == [2000] * 8


def test_a_small_cache_reads_right_all_the_same(account, mount):
    """Bodies are dropped again before the last has been read."""
    bodies = [b"Subject: %d\r\n\r\n" % number + b"%072d\r\n" % number * 2000 for number in range(60)]
    account.referee.append("INBOX", bodies)
    mounted = mount(account, "cache_size=1M")
    for _ in range(2):
        assert {uid: read(path) for uid, path in mounted.files().items()} == {
            number + 1: body.replace(b"\r\n", b"\n") for number, body in enumerate(bodies)}
    mounted.unmount()
    kept = sum(path.stat().st_size for path in mounted.home.cache.rglob("*") if path.is_file())
    assert kept < 4 << 20


def test_reading_never_sets_seen(account, mount, proxy):
    account.referee.append("INBOX", [b"Subject: x\r\n\r\nbody\r\n"] * 5)
    counter = proxy(account.server.port)
    for path in mount(account, port=counter.port).files().values():
        path.read_bytes()
    assert {stored.flags for stored in account.referee.messages("INBOX").values()} == {frozenset()}
    assert any("BODY.PEEK[" in line for line in counter.lines)
    assert not any("BODY[" in line or "RFC822.TEXT" in line or line.endswith("RFC822") for line in counter.lines)
    assert not {"STORE", "UID STORE", "CLOSE", "EXPUNGE", "APPEND"} & set(counter.commands)
