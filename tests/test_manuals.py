"""The manuals agree with the program and with each other."""

import re
import subprocess

import mailfs
import settings

DOCS = settings.ROOT / "docs"
KEYS = set(settings.keys())
MANUALS = sorted(DOCS.glob("*.[158]"))


def program(option):
    return subprocess.run([mailfs.BINARY, option], check=True, capture_output=True, text=True).stdout


def entries(page, macro):
    """What the page has as an entry of a list: ".It Fl d" and ".It Cm user"."""
    return {name.lstrip("-") for name in re.findall(rf"^\.It {macro} (\S+)", (DOCS / page).read_text(), re.M)}


def helps_keys():
    """The settings that --help names: each has a column of its own, with or without a value."""
    lines = program("--help").splitlines()
    columns = [column for line in lines if line.startswith("  ") for column in re.split(r"\s{2,}", line.strip())]
    return {match.group(1) for column in columns if (match := re.match(r"([a-z_]+)(=|$| \()", column))}


def test_the_manual_has_every_option_of_help_and_no_other():
    flags = set(re.findall(r"(?<!\S)--?([a-z]+)\b", program("--help").replace("fusermount3 -u", "")))
    assert entries("mailfs.1", "Fl") == flags
    commands = set("|".join(re.findall(r"mailfs ([a-z|]+) ", program("--help"))).split("|"))
    assert entries("mailfs.1", "Cm") == helps_keys() | commands


def test_help_the_manual_of_the_file_and_the_program_know_the_same_settings():
    assert helps_keys() == KEYS
    assert entries("mailfs.conf.5", "Cm") == KEYS | {"account"}


def test_help_fits_a_screen():
    lines = program("--help").splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


def test_mandoc_has_nothing_to_say_about_the_manuals():
    said = subprocess.run(["mandoc", "-Tlint", *MANUALS], capture_output=True, text=True)
    # Which other manuals are there is this machine's matter.
    about_others = re.compile("referenced manual not found|outdated mandoc.db")
    assert [line for line in (said.stdout + said.stderr).splitlines() if not about_others.search(line)] == []
