"""The disk full or taken away in the middle of a run: one warning, and the training goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker

TRAIN = """
import sys, warnings
warnings.simplefilter("always")
run = tracker.init(id="r", dir=sys.argv[1], settings={"console": "off", "system_interval": 0})
for i in range(20_000):
    run.log({"count": i, "a": 0.5, "b": 0.25})
print("first", flush=True)
input()
for i in range(20_000, 40_000):
    run.log({"count": i, "a": 0.5, "b": 0.25})
print("second", flush=True)
input()
for i in range(40_000, 60_000):
    run.log({"count": i, "a": 0.5, "b": 0.25})
run.summary["done"] = True
run.finish()
print("end", flush=True)
"""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("a file system can only be mounted by root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def say(process, text):
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == f"{text}\n", process.communicate()[1]


def test_a_full_disk_that_gets_room_again(train, small_disk):
    process = train(TRAIN, str(small_disk))
    assert process.stdout.readline() == "first\n"
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb") as file:  # noqa: PT012 - until it is full
        while True:
            file.write(bytes(4096))
            file.flush()
    say(process, "second")
    filler.unlink()
    say(process, "end")
    errors = process.communicate()[1]
    assert process.returncode == 0, errors
    assert errors.count("Warning") == 1, errors
    run = tracker.Api(small_disk).run("r")
    counts = run.series("count")[2].tolist()
    assert counts == list(range(60_000))
    assert run.summary["done"] is True
    assert run.state == "finished"


def test_a_disk_that_stays_full_loses_the_rest_and_says_so(train, small_disk):
    process = train(TRAIN, str(small_disk))
    assert process.stdout.readline() == "first\n"
    with pytest.raises(OSError, match="No space"), (small_disk / "filler").open("wb") as file:  # noqa: PT012
        while True:
            file.write(bytes(4096))
            file.flush()
    say(process, "second")
    say(process, "end")
    errors = process.communicate()[1]
    assert process.returncode == 0, errors
    assert "records of run r could not be written" in errors
    (small_disk / "filler").unlink()
    counts = tracker.Api(small_disk).run("r").series("count")[2].tolist()
    assert counts[:20_000] == list(range(20_000))
    assert counts == sorted(counts)


START = """
import sys
run = tracker.init(id="r", dir=sys.argv[1], resume="allow")
run.log({"a": 1.0})
print(run.folder.path, run.resumed)
"""


@pytest.mark.parametrize("resumed", [False, True])
def test_a_disk_that_is_full_from_the_start(train, small_disk, tmp_path, resumed):
    if resumed:
        out, errors = train(START, str(small_disk)).communicate(timeout=120)
        assert out.strip().endswith("False"), errors
    before = sorted((small_disk / "tracker").glob("*"))
    with pytest.raises(OSError, match="No space"), (small_disk / "filler").open("wb") as file:  # noqa: PT012
        while True:
            file.write(bytes(4096))
            file.flush()
    process = train(START, str(small_disk), TMPDIR=str(tmp_path))
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.count("Warning") == 1, errors
    assert "No space left" in errors
    folder, again = out.split()
    assert again == "False"
    assert Path(folder).is_relative_to(tmp_path)
    assert not Path(folder).is_relative_to(small_disk)
    assert tracker.Api(Path(folder).parent.parent).run("r").summary == {"a": 1.0}
    assert sorted((small_disk / "tracker").glob("*")) == before


def test_no_disk_has_room(train, small_disk):
    with pytest.raises(OSError, match="No space"), (small_disk / "filler").open("wb") as file:  # noqa: PT012
        while True:
            file.write(bytes(4096))
            file.flush()
    process = train("import sys, tempfile\ntempfile.tempdir = sys.argv[1]\n" + START, str(small_disk))
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert "UsageError" in errors
    assert "dir=" in errors


def test_the_folder_is_deleted_under_the_run(train, tmp_path):
    process = train(TRAIN, str(tmp_path))
    assert process.stdout.readline() == "first\n"
    while (tmp_path / "tracker").exists():  # the background process may add to it meanwhile
        shutil.rmtree(tmp_path / "tracker", ignore_errors=True)
    say(process, "second")
    say(process, "end")
    errors = process.communicate()[1]
    assert process.returncode == 0, errors


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_folder_becomes_read_only(train, tmp_path):
    process = train(TRAIN, str(tmp_path))
    assert process.stdout.readline() == "first\n"
    folders = [tmp_path / "tracker", *(path for path in (tmp_path / "tracker").iterdir() if path.is_dir())]
    immutable = subprocess.run(["chattr", "+i", *map(str, folders)], capture_output=True, check=False).returncode == 0
    for folder in folders:
        if not immutable:
            folder.chmod(0o500)
    try:
        say(process, "second")
        say(process, "end")
        errors = process.communicate()[1]
        assert process.returncode == 0, errors
    finally:
        subprocess.run(["chattr", "-i", *map(str, folders)], capture_output=True, check=False)
        for folder in folders:
            folder.chmod(0o700)
    counts = tracker.Api(tmp_path).run("r").series("count")[2].tolist()
    assert counts == list(range(60_000))


def test_the_current_folder_is_gone(train, tmp_path):
    process = train(
        """
        import os, sys
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir(os.getcwd())
        run = tracker.init(id="r")
        run.log({"a": 1.0})
        print(run.folder.root)
        """,
        TMPDIR=str(tmp_path),
        TRACKER_SILENT="false",
    )
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.count("Warning") == 1, errors
    assert tracker.Api(out.strip()).run("r").summary == {"a": 1.0}


@pytest.mark.parametrize("stderr", ["/dev/full", "closed pipe"])
def test_a_terminal_that_takes_nothing_does_not_end_the_training(stderr):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken, Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "import tracker_core as tracker\ntracker.init(); tracker.log({'a': 1.0})"],
            stderr=full if stderr == "/dev/full" else broken,
            env={**os.environ, "TRACKER_SILENT": "false"},
            check=False,
        )
    assert done.returncode == 0
    assert tracker.Api().runs()[0].state == "finished"


def test_no_folder_from_the_start(train, tmp_path):
    (tmp_path / "file").write_text("in the way")
    process = train(
        """
        import sys
        run = tracker.init(dir=sys.argv[1])
        run.log({"a": 1.0})
        print(run.folder.path)
        """,
        str(tmp_path / "file"),
        TMPDIR=str(tmp_path),
    )
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.count("cannot be written") == 1
    assert Path(out.strip()).is_relative_to(tmp_path)
