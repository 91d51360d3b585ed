from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._live_files import LiveFiles
from tracker_core._saved import by_pattern, keep


@pytest.fixture
def files() -> Path:
    files = Path("files").absolute()
    files.mkdir()
    return files


@pytest.fixture
def written() -> list:
    return []


def refresh(saved: LiveFiles, written: list, *, last: bool) -> None:
    for record, size in saved.refresh(pytest.fail, last=last):
        written.append((record.path, size, record.policy))


def save(saved: LiveFiles, files: Path, policy: str) -> None:
    for record in keep(files, by_pattern("source.txt"), None, policy, 1.0):
        saved.add(record)


def test_a_live_file_is_copied_when_it_changed(files, written):
    Path("source.txt").write_text("one")
    saved = LiveFiles(RunFolder(files.parent))
    save(saved, files, "live")
    refresh(saved, written, last=False)
    assert written == []
    Path("source.txt").write_text("longer")
    refresh(saved, written, last=False)
    refresh(saved, written, last=False)
    assert (files / "source.txt").read_text() == "longer"
    assert written == [("source.txt", 6, "live")]
    assert [path.name for path in files.iterdir()] == ["source.txt"]


def test_a_live_file_whose_name_is_not_text(files):
    source = Path(os.fsdecode(b"caf\xe9.log"))
    source.write_text("one")
    kept = keep(files, by_pattern(str(source)), None, "live", 1.0)
    live = LiveFiles(RunFolder(files.parent), [records.decode(records.encode(record)) for record in kept])
    source.write_text("longer")
    assert [size for _, size in live.refresh(pytest.fail, last=False)] == [6]
    assert (files / "caf%E9.log").read_text() == "longer"


def test_a_file_of_the_end_waits_for_it(files, written):
    Path("source.txt").write_text("one")
    saved = LiveFiles(RunFolder(files.parent))
    save(saved, files, "end")
    Path("source.txt").write_text("longer")
    refresh(saved, written, last=False)
    assert (files / "source.txt").read_text() == "one"
    refresh(saved, written, last=True)
    assert (files / "source.txt").read_text() == "longer"


def test_a_file_saved_once_is_left_alone(files, written):
    Path("source.txt").write_text("one")
    saved = LiveFiles(RunFolder(files.parent))
    save(saved, files, "now")
    Path("source.txt").write_text("longer")
    refresh(saved, written, last=True)
    assert (files / "source.txt").read_text() == "one"


def test_a_file_that_was_taken_away_keeps_its_copy(files, written):
    Path("source.txt").write_text("one")
    saved = LiveFiles(RunFolder(files.parent))
    save(saved, files, "live")
    Path("source.txt").unlink()
    refresh(saved, written, last=True)
    assert (files / "source.txt").read_text() == "one"
    assert written == []


def test_a_file_saved_in_place_gets_its_new_size(files, written):
    (files / "model.bin").write_bytes(b"12")
    saved = LiveFiles(RunFolder(files.parent))
    saved.add(records.File(time=1.0, path="model.bin", policy="live", source=str(files / "model.bin"), size=2))
    (files / "model.bin").write_bytes(b"1234")
    refresh(saved, written, last=False)
    assert (files / "model.bin").read_bytes() == b"1234"
    assert written == [("model.bin", 4, "live")]


def test_a_file_that_cannot_be_copied_is_reported_and_the_others_are_copied(files, written):
    for name in ("a.txt", "b.txt", "c.txt"):
        Path(name).write_text("one")
    saved = LiveFiles(RunFolder(files.parent), keep(files, by_pattern("*.txt"), None, "end", 1.0))
    for name in ("a.txt", "b.txt", "c.txt"):
        Path(name).write_text("second")
    (files / "b.txt").unlink()
    (files / "b.txt").mkdir()
    failed = []
    copied = [record.path for record, _ in saved.refresh(lambda path, _: failed.append(path), last=True)]
    assert (copied, failed) == (["a.txt", "c.txt"], ["b.txt"])
    assert sorted(path.name for path in files.iterdir()) == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.parametrize("policy", ["live", "end"])
def test_finish_copies_files_where_the_background_process_is_dead(script, policy):
    script(
        f"""
        import os, psutil, signal
        from pathlib import Path
        run = tracker.init(project="p", id="r", settings={{"console": "off"}})
        Path("state.txt").write_text("first")
        run.save("state.txt", policy={policy!r})
        mark = str(run.folder.path)
        def backgrounds():
            processes = psutil.process_iter(["cmdline"])
            return [each for each in processes if mark in (each.info["cmdline"] or ()) and each.pid != os.getpid()]
        while not (ours := backgrounds()):
            pass
        for process in ours:
            process.send_signal(signal.SIGKILL)
        while backgrounds():
            pass
        Path("state.txt").write_text("the last state")
        run.finish()
        assert (run.folder.files / "state.txt").read_text() == "the last state"
        """
    )
