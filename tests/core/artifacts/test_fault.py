"""Killed, full, raced: no half version is visible and nothing that was there is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core._artifacts.collection import Collection, collections, objects
from tracker_core._artifacts.objects import Objects, hashed, place

ROOT = Path("tracker")

ADDS = """
import sys
from pathlib import Path
from tracker_core._artifacts.artifact import Artifact
from tracker_core._artifacts.collection import Collection
collection = Collection(Path("tracker").absolute(), "p", "raced")
for index in range(15):
    artifact = Artifact("raced", "t")
    with artifact.new_file("who.txt") as file:
        file.write(f"{sys.argv[1]} {index}")
    artifact.commit(collection, aliases=[sys.argv[1]], run="", created=1.0, base=Path())
"""


def test_processes_that_add_versions_at_once_lose_none(tmp_path):
    command = [sys.executable, "-c", ADDS]
    started = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [process.wait(240) for process in started] == [0, 0, 0]
    collection = Collection(ROOT, "p", "raced")
    assert collection.numbers() == list(range(45))
    contents = set()
    for number in collection.numbers():
        [entry] = collection.load(number).entries
        contents.add(objects(ROOT).path(entry.sha256).read_text())
    assert contents == {f"{name} {index}" for name in ("one", "two", "three") for index in range(15)}
    aliases = collection.aliases()
    assert aliases["latest"] == 44
    for name in ("one", "two", "three"):
        [entry] = collection.load(aliases[name]).entries
        assert objects(ROOT).path(entry.sha256).read_text() == f"{name} 14"


KILLED = """
import os, signal
from pathlib import Path
from tracker_core._artifacts.artifact import Artifact
from tracker_core._artifacts.collection import Collection
artifact = Artifact("killed", "t")
artifact.add_dir("tree")
write = Collection._write
def dies(self, name, data):
    if name == "v0.json":
        (self.folder / f".{name}.{os.getpid()}").write_bytes(data[:10])
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, name, data)
Collection._write = dies
artifact.commit(Collection(Path("tracker").absolute(), "p", "killed"), aliases=[], run="", created=1.0, base=Path())
"""


def test_killed_before_the_version_is_written_nothing_is_visible(tree):
    tree.rename("tree")
    done = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Collection(ROOT, "p", "killed").numbers() == []
    assert list(collections(ROOT)) == []
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = tracker.Artifact("killed", "t")
        artifact.add_dir("tree")
        assert run.log_artifact(artifact).version == "v0"


def test_full_disk_while_a_file_is_added_leaves_the_rest(tree, tmp_path):
    import resource

    (tmp_path / "big").write_bytes(os.urandom(3 << 20))
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = tracker.Artifact("a", "t")
        artifact.add_dir(tree)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
        try:
            with pytest.raises(OSError, match="large"):
                artifact.add_file(tmp_path / "big")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, previous)
        assert run.log_artifact(artifact).file_count == 5
    assert not list((ROOT / "artifacts" / "objects" / "tmp").iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_is_an_error_of_the_tracker(tree, small_disk, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(2 << 20))
    (tmp_path / "many").mkdir()
    for number in range(300):
        (tmp_path / "many" / f"{number}.bin").write_bytes(os.urandom(5000))
    with tracker.init(project="p", dir=small_disk, settings={"silent": True, "system_interval": 0}) as run:
        for what in ("big", "many"):
            with pytest.raises(tracker.StorageError, match="No space left on device") as told:
                run.log_artifact(tmp_path / what, name="a", type="t")
            assert told.value.errno == errno.ENOSPC
            assert isinstance(told.value, tracker.Error)
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(tmp_path / "big", name="a", type="t")
        with pytest.raises(tracker.StorageError, match="No space left on device"):
            artifact.download(small_disk / "out")


def test_a_folder_that_cannot_be_written_is_an_error_of_the_tracker(tree, monkeypatch):
    with tracker.init(project="p", settings={"silent": True}) as run:
        (ROOT / "artifacts").write_text("in the way")
        with pytest.raises(tracker.StorageError, match="artifacts"):
            run.log_artifact(tree, name="a", type="t")


def test_interrupted_download_goes_on(tree, tmp_path, monkeypatch):
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(tree, name="a", type="t")
    place = Objects.place
    placed = []

    def fails(self, sha256, target):
        if len(placed) == 3:
            raise OSError(28, "No space left on device")
        placed.append(target)
        place(self, sha256, target)

    monkeypatch.setattr(Objects, "place", fails)
    with pytest.raises(OSError, match="No space"):
        artifact.download(tmp_path / "out")
    monkeypatch.setattr(Objects, "place", lambda self, sha, target: (placed.append(target), place(self, sha, target)))
    artifact.download(tmp_path / "out")
    artifact.verify(tmp_path / "out")
    assert len(placed) == len(set(placed)) == 5


PLACES = """
import sys
from pathlib import Path
from tracker_core._artifacts.objects import place
place(Path(sys.argv[1]), "ab" * 32, Path(sys.argv[2]))
"""


def test_killed_copy_of_a_large_file_is_gone_on_with(tmp_path):
    source, target = tmp_path / "source", tmp_path / "out" / "target"
    with source.open("wb") as file:
        file.truncate(4 << 30)  # takes long to copy and nothing to keep
        file.write(b"begins")
    process = subprocess.Popen([sys.executable, "-c", PLACES, str(source), str(target)])
    draft = target.with_name(f".{'ab' * 16}.part")
    while not draft.exists() or not draft.stat().st_size:
        assert process.poll() is None
    process.kill()
    process.wait()
    begun = draft.stat().st_size
    assert 0 < begun < 4 << 30
    assert not target.exists()
    with source.open("r+b") as file:
        file.truncate(begun + 3)
        file.seek(begun)
        file.write(b"end")
    place(source, "ab" * 32, target)
    assert not draft.exists()
    with target.open("rb") as file:
        assert file.read(6) == b"begins"
        file.seek(begun)
        assert file.read() == b"end"


def test_copy_from_before_the_machine_was_started_begins_anew(tmp_path):
    (tmp_path / "source").write_bytes(b"whole")
    draft = tmp_path / f".{'ab' * 16}.part"
    draft.write_bytes(b"xx")
    os.utime(draft, (1, 1))
    place(tmp_path / "source", "ab" * 32, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"whole"


def test_lost_content_is_named(tree, tmp_path):
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(tree / "a.txt", name="a", type="t")
    objects(ROOT).path(artifact.files()[0].digest).unlink()
    with pytest.raises(tracker.NotFoundError, match=r"'a.txt' is not in"):
        artifact.download(tmp_path)


def test_memory_does_not_follow_the_size_of_a_file(tmp_path):
    source = tmp_path / "big"
    with source.open("wb") as file:
        file.truncate(128 << 20)
    keep = Objects(tmp_path / "objects")
    tracemalloc.start()
    try:
        digest, size = keep.put(source)
        keep.place(digest, tmp_path / "back")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 128 << 20
    assert hashed(tmp_path / "back") == (digest, size)
    assert peak < 16 << 20


HOSTILE = {
    "..": None,
    "../up": None,
    "a/../../up": None,
    "..\\up": None,
    "/etc/passwd": None,
    "C:\\windows": None,
    "a\0b": None,
    "": None,
    "/": None,
    "x" * 10_000: None,
    "日" * 86: None,
    "/".join("a" * 5_000): None,
    "./a//b/": "a/b",
    "line\nbreak": "line\nbreak",
    ".hidden/.too": ".hidden/.too",
    "events:1": "events:1",
    "naïve/日本語/🙂": "naïve/日本語/🙂",
    "x" * 255: "x" * 255,
    "con<>|?* ": "con<>|?* ",
    "\udcff": "%FF",
}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_refused_or_come_back(name, tree, tmp_path):
    artifact = tracker.Artifact("a", "t", description=name, metadata={name: name})
    artifact.tags = [name]
    if HOSTILE[name] is None:
        for add in (artifact.add_file, artifact.add_dir):
            with pytest.raises(tracker.UsageError, match=r"no path inside|too long"):
                add(tree / "a.txt" if add == artifact.add_file else tree / "deep", name or "/")
        with pytest.raises(tracker.UsageError, match=r"no path inside|too long"), artifact.new_file(name) as file:
            file.write("x")
        with pytest.raises(tracker.UsageError, match=r"no path inside|too long"):
            artifact.add_reference((tree / "a.txt").as_uri(), name or "/")
    else:
        artifact.add_file(tree / "a.txt", name)
    with tracker.init(project="p", settings={"silent": True}) as run:
        run.log_artifact(artifact)
        root = Path(run.use_artifact("a").download(tmp_path / "deep" / "out"))
    found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert found == ([] if HOSTILE[name] is None else [HOSTILE[name]])
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"out"}


@pytest.mark.parametrize("name", ["..", ".", "a/b", "", "a:b", "x" * 129, "日" * 100, "a ", "\ud800"])
def test_hostile_names_of_artifacts_are_refused(name):
    with pytest.raises(tracker.UsageError, match="artifact name"):
        tracker.Artifact(name, "t")


def test_file_whose_name_is_no_text(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.bin")).write_bytes(b"x")
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(folder, name="a", type="t")
    assert [path.read_bytes() for path in Path(artifact.download(tmp_path / "out")).iterdir()] == [b"x"]


def test_file_that_changes_while_it_is_added_is_one_state_of_it(tmp_path):
    source, stop = tmp_path / "busy.bin", threading.Event()
    source.write_bytes(b"0" * (8 << 20))

    def write():
        with source.open("r+b", buffering=0) as file:
            while not stop.is_set():
                for letter in b"123":
                    file.seek(0)
                    file.write(bytes([letter]) * (8 << 20))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with tracker.init(project="p", settings={"silent": True}) as run:
            artifacts = [run.log_artifact(source, name="busy", type="t") for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    for artifact in artifacts:
        artifact.verify_kept()  # whatever was caught, its name and its content agree
        artifact.download(tmp_path / "out")
        artifact.verify(tmp_path / "out")


def test_file_that_goes_while_its_folder_is_added_is_left_out(tree, monkeypatch):
    put = Objects.put

    def goes(self, source, **options):
        if source.name == "a.txt":
            source.unlink()
        return put(self, source, **options)

    monkeypatch.setattr(Objects, "put", goes)
    with tracker.init(project="p", settings={"silent": True}) as run:
        with pytest.warns(UserWarning, match=r"a\.txt \(removed meanwhile\)"):
            artifact = run.log_artifact(tree, name="a", type="t")
        assert artifact.file_count == 4


@pytest.mark.parametrize("project", ["..", ".", "a/../b", "x y", "日本", "a%2Fb"])
def test_any_project_has_its_own_place(project, tree, tmp_path):
    root = tmp_path / "tracker"
    collection = Collection(root, project, "name")
    assert collection.folder.resolve().parent.parent == (root / "artifacts" / "collections").resolve()
    artifact = tracker.Artifact("name", "t")
    artifact.add_file(tree / "a.txt")
    artifact.commit(collection, aliases=[], run="", created=1.0, base=tmp_path)
    assert [found.project for found in collections(root)] == [project]
    assert [found.name for found in collections(root, project)] == ["name"]


def test_version_that_names_a_path_outside_is_not_followed(tree, tmp_path):
    with tracker.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(tree / "a.txt", name="a", type="t")
    path = ROOT / "artifacts" / "collections" / "p" / "a" / "v0.json"
    path.write_text(path.read_text().replace('"a.txt"', '"../../evil.txt"'))
    with tracker.init(project="p", settings={"silent": True}) as run:
        found = run.use_artifact("a")
    with pytest.raises(tracker.UsageError, match="no path inside"):
        found.download(tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil.txt"))
    assert artifact.version == "v0"
