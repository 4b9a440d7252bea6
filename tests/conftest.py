"""Fixtures: a real Dovecot, accounts on it, mailfs mounted on them.

Nothing here outlives the test session, and whatever a test does, its mailfs is
unmounted and gone afterwards.  A crash of the daemon fails the test.
"""

import contextlib
import faulthandler
import itertools
import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path

import pytest

import corpus
import leftovers
import mailfs
from certs import Certs
from dovecot import Dovecot
from issuer import Issuer
from proxy import Proxy
from referee import Mail

TEST_SECONDS = 180
EVERY_BYTE_SECONDS = 10 * 3600

_mounters = []


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=1, help="of the random life in tests/write/test_random.py")
    parser.addoption("--every-byte", action="store_true", help="in tests/write/test_cuts.py, not a few of them")
    parser.addoption("--steps", type=int, default=50, help="how long that life is")
    parser.addoption("--many", type=int, default=5000,
                     help="messages of the folder whose remount is counted; how long two mounts work at once")


def is_worker(config):
    """One of the processes of pytest-xdist, not the one that the user has started."""
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if not is_worker(config):
        leftovers.number()  # which they inherit


def pytest_unconfigure(config):
    if not is_worker(config):
        leftovers.end()


def pytest_sessionstart(session):
    # Who runs the tests in the background may have let ^C be ignored; programs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not mailfs.BINARY.exists():
        pytest.exit(f"{mailfs.BINARY} is not there: build first, or set MAILFS_BINARY", 2)
    if not os.path.exists("/dev/fuse"):
        pytest.exit("/dev/fuse is not there: the kernel module fuse is needed", 2)


def pytest_keyboard_interrupt():
    # Where tests run side by side a second ^C comes from pytest-xdist, in the midst of the cleaning up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def limited(item):
    """What hangs gets its file systems taken away, then an exception."""
    def expire():
        faulthandler.dump_traceback()
        for mounter in _mounters:
            mounter.take_away()
        os.kill(os.getpid(), signal.SIGALRM)

    def fail(*_):
        raise TimeoutError(f"the test took more than {seconds} s")

    seconds = TEST_SECONDS + (item.config.getoption("--steps") if item.get_closest_marker("long_life") else 0)
    seconds += EVERY_BYTE_SECONDS if item.config.getoption("--every-byte") else 0
    signal.signal(signal.SIGALRM, fail)
    timer = threading.Timer(seconds, expire)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    with limited(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    with limited(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    with limited(item):
        yield


# Servers

@pytest.fixture(scope="session")
def certs():
    with tempfile.TemporaryDirectory(prefix=leftovers.prefix("certs")) as root:
        yield Certs(Path(root))


@pytest.fixture(scope="session")
def dovecot(certs):
    """The server that tests share; each has accounts of its own there."""
    server = Dovecot(certs)
    yield server
    server.close()


@pytest.fixture
def dovecot_with(certs):
    """Makes a server for one test, to be configured or mistreated: dovecot_with(separator=".")."""
    servers = []

    def make(**settings):
        servers.append(Dovecot(certs, **settings))
        return servers[-1]
    yield make
    for server in servers:
        server.close()


_names = (f"user{number}" for number in itertools.count(1))


@pytest.fixture
def account(dovecot):
    """An empty account on the shared server."""
    account = dovecot.add_account(next(_names))
    yield account
    account.close()


@pytest.fixture
def issuer():
    """Makes OAuth2 tokens for a server with its settings()."""
    with tempfile.TemporaryDirectory(prefix=leftovers.prefix("issuer")) as root:
        yield Issuer(Path(root))


@pytest.fixture
def proxy():
    """Makes a proxy before a port."""
    proxies = []

    def make(port):
        proxies.append(Proxy(port))
        return proxies[-1]
    yield make
    for one in proxies:
        one.close()


# mailfs

class Mounter:
    """Makes homes and mounts, and cleans up after them."""

    def __init__(self, certs):
        self.certs = certs
        self.root = Path(tempfile.mkdtemp(prefix=leftovers.prefix("test")))
        self.homes, self.mounts = [], []
        _mounters.append(self)

    def home(self):
        """A user on a machine, with nothing mounted yet."""
        self.homes.append(mailfs.Home(self.root / f"home{len(self.homes)}"))
        return self.homes[-1]

    def options(self, home, account, *options, tls=True):
        """Words of the command line that let @home log in as @account."""
        words = [f"password_command={home.password_command(account.password)}",
                 f"ca_file={self.certs.ca}" if tls else "tls=none", *options]
        return [part for word in words for part in ("-o", word)]

    def __call__(self, account, *options, home=None, host="127.0.0.1", port=None):
        """Mounts by STARTTLS; in clear text when @port, a proxy's for instance, is given."""
        home = home or self.home()
        url = f"imap://{account.user}@{host}:{port or account.server.port}"
        self.mounts.append(mailfs.Mount(home, url, self.options(home, account, *options, tls=not port)))
        return self.mounts[-1]

    def take_away(self):
        for home in self.homes:
            home.clean_up()

    def finish(self):
        problems = []
        for mount in self.mounts:
            try:
                mount.finish()
            except Exception as problem:
                problems.append(str(problem))
        self.take_away()
        _mounters.remove(self)
        shutil.rmtree(self.root)
        assert not problems, "\n".join(problems)


@pytest.fixture
def mount(certs):
    """mount(account, "eol=crlf") mounts; mount.home() is a user without a mount."""
    mounter = Mounter(certs)
    yield mounter
    mounter.finish()


# The corpus: mounted once, read by many

@pytest.fixture(scope="session")
def library(dovecot):
    """The corpus in three folders, its flags and dates of every kind."""
    account = dovecot.add_account("library")
    flags = ["", "\\Seen", "\\Flagged \\Seen", "\\Answered", "$Forwarded \\Seen", "work", "\\Draft", "\\Deleted"]
    mails = [Mail(body, flags[number % len(flags)], 1_000_000_000 + 3600 * number)
             for number, body in enumerate(corpus.messages())]
    account.shelves = {"INBOX": mails[:2000], "Lists/büro": mails[2000:4000], "Archive": mails[4000:]}
    account.referee.create("Lists/büro", "Archive")
    for name, part in account.shelves.items():
        account.referee.append(name, part)
    yield account
    account.close()


@pytest.fixture(scope="session")
def shared_mount(certs, library):
    mounter = Mounter(certs)
    yield mounter(library)
    mounter.finish()


@pytest.fixture
def library_mount(shared_mount):
    if shared_mount.process.poll() == -signal.SIGKILL:
        shared_mount.start()  # it was taken away from a test that took too long
    return shared_mount


@pytest.fixture(scope="session")
def twin(library, shared_mount):
    """An ordinary Maildir tree with what the server has, under the mount's names."""
    with tempfile.TemporaryDirectory(prefix=leftovers.prefix("twin")) as name:
        make_twin(Path(name), library, shared_mount)
        yield Path(name)


def make_twin(root, library, mounted):
    for name in library.shelves:
        stored = library.referee.messages(name)
        for place in ("cur", "new", "tmp"):
            (root / name / place).mkdir(parents=True)
        files = mounted.files(name)
        assert files.keys() == stored.keys()
        for uid, path in files.items():
            copy = root / path.relative_to(mounted.path)
            copy.write_bytes(stored[uid].text)
            os.utime(copy, (stored[uid].date, stored[uid].date))
