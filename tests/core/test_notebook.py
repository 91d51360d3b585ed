"""In a real notebook kernel: cells are run again and again, and values change."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

import tracker_core as tracker

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

pytestmark = pytest.mark.filterwarnings("ignore")  # the kernel's own


def execute(*cells, **options):
    """A kernel that has run the cells and ended by itself: on a busy machine that takes longer than the usual 5 s."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=240, startup_timeout=240, kernel_name="python3", **options)
    client.create_kernel_manager().shutdown_wait_time = 240
    client.execute()
    return notebook


def run_cells(*cells):
    notebook = execute(*cells, allow_errors=True)
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]


def test_cells_that_are_run_again():
    texts = run_cells(
        "import tracker_core as tracker",
        "run = tracker.init(id='one', config={'lr': 0.1}, settings={'silent': True})",
        "tracker.log({'x': 1.0}); print('printed in a cell')",
        "tracker.config.lr = 0.2; print(tracker.config.lr)",
        "raise ValueError('a cell that fails')",
        "run = tracker.init(id='two', settings={'silent': True}); tracker.log({'x': 2.0}); print(run.id)",
    )
    assert texts[3] == "0.2\n"
    assert texts[5] == "two\n"
    runs = {run.id: run for run in tracker.Api(Path.cwd()).runs()}
    assert runs["one"].state == "finished"
    assert runs["one"].config == {"lr": 0.2}
    assert runs["one"].summary["x"] == 1.0
    lines = [line.text for line in runs["one"].console()]
    assert lines[:2] == ["printed in a cell", "0.2"]
    assert runs["two"].state == "finished"
    assert runs["two"].summary["x"] == 2.0


def test_runs_show_themselves():
    notebook = execute(
        "import tracker_core as tracker",
        "run = tracker.init(id='one', settings={'silent': True}); run",
        "tracker.log({'x': 1.5}); run.display()",
    )
    [shown] = notebook.cells[1].outputs
    assert shown.data["text/plain"].startswith("<Run uncategorized/one")
    assert shown.data["text/html"].startswith("<details>")
    page, answer = notebook.cells[2].outputs
    assert "<td>1.5</td>" in page.data["text/html"]
    assert answer.data["text/plain"] == "True"


@pytest.mark.parametrize("end", ["run.finish()", "import os; os._exit(1)"])
def test_the_cells_of_a_notebook_whose_file_is_not_known_are_kept(end):
    cells = (
        "import tracker_core as tracker",
        "run = tracker.init(id='one', save_code=True, settings={'silent': True})",
        "%time x = 1\nrun.log({'x': 1.0})",
        "token = 'abcd1234efgh'",
        "raise ValueError('a cell that fails')",
        end,
        "print('after the run')",
    )
    with contextlib.suppress(nbclient.exceptions.DeadKernelError):
        execute(*cells, allow_errors=True)
    [folder] = Path("tracker").glob("*run-*-one")
    kept = nbformat.read(folder / "files" / "code" / "notebook.ipynb", as_version=4)
    nbformat.validate(kept)
    sources = [cell.source for cell in kept.cells]
    ran = [*cells[:3], "token = '***'", cells[4]]
    assert sources == ([*ran, end] if end == "run.finish()" else ran)
    [file] = [file for file in tracker.Api().run("one").files() if file.name == "code/notebook.ipynb"]
    assert file.size == (folder / "files" / "code" / "notebook.ipynb").stat().st_size


def test_lines_are_kept_once_after_cells_that_await():
    cells = ["import asyncio, sys, tracker_core as tracker", "run = tracker.init(id='one', settings={'silent': True})"]
    for number in range(5):
        cells += [f"await asyncio.sleep(0); print('awaited {number}')", f"print('plain {number}', file=sys.stderr)"]
    execute(*cells, "run.finish()")
    lines = [line.text for line in tracker.Api().run("one").console() if line.text]
    assert sorted(lines) == sorted([f"{kind} {number}" for kind in ("awaited", "plain") for number in range(5)])
