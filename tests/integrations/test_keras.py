"""Keras trains real models here, on torch and without TensorFlow; the run is compared with Keras' own history."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
from keras.callbacks import CallbackList, LambdaCallback
from sklearn.datasets import load_digits

import tracker_core as tracker
from tracker_integrations.keras import TrackerCallback, TrackerEvaluation, TrackerModelCheckpoint

pytestmark = [
    pytest.mark.xdist_group("keras"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def data():
    images, labels = load_digits(return_X_y=True)
    return images[:128] / 16, labels[:128]


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")], name="digits")
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


def fit(model, data, *callbacks, **options):
    return model.fit(*data, callbacks=list(callbacks), **{"verbose": 0, "batch_size": 32, "epochs": 2, **options})


def test_epochs_are_logged_as_keras_reports_them(model, data, run, read):
    history = fit(model, data, TrackerCallback(), epochs=4, validation_split=0.25).history
    recorded = read(run)
    for name, values in history.items():
        assert recorded.over("epoch/epoch", f"epoch/{name}") == list(enumerate(values))
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert [rate for _, rate in recorded.over("epoch/epoch", "epoch/learning_rate")] == pytest.approx([0.1] * 4)
    assert recorded.summary["best/val_loss"] == min(history["val_loss"])
    assert recorded.summary["best/val_loss_epoch"] == int(np.argmin(history["val_loss"]))
    assert recorded.summary["best/val_accuracy"] == max(history["val_accuracy"])
    assert recorded.summary["best/val_accuracy_epoch"] == int(np.argmax(history["val_accuracy"]))
    assert not any(key.startswith("batch/") for key in recorded.keys)
    assert "tensorflow" not in sys.modules


def test_config_tells_optimizer_fit_and_model(model, data, run, read):
    fit(model, data, TrackerCallback())
    recorded = read(run)
    assert recorded.config["model"] == {"name": "digits", "class": "Sequential", "parameters": 650}
    assert recorded.config["fit"] == {"verbose": 0, "epochs": 2, "steps": 4}
    assert recorded.config["optimizer"]["class"] == "SGD"
    assert recorded.config["optimizer"]["learning_rate"] == pytest.approx(0.1)
    assert recorded.files == ["model-summary.txt"]
    assert "Trainable params: 650" in Path(run.dir, "model-summary.txt").read_text()


@pytest.mark.parametrize("log_freq", ["epoch", "batch"])
def test_run_of_its_own(log_freq, model, data):
    fit(model, data, TrackerCallback(log_freq, project="mine", name="digits", settings={"silent": True}))
    assert (tracker.run.project, tracker.run.name) == ("mine", "digits")
    tracker.finish()


@pytest.mark.parametrize(("log_freq", "steps"), [("batch", range(8)), (1, range(8)), (3, [0, 3, 6])])
def test_batches(log_freq, steps, model, data, run, read):
    seen = []
    watch = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))
    fit(model, data, watch, TrackerCallback(log_freq=log_freq))
    recorded = read(run)
    for name in ("loss", "accuracy"):
        expected = [(step, seen[step][name]) for step in steps]
        assert recorded.over("batch/batch_step", f"batch/{name}") == expected
    assert [rate for _, rate in recorded.over("batch/batch_step", "batch/learning_rate")] == pytest.approx(
        [0.1] * len(steps)
    )
    assert len(recorded.over("epoch/epoch", "epoch/loss")) == 2


def test_one_callback_counts_on_over_several_fits(model, data, run, read):
    callback = TrackerCallback(log_freq="batch", initial_global_step=100)
    fit(model, data, callback)
    fit(model, data, callback, epochs=1)
    fit(model, data, TrackerCallback(), initial_epoch=3, epochs=4)
    fit(model, data, TrackerCallback(), epochs=1)
    recorded = read(run)
    assert [step for step, _ in recorded.over("batch/batch_step", "batch/loss")] == list(range(100, 112))
    assert [epoch for epoch, _ in recorded.over("epoch/epoch", "epoch/loss")] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("log_freq", ["epoch", "batch"])
@pytest.mark.parametrize("compiled", [False, True])
def test_model_without_an_optimizer(log_freq, compiled, data, run, read):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    callback = TrackerCallback(log_freq=log_freq)
    if compiled:
        model.compile(optimizer=None, loss="sparse_categorical_crossentropy")
        model.evaluate(*data, verbose=0, callbacks=[callback])
    model.predict(data[0], verbose=0, callbacks=[callback])
    assert read(run).rows == []

    class Still(keras.Model):
        """Learns nothing with Keras' optimizer, as a loop that has its own does."""

        def __init__(self):
            super().__init__()
            self.inner = model

        def call(self, x):
            return self.inner(x)

        def train_step(self, batch):
            return {"loss": self.compute_loss(y=batch[1], y_pred=self(batch[0]))}

    still = Still()
    still.compile(optimizer=None, loss="sparse_categorical_crossentropy")
    history = fit(still, data, callback).history
    recorded = read(run)
    assert recorded.over("epoch/epoch", "epoch/loss") == list(enumerate(history["loss"]))
    assert "optimizer" not in recorded.config
    assert not any("learning_rate" in key for key in recorded.keys)


