"""What the pages cost, in a real Chromium before a real server: `python tests/benchmarks/ui.py [--quick]`.

Seeded data. Times are those of the page (`performance.now()`), medians of five loads; look at them on a quiet machine.
"""

from __future__ import annotations

import contextlib
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
    from collections.abc import Iterator

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

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
SENT = "performance.getEntriesByType('resource').filter(it => {}).reduce((sum, it) => sum + it.transferSize, 0)"
HEAD = "[...document.querySelectorAll('[role=columnheader] button')].find(it => it.innerText.startsWith('lr')).click()"


def main(argv: list[str] | None = None) -> None:
    scale = 10 if "--quick" in (argv or []) else 1
    folder = Path(tempfile.mkdtemp(prefix="tracker-bench-"))
    try:
        keys = tuple(f"{part}/m{number}" for part in ("train", "val") for number in range(10))
        _write(folder / "charts" / "tracker", 50, keys, 10_000 // scale)
        _write(folder / "table" / "tracker", 10_000 // scale, keys[:4], 3)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, figure in itertools.chain(_charts(browser, folder / "charts"), _table(browser, folder / "table")):
                print(f"{name:58} {figure:>10}", flush=True)
            browser.close()
    finally:
        shutil.rmtree(folder)


def _charts(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
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


def _table(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
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


def _write(root: Path, runs: int, keys: tuple[str, ...], rows: int) -> None:
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
