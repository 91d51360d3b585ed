"""Boosters train here; the run is compared with what XGBoost itself returns."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xgboost
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from xgboost import cv, train
from xgboost.callback import CallbackContainer, EarlyStopping

import tracker_core as tracker
from tracker_core._media import table_file
from tracker_integrations.xgboost import TrackerCallback

pytestmark = pytest.mark.filterwarnings("ignore:.*Parameters.*are not used:UserWarning")

PARAMS = {"objective": "binary:logistic", "eval_metric": ["logloss", "error"], "max_depth": 2, "nthread": 1}


@pytest.fixture(scope="module")
def data():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture
def sets(data):
    x, y = data
    names = list(load_breast_cancer().feature_names)
    return {
        "train": xgboost.DMatrix(x[::2], y[::2], feature_names=names),
        "eval": xgboost.DMatrix(x[1::2], y[1::2], feature_names=names),
    }


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


def boost(sets, *callbacks, rounds=8, **options):
    told = {}
    evals = [(data, name) for name, data in sets.items()]
    model = train(
        PARAMS,
        sets["train"],
        rounds,
        evals=evals,
        evals_result=told,
        verbose_eval=False,
        callbacks=callbacks,
        **options,
    )
    return model, told


def as_logged(told):
    return {f"{data}/{name}": list(values) for data, metrics in told.items() for name, values in metrics.items()}


def test_iterations_are_logged_as_xgboost_reports_them(sets, run, read):
    model, told = boost(sets, TrackerCallback())
    recorded = read(run)
    for key, values in as_logged(told).items():
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert set(told) == {"train", "eval"}
    assert set(told["eval"]) == {"logloss", "error"}
    plain, _ = boost(sets)
    assert plain.save_raw() == model.save_raw()


def test_parameters_are_config(sets, run, read):
    boost(sets, TrackerCallback())
    config = read(run).config["xgboost"]
    expected = {"max_depth": 2, "learning_rate": 0.3, "subsample": 1, "objective": "binary:logistic", "seed": 0}
    assert {name: config[name] for name in expected} == expected
    assert config["booster"] == "gbtree"


@pytest.mark.parametrize("by", ["argument", "callback before", "callback after"])
def test_early_stopping(sets, run, read, by):
    stop = EarlyStopping(rounds=2, metric_name="error", data_name="eval")
    callbacks = {
        "argument": [TrackerCallback()],
        "callback before": [stop, TrackerCallback()],
        "callback after": [TrackerCallback(), stop],
    }[by]
    options = {"early_stopping_rounds": 2} if by == "argument" else {}
    model, told = boost(sets, *callbacks, rounds=200, **options)
    recorded = read(run)
    for key, values in as_logged(told).items():
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert len(told["eval"]["error"]) < 200
    assert recorded.summary["best_iteration"] == model.best_iteration
    assert recorded.summary["best_score"] == pytest.approx(model.best_score)


def test_importances_and_the_model(sets, run):
    model, _ = boost(sets, TrackerCallback(log_model=True))
    rows = table_file.read(run.folder.files, run.summary["feature_importances"]["table"])
    scores = model.get_score(importance_type="gain")
    assert dict(rows) == pytest.approx(scores)
    assert [value for _, value in rows] == sorted(scores.values(), reverse=True)
    artifact = tracker.Api().artifact(f"p/model-{run.id}:latest")
    assert (artifact.metadata["iterations"], artifact.metadata["max_depth"]) == (8, 2)
    again = xgboost.Booster(model_file=f"{artifact.download()}/model.ubj")
    assert (again.predict(sets["eval"]) == model.predict(sets["eval"])).all()


def test_linear_models_have_importances(data, run):
    x, y = load_iris(return_X_y=True)
    params = {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = train(params, xgboost.DMatrix(x, y), 3, callbacks=[TrackerCallback()])
    rows = table_file.read(run.folder.files, run.summary["feature_importances"]["table"])
    assert dict(rows) == {name: pytest.approx(np.abs(each).mean()) for name, each in model.get_score().items()}
    assert run.config["xgboost"]["num_class"] == 3


def test_cross_validation_has_means_and_deviations(sets, run, read):
    found = cv(PARAMS, sets["train"], 4, nfold=3, callbacks=[TrackerCallback()], as_pandas=False)
    recorded = read(run)
    for data in ("train", "test"):
        for metric in ("logloss", "error"):
            means, stds = (found[f"{data}-{metric}-{kind}"] for kind in ("mean", "std"))
            assert recorded.over("iteration", f"{data}/{metric}") == list(enumerate(means))
            assert recorded.over("iteration", f"{data}/{metric}_std") == list(enumerate(stds))
    assert recorded.config["xgboost"]["max_depth"] == 2


def test_iterations_count_on_and_trainings_are_told_apart(sets, run, read):
    callback = TrackerCallback()
    first, _ = boost(sets, callback, rounds=3)
    boost(sets, callback, rounds=2, xgb_model=first)
    boost(sets, TrackerCallback(prefix="fold1/"), rounds=2)
    recorded = read(run)
    assert [iteration for iteration, _ in recorded.over("iteration", "eval/logloss")] == [0, 1, 2, 3, 4]
    assert [iteration for iteration, _ in recorded.over("fold1/iteration", "fold1/eval/logloss")] == [0, 1]


def test_estimators_of_scikit_learn_are_cloned_pickled_and_fitted(data, run, read):
    x, y = data
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1, callbacks=[TrackerCallback()])
    for each in (model, clone(model), pickle.loads(pickle.dumps(model))):
        each.fit(x, y, eval_set=[(x, y)], verbose=False)
    told = model.evals_result()["validation_0"]["logloss"]
    assert read(run).over("iteration", "validation_0/logloss") == list(enumerate(told * 3))


def test_run_of_its_own_or_given(sets, read):
    other = tracker.init(project="other", settings={"silent": True})
    other.finish()
    boost(sets, TrackerCallback(project="mine", name="booster", tags=["a"], settings={"silent": True}))
    assert (tracker.run.project, tracker.run.name, tracker.run.tags) == ("mine", "booster", ("a",))
    with tracker.init(project="p", reinit="create_new", settings={"silent": True}) as given:
        boost(sets, TrackerCallback(given), rounds=2)
    tracker.finish()
    assert len(read(given).rows) == 3


def test_second_training_continues_and_one_with_a_prefix_has_its_own_count(sets, run, read):
    for prefix in ("", "", "other/"):
        boost(sets, TrackerCallback(prefix=prefix), rounds=3)
    recorded = read(run)
    assert [step for step, _ in recorded.over("iteration", "eval/logloss")] == list(range(6))
    assert [step for step, _ in recorded.over("other/iteration", "other/eval/logloss")] == list(range(3))


def test_resumed_run_continues_with_the_iterations(sets, read):
    for resume in (None, "must"):
        with tracker.init(id="long", resume=resume, settings={"silent": True}) as run:
            boost(sets, TrackerCallback(), rounds=2)
    assert [step for step, _ in read(run).over("iteration", "eval/logloss")] == [0, 1, 2, 3]


def test_a_score_that_is_no_number_is_not_the_best(sets, run, read):
    scores = iter([float("nan"), 0.5, 0.4, 0.3])

    def odd(predictions, matrix):
        return "odd", next(scores)

    xgboost.train(
        {"disable_default_eval_metric": True, "objective": "binary:logistic"},
        sets["train"],
        4,
        evals=[(sets["eval"], "eval")],
        custom_metric=odd,
        early_stopping_rounds=9,
        verbose_eval=False,
        callbacks=[TrackerCallback()],
    )
    recorded = read(run)
    assert "best_score" not in recorded.summary
    assert [value for _, value in recorded.over("iteration", "eval/odd")][1:] == pytest.approx([0.5, 0.4, 0.3])


@pytest.mark.parametrize("keywords", [{"prefx": "a/"}, {"importance": "gain"}])
def test_unknown_keyword_is_refused(keywords):
    with pytest.raises(TypeError, match=r"Did you mean '(prefix|importance_type)'"):
        TrackerCallback(**keywords)


class TestMagic:
    def test_every_training_gets_a_callback_and_all_is_undone(self, sets, data, read):
        before = vars(CallbackContainer)["__init__"]
        with tracker.init(magic={"xgboost": {"log_model": True}}, settings={"silent": True}) as run:
            _, told = boost(sets)
            model = xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(*data, eval_set=[data], verbose=False)
            found = cv(PARAMS, sets["train"], 2, nfold=2, as_pandas=False)
        recorded = read(run)
        assert recorded.over("iteration", "eval/logloss") == list(enumerate(told["eval"]["logloss"]))
        losses = model.evals_result()["validation_0"]["logloss"]
        assert recorded.over("iteration", "validation_0/logloss") == list(enumerate(losses, 8))
        assert recorded.over("iteration", "test/logloss") == list(enumerate(found["test-logloss-mean"], 10))
        assert len(tracker.Api().artifacts(f"{run.project}/model-{run.id}")) == 2
        assert vars(CallbackContainer)["__init__"] is before

    def test_it_is_for_those_who_ask(self, sets, read):
        with tracker.init(magic=True, settings={"silent": True}) as run:
            boost(sets)
        assert not read(run).rows

    def test_callback_of_the_user_is_enough(self, sets, read):
        with tracker.init(magic={"xgboost": True}, settings={"silent": True}) as run:
            boost(sets, TrackerCallback(prefix="mine/"), rounds=2)
        assert not any(key.startswith(("eval/", "iteration")) for key in read(run).keys)

    def test_failing_tracker_is_unseen(self, sets, monkeypatch, caplog):
        run = tracker.init(magic={"xgboost": True}, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "log", fail)
        model, _ = boost(sets)
        run.finish()
        assert model.num_boosted_rounds() == 8
        assert "the disk is full" in caplog.text