def test_evaluation_and_prediction_alone_log_nothing(model, data, run, read):
    callback = TrackerCallback(log_freq="batch")
    model.evaluate(*data, verbose=0, callbacks=[callback])
    model.predict(data[0], verbose=0, callbacks=[callback])
    model.train_on_batch(data[0][:8], data[1][:8])
    assert read(run).rows == []


def test_fit_within_a_fit_counts_on(model, data, run, read):
    """As tuners and cross-validation do; the run has the epochs of both, in the order in which they ended."""
    inner = keras.models.clone_model(model)
    inner.compile("sgd", "sparse_categorical_crossentropy")
    again = LambdaCallback(on_epoch_end=lambda epoch, logs: fit(inner, data, TrackerCallback(), epochs=1))
    history = fit(model, data, TrackerCallback(), again, epochs=2).history
    points = read(run).over("epoch/epoch", "epoch/loss")
    assert len(points) == 4
    assert [value for _, value in points][::2] == history["loss"]


def test_batches_told_in_strides_are_logged_when_due(model, run, read):
    """As JAX and TensorFlow tell them with `steps_per_execution=2`, which torch does not have."""
    callback = TrackerCallback(log_freq=3)
    model.steps_per_execution = 2
    callback.set_model(model)
    callback.on_train_begin()
    for batch in (3, 1, 5, 7):  # from threads, in any order
        callback.on_train_batch_end(batch, logs={"loss": float(batch)})
    callback.on_epoch_end(0, {"loss": 0.0})
    callback.on_train_batch_end(1, logs={"loss": 9.0})
    assert read(run).over("batch/batch_step", "batch/loss") == [(3, 3.0), (1, 1.0), (7, 7.0), (9, 9.0)]


def test_learning_rate_of_schedules_and_wrapped_optimizers(data, run, read):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.1, 0.01])
    wrapped = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))
    for optimizer in (keras.optimizers.SGD(schedule), wrapped):
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(1)])
        model.compile(optimizer, "mse")
        fit(model, data, TrackerCallback())
    rates = [rate for _, rate in read(run).over("epoch/epoch", "epoch/learning_rate")]
    assert rates == pytest.approx([0.1, 0.01, 0.5, 0.5])


@pytest.mark.parametrize("log_freq", ["epoch", "batch"])
def test_batches_are_not_waited_for(log_freq, model):
    without = CallbackList([], model=model)
    with_ours = CallbackList([TrackerCallback(log_freq=log_freq)], model=model)
    assert (with_ours._async_train, with_ours._async_test) == (without._async_train, without._async_test)
    overridden = (
        type(TrackerCallback(log_freq=log_freq)).on_train_batch_end is not keras.callbacks.Callback.on_train_batch_end
    )
    assert overridden == (log_freq == "batch")


