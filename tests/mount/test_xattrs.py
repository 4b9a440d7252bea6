"""Section 3 of the contract, as far as it is read: extended attributes."""

import errno
import os
import subprocess

import pytest

from referee import Mail
from waiting import wait_for

MESSAGE = (b"From: =?utf-8?Q?J=C3=BCrgen?= <juergen@example.com>\r\n"
           b"To: a@example.com,\r\n b@example.com\r\n"
           b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?8J+OiQ==?=\r\n"
           b"Date: Sun, 13 Sep 2020 12:26:40 +0000\r\n"
           b"Message-ID: <1@example.com>\r\n\r\nbody\r\n")


def attributes(path):
    return {name: os.getxattr(path, name).decode() for name in os.listxattr(path)}


def test_a_message_says_what_the_server_knows_of_it(account, mount):
    account.referee.append("INBOX", [Mail(MESSAGE, "\\Seen work $Label1 \\Flagged")])
    path = mount(account).files()[1]
    seen = attributes(path)
    assert set(seen["user.imap.flags"].split()) == {"\\Seen", "\\Flagged", "work", "$Label1"}
    assert seen["user.imap.uid"] == "1"
    assert seen["user.imap.uidvalidity"] == str(account.referee.status("INBOX", "UIDVALIDITY"))
    assert seen["user.imap.mailbox"] == "INBOX"
    assert int(seen["user.imap.modseq"]) > 0
    assert seen["user.imap.size"] == str(len(MESSAGE))
    assert "2020" in seen["user.imap.internaldate"] or seen["user.imap.internaldate"] == "1600000000"
    assert seen["user.mailfs.state"] == "synced"


def test_a_message_says_its_decoded_header(account, mount):
    account.referee.append("INBOX", [MESSAGE])
    path = mount(account).files()[1]
    path.read_bytes()
    seen = attributes(path)
    assert seen["user.mail.subject"] == "Grüße🎉"
    assert seen["user.mail.from"] == "Jürgen <juergen@example.com>"
    assert seen["user.mail.to"] == "a@example.com, b@example.com"
    assert seen["user.mail.date"] == "Sun, 13 Sep 2020 12:26:40 +0000"
    assert seen["user.mail.message-id"] == "<1@example.com>"


def test_a_message_without_header_has_no_header_attributes(account, mount):
    account.referee.append("INBOX", [b"\r\njust text\r\n"])
    path = mount(account).files()[1]
    path.read_bytes()
    assert not any(name.startswith("user.mail.") for name in os.listxattr(path))


def test_mailbox_is_the_folders_name_in_utf8(account, mount):
    account.referee.create("büro/été")
    account.referee.append("büro/été", [MESSAGE])
    mounted = mount(account)
    (path,) = mounted.files("büro/été").values()
    assert os.getxattr(path, "user.imap.mailbox").decode() == "büro/été"


def test_a_folder_says_what_the_server_knows_of_it(account, mount):
    account.referee.append("INBOX", [Mail(MESSAGE), Mail(MESSAGE, "\\Seen"), Mail(MESSAGE)])
    mounted = mount(account)
    os.listdir(mounted.folder("INBOX") / "cur")
    seen = attributes(mounted.folder("INBOX"))
    assert seen["user.imap.mailbox"] == "INBOX"
    assert seen["user.imap.uidvalidity"] == str(account.referee.status("INBOX", "UIDVALIDITY"))
    assert (seen["user.imap.uidnext"], seen["user.imap.messages"], seen["user.imap.unseen"]) == ("4", "3", "2")
    assert seen["user.imap.subscribed"] in ("0", "1", "yes", "no")


@pytest.mark.parametrize("name", ["Drafts", "Sent", "Trash", "Junk"])
def test_a_special_folder_says_so(account, mount, name):
    assert os.getxattr(mount(account).folder(name), "user.imap.special-use").decode() == f"\\{name}"


def test_a_folder_knows_its_quota(dovecot, mount):
    account = dovecot.add_account("rationed", quota="storage=50M")
    inbox = mount(account).folder("INBOX")
    wait_for(lambda: "user.imap.quota" in os.listxattr(inbox), 10, "the quota")
    quota = os.getxattr(inbox, "user.imap.quota").decode()
    assert str(50 << 20) in quota or "50M" in quota or "51200" in quota


def test_subscription_is_shown(account, mount):
    account.referee.create("Unsubscribed")
    mounted = mount(account)
    shown = [os.getxattr(mounted.folder(name), "user.imap.subscribed") for name in ("Sent", "Unsubscribed")]
    assert shown[0] != shown[1]


@pytest.mark.parametrize("name", ["user.imap.labels", "user.imap.threadid", "user.imap.emailid", "user.imap.nonsense",
                                  "user.other"])
def test_what_does_not_apply_to_a_message_is_enodata(account, mount, name):
    account.referee.append("INBOX", [MESSAGE])
    path = mount(account).files()[1]
    with pytest.raises(OSError) as refusal:
        os.getxattr(path, name)
    assert refusal.value.errno == errno.ENODATA
    assert name not in os.listxattr(path)


@pytest.mark.parametrize("name", ["user.imap.special-use", "user.imap.quota", "user.imap.uid"])
def test_what_does_not_apply_to_a_folder_is_enodata(account, mount, name):
    with pytest.raises(OSError) as refusal:
        os.getxattr(mount(account).folder("INBOX"), name)
    assert refusal.value.errno == errno.ENODATA


@pytest.mark.parametrize("name", ["security.selinux", "system.posix_acl_access", "security.capability", "trusted.x"])
def test_foreign_attributes_are_not_supported(account, mount, name):
    """This very errno makes ls ask once, not once a file."""
    account.referee.append("INBOX", [MESSAGE])
    path = mount(account).files()[1]
    with pytest.raises(OSError) as refusal:
        os.getxattr(path, name)
    assert refusal.value.errno == errno.EOPNOTSUPP


def test_getfattr_dumps_all_without_the_network(account, mount, proxy):
    account.referee.append("INBOX", [Mail(MESSAGE)] * 20)
    counter = proxy(account.server.port)
    mounted = mount(account, port=counter.port)
    paths = list(mounted.files().values())
    counter.refuse()
    dump = subprocess.run(["getfattr", "-d", "-m", "-", *paths, mounted.folder("INBOX")], check=True,
                          capture_output=True, text=True).stdout
    assert dump.count("user.imap.uid=") == 20
    assert 'user.imap.messages="20"' in dump


def test_a_small_buffer_is_erange_and_a_size_is_told(account, mount):
    """The two-step protocol of getxattr(2): tools ask for the size first."""
    account.referee.append("INBOX", [Mail(MESSAGE, " ".join(f"keyword{number}" for number in range(20)))])
    path = mount(account).files()[1]
    assert len(os.getxattr(path, "user.imap.flags").split()) == 20
    listed = subprocess.run(["getfattr", "-n", "user.imap.flags", "--only-values", "--absolute-names", path],
                            check=True, capture_output=True).stdout
    assert listed == os.getxattr(path, "user.imap.flags")
