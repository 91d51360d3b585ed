"""A second `init()` while a run is active."""

from __future__ import annotations

import pytest

import tracker_core as tracker


@pytest.fixture
def active():
    return tracker.init(
        project="cats", id="one", name="first", group="g", job_type="train", notes="n", tags=["a"], config={"lr": 0.1}
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"project": "cats", "id": "one", "name": "first", "group": "g", "job_type": "train", "notes": "n"},
        {"tags": ("a",), "config": {"lr": 0.1}},
        {"dir": "."},
        {"resume": "allow", "id": "one"},
        {"resume": "must", "id": "one"},
        {"resume": "one"},
        {"settings": {"system_interval": 10}},
    ],
)
def test_nothing_is_said_where_the_active_run_is_what_was_asked_for(active, arguments):
    assert tracker.init(**arguments) is active


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"project": "dogs"}, "project='dogs'"),
        ({"entity": "team"}, "entity='team'"),
        ({"id": "two"}, "id='two'"),
        ({"name": "second"}, "name='second'"),
        ({"group": "h"}, "group='h'"),
        ({"job_type": "eval"}, "job_type='eval'"),
        ({"notes": "other"}, "notes='other'"),
        ({"tags": ["b"]}, r"tags=\('b',\)"),
        ({"dir": "elsewhere"}, "dir='elsewhere'"),
        ({"mode": "disabled"}, "mode='disabled'"),
        ({"save_code": True}, "save_code=True"),
        ({"resume": "two"}, "resume='two'"),
        ({"fork_from": "one?_step=3"}, "fork_from="),
        ({"settings": {"system_interval": 3}}, "system_interval=3"),
        ({"settings": {"api_key": "a-key"}}, "api_key:"),
        ({"config": {"lr": 0.2}}, r"config\['lr'\], which stays 0.1"),
    ],
)
def test_arguments_without_effect_are_named(active, arguments, named):
    with pytest.warns(UserWarning, match=named) as warned:
        assert tracker.init(**arguments) is active
    assert [warning.filename for warning in warned] == [__file__]
    assert "reinit=True" in str(warned[0].message)
    assert "a-key" not in str(warned[0].message)


def test_new_config_keys_are_merged(active, past):
    with pytest.warns(UserWarning, match="lr"):
        tracker.init(config={"lr": 0.2, "depth": 3})
    assert active.config.as_dict() == {"lr": 0.1, "depth": 3}
    tracker.init(config={"lr": 0.3}, allow_val_change=True)
    assert past(active).snapshot.config == {"lr": 0.3, "depth": 3}


@pytest.mark.parametrize(
    "arguments",
    [
        {"id": "two", "resume": "must"},
        {"id": "one", "project": "dogs", "resume": "must"},
        {"resume": "must"},
        {"id": "one", "resume": "never"},
    ],
)
def test_resume_that_rules_the_active_run_out(active, arguments):
    with pytest.raises(tracker.UsageError, match="resume="):
        tracker.init(**arguments)
    active.log({"loss": 1.0})


@pytest.mark.parametrize("reinit", [True, "create_new"])
def test_must_raises_whatever_reinit_says(active, reinit):
    with pytest.raises(tracker.UsageError, match="there is no run 'two'"):
        tracker.init(id="two", resume="must", reinit=reinit, project="cats")
