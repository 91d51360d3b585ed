"""Lightning trains real models here; what the run holds is compared with Lightning's own CSV and with the model."""

from __future__ import annotations

import argparse
import csv
import inspect
import pickle
import sys
from pathlib import Path

import lightning.pytorch
import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from lightning_fabric import Fabric
from pytorch_lightning.callbacks import LearningRateMonitor, ModelCheckpoint
from pytorch_lightning.cli import LightningCLI
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.tuner import Tuner
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

import tracker_core as tracker
from tracker_integrations.lightning import STEP, TrackerLogger

pytestmark = [
    pytest.mark.xdist_group("lightning"),
    pytest.mark.filterwarnings("ignore::UserWarning:lightning_utilities|pytorch_lightning|lightning|torch"),
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
]


class Digits:
    """The same model for both namespaces, whose LightningModule classes are unrelated."""

    def __init__(self, lr=0.1, **extra):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(64, 10)
        self.fail_at = extra.get("fail_at")

    def loss(self, batch):
        return torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

    def training_step(self, batch, index):
        if self.fail_at is not None and self.global_step == self.fail_at:
            raise RuntimeError("of the training")
        loss = self.loss(batch)
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.loss(batch))

    def test_step(self, batch, index):
        self.log("test_loss", self.loss(batch))

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]


class Model(Digits, pl.LightningModule):
    pass


class OtherModel(Digits, lightning.pytorch.LightningModule):
    pass


@pytest.fixture(scope="module")
def data():
    images, labels = load_digits(return_X_y=True)
    rows = TensorDataset(torch.tensor(images[:128] / 16, dtype=torch.float32), torch.tensor(labels[:128]))
    return DataLoader(rows, batch_size=32)


@pytest.fixture(autouse=True)
def _finished():
    yield
    tracker.finish()


QUIET = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu", "log_every_n_steps": 1}


def trainer(logger, namespace=pl, **options):
    return namespace.Trainer(logger=logger, **{"max_epochs": 2, "enable_checkpointing": False, **QUIET, **options})


def logged(path):
    """Lightning's own record: metric -> (step, value), step by step."""
    found = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if value and name not in ("step", "epoch"):
                    found.setdefault(name, []).append((int(row["step"]), float(value)))
    return found


@pytest.mark.parametrize(("namespace", "model"), [(pl, Model), (lightning.pytorch, OtherModel)])
def test_every_metric_is_recorded_at_the_trainers_step(namespace, model, data, read):
    logger = TrackerLogger(name="digits", project="p", tags=["a"], config={"mine": 1})
    own = CSVLogger("csv")
    fitting = trainer([logger, own], namespace, callbacks=[namespace.callbacks.LearningRateMonitor("epoch")])
    fitting.fit(model(), data, data)
    expected = logged(Path(own.log_dir, "metrics.csv"))
    assert {"loss_step", "loss_epoch", "val_loss", "lr-SGD"} <= set(expected)
    assert len(expected["loss_step"]) == 8
    recorded = read(logger.experiment)
    for name, points in expected.items():
        assert recorded.over(STEP, name) == points, name
    assert [value for _, value in recorded.over(STEP, "lr-SGD")] == [0.1, 0.05]
    assert (recorded.name, recorded.tags) == ("digits", ["a"])
    assert recorded.config == {"mine": 1, "lr": 0.1}


def test_hyperparameters_of_any_kind(read):
    logger = TrackerLogger()

    class Odd:
        def __repr__(self):
            return "Odd!"

    logger.log_hyperparams(argparse.Namespace(a=1, nested={"x": [1, (2, 3)], "act": torch.nn.ReLU()}))
    logger.log_hyperparams({"fn": trainer, "cls": torch.nn.Linear, "dtype": torch.float16, "a": 2, 3: "three"})
    with pytest.warns(UserWarning, match="recorded as its repr"):
        logger.log_hyperparams({"odd": Odd()})
    assert read(logger.experiment).config == {
        "a": 2,
        "nested": {"x": [1, [2, 3]], "act": "ReLU()"},
        "fn": f"{__name__}.trainer",
        "cls": "torch.nn.modules.linear.Linear",
        "dtype": "torch.float16",
        "3": "three",
        "odd": "Odd!",
    }


