"""Faults and hostile names: nothing escapes, nothing is half there, nothing logged is lost."""

from __future__ import annotations

import fcntl
import os
import signal
import string
import subprocess
import sys
import time
import warnings

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

import tracker_core as tracker
from tracker_core._media import place, spool

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

HOSTILE = [
    "..",
    "../../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "..\\..\\b",
    "C:\\windows",
    "a\x00b",
    "line\nbreak",
    ".hidden/.too",
    "",
    "/",
    "//",
    "ends with dot.",
    "naïve/日本語/🙂",
    "\ud800",
    "x" * 10_000,
    "日" * 10_000,
    "/".join("a" * 5_000),
    "con<>:|?*",
]


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_keys_stay_below_media(files, drain, key):
    image = tracker.Image(PIXELS).store(key, 0, files)
    page = tracker.Html("page").store(key, 0, files)
    assert [report.error for report in drain()] == [""]
    for reference, folder in ((image, "images"), (page, "html")):
        path = (files / reference["path"]).resolve()
        assert path.is_relative_to(files.resolve() / "media" / folder)
        assert path.is_file()
    assert {entry.name for entry in files.parent.iterdir()} <= {"files", "spool"}


@given(st.text(alphabet=st.sampled_from([*string.printable, "é", "\ud800", "🙂"]), max_size=400))
def test_any_key_gives_a_path_that_stays(key):
    path = place.safe(key)
    parts = path.split("/")
    assert all(part not in ("", ".", "..") and len(part.encode()) <= 100 for part in parts)
    assert len(parts) <= 8
    assert place.contained(f"media/images/{path}")


def test_failing_media_warns_once_and_keeps_the_rest(files, tmp_path):
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"x")
    video = tracker.Video(source)
    source.unlink()
    with pytest.warns(UserWarning, match="'gone-key'"):
        reference = video.store("gone-key", 0, files)
    assert reference["_type"] == "video-file"
    assert "FileNotFoundError" in reference["error"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "error" in video.store("gone-key", 1, files)
    assert list((files.parent / "spool").iterdir()) == []


def test_file_that_went_before_it_was_logged(tmp_path):
    wave = tmp_path / "sound.wav"
    wave.write_bytes(b"RIFF")
    sound = tracker.Audio(wave)
    wave.unlink()
    with tracker.init(project="p", settings={"silent": True}) as run, pytest.warns(UserWarning, match="'sound'"):
        run.log({"sound": sound, "loss": 0.5})
    [row] = tracker.Api().run(run.id).scan_history()
    assert row["loss"] == 0.5
    assert row["sound"]["error"].startswith("FileNotFoundError")


def test_full_disk_leaves_nothing_half_written(files):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    image = tracker.Image(np.zeros((512, 512, 3), np.uint8))
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.warns(UserWarning, match="'big-key'"):
            reference = image.store("big-key", 0, files)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert "error" in reference
    assert list((files.parent / "spool").iterdir()) == []
    assert list(files.rglob("*.png")) == []


def test_what_no_encoder_takes_is_reported_and_its_raw_data_kept(files, drain):
    path = files.parent / "spool" / "1.job"
    tracker.Image(PIXELS).store("key", 0, files)
    spool.defer(place.Place(files, "bad", 0), "videos", "mp4", "video", np.zeros((2, 2)), format="mp4", fps=1)
    reports = drain()
    assert [bool(report.error) for report in reports] == [False, True]
    assert "frames are" in reports[1].error
    assert len(list(path.parent.glob("*.failed"))) == 1
    assert drain() == []


def test_job_that_points_outside_is_refused(files, drain):
    path = files.parent / "spool" / "1.job"
    path.parent.mkdir()
    header = msgspec.msgpack.encode(
        spool.Job(path="../../evil.png", encoder="image", options={"layout": [0, 0]}, dtype="|u1", shape=(1, 1))
    )
    path.write_bytes(len(header).to_bytes(4, "little") + header + b"\x00")
    assert drain() == []
    assert not list(files.parent.parent.rglob("evil.png"))
    assert path.with_suffix(".failed").exists()


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff\xff", b"\x03\x00\x00\x00abc"])
def test_damaged_job_stops_no_other(files, drain, content):
    reference = tracker.Image(PIXELS).store("key", 0, files)
    (files.parent / "spool" / "0.job").write_bytes(content)
    assert len(drain()) == 1
    assert (files / reference["path"]).is_file()


def test_job_that_another_process_holds_is_left_to_it(files, drain):
    tracker.Image(PIXELS).store("key", 0, files)
    [job] = spool.waiting(files.parent)
    with job.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert drain() == []
        assert job.exists()
    assert len(drain()) == 1


def test_encoder_killed_after_its_file_stood_only_reports_again(files, drain):
    reference = tracker.Image(PIXELS).store("key", 0, files)
    [job] = spool.waiting(files.parent)
    copy = job.read_bytes()
    [first] = drain()
    job.write_bytes(copy)
    [second] = drain()
    assert (first.path, first.sha256) == (second.path, second.sha256) == (reference["path"], first.sha256)


LOGS_AND_DIES = """
import os, signal, sys
from pathlib import Path
import numpy as np
import tracker_core as tracker
files = Path(sys.argv[1])
for step in range(20):
    tracker.Image(np.full((64, 64, 3), step, np.uint8)).store("key", step, files)
print("done", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_media_logged_before_a_kill_are_encoded_by_another_process(files, drain):
    done = subprocess.run([sys.executable, "-c", LOGS_AND_DIES, str(files)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(drain()) == 20
    levels = set()
    for path in files.rglob("*.png"):
        with Pillow.open(path) as picture:
            levels.add(picture.getpixel((0, 0)))
    assert levels == {(step, step, step) for step in range(20)}


ENCODES = """
import sys
from pathlib import Path
from tracker_core._media import spool
print("ready", flush=True)
spool.drain(Path(sys.argv[1]), lambda record: None)
"""


def test_encoder_killed_at_work_is_replaced_by_the_next(files, drain):
    rng = np.random.default_rng(0)
    for step in range(30):
        tracker.Image(rng.integers(0, 256, (256, 256, 3), np.uint8)).store("key", step, files)
    with subprocess.Popen([sys.executable, "-c", ENCODES, str(files.parent)], stdout=subprocess.PIPE) as encoder:
        encoder.stdout.readline()
        while not list(files.rglob("*.png")):
            time.sleep(0.01)
        encoder.kill()
    assert not list(files.rglob("*.tmp"))
    drain()
    assert list((files.parent / "spool").iterdir()) == []
    found = list(files.rglob("*.png"))
    assert len(found) == 30
    for path in found:
        with Pillow.open(path) as picture:
            picture.load()


def test_a_forked_child_logs_beside_its_parent(files, drain):
    image = tracker.Image(PIXELS)
    child = os.fork()
    if child == 0:
        image.store("child", 0, files)
        os._exit(0)
    image.store("parent", 0, files)
    assert os.waitpid(child, 0)[1] == 0
    assert len(drain()) == 2


def test_missing_package_names_the_install_line(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for make in (
        lambda: tracker.Image(PIXELS),
        lambda: tracker.Video(np.zeros((1, 2, 2, 3))),
        lambda: tracker.Audio([0.0], 8000),
    ):
        with pytest.raises(tracker.Error, match=r"pip install 'tracker-core\[media\]'"):
            make()
