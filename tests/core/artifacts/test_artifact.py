"""Artifacts in and out, offline."""

from __future__ import annotations

import datetime as dt
import filecmp
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

import tracker_core as tracker
from tracker_core import _records as records
from tracker_core._artifacts.collection import Collection, clean, objects
from tracker_core._journal import Reader
from tracker_core._snapshot import Snapshot

ROOT = Path("tracker")


def logged(run, tree, name="cats", **arguments):
    artifact = tracker.Artifact(name, "dataset", **arguments)
    artifact.add_dir(tree)
    return run.log_artifact(artifact)


def same(left: Path, right: Path) -> bool:
    compared = filecmp.dircmp(left, right)
    below = (same(left / name, right / name) for name in compared.common_dirs)
    unequal = filecmp.cmpfiles(left, right, compared.common_files, shallow=False)[1:]
    return not compared.left_only and not compared.right_only and not any(unequal) and all(below)


def snapshot_of(run) -> Snapshot:
    snapshot = Snapshot()
    for path in run.folder.journals():
        for record in Reader(path).entries():
            snapshot.apply(record)
    return snapshot


def test_folder_comes_back_as_it_was(run, tree, tmp_path):
    artifact = logged(run, tree, description="many cats", metadata={"count": np.int64(3)})
    assert (artifact.name, artifact.version, artifact.state) == ("cats:v0", "v0", "COMMITTED")
    found = run.use_artifact("cats:latest")
    assert (found.type, found.description, found.metadata) == ("dataset", "many cats", {"count": 3})
    assert found.digest == artifact.digest
    assert (found.size, found.file_count) == (sum(p.stat().st_size for p in tree.rglob("*") if p.is_file()), 5)
    assert same(Path(found.download(tmp_path / "out")), tree)
    assert same(Path(found.download()), tree)
    assert found.download() == str(Path("artifacts/cats:v0").absolute())


def test_default_download_goes_below_the_runs_dir(tree, tmp_path):
    with tracker.init(project="p", dir=str(tmp_path / "there"), settings={"silent": True}) as run:
        assert Path(logged(run, tree).download()) == tmp_path / "there" / "artifacts" / "cats:v0"


def test_one_content_is_kept_once_over_versions_names_and_runs(run, tree):
    logged(run, tree)
    (tree / "new.txt").write_text("new")
    logged(run, tree)
    logged(run, tree, name="dogs")
    assert sum(1 for _ in objects(ROOT).each()) == 5  # one, empty, b.bin, two, new


def test_numbers_aliases_and_equal_contents(run, tree):
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


def test_artifact_made_before_the_run(tree, tmp_path):
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


def test_incremental_starts_from_the_latest(run, tree, tmp_path):
    logged(run, tree)
    (tmp_path / "more.txt").write_text("more")
    (tmp_path / "a.txt").write_text("other")
    artifact = tracker.Artifact("cats", "dataset", incremental=True)
    artifact.add_file(tmp_path / "more.txt")
    artifact.add_file(tmp_path / "a.txt")
    run.log_artifact(artifact)
    assert (artifact.version, artifact.file_count) == ("v1", 6)
    assert Path(artifact.get_entry("a.txt").download(tmp_path / "out")).read_text() == "other"


def test_download_keeps_strangers_and_checkout_removes_them(run, tree, tmp_path):
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


def test_verify_names_what_differs(run, tree, tmp_path):
    artifact = logged(run, tree)
    root = Path(artifact.download(tmp_path / "out"))
    (root / "a.txt").write_text("two")
    (root / "empty").unlink()
    with pytest.raises(ValueError, match=r"a.txt has another content; empty is missing"):
        artifact.verify(root)
    artifact.download(root)
    artifact.verify(root)


def test_changing_a_download_does_not_change_the_artifact(run, tree, tmp_path):
    artifact = logged(run, tree)
    root = Path(artifact.download(tmp_path / "one"))
    (root / "a.txt").write_text("spoilt")
    assert same(Path(artifact.download(tmp_path / "two")), tree)


def test_prefix_file_and_entries(run, tree, tmp_path):
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


def test_references(run, tree, tmp_path):
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


