"""Fits that magic records, against what scikit-learn itself says of them."""

from __future__ import annotations

import pickle
import warnings

import pytest
import xgboost
from joblib import parallel_backend
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import tracker_core as tracker
from tracker_core._media import table_file


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def run():
    with tracker.init(project="p", magic={"sklearn": True}, settings={"silent": True}) as run:
        yield run


def fits(recorded):
    return [(step, row["fit/estimator"]) for row in recorded.rows if "fit/estimator" in row for step in [row["_step"]]]


def test_fit_has_its_class_time_and_score(iris, run, read):
    model = LogisticRegression(C=0.5, max_iter=500).fit(*iris)
    ridge = Ridge().fit(X=iris[0], y=iris[1])
    clusters = KMeans(3, n_init=1, random_state=0).fit(iris[0])
    recorded = read(run)
    assert fits(recorded) == [(0, "LogisticRegression"), (1, "Ridge"), (2, "KMeans")]
    scores = [model.score(*iris), ridge.score(*iris), clusters.score(iris[0])]
    assert [score for _, score in recorded.series("fit/train_score")] == scores
    assert all(seconds > 0 for _, seconds in recorded.series("fit/seconds"))
    parameters = recorded.config["LogisticRegression"]
    assert (parameters["C"], parameters["max_iter"], parameters["class_weight"]) == (0.5, 500, None)
    assert set(recorded.config) == {"LogisticRegression", "Ridge", "KMeans"}
    assert run.step == 0


def test_pipeline_counts_once(iris, run, read):
    make_pipeline(StandardScaler(), LogisticRegression(C=0.25)).fit(*iris)
    recorded = read(run)
    assert fits(recorded) == [(0, "Pipeline")]
    parameters = recorded.config["Pipeline"]
    assert (parameters["logisticregression"], parameters["logisticregression__C"]) == ("LogisticRegression", 0.25)


@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_search_counts_once_and_has_a_table(backend, iris, run, read):
    with parallel_backend(backend, n_jobs=2 if backend == "threading" else 1):
        search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(*iris)
    recorded = read(run)
    assert fits(recorded) == [(0, "GridSearchCV")]
    (row,) = [row for row in recorded.rows if "cv_results" in row]
    table = row["cv_results"]
    names, rows = table["columns"], table_file.read(run.folder.files, table)
    found = {name: [cells[index] for cells in rows] for index, name in enumerate(names)}
    assert found["param_C"] == [0.1, 1.0, 10.0]
    assert found["mean_test_score"] == search.cv_results_["mean_test_score"].tolist()
    assert found["rank_test_score"] == search.cv_results_["rank_test_score"].tolist()
    assert recorded.summary["best_params"] == search.best_params_
    assert recorded.summary["best_score"] == search.best_score_
    assert recorded.config["GridSearchCV"]["estimator__max_iter"] == 500


def test_estimators_of_others_and_those_defined_later(iris, run, read):
    class Mine(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):  # noqa: N803 - scikit-learn's name
            self.classes_ = sorted(set(y))
            return self

        def predict(self, X):  # noqa: N803
            return [self.classes_[0]] * len(X)

    assert Mine().fit(*iris).classes_ == [0, 1, 2]
    xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(*iris)
    recorded = read(run)
    assert fits(recorded) == [(0, "Mine"), (1, "XGBClassifier")]
    assert recorded.series("fit/train_score")[0] == (0, pytest.approx(1 / 3))


def test_score_can_be_left_out_and_all_is_undone(iris, read):
    before = {kind: vars(kind)["fit"] for kind in (LogisticRegression, Pipeline, BaseSearchCV)}
    with tracker.init(magic={"sklearn": {"score": False}}, settings={"silent": True}) as run:
        assert vars(Pipeline)["fit"] is not before[Pipeline]
        with config_context(enable_metadata_routing=True):
            model = LogisticRegression(max_iter=500).set_fit_request(sample_weight=True)
        pickle.loads(pickle.dumps(model)).fit(*iris)
    recorded = read(run)
    assert fits(recorded) == [(0, "LogisticRegression")]
    assert "fit/train_score" not in recorded.keys
    assert {kind: vars(kind)["fit"] for kind in before} == before


def test_it_is_for_those_who_ask(iris, read):
    with tracker.init(magic=True, settings={"silent": True}) as run:
        LogisticRegression(max_iter=500).fit(*iris)
    assert not read(run).rows


def test_errors_of_the_fit_go_to_its_caller(iris, run, read):
    with pytest.raises(ValueError, match="Found input variables"):
        LogisticRegression().fit(iris[0], iris[1][:3])
    with warnings.catch_warnings(action="error"):
        LogisticRegression(max_iter=500).fit(*iris)
    assert fits(read(run)) == [(0, "LogisticRegression")]


def test_failing_tracker_is_unseen(iris, run, monkeypatch, caplog):
    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(type(run), "row", fail)
    model = LogisticRegression(max_iter=500).fit(*iris)
    assert model.score(*iris) > 0.9
    assert "the disk is full" in caplog.text


def test_fits_of_a_resumed_run_are_added(iris, read):
    for resume in (None, "must"):
        with tracker.init(id="long", resume=resume, magic={"sklearn": True}, settings={"silent": True}) as run:
            LogisticRegression(max_iter=200).fit(*iris)
    assert [step for step, _ in read(run).series("fit/number")] == [0, 1]
