"""Names that scripts written for other trackers ask for."""

from __future__ import annotations

from importlib import import_module

import pytest

import tracker_core as tracker
from tracker_core import _elsewhere


@pytest.mark.parametrize("name", ["Config", "Summary", "PublicApi", "log_metric", "start_run", "jupyter"])
def test_names_of_the_module(name):
    with pytest.raises(AttributeError, match=f"{name}': .+"):
        getattr(tracker, name)


@pytest.mark.parametrize("name", ["project_name", "entity_name", "history", "add_tags", "log_params", "files", "stop"])
def test_names_of_a_run(name):
    run = tracker.init(mode="disabled")
    with pytest.raises(AttributeError, match=f"{name}': .+"):
        getattr(run, name)
    run.finish()


def test_hints_of_a_run_are_for_what_it_lacks():
    run = tracker.init(mode="disabled")
    assert [
        name for name in _elsewhere.RUN if name != "join" and hasattr(run, name)
    ] == []  # `join` forks and ranks use
    run.finish()


@pytest.mark.parametrize("path", ["integration.keras", "integration.sb3.callback", "keras", "sdk.wandb_run", "apis"])
def test_modules(path):
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'tracker_core\..+: .+"):
        import_module(f"tracker_core.{path}")


def test_names_of_modules_that_are_asked_for_by_from():
    with pytest.raises(ImportError, match=r"tracker_integrations\.keras"):
        from tracker_core.integration import keras  # noqa: F401
    with pytest.raises(ImportError, match=r"tracker_integrations\.xgboost"):
        from tracker_core import xgboost  # noqa: F401
