"""What integrations add to one step, beside the framework's own loggers: python tests/benchmarks/integrations.py

Microseconds, the least of several rounds. Look at differences, and at a quiet machine.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")

import gymnasium
import keras
import pytorch_lightning as pl
import torch
from gymnasium.wrappers import RecordEpisodeStatistics
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from torch.utils.tensorboard import SummaryWriter

import tracker_core as tracker
from tracker_integrations.keras import TrackerCallback
from tracker_integrations.lightning import TrackerLogger

QUIET = {"silent": True}


def least(step, count=1000, rounds=9):
    """Microseconds that one of `count` steps takes in the best round."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for number in range(count):
            step(number)
        found.append((time.perf_counter() - start) / count * 1e6)
    return min(found)


def scalar(folder):
    with SummaryWriter(folder, max_queue=100_000, flush_secs=600) as writer:
        return least(lambda number: writer.add_scalar("loss", 0.5, number))


def played():
    env = RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))
    env.reset(seed=0)

    def step(number):
        *_, terminated, truncated, _info = env.step(number % 2)
        if terminated or truncated:
            env.reset()

    return least(step, 5000)


def lightning(logger):
    row = {"loss": 0.5, "accuracy": 0.25, "epoch": 1}

    def step(number):
        logger.log_metrics(metrics=dict(row), step=number)
        logger.save()  # Lightning calls it after every row

    return least(step, 200, 5)


def keras_batch():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = TrackerCallback(log_freq="batch")
    callback.set_model(model)
    callback.on_train_begin()
    return least(lambda batch: callback.on_train_batch_end(batch, logs={"loss": 0.5, "accuracy": 0.25}))


def optimizer_step():
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs = torch.randn(32, 64)

    def step(number):
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()

    return least(step)


def main():
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        os.chdir(place)
        figures = {"add_scalar": scalar("without"), "CartPole step": played()}
        figures["torch step"] = optimizer_step()
        with tracker.init(magic={"torch": True}, settings=QUIET):
            figures["torch step, magic"] = optimizer_step()
        with tracker.init(magic={"torch": {"log_freq": 1}}, settings=QUIET):
            figures["torch step, magic at each"] = optimizer_step()
        with tracker.init(sync_tensorboard=True, settings=QUIET):
            figures["add_scalar, sync_tensorboard"] = scalar("with")
        with tracker.init(monitor_gym=True, settings=QUIET):
            figures["CartPole step, monitor_gym"] = played()
        for logger in (CSVLogger("csv"), TensorBoardLogger("board")):
            figures[f"Lightning row, {type(logger).__name__}"] = lightning(logger)
        with tracker.init(settings=QUIET):
            figures["Lightning row, TrackerLogger"] = lightning(TrackerLogger())
            figures["Keras batch, TrackerCallback"] = keras_batch()
    print(f"pytorch_lightning {pl.__version__}, keras {keras.__version__}, gymnasium {gymnasium.__version__}")
    for name, figure in sorted(figures.items()):
        print(f"{name:32} {figure:8.1f} µs")


if __name__ == "__main__":
    main()
