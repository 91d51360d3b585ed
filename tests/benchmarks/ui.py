"""What the pages cost, in a real Chromium before a real server: `python tests/benchmarks/ui.py [--quick] [PART ...]`.

Seeded data. Times are those of the page (`performance.now()`), medians of five loads; look at them on a quiet machine.
Parts: charts, table, long (a series of 10 M points), live (20 runs that go on, looked at for a minute), console (a
million lines), peers (other trackers' pages beside ours, where they install).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environment
import peer
from playwright.sync_api import Error, sync_playwright
from seed import EPOCH, KEYS, write

from tracker_core import _folder, _journal
from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

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
            try:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            except Error:
                print("the pages are left out: no Chromium here; `playwright install chromium` brings one")
                return
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
        for panels, name in (
            ("train/m1$", "50 lines dragged along x, one chart"),
            ("train/", "50 lines dragged along x, six charts in view"),
            ("train/m1$&filter=seed<10", "10 lines with envelopes dragged along x, one chart"),
            ("train/&filter=seed<10", "10 lines with envelopes dragged along x, six charts in view"),
        ):
            with _window(browser, 900) as page:
                half = 5000 // scale
                page.goto(f"{address}/project/bench?range={half // 2}%3A{half}&panels={panels}")
                _until(page, "window.drawn")
                page.wait_for_timeout(500)
                spans = page.evaluate("window.dragged(120)")
                told = f"{statistics.median(spans):.0f} / {spans[int(0.95 * len(spans))]:.0f} ms"
                yield f"{name}: frame, median / p95", told


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
        tools.on("Network.dataReceived", lambda told: taken.__setitem__(0, taken[0] + _received(told)))
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


def _received(told: dict[str, Any]) -> int:
    """Of a stream Chromium tells only how long it is."""
    return int(told["encodedDataLength"] or told["dataLength"])


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


def _console(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    """What a training printed, in lines; `tail -f` of them at the end."""
    count = 1_000_000 // scale
    write(folder / "tracker", 1, KEYS[:1], 3)
    (run,) = (folder / "tracker").iterdir()
    writer = _journal.open_writer(_folder.RunFolder(run), "console", run="r00000", attempt=1, buffered=True)
    for number in range(count):
        text = f"step {number}: loss {1 / (number + 1):.6f}" + (" NEEDLE" if number == count // 2 else "")
        writer.write(records.Console(time=EPOCH + number / 100, stream="stdout", line=number, text=text))
    writer.close()
    with _served(folder) as address, _window(browser, 900) as page:
        page.goto(f"{address}/project/bench/run/{run.name}?view=console", timeout=300_000)
        page.get_by_text(f"step {count - 1}:").wait_for(timeout=300_000)
        page.get_by_label("Follow").uncheck()
        times: dict[str, list[float]] = {}
        for _ in range(5):
            for name, act, shown in (
                ("to the start", "scroll.scrollTop = 0", "step 0:"),
                ("to the end", "scroll.scrollTop = scroll.scrollHeight", f"step {count - 1}:"),
            ):
                begin = time.perf_counter()
                page.evaluate(
                    f"(() => {{ const scroll = document.querySelector('.console .scroll, .scroll'); {act} }})()"
                )
                page.get_by_text(shown).wait_for()
                times.setdefault(name, []).append(1e3 * (time.perf_counter() - begin))
        begin = time.perf_counter()
        page.get_by_label("Search lines").fill("NEEDLE")
        page.get_by_text("NEEDLE").first.wait_for()
        times["a word found"] = [1e3 * (time.perf_counter() - begin)]
        for name, spent in times.items():
            yield f"console of {count:,} lines: {name}", _ms(statistics.median(spent))


def _peers(browser: Browser, folder: Path, scale: int) -> Iterator[tuple[str, str]]:
    """All pages on the same data, a hundred points a series: what others take in for more takes them minutes."""
    rows = 100 // min(scale, 5)
    write(folder / "ours" / "tracker", 50, KEYS, rows)
    with _served(folder / "ours") as address:
        yield from _opened(browser, "tracker", f"{address}/project/bench", ".panel canvas")
    for name, it in peer.PEERS.items():
        python = environment.apart(name, it.packages)
        if python is None:
            continue
        place, port = folder / name, _free()
        variables = peer.variables(place, port)
        told = [str(python), peer.__file__, name, str(place), "50", str(rows), *KEYS]
        if subprocess.run(told, env=variables, capture_output=True, check=False).returncode:
            yield f"{name}: its runs could not be written", "-"
            continue
        words = [word.format(folder=place, port=port) for word in it.serve]
        with _running([str(python), "-m", *words], variables):
            _wait(port)
            yield from _opened(browser, name, f"http://127.0.0.1:{port}{it.page}", it.drawn)


def _opened(browser: Browser, name: str, address: str, drawn: str) -> Iterator[tuple[str, str]]:
    """Three loads; the first fills what the server keeps."""
    paints, draws = [], []
    for _ in range(3):
        with _window(browser, 900) as page:
            begin = time.perf_counter()
            try:
                page.goto(address, wait_until="commit")
                page.locator(drawn).first.wait_for(timeout=60_000)
            except Error:
                yield f"{name}, 50 runs x 20 metrics: no chart in a minute", "-"
                return
            draws.append(1e3 * (time.perf_counter() - begin))
            paints.append(page.evaluate(FIRST_PAINT))
            sent = page.evaluate(SENT.format("true")) / 1e6
    yield f"{name}, 50 runs x 20 metrics: first contentful paint", _ms(statistics.median(paints))
    yield f"{name}, 50 runs x 20 metrics: first chart, first time / again", f"{draws[0]:.0f} / {_ms(draws[-1])}"
    yield f"{name}, 50 runs x 20 metrics: page and data sent", f"{sent:.1f} MB"


@contextlib.contextmanager
def _running(command: list[str], variables: dict[str, str]) -> Iterator[None]:
    """A server with its workers, which end with it."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=variables, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _free() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(port: int) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)


PARTS = {
    "charts": _charts,
    "table": _table,
    "long": _long,
    "live": _live,
    "console": _console,
    "peers": _peers,
}


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
