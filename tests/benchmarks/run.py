"""`make bench`: our figures beside other trackers', all measured in this one run.

Each part runs in a process of its own, several times; the table shows medians. Look at ratios, and at a quiet
machine. `--tracker`, `--group` and `--repeat` make it shorter, `--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import adapter
import environment
from figure import FIGURES, Figure

GROUPS = ("startup", "hot", "training", "footprint", "kill", "reading", "listing", "media", "artifact")
ONCE = ("reading", "listing", "media", "artifact")  # long to prepare, and measured several times within
ALONE = ("store", "upload", "ui")
"""What prints a table of its own: our store at sizes that others do not reach, a team's server, pages in a browser."""

Table = dict[str, dict[str, float]]
"""Figure -> tracker -> value."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracker", action="append", choices=adapter.ADAPTERS, help="only this one; repeatable")
    parser.add_argument("--group", action="append", choices=(*GROUPS, *ALONE), help="only this one; repeatable")
    parser.add_argument("--repeat", type=int, default=3, help="processes per part (default 3)")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one process may take")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    groups = chosen.group or [*GROUPS, *ALONE]
    for one in ALONE:
        if one in groups:
            importlib.import_module(one).main()
            groups.remove(one)
    if not groups:
        return
    versions = environment.prepare(chosen.tracker or list(adapter.ADAPTERS))
    table: Table = defaultdict(dict)
    with contextlib.suppress(KeyboardInterrupt):  # what was measured until then is shown all the same
        for group in groups:
            times = 1 if group in ONCE else chosen.repeat
            _fill(table, group, [name for name in chosen.tracker or versions if name in versions], times, chosen.limit)
    print(_render(table, versions))
    if chosen.json:
        chosen.json.write_text(json.dumps({"versions": versions, "figures": table}, indent=2))


def _fill(table: Table, group: str, trackers: list[str], times: int, limit: float) -> None:
    for part in importlib.import_module(group).PARTS:
        for tracker in trackers:
            for key, values in _measure(group, part, tracker, times, limit).items():
                table[key][tracker] = statistics.median(values)


def _measure(group: str, part: str, tracker: str, times: int, limit: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        print(f"{group}/{part}  {tracker}", end="\033[K\r", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
            for key, value in _child(group, part, tracker, Path(place), limit).items():
                found[key].append(value)
    return found


def _child(group: str, part: str, tracker: str, place: Path, limit: float) -> dict[str, float]:
    result, folder, home = place / "result", place / "work", place / "home"
    folder.mkdir()
    home.mkdir()
    script = Path(__file__).with_name("part.py")
    command = [str(environment.PYTHON), str(script), group, part, tracker, str(folder), str(result)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment.variables(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"{group}/{part}  {tracker}: not done in {limit:.0f} s\033[K", file=sys.stderr)
        return {}
    if done.returncode or not result.exists():
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        print(f"{group}/{part}  {tracker}: {' '.join(last)}\033[K", file=sys.stderr)
        return {}
    return json.loads(result.read_text())


def _render(table: Table, versions: dict[str, str]) -> str:
    heads = ["", "goal", *versions]
    lines = [heads, ["", "", *versions.values()]]
    lines += [_line(figure, table[figure.key], list(versions)) for figure in FIGURES if table.get(figure.key)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    cores, load = os.cpu_count(), os.getloadavg()[0]
    text += ["", f"Python {platform.python_version()}, {platform.system()}, {cores} cores, load {load:.1f}"]
    return "\n".join(text)


def _line(figure: Figure, values: dict[str, float], trackers: list[str]) -> list[str]:
    goal = "" if figure.target is None else f"{'≥' if figure.higher else '≤'} {figure.target:g}"
    cells = [_cell(figure, values.get(tracker), ours=tracker == "tracker") for tracker in trackers]
    return [f"{figure.label} ({figure.unit})", goal, *cells]


def _cell(figure: Figure, value: float | None, *, ours: bool) -> str:
    if value is None:
        return "-"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if not ours or figure.target is None:
        return text
    met = value >= figure.target if figure.higher else value <= figure.target
    return f"{text} {'✓' if met else '✗'}"


if __name__ == "__main__":
    main()
