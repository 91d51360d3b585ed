"""Boosters train here; the run is compared with what LightGBM itself records."""

from __future__ import annotations

import pickle

import lightgbm
import pytest
from lightgbm import early_stopping, record_evaluation
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer

import tracker_core as tracker
from tracker_core._media import table_file
from tracker_integrations.lightgbm import TrackerCallback, log_summary

PARAMS = {
    "objective": "binary",
    "metric": ["binary_logloss", "auc"],
    "num_leaves": 4,
    "num_threads": 1,
    "verbosity": -1,
}


@pytest.fixture(scope="module")
def data():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture
def sets(data):
    x, y = data
    names = [name.replace(" ", "_") for name in load_breast_cancer().feature_names]
    train = lightgbm.Dataset(x[::2], y[::2], feature_name=names, free_raw_data=False)
    return {"train": train, "eval": lightgbm.Dataset(x[1::2], y[1::2], reference=train, free_raw_data=False)}


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


def boost(sets, *callbacks, rounds=8, **options):
    told = {}
    model = lightgbm.train(
        PARAMS,
        sets["train"],
        rounds,
        valid_sets=list(sets.values()),
        valid_names=list(sets),
        callbacks=[*callbacks, record_evaluation(told)],
        **options,
    )
    return model, told


def as_logged(told):
    return {f"{data}/{name}": list(values) for data, metrics in told.items() for name, values in metrics.items()}


def test_iterations_are_logged_as_lightgbm_records_them(sets, run, read):
    model, told = boost(sets, TrackerCallback())
    recorded = read(run)
    for key, values in as_logged(told).items():
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert set(told) == {"train", "eval"}
    assert set(told["eval"]) == {"binary_logloss", "auc"}
    assert boost(sets)[0].model_to_string() == model.model_to_string()


def test_parameters_are_config(sets, run, read):
    boost(sets, TrackerCallback())
    assert read(run).config["lightgbm"] == {**PARAMS, "num_iterations": 8}


def test_early_stopping_importances_and_the_model(sets, run, read):
    model, told = boost(sets, early_stopping(2, verbose=False), TrackerCallback(), rounds=200)
    log_summary(model, log_model=True)
    recorded = read(run)
    for key, values in as_logged(told).items():
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert len(told["eval"]["auc"]) < 200
    assert recorded.summary["best_iteration"] == model.best_iteration
    score = recorded.summary["best_score"]["eval"]["binary_logloss"]
    assert score == told["eval"]["binary_logloss"][model.best_iteration - 1]
    rows = table_file.read(run.folder.files, run.summary["feature_importances"]["table"])
    weights = dict(zip(model.feature_name(), model.feature_importance("gain"), strict=True))
    assert dict(rows) == weights
    assert [value for _, value in rows] == sorted(weights.values(), reverse=True)
    artifact = tracker.Api().artifact(f"p/model-{run.id}:latest")
    assert (artifact.metadata["best_iteration"], artifact.metadata["num_leaves"]) == (model.best_iteration, 4)
    again = lightgbm.Booster(model_file=f"{artifact.download()}/model.txt")
    assert (again.predict(sets["eval"].data) == model.predict(sets["eval"].data)).all()


def test_cross_validation_has_means_and_deviations(sets, run, read):
    found = lightgbm.cv(PARAMS, sets["train"], 4, nfold=3, callbacks=[TrackerCallback()], eval_train_metric=True)
    recorded = read(run)
    for data in ("train", "valid"):
        for metric in ("binary_logloss", "auc"):
            means, stds = (found[f"{data} {metric}-{kind}"] for kind in ("mean", "stdv"))
            assert recorded.over("iteration", f"{data}/{metric}") == list(enumerate(means))
            assert recorded.over("iteration", f"{data}/{metric}_std") == list(enumerate(stds))


def test_iterations_count_on_and_trainings_are_told_apart(sets, run, read):
    callback = TrackerCallback()
    first, _ = boost(sets, callback, rounds=3)
    boost(sets, callback, rounds=2, init_model=first)
    boost(sets, TrackerCallback(prefix="fold1/"), rounds=2)
    recorded = read(run)
    assert [iteration for iteration, _ in recorded.over("iteration", "eval/auc")] == [0, 1, 2, 3, 4]
    assert [iteration for iteration, _ in recorded.over("fold1/iteration", "fold1/eval/auc")] == [0, 1]


