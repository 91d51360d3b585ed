"""Studies run here; rows and grouped runs are compared with the trials that Optuna keeps."""

from __future__ import annotations

import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.study import Study

import tracker_core as tracker
from tracker_integrations.optuna import TrackerCallback

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    x = trial.suggest_float("x", -3, 3)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    for step in range(3):
        trial.report(x * x + step, step)
    if trial.number == 2:
        raise optuna.TrialPruned
    if trial.number == 3:
        raise RuntimeError("of the objective")
    return x * x + (kind == "a")


def study(**options):
    return optuna.create_study(study_name="s", sampler=RandomSampler(seed=0), **options)


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_trial_is_a_row_at_its_number(jobs, run, read):
    searched = study()
    searched.optimize(objective, n_trials=8, n_jobs=jobs, catch=(RuntimeError,), callbacks=[TrackerCallback("loss")])
    recorded = read(run)
    trials = {trial.number: trial for trial in searched.trials}
    rows = {row["_step"]: row for row in recorded.rows}
    assert set(rows) == set(trials) == set(range(8))
    for number, trial in trials.items():
        assert rows[number]["state"] == trial.state.name
        assert rows[number]["params/x"] == trial.params["x"]
        assert rows[number]["params/kind"] == trial.params["kind"]
        assert rows[number].get("loss") == trial.value
        assert rows[number]["duration"] == pytest.approx(trial.duration.total_seconds())
    assert recorded.summary["best_value"] == searched.best_value
    assert recorded.summary["best_trial"] == searched.best_trial.number
    assert dict(recorded.summary["best_params"]) == searched.best_params
    assert recorded.config["study"] == {
        "name": "s",
        "directions": ["minimize"],
        "sampler": "RandomSampler",
        "pruner": "MedianPruner",
    }
    assert run.step == 0


def test_several_objectives(run, read):
    searched = study(directions=["minimize", "maximize"])
    searched.optimize(
        lambda trial: (trial.suggest_float("x", 0, 1), -trial.params["x"]),
        n_trials=4,
        callbacks=[TrackerCallback(["cost", "gain"])],
    )
    recorded = read(run)
    assert recorded.series("cost") == [(trial.number, trial.values[0]) for trial in searched.trials]
    assert recorded.series("gain") == [(trial.number, trial.values[1]) for trial in searched.trials]
    assert recorded.summary["best_trials"] == [trial.number for trial in searched.best_trials]


def test_trials_can_be_runs_of_a_group(run):
    searched = study()
    searched.optimize(objective, n_trials=4, catch=(RuntimeError,), callbacks=[TrackerCallback(as_runs=True)])
    found = {each.name: each for each in tracker.Api().runs("p", {"group": "s"})}
    assert set(found) == {f"s-{trial.number}" for trial in searched.trials}
    for trial in searched.trials:
        made = found[f"s-{trial.number}"]
        assert made.config == trial.params
        assert made.series("intermediate")[2].tolist() == list(trial.intermediate_values.values())
        assert made.summary.get("value") == trial.value
    states = {name: each.state for name, each in found.items()}
    assert states == {"s-0": "finished", "s-1": "finished", "s-2": "finished", "s-3": "failed"}
    assert {name: each.tags for name, each in found.items() if each.tags} == {"s-2": ["pruned"], "s-3": ["fail"]}
    assert tracker.run is run


def test_run_of_its_own():
    callback = TrackerCallback(project="mine", name="search", settings={"silent": True})
    study().optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1, callbacks=[callback])
    assert (tracker.run.project, tracker.run.name) == ("mine", "search")
    tracker.finish()


def quick(trial):
    return trial.suggest_float("x", 0, 1)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("resumed", [False, True])
def test_second_study_continues_after_the_first(jobs, resumed, read):
    values = []
    for number in range(3):
        if number == 0 or resumed:
            run = tracker.init(project="p", id="again", resume="allow", settings={"silent": True})
        searched = optuna.create_study(sampler=RandomSampler(seed=number))
        searched.optimize(quick, n_trials=3, n_jobs=jobs, callbacks=[TrackerCallback()])
        values += searched.trials
        if resumed:
            run.finish()
    run.finish()
    assert read(run).series("value") == [(step, trial.value) for step, trial in enumerate(values)]


def test_study_that_is_continued_keeps_the_numbers_of_its_trials(run, read):
    searched = study()
    for _ in range(2):
        searched.optimize(quick, n_trials=2, callbacks=[TrackerCallback()])
    assert read(run).series("value") == [(trial.number, trial.value) for trial in searched.trials]