def test_arguments_that_lightnings_tests_look_for_have_names():
    """They ask `inspect.getfullargspec` for them, and pass the hooks' arguments by name."""
    named = inspect.getfullargspec(TrackerLogger.__init__).args
    wanted = "name project save_dir version id group tags config log_model prefix offline experiment"
    assert set(wanted.split()) <= set(named)
    for hook in ("log_metrics", "after_save_checkpoint", "finalize"):
        mine, theirs = (inspect.signature(inspect.unwrap(getattr(cls, hook))) for cls in (TrackerLogger, CSVLogger))
        assert list(mine.parameters) == list(theirs.parameters)


def test_fast_dev_run_starts_no_run(data):
    logger = TrackerLogger()
    trainer(logger, fast_dev_run=True).fit(Model(), data, data)
    assert tracker.run is None
    assert (logger.version, logger.save_dir) == (None, ".")
    assert not list(Path().glob("tracker/*run-*"))


def test_one_logger_serves_several_fits_and_tests(data, read):
    logger = TrackerLogger()
    fitting = trainer(logger, max_epochs=1)
    fitting.fit(Model(), data)
    run = logger.experiment
    tested = fitting.test(fitting.model, data)[0]["test_loss"]
    second = trainer(logger, max_epochs=1)
    second.fit(Model(), data)
    assert logger.experiment is run is tracker.run
    recorded = read(run)
    assert recorded.state == "running"
    assert recorded.over(STEP, "test_loss") == [(4, pytest.approx(tested))]
    assert [step for step, _ in recorded.over(STEP, "loss_step")] == [0, 1, 2, 3, 5, 6, 7, 8]


def test_steps_of_another_trainer_continue_and_those_from_a_checkpoint_do_not(data, read):
    kept = {"enable_checkpointing": True, "callbacks": [ModelCheckpoint("kept", save_last=True)]}
    with tracker.init(project="p", settings={"silent": True}) as run:
        trainer(TrackerLogger(), max_epochs=1, **kept).fit(Model(), data)
        trainer(TrackerLogger(), max_epochs=1).fit(Model(), data)
        trainer(TrackerLogger(), max_epochs=2).fit(Model(), data, ckpt_path="kept/last.ckpt")
    steps = [step for step, _ in read(run).over(STEP, "loss_step")]
    assert steps == [0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7]


def test_steps_of_manual_optimization_and_steps_of_the_user(data, read):
    """Lightning counts batches where a trainer with two optimizers counts their steps; a logged `step` is the step."""

    class Two(Model):
        automatic_optimization = False

        def training_step(self, batch, index):
            for optimizer in self.optimizers():
                optimizer.zero_grad()
                loss = self.loss(batch)
                self.manual_backward(loss)
                optimizer.step()
            self.log("loss", loss)
            self.log("mine", float(index))
            if index == 3:
                self.log("step", 100.0)

        def configure_optimizers(self):
            return [torch.optim.SGD(self.parameters(), lr=0.1) for _ in range(2)]

    logger, own = TrackerLogger(), CSVLogger("csv")
    fitting = trainer([logger, own], max_epochs=1)
    fitting.fit(Two(), data)
    assert fitting.global_step == 8
    expected = logged(Path(own.log_dir, "metrics.csv"))
    recorded = read(logger.experiment)
    assert recorded.over(STEP, "loss") == expected["loss"]
    assert [step for step, _ in recorded.over(STEP, "mine")] == [0, 1, 2, 100]


