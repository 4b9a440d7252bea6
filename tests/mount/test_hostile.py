"""Servers that lie, break off or babble: only what they spoil suffers."""

import errno
import os
import subprocess
import time

import pytest

from scripted import Message, Scripted
from waiting import wait_for

GOOD = b"Subject: good\r\n\r\nright content\r\n"
TEXT = b"Subject: spoilt\r\n\r\n" + b"line of text\r\n" * 4000


def lf(body):
    return body.replace(b"\r\n", b"\n")


def spoilt(**lie):
    """An INBOX whose second message of three is not right."""
    return {"INBOX": [Message(1, GOOD), Message(2, TEXT, **lie), Message(3, GOOD)]}


def assert_others_are_well(mounted):
    """At once, or when the connection that the bad one has cost is replaced."""
    files = mounted.files()

    def content(uid):
        try:
            return files[uid].read_bytes()
        except OSError as failure:
            assert failure.errno == errno.EHOSTDOWN
    for uid in (1, 3):
        assert wait_for(lambda: content(uid), 20, "a good message") == lf(GOOD)


# Sizes

@pytest.mark.parametrize("size", [0, 1, len(TEXT) - 4001, len(TEXT) + 1, 10 * len(TEXT), 4_000_000_000, 1 << 62])
@pytest.mark.parametrize("tool", ["cat", "wc -c <", "tar -cO", "rsync", "cmp", "cp", "mmap"])
def test_every_byte_is_read_whatever_size_the_server_claims(mount, size, tool, tmp_path):
    with Scripted(spoilt(size=size)) as server:
        mounted = mount(server, port=server.port)
        path, copy = mounted.files()[2], tmp_path / "copy"
        path.stat()
        if tool in ("cp", "rsync"):
            subprocess.run([tool, path, copy], check=True, timeout=60)
            assert copy.read_bytes() == lf(TEXT)
        elif tool == "cmp":
            copy.write_bytes(lf(TEXT))
            subprocess.run(["cmp", path, copy], check=True, timeout=60)
        elif tool == "mmap":
            script = "import mmap,sys; f=open(sys.argv[1],'rb'); sys.stdout.buffer.write(mmap.mmap(f.fileno(),0,prot=1)[:])"
            content = subprocess.run(["/usr/bin/python3", "-c", script, path], check=True, capture_output=True).stdout
            assert content == lf(TEXT)
        elif tool == "tar -cO":
            packed = subprocess.run(["tar", "-cO", "-C", path.parent, path.name], check=True, capture_output=True).stdout
            unpacked = subprocess.run(["tar", "-xO"], input=packed, check=True, capture_output=True).stdout
            assert unpacked == lf(TEXT)
        else:
            result = subprocess.run(["sh", "-c", f'{tool} "$0"', path], check=True, capture_output=True).stdout
            assert result == lf(TEXT) if tool == "cat" else int(result) == len(lf(TEXT))
        assert path.stat().st_size == len(lf(TEXT))
        assert_others_are_well(mounted)


# Bodies that do not come

@pytest.mark.parametrize("after", [0, 1, 20, 4096, len(TEXT) - 1])
def test_a_server_that_dies_inside_a_literal_never_yields_half_a_message(mount, after):
    with Scripted(spoilt(cut_after=after)) as server:
        mounted = mount(server, "timeout=2", port=server.port)
        files = mounted.files()
        with pytest.raises(OSError) as failure:
            files[2].read_bytes()
        assert failure.value.errno in (errno.EIO, errno.EHOSTDOWN)
        assert_others_are_well(mounted)
        server.mailboxes["INBOX"][1].cut_after = None

        def whole():
            try:
                return files[2].read_bytes()
            except OSError as failure:
                assert failure.errno in (errno.EIO, errno.EHOSTDOWN)
        assert wait_for(whole, 20, "the whole message") == lf(TEXT)


def test_a_server_that_stalls_inside_a_literal_is_given_up_in_time(mount):
    with Scripted(spoilt(stall_after=1000)) as server:
        mounted = mount(server, "timeout=1", port=server.port)
        started = time.monotonic()
        with pytest.raises(OSError) as failure:
            mounted.files()[2].read_bytes()
        assert failure.value.errno in (errno.EIO, errno.EHOSTDOWN)
        assert time.monotonic() - started < 10
        assert_others_are_well(mounted)