def test_callback_starts_a_run_where_there_is_none_and_takes_a_given_one(model, data, read):
    fit(model, data, TrackerCallback(), epochs=1)
    own = tracker.run
    assert len(read(own).over("epoch/epoch", "epoch/loss")) == 1
    other = tracker.init(reinit="create_new", settings={"silent": True})
    fit(model, data, TrackerCallback(run=other), epochs=1)
    other.finish()
    own.finish()
    assert len(read(other).over("epoch/epoch", "epoch/loss")) == 1
    assert len(read(own).over("epoch/epoch", "epoch/loss")) == 1


def test_checkpoints_are_kept_as_they_were_written(model, data, run, read):
    keeper = TrackerModelCheckpoint("models/{epoch}.keras", monitor="loss", save_best_only=True)
    history = fit(model, data, keeper, epochs=3).history["loss"]
    best = [epoch for epoch in range(3) if history[epoch] == min(history[: epoch + 1])]
    assert read(run).summary["checkpoint"] == {
        "path": f"models/{best[-1] + 1}.keras",
        "epoch": best[-1],
        "loss": history[best[-1]],
    }
    versions = tracker.Api().artifacts(f"p/model-{run.id}")
    assert sorted(version.metadata["epoch"] for version in versions) == best
    newest = tracker.Api().artifact(f"p/model-{run.id}:best")
    assert newest.metadata["loss"] == history[best[-1]]
    again = keras.saving.load_model(Path(newest.download(), "model.keras"))
    assert np.array_equal(
        again.get_weights()[0], keras.saving.load_model(f"models/{best[-1] + 1}.keras").get_weights()[0]
    )


def test_every_checkpoint_is_a_version_of_the_named_artifact(model, data, run):
    fit(model, data, TrackerModelCheckpoint("models/{epoch}.weights.h5", save_weights_only=True, artifact="mine"))
    versions = tracker.Api().artifacts("p/mine")
    assert sorted(version.metadata["original_filename"] for version in versions) == ["1.weights.h5", "2.weights.h5"]
    model.load_weights(Path(tracker.Api().artifact("p/mine:latest").download(), "model.weights.h5"))


def cells(run, key="evaluation"):
    """The newest state of a table, as it is kept."""
    (row, *_) = [row for row in reversed(list(tracker.Api().run(run.id).scan_history())) if key in row]
    return row[key]


def test_evaluation_is_a_growing_table(model, data, run):
    x, y = data[0][:5], data[1][:5]
    evaluation = TrackerEvaluation(x, y, every=2)
    fit(model, data, evaluation, TrackerCallback(), epochs=3)
    table = evaluation._table
    assert table.columns == ["epoch", "sample", "truth", "prediction", "score"]
    assert [row[:3] for row in table.data] == [[epoch, i, y[i]] for epoch in (0, 2) for i in range(5)]
    scores = model.predict(x, verbose=0)
    assert [row[3] for row in table.data[5:]] == scores.argmax(1).tolist()
    assert [row[4] for row in table.data[5:]] == pytest.approx(scores.max(1).tolist())
    kept = cells(run)
    assert (kept["_type"], kept["rows"]) == ("table-file", 10)


def test_evaluation_with_columns_of_the_user(data, run):
    class Shown(TrackerEvaluation):
        def row(self, index, prediction):
            return {**super().row(index, prediction), "digit": tracker.Image(self.x[index].reshape(8, 8))}

    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    evaluation = Shown(data[0][:3], key="digits")
    fit(model, data, evaluation, epochs=1)
    assert evaluation._table.columns == ["epoch", "sample", "prediction", "digit"]
    predictions = model.predict(data[0][:3], verbose=0)[:, 0]
    assert [row[2] for row in evaluation._table.data] == pytest.approx(predictions.tolist())
    assert cells(run, "digits")["_type"] == "table-file"


