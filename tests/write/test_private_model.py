"""Private files against a disk: the same random calls on both leave the same behind.

The calls are drawn from a seed, so a failure comes again.
"""

import ctypes
import errno
import mmap
import os
import random
import shutil

import pytest

LIBC = ctypes.CDLL(None, use_errno=True)
SEEDS = [1, 2, 3]


def renameat2(old, new, flags):
    if LIBC.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


@pytest.fixture
def roots(account, mount):
    """A private directory, and one on the disk."""
    mounted = mount(account)
    private, disk = mounted.path / ".random", mounted.home.root / "random"
    private.mkdir()
    disk.mkdir()
    return private, disk


# Trees

class Tree:
    """Does one call after another below a directory, and keeps some files open."""

    def __init__(self, root):
        self.root, self.held = root, {}

    def path(self, words):
        return self.root.joinpath(*words)

    def write(self, first, second, number):
        with self.path(first).open("ab") as out:
            out.write(b"%d\n" % number)

    def mkdir(self, first, second, number):
        self.path(first).mkdir()

    def rmdir(self, first, second, number):
        self.path(first).rmdir()

    def unlink(self, first, second, number):
        self.path(first).unlink()

    def link(self, first, second, number):
        os.link(self.path(first), self.path(second), follow_symlinks=False)

    def symlink(self, first, second, number):
        self.path(first).symlink_to("/".join(second))

    def rename(self, first, second, number):
        renameat2(self.path(first), self.path(second), number % 3)

    def chmod(self, first, second, number):
        self.path(first).chmod(0o700 | number % 0o100)

    def hold(self, first, second, number):
        if number % 8 in self.held:
            os.close(self.held.pop(number % 8))
        self.held[number % 8] = os.open(self.path(first), os.O_RDWR if number % 2 else os.O_RDONLY)

    def use_held(self, first, second, number):
        held = self.held[number % 8] if number % 8 in self.held else None
        if held is not None and number % 2:
            os.pwrite(held, b"held", number % 100)
        return held is not None and (os.fstat(held).st_nlink, os.fstat(held).st_mode, os.fstat(held).st_size
                                     if number % 2 else None)

    def picture(self, path=None):
        """All that can be seen, times and numbers aside."""
        seen = {}
        for entry in sorted(os.scandir(path or self.root), key=lambda entry: entry.name):
            about = entry.stat(follow_symlinks=False)
            seen[entry.name] = [oct(about.st_mode), entry.is_dir(follow_symlinks=False) or about.st_nlink]
            if entry.is_symlink():
                seen[entry.name].append(os.readlink(entry.path))
            elif entry.is_dir():
                seen[entry.name].append(self.picture(entry.path))
            else:
                seen[entry.name].append(open(entry.path, "rb").read())
        return seen

    def close(self):
        for held in self.held.values():
            os.close(held)


CALLS = [name for name in vars(Tree) if name not in ("path", "picture", "close") and not name.startswith("_")]


def outcome(tree, call, arguments):
    try:
        return getattr(tree, call)(*arguments)
    except OSError as failure:
        return errno.errorcode[failure.errno]


@pytest.mark.parametrize("seed", SEEDS)
def test_trees_are_alike_after_every_call(roots, seed):
    chance = random.Random(seed)
    trees = [Tree(root) for root in roots]

    def name():
        return [chance.choice("abcdefg") for _ in range(chance.choice([1, 1, 1, 2, 2, 3]))]
    for step in range(3000):
        call, arguments = chance.choice(CALLS), (name(), name(), chance.randrange(1000))
        answers = [outcome(tree, call, arguments) for tree in trees]
        assert answers[0] == answers[1], f"step {step}: {call} {arguments}"
        if step % 100 == 99:
            assert trees[0].picture() == trees[1].picture(), f"after step {step}"
    for tree in trees:
        tree.close()


# Content

class Content:
    """One file, written and read in every way there is."""

    def __init__(self, root):
        self.path = root / "file"
        self.fd = os.open(self.path, os.O_CREAT | os.O_RDWR)

    def pwrite(self, offset, size, data):
        os.pwrite(self.fd, data[:size], offset)

    def append(self, offset, size, data):
        with self.path.open("ab") as out:
            out.write(data[:size])

    def pread(self, offset, size, data):
        return os.pread(self.fd, size, offset)

    def read_elsewhere(self, offset, size, data):
        return self.path.read_bytes()[offset:offset + size]

    def truncate(self, offset, size, data):
        if size % 2:
            os.ftruncate(self.fd, offset)
        else:
            os.truncate(self.path, offset)

    def map_and_write(self, offset, size, data):
        length = os.fstat(self.fd).st_size
        if offset + size < length:
            with mmap.mmap(self.fd, length) as memory:
                memory[offset:offset + size] = data[:size]

    def map_and_read(self, offset, size, data):
        length = os.fstat(self.fd).st_size
        if length:
            with mmap.mmap(self.fd, length, prot=mmap.PROT_READ) as memory:
                return memory[offset:offset + size]

    def allocate(self, offset, size, data):
        os.posix_fallocate(self.fd, offset, size + 1)

    def copy_range(self, offset, size, data):
        if size < offset:
            os.copy_file_range(self.fd, self.fd, size, 0, offset)

    def rewrite(self, offset, size, data):
        if size % 8 == 0:
            self.path.write_bytes(data[:size])

    def reopen(self, offset, size, data):
        os.close(self.fd)
        self.fd = os.open(self.path, os.O_RDWR)

    def size(self, offset, size, data):
        return os.fstat(self.fd).st_size, self.path.stat().st_size


@pytest.mark.parametrize("seed", SEEDS)
def test_content_is_alike_after_every_call(roots, seed):
    chance = random.Random(seed)
    data = chance.randbytes(300_000)
    contents = [Content(root) for root in roots]
    calls = [name for name in vars(Content) if not name.startswith("_")]
    for step in range(1500):
        call, offset, size = chance.choice(calls), chance.randrange(400_000), chance.randrange(200_000)
        start = chance.randrange(100_000)
        answers = [getattr(content, call)(offset, size, data[start:]) for content in contents]
        assert answers[0] == answers[1], f"step {step}: {call} {offset} {size}"
    assert contents[0].path.read_bytes() == contents[1].path.read_bytes()
    for content in contents:
        os.close(content.fd)


def test_what_was_written_is_on_the_disk_below(roots, account, mount):
    private, disk = roots
    (private / "file").write_bytes(b"x" * 1000)
    (state,) = [path for path in (disk.parent / "state").rglob(".random")]
    assert (state / "file").read_bytes() == b"x" * 1000
    shutil.rmtree(private)
    assert not state.exists()
