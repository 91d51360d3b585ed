"""A run that breaks in the middle of a training: every framework trains on as without it, and says so once.

Each training is given the callbacks of an integration, or none, and calls `strike` when it is under way.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pytest

import tracker_core as tracker

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.filterwarnings("ignore")]

X = np.linspace(-1, 1, 64, dtype="float32").reshape(16, 4)
Y = (X.sum(1) > 0).astype("int64")


def xgboost(ours, strike):
    import xgboost

    from tracker_integrations.xgboost import TrackerCallback

    class Strike(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            if epoch == 1:
                strike()
            return False

    told = {}
    matrix = xgboost.DMatrix(X, Y)
    callbacks = [*([TrackerCallback(log_model=True)] if ours else []), Strike()]
    xgboost.train(
        {"max_depth": 2, "nthread": 1},
        matrix,
        4,
        evals=[(matrix, "train")],
        evals_result=told,
        verbose_eval=False,
        callbacks=callbacks,
    )
    return told["train"]["rmse"], "train/rmse"


def lightgbm(ours, strike):
    import lightgbm

    from tracker_integrations.lightgbm import TrackerCallback

    def break_it(env):
        if env.iteration == 1:
            strike()

    break_it.order = 50
    told = {}
    data = lightgbm.Dataset(X, Y, params={"min_data_in_leaf": 1, "min_data_in_bin": 1})
    callbacks = [lightgbm.record_evaluation(told), break_it, *([TrackerCallback()] if ours else [])]
    params = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 1}
    lightgbm.train(params, data, 4, [data], ["train"], callbacks=callbacks)
    return told["train"]["l2"], "train/l2"


def catboost(ours, strike):
    from catboost import CatBoostRegressor

    from tracker_integrations.catboost import TrackerCallback

    class Strike:
        def after_iteration(self, info):
            if info.iteration == 2:
                strike()
            return True

    model = CatBoostRegressor(iterations=4, depth=2, thread_count=1, allow_writing_files=False, verbose=False)
    model.fit(X, Y, callbacks=[*([TrackerCallback()] if ours else []), Strike()])
    return model.get_evals_result()["learn"]["RMSE"], "learn/RMSE"


def keras(ours, strike):
    import keras

    from tracker_integrations.keras import TrackerCallback, TrackerEvaluation, TrackerModelCheckpoint

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    break_it = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: strike() if epoch == 2 else None)
    callbacks = [TrackerCallback("batch"), TrackerEvaluation(X[:2]), TrackerModelCheckpoint("m.keras")] if ours else []
    history = model.fit(X, Y, batch_size=8, epochs=4, verbose=0, shuffle=False, callbacks=[break_it, *callbacks])
    return history.history["loss"], "epoch/loss"


def lightning(ours, strike):
    import pytorch_lightning as pl
    import torch

    from tracker_integrations.lightning import TrackerLogger

    losses = []

    class Model(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch, index):
            if self.global_step == 2:
                strike()
            loss = (self.layer(batch[0])[:, 0] - batch[1]).square().mean()
            self.log("loss", loss)
            losses.append(loss.item())
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    torch.manual_seed(0)
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=TrackerLogger(log_model=True) if ours else False,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir="lightning",
    )
    trainer.fit(Model(), torch.utils.data.DataLoader(rows, batch_size=8))
    return losses, "loss"


def transformers(ours, strike):
    import torch
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments

    from tracker_integrations.transformers import TrackerCallback

    class Strike(TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            if state.global_step == 2:
                strike()

    torch.manual_seed(0)
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = BertForSequenceClassification(BertConfig(vocab_size=8, max_position_embeddings=4, **small))
    rows = [{"input_ids": torch.tensor([n % 8, n % 3]), "labels": n % 2} for n in range(8)]
    args = TrainingArguments(
        "out", max_steps=4, logging_steps=1, save_strategy="no", use_cpu=True, report_to="none", disable_tqdm=True
    )
    callbacks = [Strike(), *([TrackerCallback(log_model="end")] if ours else [])]
    trainer = Trainer(model, args, train_dataset=rows, callbacks=callbacks)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry], "train/loss"


def accelerate(ours, strike):
    import torch
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    from tracker_integrations.accelerate import TrackerTracker

    accelerator = Accelerator(cpu=True, log_with=TrackerTracker() if ours else None)
    accelerator.init_trackers("p", {"lr": 0.1})
    torch.manual_seed(0)
    model, losses = torch.nn.Linear(4, 1), []
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), 0.1))
    for step in range(4):
        if step == 2:
            strike()
        loss = (model(torch.from_numpy(X))[:, 0] - torch.from_numpy(Y)).square().mean()
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        accelerator.log({"loss": losses[-1]}, step=step)
    accelerator.end_training()
    AcceleratorState._reset_state(reset_partial_state=True)
    return losses, "loss"


def watched(ours, strike):
    import torch

    torch.manual_seed(0)
    model, losses = torch.nn.Linear(4, 1), []
    if ours:
        tracker.run.watch(model, log_freq=1, log="all")
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for step in range(4):
        if step == 2:
            strike()
        loss = (model(torch.from_numpy(X))[:, 0] - torch.from_numpy(Y)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, "gradients/norm"


TRAININGS = [xgboost, lightgbm, catboost, keras, lightning, transformers, accelerate, watched]


@pytest.mark.parametrize("train", TRAININGS, ids=lambda train: train.__name__)
def test_training_continues_without_its_run(train, hazard, read, caplog):
    expected, _ = train(False, lambda: None)
    run = tracker.init(project="p", settings={"silent": True, "console": "off"})
    told, key = train(True, lambda: hazard(run))
    assert told == expected
    assert tracker.run in (None, run), "no other run was started"
    warnings = [record.message for record in caplog.records if record.name == "tracker"]
    assert len(warnings) <= 1
    assert len(read(run).over(key, key)) >= 1
    if train is not watched:  # which ends with its run
        assert len(warnings) == 1
