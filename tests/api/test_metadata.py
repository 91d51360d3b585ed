"""The metadata of a run that has just ended."""

import time

import pytest

import tracker_core as tracker
from tracker_core import _folder, _journal
from tracker_core import _records as records
from tracker_core._api import run as api_run


@pytest.mark.parametrize("how", ["api", "list"])
def test_metadata_is_there_right_after_finish(tmp_path, monkeypatch, how):
    monkeypatch.setattr(api_run, "_CAPTURE_TIMEOUT", 120.0)  # as long as a slow machine takes
    monkeypatch.setattr(api_run, "_CAPTURE_AGE", 120.0)
    run = tracker.init(project="p", dir=tmp_path, settings={"silent": True, "system_interval": 0, "console": "off"})
    run.log({"x": 1})
    run.finish()
    api = tracker.Api(tmp_path)
    found = api.run(run.id) if how == "api" else api.runs()[0]
    assert {"host", "python"} <= found.metadata.keys()


def test_metadata_of_an_old_run_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(api_run, "_CAPTURE_TIMEOUT", 1e9)
    folder = _folder.create(tmp_path / "tracker", "old", offline=True)
    writer = _journal.open_writer(folder, "main", run="old", attempt=1)
    writer.write(records.Start(time=time.time() - 3600, run="old", project="p"))
    writer.close()
    assert tracker.Api(tmp_path).run("old").metadata == {}


def test_metadata_of_a_run_whose_background_process_is_gone_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(api_run, "_CAPTURE_TIMEOUT", 1e9)
    folder = _folder.create(tmp_path / "tracker", "gone", offline=True)
    writer = _journal.open_writer(folder, "main", run="gone", attempt=1)
    writer.write(records.Start(time=time.time(), run="gone", project="p"))
    writer.close()
    _journal.open_writer(folder, "background", run="gone", attempt=1).close()
    assert tracker.Api(tmp_path).run("gone").metadata == {}
