"""Artifacts in: from where files and references are taken, and what is refused."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core._artifacts.collection import objects

ROOT = Path("tracker")


def test_files_are_taken_when_they_are_added(run, tmp_path):
    artifact = tracker.Artifact("cats", "dataset")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_text("then")
        artifact.add_file(path)
        artifact.add_file(str(path), name="sub/b.txt")
        path.write_text("now")
    run.log_artifact(artifact)
    root = Path(artifact.download(tmp_path))
    assert (root / "a.txt").read_text() == (root / "sub" / "b.txt").read_text() == "then"


def test_artifact_made_before_the_run(tree, tmp_path, same):
    artifact = tracker.Artifact("cats", "dataset")
    artifact.add_dir(tree, name="in")
    with tracker.init(project="p", dir=str(tmp_path / "there"), settings={"silent": True}) as run:
        run.log_artifact(artifact)
    assert not ROOT.exists()
    assert same(Path(artifact.download(tmp_path / "out")) / "in", tree)


def test_path_as_artifact(run, tree):
    assert run.log_artifact(tree / "a.txt").name == "run-r1-a.txt:v0"
    artifact = run.log_artifact(str(tree), name="whole", type="dataset", aliases=["x"])
    assert (artifact.type, artifact.file_count, sorted(artifact.aliases)) == ("dataset", 5, ["latest", "x"])
    assert run.log_artifact(tree / "a.txt").type == "unspecified"


def test_immutable_files_are_linked(run, tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(b"x" * (2 << 20))
    artifact = tracker.Artifact("big", "model")
    entry = artifact.add_file(path, policy="immutable")
    assert objects(ROOT.absolute()).path(entry.digest).stat().st_ino == path.stat().st_ino


def test_large_content_that_is_here_is_not_written_again(run, tmp_path, monkeypatch):
    first, equal, other = (tmp_path / name for name in ("first.bin", "equal.bin", "other.bin"))
    first.write_bytes(b"x" * (2 << 20))
    equal.write_bytes(b"x" * (2 << 20))
    other.write_bytes(b"y" * (2 << 20))
    artifact = tracker.Artifact("big", "model")
    artifact.add_file(first)
    artifact.add_file(other)
    monkeypatch.setattr("tracker_core._artifacts.objects._copy", None)
    artifact.add_file(equal)
    run.log_artifact(artifact)
    assert [file.digest == artifact.get_entry("first.bin").digest for file in artifact.files()] == [True, True, False]
    assert sum(1 for _ in objects(ROOT).each()) == 2
    assert (Path(artifact.download(tmp_path / "out")) / "other.bin").read_bytes() == other.read_bytes()


def test_new_file_remove_and_overwrite(run, tree, tmp_path):
    artifact = tracker.Artifact("cats", "dataset")
    artifact.add_dir(tree)
    with artifact.new_file("notes.txt") as file:
        file.write("naïve")
    with artifact.new_file("raw.bin", mode="wb") as file:
        file.write(b"\x00\x01")
    with pytest.raises(RuntimeError), artifact.new_file("broken.txt") as file:
        raise RuntimeError
    with pytest.raises(tracker.UsageError, match="already"):
        artifact.add_file(tree / "empty", name="a.txt")
    artifact.add_file(tree / "empty", name="a.txt", overwrite=True)
    artifact.add_file(tree / "same.txt")  # the same content again
    artifact.remove("deep")
    artifact.remove(artifact.get_entry("same.txt"))
    assert [file.path for file in artifact.files()] == ["a.txt", "empty", "notes.txt", "raw.bin"]
    run.log_artifact(artifact)
    root = Path(artifact.download(tmp_path / "out"))
    assert (root / "notes.txt").read_text(encoding="utf-8") == "naïve"
    assert (root / "raw.bin").read_bytes() == b"\x00\x01"
    assert (root / "a.txt").read_bytes() == b""
    with pytest.raises(tracker.UsageError, match="never change"):
        artifact.add_file(tree / "a.txt")
    with pytest.raises(FileNotFoundError):
        tracker.Artifact("other", "dataset").remove("none")


def test_incremental_starts_from_the_latest(run, tree, tmp_path, logged):
    logged(run, tree)
    (tmp_path / "more.txt").write_text("more")
    (tmp_path / "a.txt").write_text("other")
    artifact = tracker.Artifact("cats", "dataset", incremental=True)
    artifact.add_file(tmp_path / "more.txt")
    artifact.add_file(tmp_path / "a.txt")
    run.log_artifact(artifact)
    assert (artifact.version, artifact.file_count) == ("v1", 6)
    assert Path(artifact.get_entry("a.txt").download(tmp_path / "out")).read_text() == "other"


def test_references(run, tree, tmp_path, same):
    artifact = tracker.Artifact("cats", "dataset")
    artifact.add_reference("hdfs://host/data/cats.tar", name="cats.tar")
    artifact.add_reference(tree.as_uri(), name="local")
    run.log_artifact(artifact)
    assert artifact.get_entry("cats.tar").ref_target() == "hdfs://host/data/cats.tar"
    assert sum(1 for _ in objects(ROOT).each()) == 0
    with pytest.raises(tracker.NotFoundError, match="allow_missing_references"):
        artifact.download(tmp_path / "out")
    root = Path(artifact.download(tmp_path / "out", allow_missing_references=True))
    assert same(root / "local", tree)
    (tree / "a.txt").write_text("changed since")
    with pytest.raises(tracker.Error, match="has changed since"):
        artifact.download(tmp_path / "again", allow_missing_references=True)
    with pytest.raises(tracker.UsageError, match="max_objects"):
        tracker.Artifact("few", "dataset").add_reference(tree.as_uri(), max_objects=2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tree: tracker.Artifact("a/b", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("..", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("x" * 129, "t"), "artifact name"),
        (lambda tree: tracker.Artifact("", "t"), "artifact name"),
        (lambda tree: tracker.Artifact(" a", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("a:v1", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("a\nb", "t"), "artifact name"),
        (lambda tree: tracker.Artifact(None, "t"), "artifact name"),
        (lambda tree: tracker.Artifact("😀" * 30, "t"), "longer than file systems"),
        (lambda tree: tracker.Artifact("a", "t").add_file(tree / "a.txt", name="../x"), "no path"),
        (lambda tree: tracker.Artifact("a", "t").add_file(tree / "a.txt", name="/etc/x"), "no path"),
        (lambda tree: tracker.Artifact("a", "t").add_file(tree / "a.txt", name="C:/x"), "no path"),
        (lambda tree: tracker.Artifact("a", "t").add_file(tree / "a.txt", policy="x"), "policy"),
        (lambda tree: tracker.Artifact("a", "t").add_reference("no address"), "address"),
        (lambda tree: tracker.Artifact("a", "t").version, "not logged"),
        (lambda tree: tracker.Artifact("a", "t").save(), "not logged"),
    ],
)
def test_wrong_calls_say_what_is_wrong(tree, make, said):
    with pytest.raises(tracker.UsageError, match=said):
        make(tree)


def test_a_path_is_a_file_or_a_folder(tree):
    artifact = tracker.Artifact("a", "t")
    artifact.add_file(tree / "a.txt", name="x")
    with pytest.raises(tracker.UsageError, match="cannot hold"):
        artifact.add_file(tree / "a.txt", name="x/y")
    artifact.add_file(tree / "a.txt", name="d/y")
    with pytest.raises(tracker.UsageError, match="cannot be a file"):
        artifact.add_file(tree / "a.txt", name="d")


def test_missing_files_raise_when_they_are_added():
    artifact = tracker.Artifact("a", "t")
    with pytest.raises(FileNotFoundError):
        artifact.add_file("none.txt")
    with pytest.raises(NotADirectoryError):
        artifact.add_dir("none")
    assert len(artifact) == 0


def test_incremental_removes_what_the_latest_version_holds(run, tree, logged):
    logged(run, tree)
    change = tracker.Artifact("cats", "dataset", incremental=True)
    change.remove("deep")
    change.remove("same.txt")
    change.add_file(tree / "a.txt", "same.txt")
    change.add_file(tree / "a.txt", "deep/new.txt")
    assert [file.path for file in run.log_artifact(change).files()] == ["a.txt", "deep/new.txt", "empty", "same.txt"]
    typo = tracker.Artifact("cats", "dataset", incremental=True)
    typo.remove("emty")
    with pytest.warns(UserWarning, match="found no file 'emty'"):
        assert len(run.log_artifact(typo)) == 4
    with pytest.raises(FileNotFoundError):
        tracker.Artifact("cats", "dataset").remove("a.txt")


def test_a_folder_comes_with_its_links_once(run, tmp_path):
    for name in ("far/one/x", "far/two/y", "data/own/z"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "data/there").symlink_to(tmp_path / "far")
    (tmp_path / "data/again").symlink_to("own")
    (tmp_path / "data/up").symlink_to("..")
    (tmp_path / "far/home").symlink_to(tmp_path / "data")
    (tmp_path / "far/one/two").symlink_to("../two")
    (tmp_path / "far/two/one").symlink_to("../one")
    artifact = tracker.Artifact("a", "t")
    with pytest.warns(UserWarning, match=r"data/up \(symbolic link to a directory that contains it\)"):
        artifact.add_dir(tmp_path / "data")
    paths = {file.path for file in artifact.files()}
    assert {"own/z", "again/z", "there/one/x", "there/two/y"} <= paths
    assert not any(path.startswith("up/") for path in paths)
    assert len(paths) < 10
    reference = tracker.Artifact("b", "t")
    with pytest.warns(UserWarning, match="data/up"):
        reference.add_reference((tmp_path / "data").as_uri())
    assert {file.path for file in reference.files()} == paths


def test_what_cannot_be_kept_of_a_folder_is_named(run, tmp_path, monkeypatch):
    folder = tmp_path / "mixed"
    (folder / "empty").mkdir(parents=True)
    (folder / "good").write_text("good")
    (folder / "hard").hardlink_to(folder / "good")
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    artifact = tracker.Artifact("a", "t")
    with pytest.warns(UserWarning, match=r"gone \(broken.*pipe \(not a regular.*socket \(not a regular"):
        artifact.add_dir(folder)
    assert [file.path for file in artifact.files()] == ["good", "hard"]
    with pytest.raises(tracker.UsageError, match="regular"):
        artifact.add_file(folder / "pipe")
    with pytest.raises(IsADirectoryError, match="add_dir"):
        artifact.add_file(folder)


def test_the_root_directory_is_left_out(tmp_path):
    Path("train.py").write_text("pass")
    Path("pkg/tracker").mkdir(parents=True)
    Path("pkg/tracker/__init__.py").write_text("")
    with tracker.init(project="p", settings={"silent": True}) as run:
        first = run.log_artifact(".", name="all", type="code")
        with tracker.init(project="p", dir="pkg", reinit="create_new", settings={"silent": True}) as second:
            inside = second.log_artifact(".", name="all", type="code")
    after = tracker.Artifact("later", "code")
    after.add_dir(".")
    for artifact in (first, inside, after):
        assert [file.path for file in artifact.files()] == ["pkg/tracker/__init__.py", "train.py"]
