"""Charts: the table and the description that are kept, against scikit-learn's figures."""

from __future__ import annotations

import enum
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics

import tracker_core as tracker
from tracker_core._media import table_file

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, 400)
SCORES = RNG.random((400, 3)) + 0.6 * np.eye(3)[TRUTH]
PROBAS = SCORES / SCORES.sum(axis=1, keepdims=True)


@pytest.fixture
def stored(tmp_path):
    """The map of a logged chart, and the rows of its table."""

    def store(chart):
        reference = chart.store("chart", 3, tmp_path / "files")
        assert "error" not in reference
        return reference, table_file.read(tmp_path / "files", reference["table"])

    return store


def test_columns_of_a_table_are_drawn_as_they_are(stored):
    table = tracker.Table(["a", "b", "c"], [[1, 2.5, "x"], [2, 3.5, "y"]])
    cases = [
        (tracker.plot.line(table, "a", "b", title="t"), "line", {"x": "a", "y": "b"}),
        (tracker.plot.line(table, "a", "b", stroke="c", title="t"), "line", {"x": "a", "y": "b", "stroke": "c"}),
        (tracker.plot.scatter(table, "a", "b", title="t"), "scatter", {"x": "a", "y": "b"}),
        (tracker.plot.bar(table, "c", "b", title="t"), "bar", {"label": "c", "value": "b"}),
        (tracker.plot.histogram(table, "b", title="t"), "histogram", {"value": "b"}),
        (tracker.plot_table("wandb/line/v0", table, {"x": "a"}, {"title": "t"}), "line", {"x": "a"}),
    ]
    for chart, name, fields in cases:
        reference, rows = stored(chart)
        assert (reference["_type"], reference["chart"], reference["fields"]) == ("chart", name, fields)
        assert reference["strings"] == {"title": "t"}
        assert rows == [[1, 2.5, "x"], [2, 3.5, "y"]]


def test_dataframe_instead_of_a_table(stored):
    _, rows = stored(tracker.plot.line(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), "a", "b"))
    assert rows == [[1, 3], [2, 4]]


def test_column_that_is_not_there_is_named():
    with pytest.raises(tracker.UsageError, match=r"y='loss' is no column"):
        tracker.plot.line(tracker.Table(["a"], [[1]]), "a", "loss")


def test_line_series_with_common_and_own_places(stored):
    reference, rows = stored(
        tracker.plot.line_series([0, 1], [[2, 3], torch.tensor([4.0, 5.0])], ["p", "q"], "t", "epoch")
    )
    assert rows == [[0, "p", 2], [1, "p", 3], [0, "q", 4.0], [1, "q", 5.0]]
    assert reference["strings"] == {"title": "t", "xname": "epoch"}
    _, rows = stored(tracker.plot.line_series([[0], [7, 8]], [[1], [2, 3]]))
    assert rows == [[0, "key_0", 1], [7, "key_1", 2], [8, "key_1", 3]]
    with pytest.raises(tracker.UsageError, match="3 values at 2 places"):
        tracker.plot.line_series([0, 1], [[1, 2, 3]])


def matrix_of(rows) -> np.ndarray:
    size = int(len(rows) ** 0.5)
    return np.array([count for _, _, count in rows]).reshape(size, size)


def test_confusion_matrix_is_sklearns(stored):
    guessed = PROBAS.argmax(axis=1)
    wanted = metrics.confusion_matrix(TRUTH, guessed)
    names = ["cat", "dog", "owl"]
    for chart in (
        tracker.plot.confusion_matrix(y_true=TRUTH, preds=guessed, class_names=names),
        tracker.plot.confusion_matrix(probs=PROBAS, y_true=TRUTH.tolist(), class_names=names),
        tracker.plot.confusion_matrix(probs=torch.tensor(PROBAS), y_true=torch.tensor(TRUTH), class_names=names),
        tracker.plot.confusion_matrix(
            y_true=[names[i] for i in TRUTH], preds=[names[i] for i in guessed], class_names=names
        ),
    ):
        reference, rows = stored(chart)
        assert (matrix_of(rows) == wanted).all()
        assert [row[0] for row in rows[::3]] == names
        assert reference["chart"] == "confusion_matrix"


