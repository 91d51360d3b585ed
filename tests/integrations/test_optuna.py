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
    assert {name: each.tags for name, each in found.items() if each.tags} == {"s-2": ["pruned"], "s-3": ["fail"]}
    assert tracker.run is run


def test_run_of_its_own():
    callback = TrackerCallback(project="mine", name="search", settings={"silent": True})
    study().optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1, callbacks=[callback])
    assert (tracker.run.project, tracker.run.name) == ("mine", "search")
    tracker.finish()


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
