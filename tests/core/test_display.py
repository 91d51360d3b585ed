"""A run in a page, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core import _served

SERVES = """
import sys
from pathlib import Path
from tracker_core.server import serve
serve([Path(sys.argv[1])], port=0, ready=lambda link: print(link, flush=True))
"""


@pytest.fixture
def ui():
    """A real `tracker ui` over the current folder; its link."""
    command = [sys.executable, "-c", SERVES, str(Path("tracker").absolute())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.kill()


def test_frame_while_a_ui_shows_the_folder(ui):
    with tracker.init(project="p") as run:
        page = ET.fromstring(run.to_html(height=300))
        assert page.tag == "iframe"
        assert page.get("src") == f"{ui}embed/run/{run.folder.path.name}"
        assert "height:300px" in page.get("style")
        folded = ET.fromstring(run.to_html(hidden=True))
        assert [part.tag for part in folded] == ["summary", "iframe"]


def test_figures_without_a_ui():
    with tracker.init(project="p", name="<b>", config={"lr": 0.1, "text": "<script>"}) as run:
        run.log({"loss": 0.25, "image": tracker.Image(np.zeros((4, 4), np.uint8))})
        run.summary["<i>"] = "x" * 1000
        page = run.to_html()
        texts = [text for text in ET.fromstring(page).itertext() if text.strip()]
        assert texts[0] == f"<b> ({run.path})"
        assert {"lr", "0.1", "text", "<script>", "loss", "0.25", "<image-file>", "<i>"} <= set(texts)
        assert len(page) < 2000
        assert run._repr_mimebundle_() == {"text/plain": repr(run), "text/html": run.to_html(hidden=True)}


def test_a_killed_ui_counts_for_nothing(ui):
    del ui
    note = next(iter(_served._folders()[0].glob("*.json")))
    kept = note.read_bytes()
    assert _served.link_to(Path("tracker")) is not None
    note.unlink()
    (note.parent / "1.json").write_bytes(kept)  # the same, and nobody holds it
    assert _served.link_to(Path("tracker")) is None
    (note.parent / "1.json").write_bytes(b"{")
    assert _served.link_to(Path("tracker")) is None


def test_note_goes_with_the_server(tmp_path):
    with _served.announced([tmp_path], "http://127.0.0.1:1/?token=t"):
        [note] = _served._folders()[0].iterdir()
        assert note.stat().st_mode & 0o077 == 0
        assert _served.link_to(tmp_path) == "http://127.0.0.1:1/?token=t"
        assert _served.link_to(tmp_path / "other") is None
    assert list(_served._folders()[0].iterdir()) == []


def test_a_state_folder_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with _served.announced([tmp_path], "http://127.0.0.1:1/"):
        assert _served.link_to(tmp_path) == "http://127.0.0.1:1/"
    assert _served.link_to(tmp_path) is None


def test_display_outside_of_a_notebook_says_where_to_look(capsys, monkeypatch):
    monkeypatch.delenv("TRACKER_SILENT")
    with tracker.init(project="p", mode="disabled") as run:
        assert not run.display()
    assert "tracker ui" in capsys.readouterr().err


def test_status_counts_what_waits():
    with tracker.init(project="p") as run:
        run.log({"image": tracker.Image(np.zeros((4, 4), np.uint8))})
        during = run.status()
        assert during.sync_items_total >= 1
        assert during.sync_time is None
    assert run.status().sync_items_pending == 0