def test_media_come_back(run):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    artifact = tracker.Artifact("shown", "dataset")
    artifact.add(tracker.Image(pixels, caption="seen"), "image")
    artifact.add(tracker.Table(["n", "image"], [[1, tracker.Image(pixels)], [2, None]]), "nested/table")
    artifact.add(tracker.Html("<b>page</b>", inject=False), "page")
    with artifact.new_file("page.settings.json") as file, artifact.new_file("model.pt") as other:
        file.write("[1]")
        other.write("weights")
    run.log_artifact(artifact)
    found = run.use_artifact("shown")
    image = found.get("image")
    assert (image.caption, image.width, image.height) == ("seen", 4, 5)
    table = found.get("nested/table")
    assert table.get_column("n") == [1, 2]
    assert isinstance(table.data[0][1], tracker.Image)
    assert found.get("page").html == b"<b>page</b>"
    assert found.get("none") is None
    assert found.get("page.settings.json") is None
    assert found.get("model.pt") is None
    with pytest.raises(tracker.UsageError, match="takes media"):
        tracker.Artifact("x", "dataset").add(3, "three")


PDB = "HETATM    1  O   HOH A   1       0.000   0.000   0.000  1.00  0.00           O\nEND\n"
POINTS = np.arange(12.0).reshape(4, 3)
VECTOR = {"start": [0, 0, 0], "end": [1, 1, 1]}


@pytest.mark.parametrize(
    "make",
    [
        lambda: tracker.Object3D(POINTS, caption="points"),
        lambda: tracker.Object3D({"type": "lidar/beta", "points": POINTS, "vectors": [VECTOR]}),
        lambda: tracker.Molecule(PDB, file_type="pdb"),
        lambda: tracker.Plotly(go.Figure(go.Scatter(y=[1, 2]))),
        lambda: tracker.Histogram(np_histogram=([1, 2], [0, 1, 5])),
        lambda: tracker.Text("short"),
        lambda: tracker.Markdown("# long\n" * 1000),
        lambda: tracker.JoinedTable(tracker.Table(["id"], [[1]]), tracker.Table(["id", "x"], [[1, 2.5]]), "id"),
    ],
    ids=range(8),
)
def test_media_of_every_kind_come_back(run, tmp_path, make):
    artifact = tracker.Artifact("shown", "dataset")
    artifact.add(make(), "thing")
    run.log_artifact(artifact)
    found = run.use_artifact("shown").get("thing")
    assert type(found) is type(make())
    assert found.store("again", 0, tmp_path / "a" / "files") == make().store("again", 0, tmp_path / "b" / "files")


def test_histogram_of_values_comes_back_with_its_edges(run):
    artifact = tracker.Artifact("shown", "dataset")
    artifact.add(tracker.Histogram([1, 2, 2, 5], num_bins=4), "thing")
    found = run.log_artifact(artifact).get("thing")
    assert (found.histogram, found.bins) == ([1, 2, 0, 1], [1.0, 2.0, 3.0, 4.0, 5.0])


def test_lineage_stands_in_the_runs(run, tree):
    logged(run, tree)
    run.use_artifact("cats", type="dataset")
    run.use_artifact("cats")
    with tracker.init(project="q", id="r2", reinit="create_new", settings={"silent": True}) as other:
        used = other.use_artifact("p/cats:v0")
        assert (used.logged_by(), used.used_by()) == ("p/r1", ["p/r1", "q/r2"])
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


def test_type_is_checked(run, tree):
    logged(run, tree)
    with pytest.raises(tracker.UsageError, match="type 'dataset', not 'model'"):
        run.use_artifact("cats", type="model")
    other = tracker.Artifact("cats", "model")
    other.add_file(tree / "a.txt")
    with pytest.raises(tracker.UsageError, match="of type 'dataset'"):
        run.log_artifact(other)


def test_what_may_change_is_saved(run, tree):
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


def test_deleted_run_may_take_its_versions_along(tree):
    for number in range(2):
        with tracker.init(project="p", id=f"r{number}", settings={"silent": True}) as run:
            (tree / "a.txt").write_text(str(number))
            logged(run, tree)
    api = tracker.Api()
    api.run("p/r0").delete()
    api.run("p/r1").delete(delete_artifacts=True)
    assert [artifact.version for artifact in api.artifacts("p/cats")] == ["v0"]


def test_second_name_of_a_version(run, tree):
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


