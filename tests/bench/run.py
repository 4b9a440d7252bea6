"""The bench: mailfs and its rivals side by side, in the same run, by turns.

    MAILFS_BINARY=build/fs/mailfs /usr/bin/python3 tests/bench/run.py [OPTION…] [TASK…]

It starts a Dovecot of its own, fills it, and lets the contestants of each task
take turns.  What it prints is a table of medians and of their ratios; docs/testing.md
explains the options, docs/performance.md what was found.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import changing
import listing
import memory
import programs
import reading
from stage import Stage

TASKS = {task.name: task for part in (reading, listing, changing, programs, memory) for task in part.TASKS}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {' '.join(TASKS)}; default: all but million")
    parser.add_argument("--rounds", type=int, help="how often each contestant has its turn")
    parser.add_argument("--without", default="", metavar="NAME,…", help="contestants that are left out")
    parser.add_argument("--json", metavar="FILE", help="every figure")
    parser.add_argument("--markdown", metavar="FILE", help="the table")
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="where everything is kept meanwhile")
    chosen = parser.parse_args(arguments)
    for name in chosen.tasks:
        if name not in TASKS:
            parser.error(f"no such task: {name}")
    return chosen


# Measuring

def take_turns(task, rounds, without):
    """{measure: [figure of each round]}; who begins changes from round to round."""
    figures, failed = {}, set()
    contestants = [name for name in task.contestants if name not in without]
    for number in range(rounds):
        for name in contestants[number % len(contestants):] + contestants[:number % len(contestants)]:
            if number > 0 and (name in task.once or name in failed):
                continue
            try:
                result = getattr(task, name)()
            except Exception:
                failed.add(name)
                print(f"{task.name}: {name} failed:\n{traceback.format_exc()}", file=sys.stderr)
                continue
            for measure, figure in (result if isinstance(result, dict) else {name: result}).items():
                figures.setdefault(measure, []).append(figure)
    return figures


def judge(task, figures):
    """[(aim, ratio or figure, whether it is met)] for those that were measured."""
    medians = {measure: statistics.median(rounds) for measure, rounds in figures.items()}
    judged = []
    for aim in task.aims:
        if aim.of in medians and (not aim.than or aim.than in medians):
            reached = medians[aim.of] / (medians[aim.than] if aim.than else 1)
            judged.append((aim, reached, reached <= aim.most))
    return judged


def run_task(stage, kind, chosen):
    task = kind(stage)
    started = time.monotonic()
    figures = {}
    try:
        task.prepare()
        try:
            figures = take_turns(task, chosen.rounds or task.rounds, chosen.without.split(","))
        finally:
            task.finish()
    except Exception:
        print(f"{task.name} failed:\n{traceback.format_exc()}", file=sys.stderr)
    print(f"{time.monotonic() - started:.0f} s for {row(task, figures)}", file=sys.stderr, flush=True)
    return task, figures


# Telling

def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0],
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)}


def spell(figure, unit):
    if unit == "s":
        return f"{figure * 1000:.0f} ms" if figure < 1 else f"{figure:.2f} s"
    return f"{figure:.1f} {unit}".strip()


def spell_aim(aim, reached, met, units):
    limit = f"{aim.most:g} × {aim.than}" if aim.than else spell(aim.most, units.get(aim.of, "s"))
    value = f"{reached:.2f} ×" if aim.than else spell(reached, units.get(aim.of, "s"))
    return f"{aim.of} {value} (≤ {limit}){'' if met else ' **missed**'}"


def row(task, figures):
    medians = "; ".join(f"{measure} {spell(statistics.median(rounds), task.units.get(measure, 's'))}"
                        for measure, rounds in figures.items())
    aims = "; ".join(spell_aim(*judged, task.units) for judged in judge(task, figures))
    return f"| {task.title} | {medians or 'failed'} | {aims} |"


def table(results):
    """In Markdown."""
    return "\n".join(["| task | medians | aims |", "|---|---|---|"]
                     + [row(task, figures) for task, figures in results]) + "\n"


def main(arguments):
    chosen = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    kinds = [TASKS[name] for name in chosen.tasks] or [kind for kind in TASKS.values() if kind.is_default]
    results = []
    stage = Stage(chosen.directory)
    try:
        for kind in kinds:
            results.append(run_task(stage, kind, chosen))
    finally:
        stage.close()
    text = table(results)
    print(text)
    if chosen.markdown:
        Path(chosen.markdown).write_text(text)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps({"machine": machine(), "tasks": {
            task.name: figures for task, figures in results}}, indent=1) + "\n")
    return 0 if all(figures for _, figures in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