def test_values_that_are_not_finite_and_hyperparameters_of_the_data(read):
    class Data(pl.LightningDataModule):
        def __init__(self, size=4, lr=0.1):
            super().__init__()
            self.save_hyperparameters()

        def train_dataloader(self):
            return DataLoader(TensorDataset(torch.ones(4, 64), torch.zeros(4, dtype=torch.long)), batch_size=2)

    class Odd(Model):
        def training_step(self, batch, index):
            self.log("odd", torch.tensor(float("nan") if index else float("inf")))
            return self.loss(batch)

    logger = TrackerLogger()
    trainer(logger, max_epochs=1).fit(Odd(), datamodule=Data())
    recorded = read(logger.experiment)
    (_, first), (_, second) = recorded.over(STEP, "odd")
    assert first == float("inf")
    assert np.isnan(second)
    assert recorded.config == {"size": 4, "lr": 0.1}


def test_run_of_the_user_is_joined(data, read):
    with tracker.init(project="mine") as run:
        run.log({"before": 1.0})
        logger = TrackerLogger(project="other")
        trainer(logger, max_epochs=1).fit(Model(), data)
        assert logger.experiment is run
        assert (logger.name, logger.version) == ("mine", run.id)
    given = tracker.init(project="given", reinit="create_new")
    assert TrackerLogger(experiment=given).experiment is given
    given.finish()
    assert len(read(run).over(STEP, "loss_step")) == 4


@pytest.mark.parametrize(("prefix", "key"), [("", "m"), ("net", "net/m"), ("net-", "net-m"), ("net/", "net/m")])
def test_prefix(prefix, key, read):
    logger = TrackerLogger(prefix=prefix)
    logger.log_metrics(metrics={"m": 1.5}, step=3)
    assert read(logger.experiment).over(STEP, key) == [(3, 1.5)]


def test_media(read):
    logger = TrackerLogger()
    pixels = torch.arange(48, dtype=torch.uint8).reshape(3, 4, 4)
    logger.log_image("seen", [pixels, pixels + 1], step=3, caption=["one", "two"])
    logger.log_audio(key="heard", audios=[np.zeros(80, np.int16)], step=3, sample_rate=[8000])
    logger.log_video("moved", [np.zeros((2, 3, 8, 8), np.uint8)], fps=[2])
    logger.log_table("table", columns=["a", "b"], data=[[1, "x"], [2, "y"]])
    logger.log_text("text", columns=["said"], data=[["hello"]])
    rows = read(logger.experiment).rows
    assert [image["caption"] for image in values(rows, "seen")[0]["items"]] == ["one", "two"]
    assert rows[0][STEP] == 3
    assert values(rows, "heard")[0]["items"][0]["sample_rate"] == 8000
    assert values(rows, "moved")[0]["items"][0]["fps"] == 2.0
    assert [values(rows, key)[0]["_type"] for key in ("table", "text")] == ["table-file"] * 2
    with pytest.raises(tracker.UsageError, match="2 values, but 1 for caption"):
        logger.log_image("seen", [pixels, pixels], caption=["one"])


def values(rows, key):
    return [row[key] for row in rows if key in row]


def test_checkpoints_lie_below_save_dir_and_are_told_in_the_summary(data, read, tmp_path):
    logger = TrackerLogger(save_dir=tmp_path, project="p", id="abc")
    keeper = ModelCheckpoint(monitor="val_loss", save_last=True)
    trainer(logger, enable_checkpointing=True, callbacks=[keeper]).fit(Model(), data, data)
    assert keeper.dirpath == str(tmp_path / "p/abc/checkpoints")
    recorded = read(logger.experiment)
    assert recorded.summary["checkpoint"] == {
        "val_loss": {"path": keeper.best_model_path, "score": float(keeper.best_model_score)},
        "last": {"path": keeper.last_model_path},
    }
    assert recorded.files == []