def test_estimators_of_scikit_learn(data, run, read):
    x, y = data
    callback = TrackerCallback()
    for each in (callback, clone(callback, safe=False), pickle.loads(pickle.dumps(callback))):
        model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, n_jobs=1, verbosity=-1)
        model.fit(x, y, eval_X=(x,), eval_y=(y,), callbacks=[each])
    log_summary(model)
    losses = model.evals_result_["valid_0"]["binary_logloss"]
    recorded = read(run)
    assert recorded.over("iteration", "valid_0/binary_logloss") == list(enumerate(losses * 3))
    assert recorded.config["lightgbm"]["num_leaves"] == 4
    assert "best_iteration" not in recorded.summary


def test_run_of_its_own_or_given(sets, read):
    boost(sets, TrackerCallback(project="mine", name="booster", tags=["a"], settings={"silent": True}))
    assert (tracker.run.project, tracker.run.name, tracker.run.tags) == ("mine", "booster", ("a",))
    with tracker.init(project="p", reinit="create_new", settings={"silent": True}) as given:
        boost(sets, TrackerCallback(given), rounds=2)
    tracker.finish()
    assert len(read(given).rows) == 2


def test_second_training_continues_and_one_that_is_trained_further_keeps_its_count(sets, run, read):
    model, _ = boost(sets, TrackerCallback(), rounds=2)
    boost(sets, TrackerCallback(), rounds=2)
    lightgbm.train(PARAMS, sets["train"], 2, [sets["eval"]], ["more"], init_model=model, callbacks=[TrackerCallback()])
    recorded = read(run)
    assert [step for step, _ in recorded.over("iteration", "eval/auc")] == [0, 1, 2, 3]
    assert [step for step, _ in recorded.over("iteration", "more/auc")] == [2, 3]


def test_a_score_that_is_no_number_is_not_the_best(sets, run, read):
    scores = iter([float("nan"), 0.5, 0.4])

    def odd(predictions, dataset):
        return "odd", next(scores), False

    model = lightgbm.train(
        {**PARAMS, "metric": "None"},
        sets["train"],
        3,
        [sets["eval"]],
        ["eval"],
        feval=odd,
        callbacks=[TrackerCallback(), lightgbm.early_stopping(9, verbose=False)],
    )
    log_summary(model)
    recorded = read(run)
    assert "best_score" not in recorded.summary
    assert [value for _, value in recorded.over("iteration", "eval/odd")][1:] == [0.5, 0.4]


@pytest.mark.parametrize("keywords", [{"prefx": "a/"}, {"log_model": True}])
def test_unknown_keyword_is_refused(keywords):
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        TrackerCallback(**keywords)


class TestMagic:
    def test_every_training_gets_a_callback_and_all_is_undone(self, sets, data, read):
        x, y = data
        before = lightgbm.train, lightgbm.cv, lightgbm.sklearn.train
        with tracker.init(magic={"lightgbm": {"log_model": True}}, settings={"silent": True}) as run:
            _, told = boost(sets)
            model = lightgbm.LGBMClassifier(n_estimators=2, n_jobs=1, verbosity=-1).fit(x, y, eval_X=(x,), eval_y=(y,))
            found = lightgbm.cv(PARAMS, sets["train"], 2, nfold=2)
        recorded = read(run)
        assert recorded.over("iteration", "eval/auc") == list(enumerate(told["eval"]["auc"]))
        losses = model.evals_result_["valid_0"]["binary_logloss"]
        rounds = len(told["eval"]["auc"])
        assert recorded.over("iteration", "valid_0/binary_logloss") == list(enumerate(losses, rounds))
        assert recorded.over("iteration", "valid/auc") == list(enumerate(found["valid auc-mean"], rounds + 2))
        assert "feature_importances" in recorded.summary
        assert len(tracker.Api().artifacts(f"{run.project}/model-{run.id}")) == 2
        assert (lightgbm.train, lightgbm.cv, lightgbm.sklearn.train) == before

    def test_callback_of_the_user_is_enough(self, sets, read):
        with tracker.init(magic={"lightgbm": True}, settings={"silent": True}) as run:
            boost(sets, TrackerCallback(prefix="mine/"), rounds=2)
        assert not any(key.startswith(("eval/", "iteration")) for key in read(run).keys)

    def test_failing_tracker_is_unseen(self, sets, monkeypatch, caplog):
        run = tracker.init(magic={"lightgbm": True}, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "log", fail)
        model, _ = boost(sets)
        run.finish()
        assert model.current_iteration() == 8
        assert "the disk is full" in caplog.text
