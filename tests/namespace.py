"""A mount namespace of its own, for what would be seen on the whole machine."""

# A copy of a mount keeps a file system alive when others unmount it.
LET_GO = "umount --all --types fuse.mailfs --lazy --internal-only --no-canonicalize || :"


def words(script, *arguments):
    """The command that runs @script in one, without any mailfs that is mounted now; for root only."""
    return ["unshare", "--mount", "sh", "-c", f"{LET_GO}\n{script}", "sh", *arguments]