@pytest.mark.parametrize("log_model", [True, "all"])
def test_log_model_makes_versions_of_an_artifact(log_model, data):
    logger = TrackerLogger(project="p", log_model=log_model, offline=True)
    keeper = ModelCheckpoint(monitor="val_loss", save_last=True)
    own = CSVLogger("csv")
    fitting = trainer([logger, own], enable_checkpointing=True, callbacks=[keeper], max_epochs=3)
    fitting.fit(Model(), data, data)
    losses = [loss for _, loss in logged(Path(own.log_dir, "metrics.csv"))["val_loss"]]
    fitting.test(fitting.model, data)
    run = logger.experiment
    names = [version.metadata["original_filename"] for version in tracker.Api().artifacts(f"p/model-{run.id}")]
    best_so_far = [epoch for epoch in range(3) if losses[epoch] == min(losses[: epoch + 1])]
    kept = best_so_far if log_model == "all" else best_so_far[-1:]
    # last.ckpt is a version of its own only where no other checkpoint has the same content.
    assert set(names) - {"last.ckpt"} == {f"epoch={epoch}-step={4 * epoch + 4}.ckpt" for epoch in kept}
    best, last = (tracker.Api().artifact(f"p/model-{run.id}:{alias}") for alias in ("best", "last"))
    assert best.metadata["original_filename"] == Path(keeper.best_model_path).name
    assert best.metadata["monitor"] == "val_loss"
    assert best.metadata["score"] == pytest.approx(float(keeper.best_model_score))
    saved = torch.load(Path(last.download(), "model.ckpt"), weights_only=False)
    assert torch.equal(saved["state_dict"]["layer.bias"], fitting.model.layer.bias)
    assert best.logged_by().path == ["p", run.id]


def test_every_checkpoint_callback_is_in_the_summary_and_best_is_the_monitored_one(data, read):
    class Worse(Model):
        def validation_step(self, batch, index):
            self.log("val_loss", float(self.current_epoch))
            self.log("val/acc", 1.0 + self.current_epoch)

    kept = [
        ModelCheckpoint(filename="newest"),
        ModelCheckpoint(monitor="val_loss", filename="low"),
        ModelCheckpoint(filename="often", every_n_train_steps=3),
        ModelCheckpoint(monitor="val/acc", mode="max", filename="high"),
    ]
    logger = TrackerLogger(project="p", log_model=True)
    trainer(logger, enable_checkpointing=True, callbacks=kept, max_epochs=3).fit(Worse(), data, data)
    recorded = read(logger.experiment)
    entries = recorded.summary["checkpoint"]
    assert {Path(entry["path"]).name for entry in entries.values()} == {f"{each.filename}.ckpt" for each in kept}
    assert (entries["val_loss"]["score"], entries["val/acc"]["score"]) == (0.0, 3.0)
    aliases = {
        alias: version.metadata["original_filename"]
        for version in tracker.Api().artifacts(f"p/model-{recorded.run.id}")
        for alias in version.aliases
    }
    assert (aliases["best"], aliases["best-val-acc"]) == ("low.ckpt", "high.ckpt")


def test_checkpoints_of_another_trainer_take_the_place_of_the_first_ones(data, read):
    logger = TrackerLogger(project="p")
    for _ in range(2):
        kept = ModelCheckpoint(monitor="val_loss")
        trainer(logger, enable_checkpointing=True, callbacks=[kept], max_epochs=1).fit(Model(), data, data)
    assert [entry["path"] for entry in read(logger.experiment).summary["checkpoint"].values()] == [kept.best_model_path]


class Typed(Model):
    """With a signature that a command line can be made from."""

    def __init__(self, lr: float = 0.1):
        super().__init__(lr)


@pytest.mark.parametrize("save_dir", [None, "out"])
def test_config_of_the_command_line_is_kept_with_each_run(data, read, monkeypatch, save_dir):
    """`SaveConfigCallback` writes to `trainer.log_dir` and refuses to start where a file of an earlier run is."""
    monkeypatch.setenv("JSONARGPARSE_DEPRECATION_WARNINGS", "off")  # Lightning's own
    words = ["--model.lr=0.2", "--trainer.logger=tracker_integrations.lightning.TrackerLogger"]
    words += ["--trainer.logger.project=p", *([f"--trainer.logger.save_dir={save_dir}"] if save_dir else [])]
    runs = []
    for _ in range(2):
        cli = LightningCLI(
            Typed, trainer_defaults={"max_epochs": 1, "enable_checkpointing": False, **QUIET}, args=words, run=False
        )
        cli.trainer.fit(cli.model, data)
        runs.append(cli.trainer.logger.experiment)
        assert cli.trainer.log_dir == runs[-1].dir
        assert cli.trainer.logger.save_dir == (save_dir or ".")
        tracker.finish()
    for run in map(read, runs):
        assert run.config["lr"] == 0.2
        assert "config.yaml" in run.files
    assert not list(Path().glob("*.yaml"))


