"""Callbacks and loggers with an id or name of their own, while another run is active."""

from __future__ import annotations

from importlib import import_module

import pytest

import tracker_core as tracker

QUIET = {"silent": True, "system_interval": 0}

CLASSES = {
    "catboost": ("TrackerCallback", "run"),
    "lightgbm": ("TrackerCallback", "run"),
    "optuna": ("TrackerCallback", "run"),
    "stable_baselines3": ("TrackerCallback", "run"),
    "transformers": ("TrackerCallback", "run"),
    "xgboost": ("TrackerCallback", "run"),
    "lightning": ("TrackerLogger", "experiment"),
    "accelerate": ("TrackerTracker", "tracker"),
}


@pytest.mark.parametrize("leaf", CLASSES)
@pytest.mark.parametrize("own", ["id", "name"])
def test_each_gets_a_run_of_its_own(leaf, own):
    pytest.importorskip({"lightning": "pytorch_lightning"}.get(leaf, leaf))
    name, attribute = CLASSES[leaf]
    kind = getattr(import_module(f"tracker_integrations.{leaf}"), name)
    active = tracker.init(id="active", name="active", settings=QUIET)
    folds = [kind(**{own: f"fold{number}"}, project="p", settings=QUIET) for number in range(2)]
    runs = [getattr(fold, attribute) for fold in folds]
    assert [getattr(run, own) for run in runs] == ["fold0", "fold1"]
    assert [getattr(fold, attribute) for fold in folds] == runs
    assert tracker.run is active
    assert getattr(kind(settings=QUIET), attribute) is active
    while tracker.run is not None:
        tracker.finish()