class TestSamples:
    """Evaluations of models and data of other structures than one array."""

    x = np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4)
    left, right = x[:, :1], x.sum(1)

    @pytest.fixture
    def evaluated(self, run):
        """Trains a model with the given outputs and evaluates it; returns the table's rows as dicts."""

        def evaluated(outputs, targets, *samples):
            inputs = keras.Input((4,))
            made = keras.tree.map_structure(lambda name: keras.layers.Dense(1, name=name)(inputs), outputs)
            model = keras.Model(inputs, made)
            model.compile("sgd", keras.tree.map_structure(lambda _: "mse", outputs))
            evaluation = TrackerEvaluation(*samples)
            model.fit(self.x, targets, epochs=2, verbose=0, callbacks=[evaluation])
            table = evaluation._table
            return [dict(zip(table.columns, row, strict=True)) for row in table.data]

        return evaluated

    def check(self, rows, *names):
        assert [(row["epoch"], row["sample"]) for row in rows] == [(epoch, i) for epoch in (0, 1) for i in range(6)]
        for name, truth in zip(names, (self.left, self.right), strict=False):
            assert [row[f"truth/{name}"] for row in rows] == pytest.approx([*truth.ravel(), *truth.ravel()])
            assert len({row[f"prediction/{name}"] for row in rows}) == 12

    def test_dict_of_outputs(self, evaluated):
        truth = {"near": self.left, "far": self.right}
        self.check(evaluated({"near": "near", "far": "far"}, truth, self.x, truth), "near", "far")

    def test_list_of_outputs_is_named_by_the_layers(self, evaluated):
        truth = [self.left, self.right]
        self.check(evaluated(["one", "two"], truth, self.x, truth), "one", "two")

    def test_numbers_in_lists(self, evaluated):
        truth = [self.left.ravel().tolist(), self.right.tolist()]
        rows = evaluated(["one", "two"], [self.left, self.right], self.x, truth)
        assert {"prediction/one", "prediction/two"} <= set(rows[0])

    def test_nested_outputs(self, evaluated):
        truth = {"a": {"b": self.left}, "c": self.right}
        self.check(evaluated({"a": {"b": "b"}, "c": "c"}, truth, self.x, truth), "a/b", "c")

    def test_truth_is_optional(self, evaluated):
        assert set(evaluated(["one", "two"], [self.left, self.right], self.x)[0]) == {
            "epoch",
            "sample",
            "prediction/one",
            "prediction/two",
        }

    @pytest.mark.parametrize("kind", ["generator", "loader", "dataset"])
    def test_batches_with_truths_and_weights(self, kind, evaluated):
        import torch

        batches = [(self.x[i : i + 2], self.right[i : i + 2], np.ones(2)) for i in (0, 2, 4)]

        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return 3

            def __getitem__(self, index):
                return batches[index]

        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(torch.from_numpy(self.x), torch.from_numpy(self.right)), batch_size=4
        )
        samples = {"generator": (batch for batch in batches), "loader": loader, "dataset": Batches()}[kind]
        rows = evaluated("single", self.right, samples)
        assert [row["truth"] for row in rows] == pytest.approx([*self.right, *self.right])
        assert len(rows) == 12

    def test_epochs_of_one_callback_continue(self, model, data, run):
        evaluation = TrackerEvaluation(data[0][:1])
        for _ in range(2):
            fit(model, data, evaluation)
        assert [row[0] for row in evaluation._table.data] == [0, 1, 2, 3]