def test_hyperparameters_that_cannot_be_read_leave_the_others(data, read):
    omegaconf = pytest.importorskip("omegaconf")
    cfg = omegaconf.OmegaConf.create(
        {
            "path": "???",
            "lr": 0.1,
            "twice": "${lr}",
            "home": "${oc.env:NOT_SET_AT_ALL}",
            "deep": {"gone": "???", "x": 1},
        }
    )

    class Configured(Model):
        def __init__(self, cfg):
            super().__init__()
            self.save_hyperparameters("cfg")

    logger = TrackerLogger()
    fitting = trainer(logger, max_epochs=1)
    fitting.fit(Configured(cfg), data)
    config = read(logger.experiment).config
    assert fitting.global_step == 4
    assert (config["cfg"]["lr"], config["cfg"]["twice"], config["cfg"]["deep"]["x"]) == (0.1, 0.1, 1)


def test_unknown_keyword_and_a_wrong_run_are_refused():
    with pytest.raises(TypeError, match="Did you mean 'log_model'"):
        TrackerLogger(log_modle=True)
    with pytest.raises(TypeError, match="experiment"):
        TrackerLogger(experiment="id")


def test_run_that_cannot_be_started_does_not_end_the_training(data, monkeypatch, caplog):
    def fail(**_):
        raise OSError("no space left")

    monkeypatch.setattr("tracker_core._session.init", fail)
    logger = TrackerLogger()
    fitting = trainer(logger, max_epochs=1)
    fitting.fit(Model(), data)
    logger.experiment.log({"a": 1})
    assert fitting.global_step == 4
    assert caplog.text.count("no space left") == 1


def test_image_that_cannot_be_made_leaves_the_others(read):
    logger = TrackerLogger()
    logger.log_image("seen", [np.zeros((4, 4)), object(), np.ones((4, 4))])
    (row,) = read(logger.experiment).rows
    assert len(row["seen"]["items"]) == 2


def test_exception_passes_and_the_run_stays_open_for_the_script(data, read):
    logger = TrackerLogger()
    with pytest.raises(RuntimeError, match="of the training"):
        trainer(logger).fit(Model(fail_at=3), data)
    assert len(read(logger.experiment).over(STEP, "loss_step")) == 3
    assert read(logger.experiment).state == "running"


def test_lr_find_gives_the_logger_back_and_logs_nothing(data, read):
    logger = TrackerLogger()
    fitting = trainer(logger, enable_checkpointing=True)
    Tuner(fitting).lr_find(Model(), data, num_training=20)
    assert fitting.logger is logger
    assert read(logger.experiment).rows == []


def test_scaling_the_batch_size_gives_the_logger_back_and_logs_nothing(data, read):
    class Sized(Model):
        batch_size = 2

        def train_dataloader(self):
            return DataLoader(data.dataset, batch_size=self.batch_size)

        val_dataloader = train_dataloader

    logger, model = TrackerLogger(), Sized()
    fitting = trainer(logger, enable_checkpointing=True)
    assert Tuner(fitting).scale_batch_size(model, steps_per_trial=1, max_trials=2) == model.batch_size == 4
    assert fitting.logger is logger
    assert read(logger.experiment).rows == []


