"""What the pages cost, in a real Chromium before a real server: `python tests/benchmarks/ui.py [--quick] [PART ...]`.

Seeded data. Times are those of the page (`performance.now()`), medians of five loads; look at them on a quiet machine.
Parts: charts, table, long (a series of 10 M points), live (20 runs that go on, looked at for a minute), peers
(TensorBoard's page on the data of `charts`, where it is installed).
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tracker_core import _folder, _journal
from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

EPOCH = 1_790_000_000.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

# Tells when every panel in the window is drawn.
DRAWN = """(() => {
  const look = () => {
    const seen = [...document.querySelectorAll('.panel')].filter((panel) => {
      const box = panel.getBoundingClientRect();
      return box.top < innerHeight && box.bottom > 0;
    });
    if (seen.length && seen.every((panel) => panel.querySelector('canvas'))) window.drawn = performance.now();
    else requestAnimationFrame(look);
  };
  addEventListener('DOMContentLoaded', () => requestAnimationFrame(look));
})()"""

TIMED = """(() => {
  window.timed = (act) => new Promise((done) => {
    const start = performance.now();
    act();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
  });
})()"""

# Moves the mouse over a chart once a frame, as somebody who drags it does, and gives what each frame took.
DRAGGED = """(() => {
  window.dragged = async (frames) => {
    const over = document.querySelector('.plot .u-over');
    const box = over.getBoundingClientRect();
    const at = (part) => ({ clientX: box.left + part * box.width, clientY: box.top + 40, bubbles: true });
    const told = { ...at(0.6), shiftKey: true, button: 0, cancelable: true };
    over.dispatchEvent(new MouseEvent('mousedown', told));
    const spans = [];
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < frames; i++) {
      dispatchEvent(new MouseEvent('mousemove', at(0.6 - 0.3 * Math.sin(i / 10))));
      const now = await new Promise(requestAnimationFrame);
      spans.push(now - last);
      last = now;
    }
    dispatchEvent(new MouseEvent('mouseup', at(0.6)));
    return spans.sort((a, b) => a - b);
  };
})()"""

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
SENT = "performance.getEntriesByType('resource').filter(it => {}).reduce((sum, it) => sum + it.transferSize, 0)"
HEAD = "[...document.querySelectorAll('[role=columnheader] button')].find(it => it.innerText.startsWith('lr')).click()"


def main(argv: list[str] | None = None) -> None:
    given = argv or []
    scale = 10 if "--quick" in given else 1
    chosen = [part for part in given if part in PARTS] or list(PARTS)
    folder = Path(tempfile.mkdtemp(prefix="tracker-bench-"))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for part in chosen:
                for name, figure in PARTS[part](browser, folder / part, scale):
                    print(f"{name:64} {figure:>12}", flush=True)
                shutil.rmtree(folder / part, ignore_errors=True)
            browser.close()
    finally:
        shutil.rmtree(folder)


def _charts(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    write(folder / "tracker", 50, KEYS, 10_000 // scale)
    with _served(folder) as address:
        for height, name in ((900, "charts in view"), (3000, "all 20 charts")):
            paints, draws, sent, first = [], [], [], []
            for _ in range(6):
                with _window(browser, height) as page:
                    page.goto(f"{address}/project/bench")
                    draws.append(_until(page, "window.drawn"))
                    paints.append(page.evaluate(FIRST_PAINT))
                    sent.append(page.evaluate(SENT.format("it.name.includes('/api/')")))
                    first.append(page.evaluate(SENT.format("!it.name.includes('/api/')")))
            # The first load of a server reads the index from the disk.
            yield f"50 runs x 20 metrics: first contentful paint ({name})", _ms(statistics.median(paints[1:]))
            yield f"50 runs x 20 metrics: {name}", _ms(statistics.median(draws[1:]))
            yield f"50 runs x 20 metrics: data sent ({name})", f"{sent[-1] / 1e6:.1f} MB"
        yield "first load, compressed", f"{first[-1] / 1e3:.0f} kB"
        with _window(browser, 900) as page:
            page.goto(f"{address}/project/bench?panels=train/m1$")
            _until(page, "window.drawn")
            yield "one chart of 50 lines: log axis on, redrawn", _ms(_press(page, "Log y"))
        for panels, name in (("train/m1$", "one chart"), ("train/", "six charts in view")):
            with _window(browser, 900) as page:
                half = 5000 // scale
                page.goto(f"{address}/project/bench?panels={panels}&range={half // 2}%3A{half}")
                _until(page, "window.drawn")
                page.wait_for_timeout(500)
                spans = page.evaluate("window.dragged(120)")
                told = f"{statistics.median(spans):.0f} / {spans[int(0.95 * len(spans))]:.0f} ms"
                yield f"50 lines dragged along x, {name}: frame, median / p95", told


def _table(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    write(folder / "tracker", 10_000 // scale, KEYS[:4], 3)
    with _served(folder) as address, _window(browser, 900) as page:
        start = time.perf_counter()
        page.goto(f"{address}/project/bench?view=table")
        page.locator(".row .name a").first.wait_for(timeout=300_000)
        yield "10,000 runs: first open ever, index built", f"{time.perf_counter() - start:.1f} s"
        page.reload()
        start = time.perf_counter()
        page.locator(".row .name a").first.wait_for()
        yield "10,000 runs: open the table", _ms(1e3 * (time.perf_counter() - start))
        page.wait_for_timeout(1000)
        field = "document.querySelector('[data-keys=filter]')"
        tell = "dispatchEvent(new Event('{}', {{bubbles: true}}))".format
        typed = f"{field}.value = 'lr > 0.01 and model = vit'; {field}.{tell('input')}"
        menu = "document.querySelector('[aria-label=\"Group table by\"]')"
        for name, act in (
            ("sort", HEAD),
            ("sort the other way", HEAD),
            ("filter", typed),
            ("filter off", f"{field}.value = ''; {field}.{tell('input')}"),
            ("group", f"{menu}.value = 'config.model'; {menu}.{tell('change')}"),
            ("scroll to the middle", "document.querySelector('.scroll').scrollTop = 170000"),
        ):
            yield f"10,000 runs: {name}", _ms(page.evaluate(f"window.timed(() => {{ {act} }})"))
            page.wait_for_timeout(300)


def _long(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    """One series, from all of it to its single points."""
    rows = 10_000_000 // scale
    write(folder / "tracker", 1, ("signal",), rows)
    with _served(folder) as address, _window(browser, 900) as page:
        start = time.perf_counter()
        page.goto(f"{address}/project/bench", timeout=300_000)
        page.locator("canvas").first.wait_for(timeout=300_000)
        yield f"series of {rows:,} points: first open ever, index built", f"{time.perf_counter() - start:.1f} s"
        draws = []
        for _ in range(5):
            page.goto(f"{address}/project/bench")
            draws.append(_until(page, "window.drawn"))
        yield f"series of {rows:,} points: drawn", _ms(statistics.median(draws))
        for width in (rows // 10, rows // 1000, 50):
            page.goto(f"{address}/project/bench?range=0%3A{rows}")
            _until(page, "window.drawn")
            low = rows // 2
            spent = []
            for end, value in (("to", low + width), ("from", low)):
                start = time.perf_counter()
                with page.expect_response(re.compile("/series")):
                    page.get_by_label(f"x {end}").fill(str(value))
                    page.keyboard.press("Tab")
                page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                spent.append(1e3 * (time.perf_counter() - start))
            yield f"series of {rows:,} points: zoomed to {width:,}", _ms(spent[-1])


def _live(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    """Ten minutes of 20 runs with a row a second, in a minute: ten rows a second each."""
    seconds = 60 // scale
    with (
        _going(folder / "tracker", 20, KEYS[:10]) as write_rows,
        _served(folder) as address,
        _window(browser, 900) as page,
    ):
        page.goto(f"{address}/project/bench")
        _until(page, "window.drawn")
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        taken = [0]
        tools.on("Network.dataReceived", lambda told: taken.__setitem__(0, taken[0] + told["encodedDataLength"]))
        memory = [_heap(tools)]
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds:
            write_rows()
            page.wait_for_timeout(max(0.0, 100 - 1e3 * (time.monotonic() - begun - now)))
        page.wait_for_timeout(2000)
        memory.append(_heap(tools))
        told = f"{memory[0]:.1f} -> {memory[1]:.1f} MB"
        yield f"20 live runs, 6 charts, {seconds} s: memory of the page after collection", told
        yield f"20 live runs, 6 charts, {seconds} s: received", f"{taken[0] / seconds / 1e3:.0f} kB/s"


def _heap(tools: Any) -> float:
    tools.send("HeapProfiler.collectGarbage")
    return float(tools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


@contextlib.contextmanager
def _going(root: Path, runs: int, keys: tuple[str, ...]) -> Iterator[Callable[[], None]]:
    """Runs that this process writes; each call gives all of them a row."""
    root.mkdir(parents=True)
    writers = []
    for number in range(runs):
        path = root / f"offline-run-20260101_0000{number:02d}-r{number}"
        (path / "files").mkdir(parents=True)
        writer = _journal.open_writer(_folder.RunFolder(path), "main", run=f"r{number}", attempt=1)
        writer.write(records.Start(time=time.time(), run=f"r{number}", project="bench", name=f"live-{number}"))
        writers.append((writer, writer.key_set(keys, "d" * len(keys))))
    chance = random.Random(3)
    steps = itertools.count()

    def write_rows() -> None:
        step = next(steps)
        for writer, columns in writers:
            values = [chance.random() for _ in keys]
            writer.append(columns.pack(_journal.ROW, columns.id, step, time.time(), *values))

    for _ in range(20):
        write_rows()
    try:
        yield write_rows
    finally:
        for writer, _ in writers:
            writer.close()


def _peers(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    """TensorBoard's page. It is given a tenth of the points, as it keeps at most a thousand of a series anyway."""
    if not (importlib.util.find_spec("tensorboard") and importlib.util.find_spec("tensorboardX")):
        yield "TensorBoard", "not installed"
        return
    from tensorboardX import SummaryWriter

    chance = random.Random(7)
    for number in range(50):
        with SummaryWriter(str(folder / f"trial-{number}"), max_queue=10_000) as writer:
            for step in range(1000 // scale):
                for key in KEYS:
                    writer.add_scalar(key, 0.3 + 0.7 / (1 + step / 50) + 0.05 * chance.random(), step)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", "0", "--load_fast", "false"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next(match for line in process.stderr if (match := re.search(r"http://[^/]+/", line)))
        try:
            with _window(browser, 900) as page:
                while len(page.request.get(f"{found[0]}data/runs").json()) < 50:
                    page.wait_for_timeout(500)
                page.wait_for_timeout(10_000)
                for name in ("first", "again"):
                    start = time.perf_counter()
                    page.goto(f"{found[0]}#timeseries")
                    page.reload()
                    page.locator("line-chart svg path, line-chart canvas").first.wait_for(timeout=120_000)
                    yield (
                        f"TensorBoard, 50 runs x 20 metrics: first charts ({name})",
                        _ms(1e3 * (time.perf_counter() - start)),
                    )
                yield "TensorBoard: first load and data", f"{page.evaluate(SENT.format('true')) / 1e6:.1f} MB"
        finally:
            process.terminate()


KEYS = tuple(f"{part}/m{number}" for part in ("train", "val") for number in range(10))
PARTS = {"charts": _charts, "table": _table, "long": _long, "live": _live, "peers": _peers}


def write(root: Path, runs: int, keys: tuple[str, ...], rows: int) -> None:
    """Runs of project `bench`, written as a training process writes them."""
    root.mkdir(parents=True)
    chance = random.Random(7)
    for number in range(runs):
        start = EPOCH + 60 * number
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(start))
        path = root / f"offline-run-{stamp}-r{number:05d}"
        (path / "files").mkdir(parents=True)
        run = f"r{number:05d}"
        writer = _journal.open_writer(_folder.RunFolder(path), "main", run=run, attempt=1, buffered=True)
        writer.write(records.Start(time=start, run=run, project="bench", name=f"trial-{number}"))
        config = {"lr": 10 ** chance.uniform(-5, -1), "model": chance.choice(["cnn", "vit", "mlp"]), "seed": number}
        writer.write(records.Config(time=start, set=config))
        columns = writer.key_set(keys, "d" * len(keys))
        for step in range(rows):
            base = 0.3 + 0.7 / (1 + step / 500)
            values = [base + 0.05 * chance.random() for _ in keys]
            writer.append(columns.pack(_journal.ROW, columns.id, step, start + step / 50, *values))
        writer.write(records.End(time=start + rows / 50, exit_code=0))
        writer.close()


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tracker_core", "ui", "--no-browser", "--port", "0", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[^/]+", process.stdout.readline())
        assert found is not None
        try:
            yield found[0]
        finally:
            process.terminate()


@contextlib.contextmanager
def _window(browser: Browser, height: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": height})
    context.add_init_script(DRAWN)
    context.add_init_script(TIMED)
    context.add_init_script(DRAGGED)
    yield context.new_page()
    context.close()


def _until(page: Page, expression: str) -> Any:
    while not (value := page.evaluate(expression)):
        page.wait_for_timeout(50)
    return value


def _press(page: Page, name: str) -> float:
    found = f"[...document.querySelectorAll('button')].find(it => it.innerText === '{name}').click()"
    return float(page.evaluate(f"window.timed(() => {{ {found} }})"))


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms"


if __name__ == "__main__":
    main(sys.argv[1:])
