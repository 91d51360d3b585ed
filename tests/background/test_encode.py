"""Media of real runs are encoded by the background process, however the script ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow

from tracker_core import _records as records

SCRIPT = """
import os, signal, sys
import numpy as np
import tracker_core as tracker
run = tracker.init(project="p", id="r1")
frames = np.zeros((4, 16, 16, 3))
run.log({"video": tracker.Video(frames), "image": tracker.Image(frames[0]), "loss": 0.5})
"""


def encoded(training) -> dict[str, records.File]:
    found = [record for record in training.records("background") if isinstance(record, records.File)]
    return {Path(record.path).suffix: record for record in found if record.path.startswith("media/")}


def rows(training) -> list[dict]:
    return [record.data for record in training.records("main") if isinstance(record, records.Row)]


@pytest.mark.parametrize(
    "end", ["run.finish()", "pass", "raise SystemExit(3)", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_files_are_whole_when_the_background_process_is_done(train, end):
    training = train(SCRIPT + end)
    training.wait()
    found = encoded(training)
    assert set(found) == {".mp4", ".png"}
    [row] = rows(training)
    assert row["loss"] == 0.5
    for name in ("video", "image"):
        path = training.folder.files / row[name]["path"]
        record = found[path.suffix]
        assert record.path == row[name]["path"]
        assert record.size == path.stat().st_size
        assert not record.error
    with Pillow.open(training.folder.files / row["image"]["path"]) as picture:
        assert picture.size == (16, 16)
    assert not list(training.folder.spool.iterdir())
    assert training.log() == ""


def test_media_in_the_summary(train):
    training = train(SCRIPT + 'run.summary["best"] = {"image": tracker.Image(frames[1]), "n": 3}; run.finish()')
    training.wait()
    best = training.snapshot().summary["best"]
    assert (best["n"], best["image"]["_type"]) == (3, "image-file")
    with Pillow.open(training.folder.files / best["image"]["path"]) as picture:
        assert picture.size == (16, 16)


def test_finish_returns_when_files_are_there(train):
    training = train(SCRIPT + "run.finish(); print(len(list(run.folder.files.rglob('media/*/*.*'))))")
    assert training.wait().splitlines()[-1] == "2"


def test_media_are_encoded_though_the_background_process_was_killed(train):
    training = train(
        SCRIPT
        + """
import psutil, time
mark = str(run.folder.path)
found = []
while not found:  # others come and go meanwhile; a shell may be about to become it
    found = [
        each
        for each in psutil.process_iter(["cmdline"])
        if "-I" in (words := each.info["cmdline"] or [])[1:2] and any(word == mark for word in words)
    ]
for each in found:
    each.kill()
def lives(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
while any(map(lives, found)):
    time.sleep(0.01)
run.log({"image": tracker.Image(frames[1] + 1)})
run.finish()
"""
    )
    training.wait()
    assert not list(training.folder.spool.glob("*.job"))
    for row in rows(training):
        assert (training.folder.files / row["image"]["path"]).is_file()