def test_pickled_logger_and_trainer_go_on_with_the_run(data, read):
    logger = TrackerLogger(project="p", prefix="x")
    fitting = trainer(logger, max_epochs=1)
    fitting.fit(Model(), data)
    logger.log_metrics({"m": 1.0}, step=1)
    again = pickle.loads(pickle.dumps(logger))
    assert (again.name, again.version, again.save_dir) == (logger.name, logger.version, logger.save_dir)
    again.log_metrics({"m": 2.0}, step=2)
    pickle.loads(pickle.dumps(fitting)).logger.log_metrics({"m": 3.0}, step=3)
    assert sorted(read(logger.experiment).over(STEP, "x/m")) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_other_ranks_log_nothing(monkeypatch):
    from lightning_utilities.core.rank_zero import rank_zero_only

    monkeypatch.setattr(rank_zero_only, "rank", 1)
    logger = TrackerLogger()
    logger.log_metrics({"m": 1.0}, step=0)
    logger.log_hyperparams({"a": 1})
    logger.experiment.log({"m": 1.0})
    pickle.dumps(logger)
    assert tracker.run is None


def test_watched_model(data, read):
    logger, model = TrackerLogger(), Model()
    logger.watch(model, log="all", log_freq=2)
    trainer(logger, max_epochs=1).fit(model, data)
    recorded = read(logger.experiment)
    watched = {key: len(recorded.over(STEP, key)) for key in recorded.keys if "layer.weight" in key}
    assert {key.partition("/")[0] for key in watched} == {"gradients", "parameters"}
    assert set(watched.values()) <= {1, 2, 3}
    logger.unwatch(model)
    trainer(logger, max_epochs=1).fit(model, data)
    again = read(logger.experiment)
    assert {key: len(again.over(STEP, key)) for key in watched} == watched


def test_fabric(read):
    logger = TrackerLogger()
    fabric = Fabric(accelerator="cpu", devices=1, loggers=logger)
    fabric.launch()
    fabric.log_dict({"loss": 0.5}, step=7)
    assert read(logger.experiment).over(STEP, "loss") == [(7, 0.5)]


class Own(CSVLogger):
    def mine(self):
        return "mine"


class TestMagic:
    @pytest.fixture
    def run(self):
        with tracker.init(project="p", magic=True, settings={"silent": True}) as run:
            yield run

    @pytest.mark.parametrize(("namespace", "model"), [(pl, Model), (lightning.pytorch, OtherModel)])
    def test_trainer_without_a_word_is_logged_and_keeps_its_own_logger_first(self, namespace, model, data, run, read):
        own = namespace.loggers.CSVLogger("csv")
        fitting = trainer(own, namespace)
        fitting.fit(model(), data, data)
        assert fitting.logger is own
        assert fitting.log_dir == own.log_dir
        assert read(run).over(STEP, "loss_step") == logged(Path(own.log_dir, "metrics.csv"))["loss_step"]
        assert read(run).config["lr"] == 0.1

    def test_loggers_of_the_trainer_are_those_of_the_user(self, data, run, read):
        loggers = [Own("csv"), Own("other")]
        fitting = trainer(loggers, callbacks=[LearningRateMonitor("step")])
        fitting.fit(Model(), data, data)
        assert fitting.loggers == loggers
        assert [logger.mine() for logger in fitting.model.loggers] == ["mine"] * 2
        recorded = read(run)
        expected = logged(Path(loggers[0].log_dir, "metrics.csv"))
        for name in ("loss_step", "loss_epoch", "val_loss", "lr-SGD"):
            assert recorded.over(STEP, name) == expected[name], name
        again = pickle.loads(pickle.dumps(fitting))
        assert [type(logger) for logger in again.loggers] == [Own, Own]

    def test_checkpoints_are_logged(self, data, read):
        with tracker.init(project="p", magic={"pytorch_lightning": {"log_model": True}}) as run:
            kept = ModelCheckpoint(monitor="val_loss")
            trainer(CSVLogger("csv"), enable_checkpointing=True, callbacks=[kept]).fit(Model(), data, data)
        assert read(run).summary["checkpoint"]["val_loss"]["path"] == kept.best_model_path
        assert tracker.Api().artifact(f"p/model-{run.id}:best")

    def test_nothing_is_patched_while_no_trainer_runs(self, data, run):
        before = inspect.getattr_static(CSVLogger, "log_metrics")
        fitting = trainer(CSVLogger("csv"))
        fitting.fit(Model(), data)
        with pytest.raises(RuntimeError, match="of the training"):
            trainer(CSVLogger("csv")).fit(Model(fail_at=1), data)
        assert inspect.getattr_static(CSVLogger, "log_metrics") is before

    def test_mirrored_tensorboard_logger_tells_the_metrics_once(self, data, read):
        with tracker.init(magic=True, sync_tensorboard=True, settings={"silent": True}) as run:
            own, board = pl.loggers.CSVLogger("csv"), pl.loggers.TensorBoardLogger("board")
            trainer([board, own]).fit(Model(), data, data)
        recorded = read(run)
        expected = logged(Path(own.log_dir, "metrics.csv"))
        for name in ("loss_step", "loss_epoch", "val_loss"):
            assert recorded.series(name) == [(step, pytest.approx(value)) for step, value in expected[name]]
        assert recorded.config["lr"] == 0.1

    def test_what_the_user_chose_stands(self, data, run, read):
        ours = TrackerLogger()
        assert trainer(ours).loggers == [ours]
        assert trainer(False).loggers == []
        trainer(CSVLogger("csv"), fast_dev_run=True).fit(Model(), data)
        assert read(run).rows == []

    def test_failing_tracker_is_unseen_and_nothing_is_left(self, data, monkeypatch, caplog):
        before = vars(pl.Trainer)["__init__"]
        run = tracker.init(magic=True, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "log", fail)
        fitting = trainer(CSVLogger("csv"))
        assert vars(pl.Trainer)["__init__"] is not before
        fitting.fit(Model(), data)
        run.finish()
        assert fitting.global_step == 8
        assert "the disk is full" in caplog.text
        assert vars(pl.Trainer)["__init__"] is before