def test_studies_inside_of_trials_lose_no_row(run, read):
    inner = []

    def outer(trial):
        searched = optuna.create_study()
        searched.optimize(quick, n_trials=2, callbacks=[TrackerCallback("inner")])
        inner.extend(each.value for each in searched.trials)
        return quick(trial)

    searched = study()
    searched.optimize(outer, n_trials=3, callbacks=[TrackerCallback("outer")])
    recorded = read(run)
    assert sorted(value for _, value in recorded.series("inner")) == sorted(inner)
    assert [value for _, value in recorded.series("outer")] == [trial.value for trial in searched.trials]


def test_stop_and_ctrl_c_end_the_study_as_without_us(run, read):
    def stops(trial):
        trial.study.stop()
        return quick(trial)

    def interrupted(trial):
        raise KeyboardInterrupt

    searched = study()
    searched.optimize(stops, n_trials=5, callbacks=[TrackerCallback()])
    assert len(searched.trials) == 1
    with pytest.raises(KeyboardInterrupt):
        searched.optimize(interrupted, n_trials=5, callbacks=[TrackerCallback()])
    assert len(read(run).series("value")) == 1
    assert tracker.run is run


@pytest.mark.parametrize("form", ["with", "reinit"])
def test_runs_that_the_objective_starts_end_as_their_trials(form):
    def go(trial, run):
        run.log({"x": quick(trial)})
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            raise RuntimeError("of the objective")
        return 1.0

    def objective(trial):
        run = tracker.init(project="p", name=f"t{trial.number}", reinit=True, settings={"silent": True})
        if form == "reinit":
            return go(trial, run)
        with run:
            return go(trial, run)

    study().optimize(objective, n_trials=4, catch=(RuntimeError,))
    tracker.finish()
    found = {run.name: (run.state, run.tags) for run in tracker.Api().runs("p")}
    assert found == {
        "t0": ("finished", []),
        "t1": ("finished", ["pruned"]),
        "t2": ("failed", []),
        "t3": ("finished", []),
    }


class Odd:
    """A choice that cannot be looked at, but by Optuna."""

    broken = False

    def __repr__(self):
        if self.broken:
            raise ValueError("no repr")
        return "odd"


@pytest.mark.filterwarnings("ignore:.*Choices for a categorical distribution:UserWarning")
def test_parameters_that_cannot_be_converted_keep_the_rest_of_the_row(run, read, monkeypatch):
    choices = [Odd(), Odd()]

    def objective(trial):
        monkeypatch.setattr(Odd, "broken", False)
        trial.suggest_categorical("odd", choices)
        monkeypatch.setattr(Odd, "broken", True)
        return quick(trial)

    searched = study()
    searched.optimize(objective, n_trials=2, callbacks=[TrackerCallback()])
    recorded = read(run)
    assert recorded.series("value") == [(trial.number, trial.value) for trial in searched.trials]
    assert recorded.series("params/x") == [(trial.number, trial.params["x"]) for trial in searched.trials]


def test_misspelled_keyword_is_told_at_once():
    with pytest.raises(TypeError, match=r"as_run.*as_runs"):
        TrackerCallback(as_run=True)


class TestMagic:
    def test_study_without_a_word_is_logged_and_all_is_undone(self, read):
        before = vars(Study)["optimize"]
        with tracker.init(magic={"optuna": {"metric_name": "loss"}}, settings={"silent": True}) as run:
            searched = study()
            searched.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
            searched.optimize(lambda trial: trial.suggest_float("x", 0, 1), 2, None, 1, (), [lambda *_: None])
        assert read(run).series("loss") == [(trial.number, trial.value) for trial in searched.trials]
        assert vars(Study)["optimize"] is before

    def test_callback_of_the_user_is_enough(self, read):
        with tracker.init(magic=True, settings={"silent": True}) as run:
            study().optimize(
                lambda trial: trial.suggest_float("x", 0, 1), n_trials=2, callbacks=[TrackerCallback("mine")]
            )
        assert "value" not in read(run).keys

    def test_failing_tracker_is_unseen(self, monkeypatch, caplog):
        run = tracker.init(magic=True, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "row", fail)
        searched = study()
        searched.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        run.finish()
        assert len(searched.trials) == 2
        assert "the disk is full" in caplog.text