def test_confusion_matrix_without_names_and_with_classes_that_do_not_occur(stored):
    _, rows = stored(tracker.plot.confusion_matrix(y_true=["b", "a"], preds=["a", "a"]))
    assert rows == [["a", "a", 1], ["a", "b", 0], ["b", "a", 1], ["b", "b", 0]]
    _, rows = stored(tracker.plot.confusion_matrix(y_true=[0], preds=[2], class_names=["a", "b", "c"]))
    assert matrix_of(rows).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_roc_is_sklearns(stored):
    reference, rows = stored(tracker.plot.roc_curve(TRUTH, PROBAS, labels=["cat", "dog", "owl"]))
    for index, name in enumerate(["cat", "dog", "owl"]):
        truth, scores = index == TRUTH, PROBAS[:, index]
        fpr, tpr, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
        found = [tuple(row[1:]) for row in rows if row[0] == name]
        # The ends and the bends: points of sklearn's curve, between which it is straight.
        assert set(found) <= set(zip(fpr.tolist(), tpr.tolist(), strict=True))
        assert (found[0], found[-1]) == ((0, 0), (1, 1))
        assert metrics.auc(*zip(*found, strict=True)) == pytest.approx(metrics.auc(fpr, tpr))
        assert reference["facts"]["auc"][name] == pytest.approx(metrics.roc_auc_score(truth, scores))


def test_roc_of_two_classes_and_of_few(stored):
    truth, scores = TRUTH == 1, PROBAS[:, 1]
    _, rows = stored(tracker.plot.roc_curve(truth, scores, classes_to_plot=[True]))
    assert {row[0] for row in rows} == {"True"}
    _, rows = stored(tracker.plot.roc_curve(TRUTH % 2, PROBAS, classes_to_plot=[0]))  # class 2 does not occur
    assert {row[0] for row in rows} == {"0"}


def test_long_roc_keeps_its_area_and_few_points(stored):
    truth, scores = RNG.integers(0, 2, 100_000), RNG.random(100_000)
    reference, rows = stored(tracker.plot.roc_curve(truth, scores, classes_to_plot=[1]))
    assert len(rows) == 1000
    assert reference["facts"]["auc"]["1"] == pytest.approx(metrics.roc_auc_score(truth, scores))


def test_pr_is_sklearns(stored):
    reference, rows = stored(tracker.plot.pr_curve(TRUTH, PROBAS, interp_size=11))
    for index in range(3):
        truth, scores = index == TRUTH, PROBAS[:, index]
        precision, recall, _ = metrics.precision_recall_curve(truth, scores)
        wanted = [precision[recall >= at - 1e-12][-1] if at else None for at in np.linspace(0, 1, 11)]
        found = [row[2] for row in rows if row[0] == str(index)]
        assert found[1:] == pytest.approx(wanted[1:])
        average = metrics.average_precision_score(truth, scores)
        assert reference["facts"]["average_precision"][str(index)] == pytest.approx(average)


def test_heatmap(stored):
    reference, rows = stored(tracker.plot.heatmap(["x", "y"], ["r"], [[1.0, 2.0]], show_text=True))
    assert rows == [["x", "r", 1.0], ["y", "r", 2.0]]
    assert reference["facts"] == {"show_text": True}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tracker.plot.confusion_matrix(y_true=[1]), "probs or preds"),
        (lambda: tracker.plot.confusion_matrix(y_true=[1], preds=[1, 2]), "do not fit"),
        (lambda: tracker.plot.confusion_matrix(y_true=[5], preds=[0], class_names=["a"]), "beyond"),
        (lambda: tracker.plot.roc_curve(TRUTH), "both needed"),
        (lambda: tracker.plot.roc_curve(TRUTH, PROBAS[:, :2]), "3 classes"),
        (lambda: tracker.plot.pr_curve(["a", "b"], np.ones((2, 3))), "3 classes"),
        (lambda: tracker.plot.heatmap(["a"], ["b"], [[1, 2]]), "shape"),
    ],
)
def test_wrong_calls_say_what_is_wrong(make, said):
    with pytest.raises(tracker.UsageError, match=said):
        make()


class Shape(str, enum.Enum):
    CUBE = "cube"
    CUBOID = "cuboid"
    CONE = "cone"


class Side(enum.Enum):
    LEFT = 0
    RIGHT = 1


class Digit(enum.IntEnum):
    ZERO = 0
    ONE = 1


def _counts(chart):
    return {(row[0], row[1]): row[2] for row in chart.table.data if row[2]}


