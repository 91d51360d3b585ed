"""The upload to a team's server on this machine: how fast, and what a training pays for being online.

`UPLOAD_SCALE=0.1` makes it shorter. Beside the large file stands a copy of it on the same disk, which bounds it: the
server writes as much, and the client reads it twice.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCALE = float(os.environ.get("UPLOAD_SCALE", "1"))
LARGE = int(SCALE * (1 << 30))
MANY = int(SCALE * 5000)
ROWS = int(SCALE * 1_000_000)
PAIRS, STEPS = 7, 2000

SETTINGS = {"silent": True, "system_interval": 10, "disable_git": True, "console": "off"}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place, _home(Path(place)):
        os.chdir(place)
        with _server():
            lines = [*_large(), *_many(), *_rows(), *_training()]
    width = max(len(name) for name, _ in lines)
    print("upload, to a server on the same machine")
    for name, value in lines:
        print(f"  {name:{width}}  {value}")


def _large() -> list[tuple[str, str]]:
    source = Path("large.bin")
    piece = os.urandom(1 << 20)
    with source.open("wb") as file:
        for number in range(LARGE >> 20):
            file.write(number.to_bytes(8, "little") + piece[8:])
    run = _run("large")
    run.log_artifact(str(source), name="large", type="model")
    run.finish()
    copied = _timed(lambda: _copied(source, Path("copy.bin")))
    sent = _timed(_sync)
    for path in (source, Path("copy.bin")):
        path.unlink()
    size = LARGE / 1e6
    return [
        ("one file, MB", f"{size:,.0f}"),
        ("copied on this disk, MB/s", f"{size / copied:,.0f}"),
        ("synced, MB/s", f"{size / sent:,.0f}"),
    ]


def _many() -> list[tuple[str, str]]:
    run = _run("many")
    folder = Path(run.dir, "many")
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number}.bin").write_bytes(os.urandom(2000))
    run.finish()
    sent, again = _timed(_sync), _timed(_sync)
    return [("files of 2 kB, a second", f"{MANY / sent:,.0f}"), ("sync with nothing new, s", f"{again:.2f}")]


def _rows() -> list[tuple[str, str]]:
    run = _run("rows")
    for step in range(ROWS):
        run.log({"loss": step * 0.1, "accuracy": step * 0.2, "rate": 0.1, "norm": 1.5 * step, "time": 0.01}, step=step)
    run.finish()
    return [("points logged, a second", f"{5 * ROWS / _timed(_sync):,.0f}")]


def _training() -> list[tuple[str, str]]:
    """Steps of about a millisecond; online and offline by turns, so that the machine's mood counts for both."""
    import numpy as np

    matrix = np.random.default_rng(0).random((180, 180))

    def step() -> float:
        return float((matrix @ matrix).sum())

    ratios, inits = [], {"online": [], "offline": []}
    for number in range(PAIRS):
        modes = ("online", "offline") if number % 2 else ("offline", "online")
        took = {}
        for mode in modes:
            begin = time.perf_counter()
            run = _run("training", mode)
            inits[mode].append(time.perf_counter() - begin)
            begin = time.perf_counter()
            for _ in range(STEPS):
                run.log({"loss": step()})
            took[mode] = time.perf_counter() - begin
            run.finish()
        ratios.append(took["online"] / took["offline"])
    return [
        ("training, online / offline", f"{statistics.median(ratios):.3f}"),
        *((f"init() {mode}, ms", f"{statistics.median(found) * 1e3:.1f}") for mode, found in inits.items()),
    ]


def _run(project: str, mode: str = "offline"):
    import tracker_core as tracker

    return tracker.init(project=project, mode=mode, reinit="create_new", settings=SETTINGS)


def _sync() -> None:
    subprocess.run([sys.executable, "-m", "tracker_core", "sync"], check=True, stdout=subprocess.DEVNULL)


def _copied(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 8 << 20)
        written.flush()
        os.fsync(written.fileno())


def _timed(action: Callable[[], None]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


@contextlib.contextmanager
def _server() -> Iterator[None]:
    words = [sys.executable, "-m", "tracker_core", "server"]
    os.environ["TRACKER_API_KEY"] = subprocess.run(
        [*words, "user", "add", "bench"], check=True, capture_output=True, text=True
    ).stdout.strip()
    process = subprocess.Popen([*words, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    os.environ["TRACKER_BASE_URL"] = process.stdout.readline().split()[-1]
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _home(place: Path) -> Iterator[None]:
    """Nothing in the user's own: for as long as the block lasts."""
    before = dict(os.environ)
    os.environ.update({"HOME": str(place / "home"), "TRACKER_CONFIG_DIR": str(place), "XDG_STATE_HOME": str(place)})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir("/")


if __name__ == "__main__":
    main()
