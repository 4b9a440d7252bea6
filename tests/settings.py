"""What the program's sources know of settings, for those who describe it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def keys():
    """The keys of -o and mailfs.conf, each with the words it may be set to, if these are all."""
    source = (ROOT / "fs" / "setting.c").read_text()
    choices = {name: re.findall(r'\{ "(\w+)",', words)
               for name, words in re.findall(r"Choice (\w+)\[\]\s*=\s*\{(.*?)\};", source, re.S)}
    found = {}
    for line in re.findall(r'^  \{ ("\w+", TYPE_.*) \},$', source, re.M):
        key = re.match(r'"(\w+)"', line).group(1)
        named = re.search(r"\.choices = (\w+)", line)
        found[key] = choices[named.group(1)] if named else []
    assert len(found) > 20 and found["eol"] == ["lf", "crlf"], "this knows nothing of how fs/setting.c is written now"
    return found
