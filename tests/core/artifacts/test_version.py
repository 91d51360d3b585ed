"""Versions: their numbers, aliases and second names, what may change of them, and how they go."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core._artifacts.collection import Collection, clean, collections, objects

ROOT = Path("tracker")


def test_one_content_is_kept_once_over_versions_names_and_runs(run, tree, logged):
    logged(run, tree)
    (tree / "new.txt").write_text("new")
    logged(run, tree)
    logged(run, tree, name="dogs")
    assert sum(1 for _ in objects(ROOT).each()) == 5  # one, empty, b.bin, two, new


def test_numbers_aliases_and_equal_contents(run, tree, logged):
    first = logged(run, tree)
    (tree / "a.txt").write_text("changed")
    second = logged(run, tree)
    assert [first.version, second.version] == ["v0", "v1"]
    again = tracker.Artifact("cats", "dataset")
    again.add_dir(tree)
    again = run.log_artifact(again, aliases=["best"])
    assert again.version == "v1"
    assert run.use_artifact("cats:best").version == "v1"
    assert run.use_artifact("cats").version == "v1"
    assert run.use_artifact("cats:v0").digest == first.digest
    assert run.use_artifact("p/cats:v0").version == run.use_artifact("someone/p/cats:v0").version == "v0"
    (tree / "a.txt").write_text("one")  # as v0 was
    assert logged(run, tree).version == "v0"
    assert run.use_artifact("cats:latest").version == "v0"


@pytest.mark.parametrize("name", ["my model (v2)", "100%", "naïve 名", "ünï.code-1_x", "*?<>|"])
def test_names_with_blanks_and_signs(run, tree, name):
    run.log_artifact(tree / "a.txt", name=name, type="t")
    assert run.use_artifact(name).name == f"{name}:v0"
    assert Path(run.use_artifact(f"p/{name}:latest").file()).read_text() == "one"
    assert [found.name for found in tracker.Api().artifacts(f"p/{name}")] == [f"{name}:v0"]
    assert [collection.name for collection in collections(ROOT)] == [name]


def test_type_is_checked(run, tree, logged):
    logged(run, tree)
    with pytest.raises(tracker.UsageError, match="type 'dataset', not 'model'"):
        run.use_artifact("cats", type="model")
    other = tracker.Artifact("cats", "model")
    other.add_file(tree / "a.txt")
    with pytest.raises(tracker.UsageError, match="of type 'dataset'"):
        run.log_artifact(other)


def test_what_may_change_is_saved(run, tree, logged):
    artifact = logged(run, tree)
    artifact.description, artifact.metadata["k"], artifact.tags = "new", [1], ["good"]
    artifact.aliases += ["prod"]
    artifact.ttl = dt.timedelta(days=1)
    artifact.save()
    found = run.use_artifact("cats:prod")
    assert (found.description, found.metadata, found.tags, found.ttl) == ("new", {"k": [1]}, ["good"], artifact.ttl)
    found.aliases.remove("prod")
    found.save()
    with pytest.raises(tracker.NotFoundError, match="no alias 'prod'; it has latest"):
        run.use_artifact("cats:prod")


def test_second_name_of_a_version(run, tree, logged):
    artifact = logged(run, tree)
    link = artifact.link("shelf/best-cats", aliases=["now"])
    assert (link.is_link, link.qualified_name, link.aliases) == (True, "shelf/best-cats:v0", ["now", "latest"])
    assert (link.source_qualified_name, link.source_project, link.source_version) == ("p/cats:v0", "p", "v0")
    assert (artifact.is_link, artifact.source_version, artifact.entity, artifact.url) == (False, "v0", "", None)
    assert run.use_artifact("shelf/best-cats:now").digest == artifact.digest
    with pytest.raises(tracker.UsageError, match="no link"):
        artifact.unlink()
    link.unlink()
    assert (link.state, artifact.state) == ("DELETED", "COMMITTED")


def test_new_draft_goes_on_from_a_version(run, tree, logged):
    artifact = logged(run, tree, description="many", metadata={"n": 1})
    draft = artifact.new_draft()
    draft.remove("empty")
    with draft.new_file("more.txt") as file:
        file.write("more")
    newer = run.log_artifact(draft)
    assert (newer.version, newer.description, newer.metadata) == ("v1", "many", {"n": 1})
    assert set(newer.manifest.entries) == {*artifact.manifest.entries, "more.txt"} - {"empty"}
    assert newer.manifest.entries["a.txt"].size == 3


def test_delete_keeps_numbers_and_moves_latest(run, tree, logged):
    logged(run, tree)
    (tree / "a.txt").write_text("changed")
    second = tracker.Artifact("cats", "dataset")
    second.add_dir(tree)
    run.log_artifact(second, aliases=["best"])
    with pytest.raises(tracker.UsageError, match="best"):
        second.delete()
    second.delete(delete_aliases=True)
    assert second.state == "DELETED"
    assert run.use_artifact("cats").version == "v0"
    assert logged(run, tree).version == "v2"
    with pytest.raises(tracker.NotFoundError, match="has no v1; there are: v0, v2"):
        run.use_artifact("cats:v1")


def test_clean_removes_what_nothing_names(run, tree, logged, same):
    artifact = logged(run, tree)
    (tree / "a.txt").write_text("changed")
    (tree / "deep" / "er" / "b.bin").write_bytes(b"small")
    second = logged(run, tree)
    artifact.delete()
    assert clean(ROOT) == (0, 0)  # all of it is young
    assert clean(ROOT, keep_seconds=-1) == (1, 3000)  # same.txt still holds what a.txt held
    assert same(Path(second.download()), tree)


def test_expired_versions_go(run, tree, logged):
    artifact = logged(run, tree)
    artifact.ttl = dt.timedelta(microseconds=1)
    artifact.save()
    with pytest.raises(tracker.NotFoundError, match="time to live"):
        run.use_artifact("cats")
    assert clean(ROOT, keep_seconds=-1)[0] == 4
    assert Collection(ROOT, "p", "cats").numbers() == []


@pytest.mark.parametrize("alias", ["v3", "", "a/b", "a:b"])
def test_wrong_aliases(run, tree, alias):
    with pytest.raises(tracker.UsageError, match="alias"):
        run.log_artifact(tree / "a.txt", name="a", aliases=[alias])


@pytest.mark.parametrize("ttl", [dt.timedelta(), dt.timedelta(hours=-3), 30, -1, "30 days", True, 2.5])
def test_a_ttl_is_a_positive_time(run, tree, logged, ttl):
    artifact = logged(run, tree)
    with pytest.raises(tracker.UsageError, match="positive"):
        artifact.ttl = ttl
    artifact.save()
    assert run.use_artifact("cats").ttl is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda run: tracker.Artifact("a", None), "type"),
        (lambda run: tracker.Artifact("a", 3), "type"),
        (lambda run: tracker.Artifact("a", "t", metadata=["x"]), "metadata"),
        (lambda run: tracker.Artifact("a", "t").add_file(7), "Path"),
        (lambda run: tracker.Artifact("a", "t").add_dir(None), "Path"),
        (lambda run: tracker.Artifact("a", "t").add_reference("file:///", max_objects="many"), "max_objects"),
        (lambda run: run.log_artifact(12), "Path"),
        (lambda run: run.log_artifact(tracker.Artifact("a", "t"), aliases=[1]), "aliases"),
        (lambda run: run.log_artifact(tracker.Artifact("a", "t"), aliases=5), "aliases"),
        (lambda run: run.log_artifact(tracker.Artifact("a", "t"), tags=[None]), "tags"),
        (lambda run: run.log_artifact(tracker.Artifact("a", "t"), tags={"x": 1}), "tags"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(run, make, said):
    with pytest.raises(tracker.UsageError, match=said):
        make(run)


def test_one_text_stands_for_a_list_of_it(run, tree):
    artifact = run.log_artifact(tree / "a.txt", name="a", aliases="best", tags="keep")
    assert sorted(artifact.aliases) == ["best", "latest"]
    assert artifact.tags == ["keep"]
    linked = run.link_artifact(artifact, "shelf/b", aliases="other")
    assert sorted(linked.aliases) == ["latest", "other"]