SCRIPT = """
import os, signal, sys
import pytorch_lightning as pl, torch
from torch.utils.data import DataLoader, TensorDataset
import tracker_core as tracker
from tracker_integrations.lightning import TrackerLogger

class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        if sys.argv[1] == "fail" and self.global_step == 2:
            raise RuntimeError("of the training")
        if sys.argv[1] == "interrupt" and self.global_step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        loss = self.layer(batch[0]).square().mean()
        self.log("loss", loss)
        return loss

    def test_step(self, batch, index):
        self.log("test_loss", self.layer(batch[0]).square().mean(), sync_dist=True)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

if __name__ == "__main__":
    data = DataLoader(TensorDataset(torch.ones(16, 4)), batch_size=2)
    several = sys.argv[1].startswith("ddp")
    trainer = pl.Trainer(
        max_epochs=1, accelerator="cpu", log_every_n_steps=1, logger=TrackerLogger(project="p"),
        devices=2 if several else 1, strategy=sys.argv[1] if several else "auto",
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
    )
    model = Model()
    trainer.fit(model, data)
    trainer.test(model, data)
"""


@pytest.fixture
def script(distributed):
    Path("train.py").write_text(SCRIPT)
    return lambda mode: distributed(sys.executable, "train.py", mode, PYTHONWARNINGS="ignore")


@pytest.mark.parametrize(("mode", "state"), [("fail", "failed"), ("interrupt", "killed")])
def test_how_the_script_ends_is_how_the_run_ends(mode, state, script, read):
    done = script(mode)
    recorded = read()
    # Lightning makes sys.exit(1) of an interrupt, too.
    assert (done.returncode, recorded.state, recorded.exit_code) == (1, state, 1), done.stderr
    assert [step for step, _ in recorded.over(STEP, "loss")] == [0, 1]


@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp"])
def test_two_processes_make_one_run(strategy, script, read):
    done = script(strategy)
    assert done.returncode == 0, done.stderr
    recorded = read()
    assert recorded.state == "finished"
    assert [step for step, _ in recorded.over(STEP, "loss")] == [0, 1, 2, 3]
    assert len(recorded.over(STEP, "test_loss")) == 1
