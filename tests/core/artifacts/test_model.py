"""Models, the module's own verbs, and runs that keep nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker_core as tracker

ROOT = Path("tracker")


def test_models(run, tree, logged, same):
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


def test_disabled_run_keeps_nothing(tree, logged):
    with tracker.init(mode="disabled") as run:
        assert logged(run, tree).state == "PENDING"
    assert not ROOT.exists()
