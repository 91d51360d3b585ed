from __future__ import annotations

from pathlib import Path

import pytest

from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._saved import by_pattern, keep
from tracker_core.background.saved import Saved


@pytest.fixture
def files() -> Path:
    files = Path("files").absolute()
    files.mkdir()
    return files


@pytest.fixture
def written() -> list:
    return []


def save(saved: Saved, files: Path, policy: str) -> None:
    for record in keep(files, by_pattern("source.txt"), None, policy, 1.0):
        saved.add(record)


def test_a_live_file_is_copied_when_it_changed(files, written):
    Path("source.txt").write_text("one")
    saved = Saved(RunFolder(files.parent), written.append)
    save(saved, files, "live")
    saved.refresh(last=False)
    assert written == []
    Path("source.txt").write_text("longer")
    saved.refresh(last=False)
    saved.refresh(last=False)
    assert (files / "source.txt").read_text() == "longer"
    assert [(record.path, record.size, record.policy) for record in written] == [("source.txt", 6, "live")]
    assert [path.name for path in files.iterdir()] == ["source.txt"]


def test_a_file_of_the_end_waits_for_it(files, written):
    Path("source.txt").write_text("one")
    saved = Saved(RunFolder(files.parent), written.append)
    save(saved, files, "end")
    Path("source.txt").write_text("longer")
    saved.refresh(last=False)
    assert (files / "source.txt").read_text() == "one"
    saved.refresh(last=True)
    assert (files / "source.txt").read_text() == "longer"


def test_a_file_saved_once_is_left_alone(files, written):
    Path("source.txt").write_text("one")
    saved = Saved(RunFolder(files.parent), written.append)
    save(saved, files, "now")
    Path("source.txt").write_text("longer")
    saved.refresh(last=True)
    assert (files / "source.txt").read_text() == "one"


def test_a_file_that_was_taken_away_keeps_its_copy(files, written):
    Path("source.txt").write_text("one")
    saved = Saved(RunFolder(files.parent), written.append)
    save(saved, files, "live")
    Path("source.txt").unlink()
    saved.refresh(last=True)
    assert (files / "source.txt").read_text() == "one"
    assert written == []


def test_a_file_saved_in_place_gets_its_new_size(files, written):
    (files / "model.bin").write_bytes(b"12")
    saved = Saved(RunFolder(files.parent), written.append)
    saved.add(records.File(time=1.0, path="model.bin", policy="live", source=str(files / "model.bin"), size=2))
    (files / "model.bin").write_bytes(b"1234")
    saved.refresh(last=False)
    assert (files / "model.bin").read_bytes() == b"1234"
    assert [record.size for record in written] == [4]


def test_the_background_process_does_it_even_after_a_kill(train):
    training = train(
        """
from tracker_core import _saved
writer, background = start()
Path("source.txt").write_text("one")
folder = _folder.RunFolder(writer.path.parent)
for record in _saved.keep(folder.files, _saved.by_pattern("source.txt"), None, "end", time.time()):
    writer.write(record)
Path("source.txt").write_text("last")
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    training.wait()
    assert (training.folder.files / "source.txt").read_text() == "last"