@pytest.mark.parametrize(
    ("truth", "guessed", "names", "expected"),
    [
        (list(Shape), list(Shape), None, {("cube", "cube"): 1, ("cuboid", "cuboid"): 1, ("cone", "cone"): 1}),
        (list(Shape)[:1], list(Shape)[1:2], list(Shape), {("cube", "cuboid"): 1}),
        (list(Side), list(Side)[::-1], None, {("LEFT", "RIGHT"): 1, ("RIGHT", "LEFT"): 1}),
        (list(Side), list(Side), ["LEFT", "RIGHT"], {("LEFT", "LEFT"): 1, ("RIGHT", "RIGHT"): 1}),
        (list(Digit), list(Digit), ["no", "yes"], {("no", "no"): 1, ("yes", "yes"): 1}),
        ([None, "a"], ["a", "a"], None, {("None", "a"): 1, ("a", "a"): 1}),
        (["a" * 300, "a" * 301], ["a" * 300] * 2, None, {("a" * 300, "a" * 300): 1, ("a" * 301, "a" * 300): 1}),
        (pd.Series(["x", "long"]), np.array(["x", "x"], object), None, {("x", "x"): 1, ("long", "x"): 1}),
        (pd.Categorical(["x", "y"]), pd.Series(["y", "y"], dtype="category"), None, {("x", "y"): 1, ("y", "y"): 1}),
        (torch.tensor([0, 1]), torch.tensor([[1], [1]]), ["a", "b"], {("a", "b"): 1, ("b", "b"): 1}),
        ([1.0, 0.0], [1, 0], None, {("1", "1"): 1, ("0", "0"): 1}),
        ([1, "1"], ["1", "1"], None, {("1 (int)", "1"): 1, ("1", "1"): 1}),
    ],
)
def test_classes_of_any_kind_are_told_apart(truth, guessed, names, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chart = tracker.plot.confusion_matrix(y_true=truth, preds=guessed, class_names=names)
    assert _counts(chart) == expected


@pytest.mark.parametrize("names", [["a", "b"], None])
def test_probabilities_with_classes_by_name(names):
    chart = tracker.plot.confusion_matrix(y_true=["b", "a"], probs=[[0.1, 0.9], [0.2, 0.8]], class_names=names)
    assert _counts(chart) == {("b", "b"): 1, ("a", "b"): 1}


def test_samples_with_nan_scores_are_left_out():
    scores = PROBAS.copy()
    scores[3, 1] = np.nan
    good = np.arange(len(TRUTH)) != 3
    charts = (
        tracker.plot.roc_curve,
        tracker.plot.pr_curve,
        lambda truth, probas: tracker.plot.confusion_matrix(y_true=truth, probs=probas),
    )
    for make in charts:
        with pytest.warns(UserWarning, match="1 of 400 samples have NaN"):
            chart = make(TRUTH, scores)
        assert chart.table.data == make(TRUTH[good], PROBAS[good]).table.data


def test_curves_of_named_classes():
    names = np.array(["dog", "cat", "bird"])
    by_number = tracker.plot.roc_curve(TRUTH, PROBAS, labels=names)
    by_name = tracker.plot.roc_curve(names[TRUTH], PROBAS, labels=names)  # in the order of the columns
    assert by_name.facts == by_number.facts
    assert list(by_name.facts["auc"]) == ["dog", "cat", "bird"]
    members = [list(Shape)[number] for number in TRUTH]
    by_member = tracker.plot.roc_curve(members, PROBAS, labels=list(Shape), classes_to_plot=[Shape.CONE])
    assert by_member.facts == {"auc": {"cone": by_number.facts["auc"]["bird"]}}
    only_two = tracker.plot.roc_curve(["dog", "cat"], [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1]], labels=["dog", "cat", "bird"])
    assert list(only_two.facts["auc"]) == ["dog", "cat", "bird"]


def test_series_of_tensors_and_labels_of_enums():
    chart = tracker.plot.line_series(torch.arange(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), keys=list(Shape)[:2])
    assert chart.table.data == [[0, "cube", 1.0], [1, "cube", 2.0], [0, "cuboid", 3.0], [1, "cuboid", 4.0]]
    chart = tracker.plot.heatmap(list(Shape)[:1], list(Side), [[1], [2]], title=Shape.CONE)
    assert chart.table.data == [["cube", "LEFT", 1], ["cube", "RIGHT", 2]]
    assert chart.strings["title"] == "cone"
