"""The include graph: fs over cache over proto, each seen by its door alone."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = {"fs": ["cache/cache.h"], "cache": ["proto/remote.h", "proto/uidset.h", "proto/utf7.h"], "proto": []}
FOREIGN = {"fs": r"fuse", "cache": r"sqlite3", "proto": r"libetpan|sasl"}


def includes(path):
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', path.read_text(), re.M)


def sources(floor):
    found = [*(ROOT / floor).glob("*.[ch]")]
    assert found, f"no sources in {floor}/"
    return found


# Made by the build.
GENERATED = {"cache/cache-resources.h", "fs/version.h"}


def own_includes(path):
    return [name for kind, name in includes(path) if kind == '"' and name not in GENERATED]


def test_includes_are_written_from_the_root_and_exist():
    for floor in FLOORS:
        for path in sources(floor):
            for name in own_includes(path):
                assert "/" in name and (ROOT / name).exists(), f"{path}: {name}"


def test_a_floor_sees_only_the_door_of_the_floor_below():
    for floor, doors in FLOORS.items():
        for path in sources(floor):
            # main.c wires the floors together.
            allowed = [*doors, "proto/remote.h"] if path == ROOT / "fs" / "main.c" else doors
            strangers = [name for name in own_includes(path) if not name.startswith(f"{floor}/") and name not in allowed]
            assert not strangers, f"{path} includes {strangers}"


def test_a_foreign_library_is_known_to_one_floor():
    for floor, library in FOREIGN.items():
        for other in FLOORS.keys() - {floor}:
            for path in sources(other):
                assert not [name for _, name in includes(path) if re.match(library, name)], path


def test_doors_name_no_foreign_library():
    for door in ("cache/cache.h", "proto/remote.h", "proto/uidset.h", "proto/utf7.h"):
        strange = [name for kind, name in includes(ROOT / door) if kind == "<" and not re.match(r"(glib|gio)", name)]
        assert not strange, f"{door} includes {strange}"


def test_include_cycles_do_not_exist():
    def visit(name, above):
        assert name not in above, " -> ".join([*above, name])
        for inner in own_includes(ROOT / name):
            if inner.endswith(".h"):
                visit(inner, [*above, name])
    for floor in FLOORS:
        for path in sources(floor):
            visit(str(path.relative_to(ROOT)), [])
