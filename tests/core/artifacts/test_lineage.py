"""Who made and used what, and how it is found without a run."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _records as records


def test_lineage_stands_in_the_runs(run, tree, logged, snapshot_of):
    logged(run, tree)
    run.use_artifact("cats", type="dataset")
    run.use_artifact("cats")
    with tracker.init(project="q", id="r2", reinit="create_new", settings={"silent": True}) as other:
        used = other.use_artifact("p/cats:v0")
        assert used.logged_by().path == ["p", "r1"]
        assert [user.path for user in used.used_by()] == [["p", "r1"], ["q", "r2"]]
    assert [artifact.name for artifact in run.logged_artifacts()] == ["cats:v0"]
    assert [artifact.name for artifact in run.used_artifacts()] == ["cats:v0", "cats:v0"]
    made = snapshot_of(run).artifacts["output/p/cats:v0"]
    assert isinstance(made, records.Artifact)
    assert (made.type, made.files, made.digest) == ("dataset", 5, used.digest)
    assert set(snapshot_of(run).artifacts) == {"output/p/cats:v0", "input/p/cats:v0"}
    assert set(snapshot_of(other).artifacts) == {"input/p/cats:v0"}
    read = tracker.Api().run("p/r1")
    assert [artifact.qualified_name for artifact in read.logged_artifacts()] == ["p/cats:v0"]
    assert [artifact.qualified_name for artifact in read.used_artifacts()] == ["p/cats:v0"]
    used.delete(delete_aliases=True)
    assert read.logged_artifacts() == []


def test_each_run_that_logs_the_same_files_is_a_maker(tree, logged, delete):
    for name in ("first", "second"):
        with tracker.init(project="p", id=name, config={"by": name}, settings={"silent": True}) as run:
            artifact = logged(run, tree)
            logged(run, tree)
    assert artifact.version == "v0"
    assert [maker.config["by"] for maker in artifact.loggers()] == ["first", "second"]
    assert [artifact.name for artifact in tracker.Api().run("p/second").logged_artifacts()] == ["cats:v0"]
    delete("p/first")
    assert artifact.logged_by().id == "second"


def test_version_that_no_run_made(tree, delete):
    with tracker.init(project="p", id="only", settings={"silent": True}) as run:
        artifact = run.log_artifact(tree / "a.txt", name="a")
    delete("p/only")
    assert (artifact.logged_by(), artifact.loggers(), artifact.used_by()) == (None, [], [])


def test_a_run_that_is_over_gets_artifacts_and_files(run, tree, logged, tmp_path):
    artifact = logged(run, tree)
    run.finish()
    found = tracker.Api().run("p/r1")
    assert found.use_artifact("cats:latest").used_by()[0].id == "r1"
    late = tracker.Artifact("late", "report")
    late.add_file(tree / "a.txt")
    assert found.log_artifact(late, aliases=["last"]).logged_by().id == "r1"
    assert [one.name for one in found.logged_artifacts()] == ["cats:v0", "late:v0"]
    assert [one.digest for one in found.used_artifacts()] == [artifact.digest]
    assert found.upload_file(tree / "deep/er/b.bin", root=tree).name == "deep/er/b.bin"
    copy = tracker.Api().run("p/r1").file("deep/er/b.bin").download(tmp_path / "out")
    assert copy.read_bytes() == (tree / "deep/er/b.bin").read_bytes()
    with pytest.warns(UserWarning, match="could not be saved"), pytest.raises(tracker.NotFoundError, match="none"):
        found.upload_file("none")


def test_artifact_in_a_config_is_its_name(run, tree, logged):
    run.config["data"] = logged(run, tree)
    assert run.config["data"] == "p/cats:v0"


def test_deleted_run_may_take_its_versions_along(tree, logged, delete):
    for number in range(2):
        with tracker.init(project="p", id=f"r{number}", settings={"silent": True}) as run:
            (tree / "a.txt").write_text(str(number))
            logged(run, tree)
    delete("p/r0")
    delete("p/r1", delete_artifacts=True)
    assert [artifact.version for artifact in tracker.Api().artifacts("p/cats")] == ["v0"]


def test_api_finds_versions(run, tree, logged, same):
    logged(run, tree)
    (tree / "a.txt").write_text("changed")
    logged(run, tree)
    api = tracker.Api()
    assert api.artifact("p/cats").version == "v1"
    assert same(Path(api.artifact("someone/p/cats:v1", type="dataset").download()), tree)
    assert [artifact.version for artifact in api.artifacts("p/cats")] == ["v1", "v0"]
    assert len(api.artifacts("dataset", "p/cats")) == 2
    assert api.artifacts("model", "p/cats") == []
    assert api.artifact_exists("p/cats:v0")
    assert not api.artifact_exists("p/cats:v9")
    assert not api.artifact_exists("p/cats", type="model")
    said = tracker.Api(overrides={"project": "p"})
    assert said.artifact("cats").version == said.artifacts("cats")[0].version == "v1"
    assert said.run(run.id).project == "p"
    with pytest.raises(tracker.NotFoundError, match="of type"):
        api.artifact("p/cats", type="model")
    with pytest.raises(tracker.UsageError, match="project/cats"):
        api.artifact("cats")