class TestCounting:
    """A counter that starts again continues from what the run has."""

    @pytest.mark.parametrize(("log_freq", "steps"), [(1, range(12)), (3, [0, 3, 6, 9]), (50, [0])])
    def test_new_callbacks_continue_with_the_batches(self, log_freq, steps, model, data, run, read):
        for _ in range(3):
            fit(model, data, TrackerCallback(log_freq), epochs=1)
        assert [step for step, _ in read(run).over("batch/batch_step", "batch/loss")] == list(steps)

    def test_resumed_run_continues(self, model, data, read):
        for resume in (None, "must"):
            with tracker.init(project="p", id="long", resume=resume, settings={"silent": True}) as run:
                fit(model, data, TrackerCallback(3), epochs=1)
        recorded = read(run)
        assert [step for step, _ in recorded.over("batch/batch_step", "batch/loss")] == [0, 3, 6]
        assert [epoch for epoch, _ in recorded.over("epoch/epoch", "epoch/loss")] == [0, 1]

    def test_callback_that_moves_to_another_run_begins_there(self, model, data, read):
        callback = TrackerCallback("batch")
        for _ in range(2):
            with tracker.init(project="p", settings={"silent": True}) as run:
                fit(model, data, callback, epochs=1)
            assert [step for step, _ in read(run).over("batch/batch_step", "batch/loss")] == [0, 1, 2, 3]


@pytest.mark.parametrize("values", [[np.nan, 3.0, 2.0], [-np.inf, np.nan, 2.0], [np.float32("nan"), 2, np.inf]])
def test_best_is_a_finite_number(values, model, data, run, read):
    told = iter(values)
    change = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=next(told)))
    fit(model, data, change, TrackerCallback(), epochs=3)
    assert read(run).summary["best/val_loss"] == 2.0


def test_checkpoint_of_a_value_that_is_no_number_is_not_the_best(model, data, run):
    change = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=float("nan")))
    fit(model, data, change, TrackerModelCheckpoint("{epoch}.keras", monitor="loss", save_best_only=True), epochs=1)
    (version,) = tracker.Api().artifacts(f"p/model-{run.id}")
    assert "best" not in version.aliases


def test_wrong_frequency_is_refused():
    for wrong in (0, "epochs", 2.5):
        with pytest.raises(tracker.UsageError, match="log_freq"):
            TrackerCallback(log_freq=wrong)


@pytest.mark.parametrize("log_freq", ["epoch", "batch"])
def test_unknown_keyword_is_refused(log_freq):
    with pytest.raises(TypeError, match=r"TrackerCallback\(\) got .*'grup'. Did you mean 'group'"):
        TrackerCallback(log_freq, grup="x")


@pytest.mark.parametrize("log_freq", ["epoch", 2])
def test_copies_and_pickles(log_freq, model, data, run, read):
    callback = TrackerCallback(log_freq=log_freq)
    for again in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        assert type(again) is type(callback)
        fit(model, data, again, epochs=1)
    assert len(read(run).over("epoch/epoch", "epoch/loss")) == 2


BACKEND = """
import json, sys
import keras, numpy as np
import tracker_core as tracker
from tracker_integrations.keras import TrackerCallback
syncs = []
if keras.backend.backend() == "jax":
    sync = keras.Model.jax_state_sync

    def counted(model):
        syncs.append(bool(getattr(model, "_jax_state", None)) and not model._jax_state_synced)
        sync(model)

    keras.Model.jax_state_sync = counted
x = np.linspace(-1, 1, 256, dtype="float32").reshape(64, 4)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.set_weights([np.ones((4, 1)), np.zeros(1)])
schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.1, 0.01])
model.compile(keras.optimizers.SGD(schedule), "mse", metrics=["mae"])
options = {"batch_size": 16, "epochs": 2, "verbose": 0, "shuffle": False, "validation_split": 0.25}
tracker.init(settings={"silent": True, "system_interval": 0})
history = model.fit(x, x.sum(1), callbacks=[TrackerCallback(log_freq="batch")], **options).history
print(json.dumps({"history": history, "syncs": sum(syncs), "tensorflow": "tensorflow" in sys.modules}))
"""


