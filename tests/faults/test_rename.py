"""The folder of a run, or one above it, renamed while the run is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _journal
from tracker_core._folder import OpenRunFolder, RunFolder
from tracker_core._journal import Numbers, Reader

SCRIPT = """
import sys, time
from pathlib import Path
run = tracker.init(project="p", id="r", dir="data", settings={"console": "off", "system_interval": 0})
run.log({"x": 0.5})
Path("live.txt").write_text("first")
run.save("live.txt", policy="live")
while not any(path.read_bytes()[:1].strip(b"\\0") for path in run.folder.path.glob("*-background.0000.journal")):
    time.sleep(0.01)
old = Path(sys.argv[1])
old = old if str(old) != "." else run.folder.path
old.rename(old.with_name(sys.argv[2]))
run.log({"x": 0.25, "page": tracker.Html("<b>1</b>")})
Path("own.txt").write_text("own")
run.save("own.txt", policy="now")
Path("live.txt").write_text("second")
run.finish()
"""


@pytest.mark.parametrize(
    ("folder", "name"), [(".", "run-20260102_030405-r"), ("data", "moved"), ("data/tracker", "tracker2")]
)
def test_a_run_follows_its_folder(train, at_rest, folder, name):
    process = train(SCRIPT, folder, name)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    at_rest(Path())
    [path] = Path().rglob("*run-*-r")
    assert name in path.parts
    assert "was renamed" in errors
    assert len(list(Path().rglob("*.journal"))) == 2
    run = tracker.Api(path.parent).run("p/r")
    assert run.state == "finished"
    assert run.series("x")[2].tolist() == [0.5, 0.25]
    assert run.metadata
    [page] = [row["page"] for row in run.scan_history(keys=["page"])]
    assert (path / "files" / page["path"]).is_file()
    assert (path / "files" / "own.txt").read_text() == "own"
    assert (path / "files" / "live.txt").read_text() == "second"


def test_later_segments_lie_beside_the_first(tmp_path):
    (tmp_path / "old").mkdir()
    writer = _journal.open_writer(RunFolder(tmp_path / "old"), "main", run="r", attempt=1, segment_size=1 << 16)
    keys = writer.key_set(("a",), "d")
    (tmp_path / "old").rename(tmp_path / "new")
    for step in range(10_000):
        writer.append(keys.pack(_journal.ROW, keys.id, step, 1.0, 0.5))
    writer.close()
    assert not (tmp_path / "old").exists()
    assert len(list((tmp_path / "new").glob("*.journal"))) > 3
    entries = Reader(tmp_path / "new" / "001-main.0000.journal").entries()
    assert [entry.step for entry in entries if isinstance(entry, Numbers)] == list(range(10_000))


def test_a_folder_that_was_removed_keeps_its_path(tmp_path):
    (tmp_path / "old").mkdir()
    renamed = []
    folder = OpenRunFolder(tmp_path / "old", renamed.append)
    (tmp_path / "old").rename(tmp_path / "new")
    assert folder.path == tmp_path / "new"
    (tmp_path / "new").rmdir()
    assert folder.path == tmp_path / "new"
    assert renamed == [tmp_path / "new"]
    folder.close()
    folder.close()
