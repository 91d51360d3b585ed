"""Artifacts out: downloads, checkouts and what is found to be wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core._artifacts.collection import objects

ROOT = Path("tracker")


def test_folder_comes_back_as_it_was(run, tree, tmp_path, logged, same):
    artifact = logged(run, tree, description="many cats", metadata={"count": np.int64(3)})
    assert (artifact.name, artifact.version, artifact.state) == ("cats:v0", "v0", "COMMITTED")
    found = run.use_artifact("cats:latest")
    assert (found.type, found.description, found.metadata) == ("dataset", "many cats", {"count": 3})
    assert found.digest == artifact.digest
    assert (found.size, found.file_count) == (sum(p.stat().st_size for p in tree.rglob("*") if p.is_file()), 5)
    assert same(Path(found.download(tmp_path / "out")), tree)
    assert same(Path(found.download()), tree)
    assert found.download() == str(Path("artifacts/cats:v0").absolute())


def test_default_download_goes_below_the_runs_dir(tree, tmp_path, logged):
    with tracker.init(project="p", dir=str(tmp_path / "there"), settings={"silent": True}) as run:
        assert Path(logged(run, tree).download()) == tmp_path / "there" / "artifacts" / "cats:v0"


def test_download_keeps_strangers_and_checkout_removes_them(run, tree, tmp_path, logged):
    artifact = logged(run, tree)
    root = tmp_path / "out"
    (root / "mine").mkdir(parents=True)
    (root / "mine" / "notes.txt").write_text("mine")
    artifact.download(root)
    assert (root / "mine" / "notes.txt").exists()
    with pytest.raises(ValueError, match="does not belong"):
        artifact.verify(root)
    artifact.checkout(root)
    assert not (root / "mine" / "notes.txt").exists()
    artifact.verify(root)


def test_verify_names_what_differs(run, tree, tmp_path, logged):
    artifact = logged(run, tree)
    root = Path(artifact.download(tmp_path / "out"))
    (root / "a.txt").write_text("two")
    (root / "empty").unlink()
    with pytest.raises(ValueError, match=r"a.txt has another content; empty is missing"):
        artifact.verify(root)
    artifact.download(root)
    artifact.verify(root)


def test_changing_a_download_does_not_change_the_artifact(run, tree, tmp_path, logged, same):
    artifact = logged(run, tree)
    root = Path(artifact.download(tmp_path / "one"))
    (root / "a.txt").write_text("spoilt")
    assert same(Path(artifact.download(tmp_path / "two")), tree)


def test_prefix_file_and_entries(run, tree, tmp_path, logged):
    artifact = logged(run, tree)
    artifact.download(tmp_path / "some", path_prefix="deep/")
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == ["deep"]
    assert len(artifact.files(names=["a.txt", "none"])) == 1
    with pytest.raises(tracker.NotFoundError, match="no file"):
        artifact.get_entry("none")
    with pytest.raises(tracker.UsageError, match="5 files"):
        artifact.file()
    single = run.log_artifact(tree / "a.txt", name="single")
    assert Path(single.file(tmp_path / "single")).read_text() == "one"


def test_damage_is_found_where_contents_are_kept(run, tree, logged):
    artifact = logged(run, tree)
    artifact.verify_kept()
    path = objects(ROOT).path(artifact.get_entry("a.txt").digest)
    path.chmod(0o644)
    path.write_text("two")
    objects(ROOT).path(artifact.get_entry("empty").digest).unlink()
    with pytest.raises(ValueError, match=r"a.txt is damaged; empty is lost; same.txt is damaged"):
        artifact.verify_kept()