def on_backend(name):
    """What Keras told and what the run holds, of the same training on a backend."""
    folder = Path(name)
    folder.mkdir()
    Path(folder, "train.py").write_text(BACKEND)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py"],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": name},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = tracker.Api(folder).runs()
    rows = list(run.scan_history())
    found = {
        key: [row[key] for row in sorted((row for row in rows if key in row), key=lambda row: row[axis])]
        for axis, prefix in (("batch/batch_step", "batch/"), ("epoch/epoch", "epoch/"))
        for key in run.keys()  # noqa: SIM118 - a run is no mapping
        if key.startswith(prefix)
    }
    return json.loads(done.stdout.splitlines()[-1]), found


def test_jax_tells_what_torch_tells_and_is_not_waited_for():
    pytest.importorskip("jax")
    (told, on_jax), (_, on_torch) = (on_backend(name) for name in ("jax", "torch"))
    for name, values in told["history"].items():
        assert on_jax[f"epoch/{name}"] == values
    assert set(on_jax) == set(on_torch)
    for key, values in on_torch.items():
        # Two backends on any processor: where one is 0, the other may be a rounding error away.
        assert on_jax[key] == pytest.approx(values, rel=1e-3, abs=1e-4), key
    assert on_jax["batch/learning_rate"] == pytest.approx([0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    # Keras itself takes the state back at the end of an epoch and of its validation, and no callback in between.
    assert told["syncs"] <= 4
    assert not told["tensorflow"]


class TestMagic:
    @pytest.fixture
    def run(self):
        with tracker.init(project="p", magic=True, settings={"silent": True}) as run:
            yield run

    @staticmethod
    def epochs(recorded):
        return [epoch for epoch, _ in recorded.over("epoch/epoch", "epoch/loss")]

    def test_fit_without_a_word_is_logged(self, model, data, run, read):
        history = model.fit(*data, verbose=0, epochs=2).history
        assert read(run).over("epoch/epoch", "epoch/loss") == list(enumerate(history["loss"]))

    def test_any_form_of_callbacks_gets_one_of_ours(self, model, data, run, read):
        mine = keras.callbacks.TerminateOnNaN()
        listed = [mine]
        ready = CallbackList([mine], model=model, add_history=True)
        for callbacks in (mine, listed, (mine,), ready, ready):
            model.fit(*data, verbose=0, epochs=1, callbacks=callbacks)
        model.fit(*data, 32, 1, 0, [mine])
        assert self.epochs(read(run)) == [0, 1, 2, 3, 4, 5]
        assert listed == [mine]

    def test_callback_of_the_user_is_enough(self, model, data, run, read):
        fit(model, data, TrackerCallback())
        assert self.epochs(read(run)) == [0, 1]

    def test_models_that_override_fit(self, data, run, read):
        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.layer = keras.layers.Dense(1)

            def call(self, x):
                return self.layer(x)

            def fit(self, *args, **kwargs):
                return super().fit(*args, **kwargs)

        model = Own()
        model.compile("sgd", "mse")
        fit(model, data)
        assert self.epochs(read(run)) == [0, 1]

    def test_nothing_is_left_after_the_run(self, model, data, read):
        owner = next(base for base in keras.Model.__mro__ if "fit" in vars(base))
        before = vars(owner)["fit"]
        with tracker.init(magic={"keras": {"log_freq": 2}}, settings={"silent": True}) as run:
            assert vars(owner)["fit"] is not before
            model.fit(*data, verbose=0, epochs=1)
        assert vars(owner)["fit"] is before
        model.fit(*data, verbose=0, epochs=1)
        assert self.epochs(read(run)) == [0]
        assert [step for step, _ in read(run).over("batch/batch_step", "batch/loss")] == [0, 2]
        with tracker.init(magic={"keras": False}, settings={"silent": True}):
            assert vars(owner)["fit"] is before

    def test_failing_tracker_is_unseen_by_keras(self, model, data, run, monkeypatch, caplog):
        def fail(*_, **__):
            raise OSError("the disk is full")

        for verb in ("log", "define_metric"):
            monkeypatch.setattr(type(run), verb, fail)
        assert len(model.fit(*data, verbose=0, epochs=2).history["loss"]) == 2
        assert "the disk is full" in caplog.text
