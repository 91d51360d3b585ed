"""Models train here; the run is compared with what CatBoost itself keeps."""

from __future__ import annotations

import pickle

import pytest
from catboost import CatBoost, CatBoostClassifier
from sklearn.datasets import load_breast_cancer

import tracker_core as tracker
from tracker_core._media import table_file
from tracker_integrations.catboost import TrackerCallback, log_summary

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


@pytest.fixture(scope="module")
def data():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


def fitted(data, *callbacks, iterations=8, fit=None, **options):
    x, y = data
    small = {"depth": 2, "thread_count": 1, "allow_writing_files": False, "verbose": False, "random_seed": 0}
    model = CatBoostClassifier(iterations=iterations, **{**small, "custom_metric": ["AUC"], **options})
    return model.fit(x[::2], y[::2], eval_set=(x[1::2], y[1::2]), callbacks=list(callbacks) or None, **(fit or {}))


def as_logged(model):
    told = model.get_evals_result()
    return {f"{data}/{name}": list(values) for data, metrics in told.items() for name, values in metrics.items()}


def test_iterations_are_logged_as_catboost_keeps_them(data, run, read):
    model = fitted(data, TrackerCallback())
    recorded, expected = read(run), as_logged(model)
    assert set(expected) == {"learn/Logloss", "validation/Logloss", "validation/AUC"}
    for key, values in expected.items():
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert fitted(data) == model


@pytest.mark.parametrize("by", ["callback", "history"])
def test_metric_period_has_fewer_points(data, run, read, by):
    model = fitted(data, *([TrackerCallback()] if by == "callback" else []), metric_period=3)
    if by == "history":
        log_summary(model, history=True)
    recorded, expected = read(run), as_logged(model)
    for key, values in expected.items():
        assert recorded.over("iteration", key) == list(zip([0, 3, 6, 7], values, strict=True)), key


@pytest.mark.parametrize("by", ["callback", "history"])
def test_early_stopping_importances_and_the_model(data, run, read, by):
    callbacks = [TrackerCallback()] if by == "callback" else []
    model = fitted(data, *callbacks, iterations=200, learning_rate=0.9, early_stopping_rounds=2)
    log_summary(model, log_model=True, history=by == "history")
    recorded = read(run)
    for key, values in as_logged(model).items():
        assert len(values) < 200
        assert recorded.over("iteration", key) == list(enumerate(values)), key
    assert recorded.summary["best_iteration"] == model.get_best_iteration()
    assert recorded.summary["best_score"]["validation"]["Logloss"] == model.best_score_["validation"]["Logloss"]
    assert (recorded.config["catboost"]["depth"], recorded.config["catboost"]["od_wait"]) == (2, 2)
    rows = table_file.read(run.folder.files, run.summary["feature_importances"]["table"])
    assert dict(rows) == dict(zip(model.feature_names_, model.feature_importances_, strict=True))
    artifact = tracker.Api().artifact(f"p/model-{run.id}:latest")
    assert (artifact.metadata["depth"], artifact.metadata["trees"]) == (2, model.tree_count_)
    again = CatBoostClassifier().load_model(f"{artifact.download()}/model.cbm")
    assert (again.predict_proba(data[0]) == model.predict_proba(data[0])).all()


def test_trainings_of_one_run_are_told_apart(data, run, read):
    for fold in range(2):
        fitted(data, TrackerCallback(prefix=f"fold{fold}/"), iterations=2 + fold)
    recorded = read(run)
    assert len(recorded.over("fold0/iteration", "fold0/learn/Logloss")) == 2
    assert len(recorded.over("fold1/iteration", "fold1/learn/Logloss")) == 3


def test_run_of_its_own_or_given(data, read):
    fitted(data, TrackerCallback(project="mine", name="booster", tags=["a"], settings={"silent": True}))
    assert (tracker.run.project, tracker.run.name, tracker.run.tags) == ("mine", "booster", ("a",))
    with tracker.init(project="p", reinit="create_new", settings={"silent": True}) as given:
        fitted(data, pickle.loads(pickle.dumps(TrackerCallback(given))), iterations=2)
    tracker.finish()
    assert len(read(given).rows) == 2


def test_second_training_continues_with_one_callback_or_several(data, run, read):
    callback = TrackerCallback()
    for each in (callback, callback, TrackerCallback()):
        fitted(data, each, iterations=2)
    log_summary(fitted(data, iterations=2), history=True)
    assert [step for step, _ in read(run).over("iteration", "learn/Logloss")] == list(range(8))


def test_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="Did you mean 'prefix'"):
        TrackerCallback(prefx="a/")


class TestMagic:
    def test_every_fit_is_logged_when_it_ends_and_all_is_undone(self, data, read):
        before = vars(CatBoost)["_fit"]
        with tracker.init(magic={"catboost": {"log_model": True}}, settings={"silent": True}) as run:
            model = fitted(data, fit={"metric_period": 3})
        recorded = read(run)
        for key, values in as_logged(model).items():
            assert recorded.over("iteration", key) == list(zip([0, 3, 6, 7], values, strict=True)), key
        assert recorded.config["catboost"]["depth"] == 2
        assert len(tracker.Api().artifacts(f"{run.project}/model-{run.id}")) == 1
        assert vars(CatBoost)["_fit"] is before

    def test_callback_of_the_user_is_enough(self, data, read):
        with tracker.init(magic={"catboost": True}, settings={"silent": True}) as run:
            fitted(data, TrackerCallback(prefix="mine/"))
        assert all(key.startswith("mine/") for key in read(run).keys if not key.startswith("_"))

    def test_failing_tracker_is_unseen(self, data, monkeypatch, caplog):
        run = tracker.init(magic={"catboost": True}, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "log", fail)
        model = fitted(data)
        run.finish()
        assert model.tree_count_ == 8
        assert "the disk is full" in caplog.text
