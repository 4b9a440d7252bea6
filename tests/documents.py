"""Terminal sessions in documents, and a shell that lives through them.

In a block of code, a line "$ command" is a command and "> more" goes on with it;
the lines behind are what it shows.  There "…" (in manuals "...") stands for any
text, and a line with nothing else for any lines.  Blocks without a "$ " are no sessions.
"""

import os
import pty
import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Step:
    """A command of a document and what it is said to show."""

    line: int
    command: str
    shown: list = field(default_factory=list)


def code(path):
    """The lines of @path that are in blocks of code, each with its number: Markdown or mdoc."""
    lines = path.read_text().splitlines()
    if path.suffix == ".md":
        return [(number, line[4:]) for number, line in enumerate(lines, 1) if not line or line.startswith("    ")]
    found, inside = [], False
    for number, line in enumerate(lines, 1):
        if line.startswith((".Bd -literal", ".Ed")):
            inside = line.startswith(".Bd")
        elif inside:
            found.append((number, line.replace("\\e", "\\").replace("\\&...", "…")))
    return found


def steps(path):
    found, last = [], 0
    for number, line in code(path):
        if line.startswith("$ "):
            found.append(Step(number, line[2:]))
        elif found and number == last + 1:
            if line.startswith("> "):
                found[-1].command += "\n" + line[2:]
            else:
                found[-1].shown.append(line)
        else:
            continue  # a block that is no session
        last = number
    for step in found:
        while step.shown and not step.shown[-1]:
            step.shown.pop()  # the end of the block
    return found


def fits(shown, said):
    """Is what a command said what the document shows?"""
    pattern = ["(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in shown]
    return re.fullmatch("".join(pattern), said) is not None


def live_through(steps, environment, cwd, replace=()):
    """Runs the commands one after the other in one shell, and compares.

    @replace: pairs of what stands in the document and what is so here.
    """
    def here(text):
        for written, real in replace:
            text = text.replace(written, real)
        return text

    # Columns as on a terminal.
    script = "shopt -s expand_aliases\nalias ls='ls -C -T 0 -w 100'\n"
    script += "".join(f"{here(step.command)}\nprintf '<<%s>>\\n' $?\n" for step in steps)
    terminal, keyboard = pty.openpty()  # which nobody touches
    try:
        result = subprocess.run(["bash", "-c", script], cwd=cwd, env=environment, stdin=keyboard,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
    finally:
        os.close(terminal)
        os.close(keyboard)
    said = re.split(r"<<(\d+)>>\n", result.stdout)
    for number, step in enumerate(steps):
        where = f"line {step.line}: $ {step.command}"
        assert 2 * number + 1 < len(said), f"{where}: the shell came to an end: {result.stdout}"
        assert said[2 * number + 1] == "0", f"{where}\n{said[2 * number]}"
        if step.shown:
            shown = [here(line) for line in step.shown]
            assert fits(shown, said[2 * number]), f"{where} shows\n{said[2 * number]}and not\n" + "\n".join(shown)
