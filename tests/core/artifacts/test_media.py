"""Media that are put into artifacts and come back."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

import tracker_core as tracker


def test_media_come_back(run):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    artifact = tracker.Artifact("shown", "dataset")
    artifact.add(tracker.Image(pixels, caption="seen"), "image")
    artifact.add(tracker.Table(["n", "image"], [[1, tracker.Image(pixels)], [2, None]]), "nested/table")
    artifact["page"] = tracker.Html("<b>page</b>", inject=False)
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
    assert found["page"].html == b"<b>page</b>"
    assert found.get("nested/table.table.json").columns == ["n", "image"]  # as it is called elsewhere
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
