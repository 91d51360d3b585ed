"""A real browser before a real `tracker ui` over real runs.

The browser is the system's Chromium. Where there is none, root installs Debian's and everybody else Playwright's. Where
that fails too, it is told and the tests are skipped, but never in CI.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tracker_core" / "server" / "ui"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWNED = "addEventListener('message', event => { if (event.data === 'owned') window.owned = true })"

expect.set_options(timeout=60_000)


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def builder() -> ModuleType:
    """`hatch_build.py`, which is in no package."""
    spec = importlib.util.spec_from_file_location("hatch_build", PAGES / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pages(builder: ModuleType) -> None:
    """The built pages, made from the sources as they are."""
    try:
        builder.build(PAGES)
    except builder.BuildError as error:
        _missing(str(error))


@pytest.fixture(scope="session")
def axe(builder: ModuleType) -> str:
    """The code of axe, which knows what makes a page hard to use for some people."""
    try:
        builder.tools(PAGES)
    except builder.BuildError as error:
        _missing(str(error))
    return (PAGES / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """Where the browser lies; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "chromium"], check=False, capture_output=True)
        found = shutil.which("chromium")
    if found is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, capture_output=True)
    return found


@pytest.fixture(scope="session")
def browser(pages: None, chromium: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        except Error as error:
            _missing(f"there is no browser: install Chromium, or run `playwright install chromium` ({error})")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A person of their own for the processes that outlive one test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    return {**kept, "HOME": str(tmp_path_factory.mktemp("home")), "PYTHONPATH": os.pathsep.join(sys.path)}


@contextlib.contextmanager
def _serving(environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Starts `tracker ui` over a folder and gives its address, without the last slash; `link` is what it printed."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path, port: int = 0, *options: str) -> str:
            command = [sys.executable, "-m", "tracker_core", "ui", "--no-browser", "--port", str(port), *options]
            command.append(str(folder))
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(process.terminate)
            start.last = process
            start.link = re.search(r"http://\S+", process.stdout.readline())[0]
            return start.link[: start.link.index("/", len("http://"))]

        yield start


@pytest.fixture
def serve(environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Serves folders for one test."""
    with _serving(environment) as start:
        yield start


@pytest.fixture(scope="session")
def serve_to_all(environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Serves folders for as long as there are tests."""
    with _serving(environment) as start:
        yield start


@pytest.fixture(scope="session")
def site(environment, serve_to_all, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a server over the runs of `site_runs.py`; who changes a run makes one of their own."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("site_runs.py")), str(folder)], env=environment, check=True
    )
    return serve_to_all(folder)


@pytest.fixture(scope="session")
def thousands(serve_to_all, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a server over two thousand short runs of the project `bench`."""
    spec = importlib.util.spec_from_file_location("seed", ROOT / "tests" / "benchmarks" / "seed.py")
    seed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(seed)
    folder = tmp_path_factory.mktemp("thousands")
    seed.write(folder / "tracker", 2000, ("loss",), 3)
    return serve_to_all(folder)


@pytest.fixture
def make_site(environment, serve, tmp_path: Path) -> Callable[..., str]:
    """Serves a project `p` of small runs with these names, for tests that change them."""
    code = (
        "import sys, site_runs\n"
        "for name in sys.argv[2:]:\n"
        "    site_runs.train(sys.argv[1], name, rows=5, project='p', config={'lr': 0.1})"
    )

    def make(*names: str, port: int = 0) -> str:
        command = [sys.executable, "-c", code, str(tmp_path), *names]
        path = os.pathsep.join((str(Path(__file__).parent), environment["PYTHONPATH"]))
        subprocess.run(command, env={**environment, "PYTHONPATH": path}, check=True)
        return serve(tmp_path, port)

    return make


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own; an exception on the page fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light")
    context.add_init_script(OWNED)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert broken == []


@pytest.fixture
def open_run(page: Page, site: str) -> Callable[..., None]:
    """Goes from a project's list to a run's page and there to a tab, as a person does."""
    standard = site

    def walk(project: str, name: str, tab: str, site: str = standard) -> None:
        page.goto(f"{site}/project/{project}")
        page.get_by_role("listitem").get_by_role("link", name=name, exact=True).click()
        page.get_by_role("tab", name=tab).click()

    return walk
