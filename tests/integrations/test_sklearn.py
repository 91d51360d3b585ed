"""Charts of scikit-learn's models, against what scikit-learn itself says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

import tracker_core as tracker
from tracker_core._media import table_file
from tracker_integrations import sklearn as ours

NAMES = ["setosa", "versicolor", "virginica"]


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


@pytest.fixture
def rows(run):
    """The rows of a chart as they were logged under a key of the current step."""

    def read(key):
        return table_file.read(run.folder.files, run.summary[key]["table"])

    return read


@pytest.fixture(scope="module")
def iris():
    data = load_iris()
    return train_test_split(data.data, data.target, random_state=0)


@pytest.fixture(scope="module")
def diabetes():
    data = load_diabetes()
    return train_test_split(data.data, data.target, random_state=0)


def test_classifier_has_all_its_charts(run, rows, iris):
    x_train, x_test, y_train, y_test = iris
    model = RandomForestClassifier(10, random_state=0).fit(x_train, y_train)
    guesses, probas = model.predict(x_test), model.predict_proba(x_test)
    charts = ours.plot_classifier(
        model,
        x_train,
        x_test,
        y_train,
        y_test,
        guesses,
        probas,
        NAMES,
        feature_names=list("abcd"),
        log_learning_curve=True,
    )
    assert len(charts) == 7
    scores = dict(rows("summary_metrics"))
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(y_test, guesses))
    importances = rows("feature_importances")
    assert [value for _, value in importances] == sorted(model.feature_importances_, reverse=True)
    assert {name for name, _ in importances} == set("abcd")
    matrix = np.array([count for _, _, count in rows("confusion_matrix")]).reshape(3, 3)
    assert (matrix == metrics.confusion_matrix(y_test, guesses)).all()
    assert rows("class_proportions")[0] == ["setosa", "train", int((y_train == 0).sum())]
    assert {row[0] for row in rows("roc")} == {row[0] for row in rows("precision_recall")} == set(NAMES)
    assert [row[1] for row in rows("learning_curve")] == ["train"] * 5 + ["test"] * 5
    assert run.step == 0


def test_classifier_without_importances_keeps_its_other_charts(run, iris):
    x_train, x_test, y_train, y_test = iris
    model = KNeighborsClassifier().fit(x_train, y_train)
    with pytest.warns(UserWarning, match="plot_feature_importances is left out"):
        charts = ours.plot_classifier(model, x_train, x_test, y_train, y_test, model.predict(x_test), None, NAMES)
    assert len(charts) == 3


def test_model_that_is_not_fitted_stays_so(run, iris):
    x_train, x_test, y_train, y_test = iris
    model = LogisticRegression(max_iter=1000)
    ours.plot_summary_metrics(model, x_train, y_train, x_test, y_test)
    ours.plot_learning_curve(model, x_train, y_train)
    assert not hasattr(model, "coef_")


def test_calibration(run, rows, iris):
    x_train, x_test, y_train, y_test = iris
    model = LogisticRegression(max_iter=1000).fit(x_train, y_train > 0)
    chart = ours.plot_calibration_curve(model, x_test, y_test > 0, "logistic")
    assert rows("calibration_curve")[:2] == [["perfect", 0, 0], ["perfect", 1, 1]]
    wanted = metrics.brier_score_loss(y_test > 0, model.predict_proba(x_test)[:, 1])
    assert chart.facts["brier"] == pytest.approx(wanted)


def test_confusion_matrix_of_shares_and_of_some_classes(run, rows):
    truth, guesses = ["a", "a", "b", "c"], ["a", "b", "b", "a"]
    ours.plot_confusion_matrix(truth, guesses, normalize=True, true_labels=["a"])
    assert rows("confusion_matrix") == [["a", "a", 0.5], ["a", "b", 0.5], ["a", "c", 0.0]]


def test_regressor_has_all_its_charts(run, rows, diabetes):
    x_train, x_test, y_train, y_test = diabetes
    model = LinearRegression().fit(x_train, y_train)
    charts = ours.plot_regressor(model, x_train, x_test, y_train, y_test)
    assert len(charts) == 4
    assert dict(rows("summary_metrics"))["r2"] == pytest.approx(model.score(x_test, y_test))
    residuals = rows("residuals")
    assert [name for name, _, _ in residuals].count("test") == math.ceil(len(x_train) / 5)
    assert np.mean([value for name, _, value in residuals if name == "train"]) == pytest.approx(0, abs=1e-6)


def test_outlier_is_the_candidate(run, rows):
    x = np.arange(20.0)[:, None]
    y = 3 * x[:, 0]
    y[17] += 40
    chart = ours.plot_outlier_candidates(LinearRegression(fit_intercept=False), x, y)
    distances = dict(rows("outlier_candidates"))
    assert max(distances, key=distances.get) == 17
    assert distances[17] > chart.facts["threshold"]
    # Cook's distance by its definition: the fit with and without the sample.
    full = LinearRegression(fit_intercept=False).fit(x, y)
    without = LinearRegression(fit_intercept=False).fit(np.delete(x, 17, 0), np.delete(y, 17))
    error = ((y - full.predict(x)) ** 2).sum() / 19
    assert distances[17] == pytest.approx(((full.predict(x) - without.predict(x)) ** 2).sum() / error)


def test_clusterer_has_all_its_charts(run, rows, iris):
    data = iris[0]
    model = KMeans(3, n_init=2, random_state=0).fit(data)
    charts = ours.plot_clusterer(model, data, model.labels_, NAMES)
    assert len(charts) == 2
    elbow = rows("elbow_curve")
    assert [count for count, _, _ in elbow] == [1, 3, 5, 7, 9]
    assert elbow[1][1] == pytest.approx(model.inertia_, rel=0.01)
    assert charts[1].facts["mean"] == pytest.approx(metrics.silhouette_score(data, model.labels_))
    assert len(rows("silhouette")) == len(data)
    assert model.n_clusters == 3


def test_clusterer_without_a_number_of_clusters(run, iris):
    model = DBSCAN().fit(iris[0])
    with pytest.warns(UserWarning, match="plot_elbow_curve is left out"):
        assert len(ours.plot_clusterer(model, iris[0], model.labels_)) == 1


def test_it_is_found_where_others_look_for_it():
    assert tracker.sklearn is ours