def test_new_draft_goes_on_from_a_version(run, tree):
    artifact = logged(run, tree, description="many", metadata={"n": 1})
    draft = artifact.new_draft()
    draft.remove("empty")
    with draft.new_file("more.txt") as file:
        file.write("more")
    newer = run.log_artifact(draft)
    assert (newer.version, newer.description, newer.metadata) == ("v1", "many", {"n": 1})
    assert set(newer.manifest.entries) == {*artifact.manifest.entries, "more.txt"} - {"empty"}
    assert newer.manifest.entries["a.txt"].size == 3


def test_delete_keeps_numbers_and_moves_latest(run, tree):
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


def test_clean_removes_what_nothing_names(run, tree):
    artifact = logged(run, tree)
    (tree / "a.txt").write_text("changed")
    (tree / "deep" / "er" / "b.bin").write_bytes(b"small")
    second = logged(run, tree)
    artifact.delete()
    assert clean(ROOT) == (0, 0)  # all of it is young
    assert clean(ROOT, keep_seconds=-1) == (1, 3000)  # same.txt still holds what a.txt held
    assert same(Path(second.download()), tree)


def test_expired_versions_go(run, tree):
    artifact = logged(run, tree)
    artifact.ttl = dt.timedelta(seconds=-1)
    artifact.save()
    with pytest.raises(tracker.NotFoundError, match="time to live"):
        run.use_artifact("cats")
    assert clean(ROOT, keep_seconds=-1)[0] == 4
    assert Collection(ROOT, "p", "cats").numbers() == []


def test_models(run, tree):
    artifact = run.log_model(tree / "a.txt", name="net", aliases=["best"])
    assert artifact.type == "model"
    assert Path(run.use_model("net:best")).read_text() == "one"
    run.log_model(tree, name="folder")
    assert same(Path(run.use_model("folder")), tree)
    linked = run.link_model(tree / "a.txt", "finder", name="net2", aliases=["prod"])
    assert (linked.qualified_name, linked.source_name) == ("model-registry/finder:v0", "p/net2:v0")
    assert Path(run.use_model("model-registry/finder:prod")).read_text() == "one"
    logged(run, tree)
    with pytest.raises(tracker.UsageError, match="no model"):
        run.use_model("cats")


def test_verbs_of_the_module(run, tree):
    tracker.log_artifact(tree / "a.txt", name="net", type="model")
    assert tracker.use_artifact("net").version == "v0"
    assert Path(tracker.use_model("net")).read_text() == "one"
    assert tracker.link_artifact(tracker.log_model(tree / "empty"), "q/z").qualified_name == "q/z:v0"
    assert tracker.link_model(tree / "empty", "z").project == "model-registry"


def test_disabled_run_keeps_nothing(tree):
    with tracker.init(mode="disabled") as run:
        assert logged(run, tree).state == "PENDING"
    assert not ROOT.exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tree: tracker.Artifact("a/b", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("..", "t"), "artifact name"),
        (lambda tree: tracker.Artifact("x" * 129, "t"), "artifact name"),
        (lambda tree: tracker.Artifact("", "t"), "artifact name"),
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


@pytest.mark.parametrize("alias", ["v3", "", "a/b", "a:b"])
def test_wrong_aliases(run, tree, alias):
    with pytest.raises(tracker.UsageError, match="alias"):
        run.log_artifact(tree / "a.txt", name="a", aliases=[alias])


def test_missing_files_raise_when_they_are_added():
    artifact = tracker.Artifact("a", "t")
    with pytest.raises(FileNotFoundError):
        artifact.add_file("none.txt")
    with pytest.raises(NotADirectoryError):
        artifact.add_dir("none")
    assert len(artifact) == 0


def test_api_finds_versions(run, tree):
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


def test_damage_is_found_where_contents_are_kept(run, tree):
    artifact = logged(run, tree)
    artifact.verify_kept()
    path = objects(ROOT).path(artifact.get_entry("a.txt").digest)
    path.chmod(0o644)
    path.write_text("two")
    objects(ROOT).path(artifact.get_entry("empty").digest).unlink()
    with pytest.raises(ValueError, match=r"a.txt is damaged; empty is lost; same.txt is damaged"):
        artifact.verify_kept()