@pytest.mark.parametrize("literal", [b"NIL", b'""', b"{5}\r\n" + TEXT, b"{%d}\r\n" % (len(TEXT) + 10) + TEXT,
                                     b"{0}\r\n", b"{abc}\r\n", b"(a b)",
                                     b"{99999999999999999999}\r\n", b"{4294967296}\r\n", b"{-1}\r\n", b""],
                         ids=["NIL", "quoted empty", "too long", "too short", "empty", "no number", "a list", "beyond 64 bit",
                              "beyond 32 bit", "negative", "nothing"])
def test_a_body_that_is_none_spoils_that_message_alone(mount, literal):
    with Scripted(spoilt(literal=literal)) as server:
        mounted = mount(server, "timeout=2", port=server.port)
        path = mounted.files()[2]
        if literal in (b"{0}\r\n", b'""'):
            assert path.read_bytes() == b""
        else:
            with pytest.raises(OSError) as failure:
                path.read_bytes()
            assert failure.value.errno in (errno.EIO, errno.EHOSTDOWN)
        assert_others_are_well(mounted)


def test_a_body_as_a_quoted_string_is_right(mount):
    with Scripted(spoilt(literal=b'"Subject: \\"quoted\\" and back\\\\slash"')) as server:
        mounted = mount(server, port=server.port)
        assert mounted.files()[2].read_bytes() == b'Subject: "quoted" and back\\slash'
        assert_others_are_well(mounted)


def test_a_message_without_its_body_in_the_answer_is_eio(mount):
    """Some servers answer OK and leave the item out."""
    with Scripted(spoilt(literal=b"NIL")) as server:
        mounted = mount(server, "timeout=2", port=server.port)
        for _ in range(2):
            with pytest.raises(OSError) as failure:
                mounted.files()[2].read_bytes()
            assert failure.value.errno == errno.EIO


def test_one_bad_message_does_not_end_a_walk(mount):
    """grep -r over a folder tells of the one file and reads all the others."""
    mails = [Message(uid, b"Subject: needle\r\n\r\n%d\r\n" % uid) for uid in range(1, 101)]
    mails[49].literal = b"NIL"
    with Scripted({"INBOX": mails}) as server:
        mounted = mount(server, "timeout=2", port=server.port)
        result = subprocess.run(["grep", "-rc", "needle", mounted.folder("INBOX")], capture_output=True, text=True)
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 1
        assert sum(line.endswith(":1") for line in result.stdout.splitlines()) == 99


# Bodies that Dovecot would not send

@pytest.mark.parametrize("body", [b"Subject: x\n\nbare LF\nonly\n", b"Subject: x\r\n\r\nbare\nLF\r\nand\rCR\r\n", b"\n",
                                  b"\r", b"ends in CR\r"], ids=["LF only", "mixed", "LF", "CR", "ends in CR"])
@pytest.mark.parametrize("eol", ["lf", "crlf"])
def test_bare_line_ends_from_the_wire_are_kept(mount, body, eol):
    with Scripted({"INBOX": [Message(1, body)]}) as server:
        content = mount(server, f"eol={eol}", port=server.port).files()[1].read_bytes()
        assert content == (body if eol == "crlf" else lf(body))


def test_a_nul_byte_does_no_harm(mount):
    with Scripted(spoilt(literal=b"{7}\r\nabc\0def")) as server:
        mounted = mount(server, "timeout=2", port=server.port)
        assert mounted.files()[2].read_bytes() == b"abc\0def"
        assert_others_are_well(mounted)


# Metadata

@pytest.mark.parametrize("date", ["", "garbage", "99-Xxx-9999 99:99:99 +9999", "01-Jan-1950 00:00:00 +0000",
                                  "31-Dec-9999 23:59:59 -1200", " 1-Jan-1970 00:00:00 +0000"])
def test_an_odd_date_leaves_the_message_readable(mount, date):
    with Scripted(spoilt(date=date)) as server:
        mounted = mount(server, port=server.port)
        assert mounted.files()[2].read_bytes() == lf(TEXT)
        assert_others_are_well(mounted)


@pytest.mark.parametrize("flags", ["", "\\Seen \\Unknown", "NonJunk $MDNSent \\Recent", "a]b", "\\*", "\\Seen \\Seen"])
def test_odd_flags_leave_the_message_readable(mount, flags):
    with Scripted(spoilt(flags=flags)) as server:
        mounted = mount(server, port=server.port)
        assert mounted.files()[2].read_bytes() == lf(TEXT)
        assert_others_are_well(mounted)


