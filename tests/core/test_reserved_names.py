"""Metrics that are named like the columns of every row change no step and no time."""

import pytest

import tracker_core as tracker
from tracker_core import _folder, _journal
from tracker_core import _records as records


@pytest.mark.parametrize("name", ["_step", "_timestamp", "_runtime"])
def test_a_metric_of_a_reserved_name_is_kept_under_another(tmp_path, name):
    settings = {"silent": True, "system_interval": 0, "console": "off"}
    with tracker.init(project="p", dir=tmp_path, settings=settings) as run:
        for number in range(3):
            with pytest.warns(UserWarning, match=f"{name}.*every row"):
                run.log({name: 700 + number, "loss": 1.0})
        assert run.step == 3
        assert f"metric.{name}" in run.summary
    found = tracker.Api(tmp_path).run(run.id)
    assert sorted(found.keys()) == ["loss", f"metric.{name}"]
    rows = found.history(pandas=False)
    assert [row["_step"] for row in rows] == [0, 1, 2]
    assert all(0 <= row["_runtime"] < 600 for row in rows)
    assert [row[f"metric.{name}"] for row in rows] == [700, 701, 702]
    assert found.last_step == 2


def test_nested_names_are_not_reserved(tmp_path):
    settings = {"silent": True, "system_interval": 0, "console": "off"}
    with tracker.init(project="p", dir=tmp_path, settings=settings) as run:
        run.log({"env": {"_step": 5}})
    assert tracker.Api(tmp_path).run(run.id).keys() == ["env._step"]


def test_rows_of_old_journals_keep_their_steps(tmp_path):
    folder = _folder.create(tmp_path / "tracker", "old", offline=True)
    writer = _journal.open_writer(folder, "main", run="old", attempt=1)
    writer.write(records.Start(time=1.0, run="old", project="p"))
    key_set = writer.key_set(("_step", "loss"), "qd")
    writer.append(key_set.pack(_journal.ROW, key_set.id, 4, 2.0, 99, 0.5))
    writer.write(records.End(time=3.0, exit_code=0))
    writer.close()
    (row,) = tracker.Api(tmp_path).run("old").history(pandas=False)
    assert (row["_step"], row["metric._step"], row["loss"]) == (4, 99, 0.5)
