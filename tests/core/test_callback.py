"""The run behind a callback: which one it is, when it is started, and what its constructor refuses."""

from __future__ import annotations

import pickle

import pytest

import tracker_core as tracker
from tracker_core.integration import CallbackRun, unseen

QUIET = {"settings": {"silent": True}}


class Callback:
    def __init__(self, run=None, *, log_model=False, **init):
        self._run = CallbackRun(self, run, init)

    @unseen
    def on_begin(self):
        self._run.begin()

    @unseen
    def on_step(self, value):
        self._run.get().log({"value": value})


@pytest.fixture(autouse=True)
def _finished():
    yield
    tracker.finish()


def values(run):
    return tracker.Api(run.folder.root).run(run.id).series("value")[2].tolist()


def test_given_run_is_preferred_to_the_current_one():
    mine = tracker.init(**QUIET)
    current = tracker.init(reinit="create_new", **QUIET)
    callback = Callback(mine)
    callback.on_begin()
    callback.on_step(1)
    current.finish()
    mine.finish()
    assert values(mine) == [1]


def test_run_is_started_with_the_keywords_and_kept():
    callback = Callback(name="own", **QUIET)
    for value in (1, 2):
        callback.on_step(value)
    run = tracker.run
    assert run.name == "own"
    tracker.finish()
    assert values(run) == [1, 2]


def test_run_that_is_finished_within_a_training_is_reported_once(caplog):
    callback = Callback()
    with tracker.init(**QUIET) as run:
        callback.on_begin()
        callback.on_step(1)
    for value in (2, 3):
        callback.on_step(value)
    assert tracker.run is None, "no run is started for what is left"
    assert values(run) == [1]
    assert caplog.text.count("this run is finished") == 1


def test_next_run_takes_over_within_a_training():
    callback = Callback()
    first = tracker.init(**QUIET)
    callback.on_begin()
    callback.on_step(1)
    second = tracker.init(reinit=True, **QUIET)
    callback.on_step(2)
    second.finish()
    assert (values(first), values(second)) == ([1], [2])


def test_next_training_has_the_run_of_its_time():
    callback = Callback()
    runs = []
    for value in (1, 2):
        with tracker.init(**QUIET) as run:
            callback.on_begin()
            callback.on_step(value)
        runs.append(run)
    assert [values(run) for run in runs] == [[1], [2]]


@pytest.mark.parametrize(
    ("keywords", "hint"),
    [
        ({"projct": "p"}, "'project'"),
        ({"log_modle": True}, "'log_model'"),
        ({"tag": "x"}, "'tags'"),
        ({"init": {}}, ""),
    ],
)
def test_unknown_keyword_is_refused_with_the_nearest_one(keywords, hint):
    with pytest.raises(TypeError, match=rf"Callback\(\) got an unexpected keyword argument.*{hint}"):
        Callback(**keywords)


@pytest.mark.parametrize("run", ["id", 3, object()])
def test_run_of_a_wrong_type_is_refused(run):
    with pytest.raises(TypeError, match="takes the run that"):
        Callback(run)


def test_finished_run_is_refused():
    with tracker.init(**QUIET) as run:
        pass
    with pytest.raises(tracker.UsageError, match="is finished"):
        Callback(run)


@pytest.mark.parametrize("init", [{"id": "a/b"}, {"id": "none", "resume": "must"}, {"tags": 3}])
def test_argument_that_init_refuses_is_the_authors_mistake(init):
    with pytest.raises(tracker.UsageError):
        Callback(**init).on_begin()


def test_run_that_cannot_be_started_is_tried_once(monkeypatch, caplog):
    calls = []

    def init(**_):
        calls.append(1)
        raise OSError("no space left")

    monkeypatch.setattr("tracker_core._session.init", init)
    callback = Callback()
    for _ in range(3):
        callback.on_step(1)
    assert len(calls) == 1
    assert caplog.text.count("no space left") == 1
    callback.on_begin()
    assert len(calls) == 2


def test_callback_can_be_pickled():
    with tracker.init(**QUIET) as run:
        callback = Callback(project="p")
        callback.on_step(1)
        again = pickle.loads(pickle.dumps(callback))
        again.on_step(2)
    assert values(run) == [1, 2]