# Talk

@pytest.mark.parametrize("junk", [
    b"* XYZZY nothing happens\r\n",
    b"* OK [WEIRDCODE (a b) {3}] said\r\n",
    b"* 17 FROBNICATE (a (b c)) \"d\"\r\n",
    b"* 3 EXISTS\r\n* 0 RECENT\r\n",
    b"* 2 FETCH (FLAGS (\\Seen))\r\n",
    b"* 1 FETCH (UID 1 FLAGS (\\Seen) X-UNKNOWN (1 2 \"x\") MODSEQ (12))\r\n",
    b"* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS ()] x\r\n",
    b"* LIST (\\HasNoChildren) \"/\" \"INBOX\"\r\n",
    b"* ESEARCH (TAG \"x\") UID\r\n",
    b"* STATUS INBOX ()\r\n",
    b"* NO something is not well\r\n* BAD what\r\n",
    b"* CAPABILITY IMAP4rev1 NEWTHING\r\n",
    b"* OK \xff\xfe 8-bit \x01 and control\r\n",
    b"* X " + b"y" * 300_000 + b"\r\n",
    b"* XLITERAL {5}\r\n)\r\n* \r\n",
    b"\r\n",
    b"*\r\n",
    b"nonsense\r\n",
], ids=lambda junk: repr(junk[:30]))
def test_untagged_junk_is_skipped(mount, junk):
    with Scripted({"INBOX": [Message(1, GOOD), Message(2, GOOD), Message(3, GOOD)]}, junk=junk) as server:
        mounted = mount(server, "timeout=3", port=server.port)
        assert [path.read_bytes() for path in mounted.files().values()] == [lf(GOOD)] * 3


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_a_server_that_answers_in_crumbs_is_understood(mount, chunk):
    with Scripted(spoilt(), chunk=chunk) as server:
        mounted = mount(server, port=server.port)
        assert mounted.files()[2].read_bytes() == lf(TEXT)
        assert_others_are_well(mounted)


def test_a_server_that_loses_a_folder_spoils_that_folder_alone(mount):
    with Scripted({"INBOX": [Message(1, GOOD)], "Lost": [Message(1, GOOD)]}) as server:
        mounted = mount(server, port=server.port)
        mounted.unmount()
        mounted.start()
        del server.mailboxes["Lost"]
        with pytest.raises(OSError) as failure:
            os.listdir(mounted.folder("Lost") / "cur")
        assert failure.value.errno in (errno.ENOENT, errno.EIO)
        assert mounted.files()[1].read_bytes() == lf(GOOD)


def test_uids_out_of_order_and_far_apart_are_all_found(mount):
    uids = [7, 1, 4_294_967_295, 2_147_483_648, 3]
    with Scripted({"INBOX": [Message(uid, b"Subject: %d\r\n\r\n" % uid) for uid in uids]}) as server:
        files = mount(server, port=server.port).files()
        assert {uid: path.read_bytes() for uid, path in files.items()} == {
            uid: b"Subject: %d\n\n" % uid for uid in uids}


# Folder names

@pytest.mark.parametrize("name", [
    "bad&name", "bad&AOk", "&-&-", "&AGE-", "caf\xe9", "..", "../../../tmp/escape", "/etc", "a//b", "a/", "a/../b",
    "bell\x07", "esc\x1b[31m", "x" * 300, "%00", "cur/new/tmp", "new\x7f", "&2AA-", "&AAA-",
], ids=repr)
def test_a_folder_with_a_hostile_name_is_shown_somewhere_inside(mount, name):
    mailboxes = {"INBOX": [Message(1, GOOD)], name: [Message(1, TEXT)]}
    with Scripted(mailboxes) as server:
        mounted = mount(server, port=server.port)
        found = [path for path in mounted.path.rglob("*:2,*")]
        assert sorted(path.read_bytes() for path in found) == sorted([lf(GOOD), lf(TEXT)])
        for path in mounted.path.rglob("*"):
            assert all(ord(letter) >= 32 and ord(letter) != 127 for letter in str(path)), repr(path)
        mounted.unmount()
    assert not os.path.lexists("/tmp/escape")
