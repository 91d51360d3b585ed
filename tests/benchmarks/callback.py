"""What the callback of each framework costs a step, beside the same framework's with wandb, offline, and TensorBoard.

    python tests/benchmarks/callback.py [FRAMEWORK ...]

Microseconds a step, each cell in a process of its own: the least of several rounds of rows given to a logger, or the
median of the calls in a training of 300 iterations. Look at differences, and at a quiet machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import environment

TRACKERS = ("tracker", "wandb", "tensorboard")
PACKAGES = {
    "accelerate": "accelerate",
    "catboost": "catboost",
    "lightgbm": "lightgbm",
    "lightning": "pytorch-lightning",
    "stable_baselines3": "stable-baselines3",
    "transformers": "transformers[torch]",
    "xgboost": "xgboost-cpu",
}
WITHOUT = {"tensorboard": ("catboost", "lightgbm", "xgboost"), "wandb": ("stable_baselines3",)}
"""Where there is no such integration; wandb's of Stable-Baselines3 mirrors TensorBoard."""
QUIET = {"silent": True}
ROW = {"loss": 0.5, "grad_norm": 1.5, "learning_rate": 0.001, "epoch": 0.25}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("framework", nargs="*", help=", ".join(PACKAGES))
    chosen = parser.parse_args().framework or list(PACKAGES)
    versions = environment.prepare(list(TRACKERS)) | environment.complete(
        ["scikit-learn", *(PACKAGES[framework] for framework in chosen)]
    )
    print("µs a step".ljust(20), *(name.rjust(12) for name in TRACKERS))
    for framework in chosen:
        cells = [_child(framework, name) for name in TRACKERS]
        shown = ["-" if cell is None else f"{cell:.1f}" for cell in cells]
        print(framework.ljust(20), *(cell.rjust(12) for cell in shown), flush=True)
    print(", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if version))


def _child(framework: str, name: str) -> float | None:
    """None where there is no such integration, or it does not run."""
    if framework in WITHOUT.get(name, ()):
        return None
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as place:
        variables = environment.variables(Path(place)) | {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        words = [str(environment.PYTHON), "-W", "ignore", __file__, "--child", framework, name]
        done = subprocess.run(words, cwd=place, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{framework} with {name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def least(step, count=1000, rounds=7):
    """Microseconds that one of `count` steps takes in the best round."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for number in range(count):
            step(number)
        found.append((time.perf_counter() - start) / count * 1e6)
    return min(found)


class Timed:
    """A function and how long its calls took."""

    def __init__(self, function):
        self.function = function
        self.seconds = []

    def __call__(self, *args, **kwargs):
        start = time.perf_counter()
        try:
            return self.function(*args, **kwargs)
        finally:
            self.seconds.append(time.perf_counter() - start)

    def median(self):
        return statistics.median(self.seconds) * 1e6


def started(name):
    """A run of `name`, where the integration wants one."""
    return importlib.import_module({"tracker": "tracker_core"}.get(name, name)).init(
        **({"settings": QUIET} if name == "tracker" else {})
    )


def part(name, framework):
    return importlib.import_module(f"{name}.integration.{framework}")


def samples():
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True)


def xgboost(name):
    import xgboost as xgb

    if name == "tracker":
        from tracker_integrations.xgboost import TrackerCallback as Callback
    else:
        Callback = part(name, "xgboost").WandbCallback  # noqa: N806 - it is a class
    started(name)
    callback = Callback()
    timed = callback.after_iteration = Timed(callback.after_iteration)
    data = xgb.DMatrix(*samples())
    params = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}
    xgb.train(params, data, 300, evals=[(data, "train")], verbose_eval=False, callbacks=[callback])
    return timed.median()


def lightgbm(name):
    import lightgbm as lgb

    if name == "tracker":
        from tracker_integrations.lightgbm import TrackerCallback as Callback
    else:
        Callback = part(name, "lightgbm").wandb_callback  # noqa: N806 - as above
    started(name)
    timed = Timed(Callback())
    data = lgb.Dataset(*samples())
    params = {"objective": "binary", "num_leaves": 4, "num_threads": 1, "verbosity": -1}
    lgb.train(params, data, 300, valid_sets=[data], callbacks=[timed])
    return timed.median()


def catboost(name):
    from catboost import CatBoostClassifier

    if name == "tracker":
        from tracker_integrations.catboost import TrackerCallback as Callback
    else:
        Callback = part(name, "catboost").WandbCallback  # noqa: N806 - as above
    started(name)
    callback = Callback()
    timed = callback.after_iteration = Timed(callback.after_iteration)
    model = CatBoostClassifier(iterations=300, depth=2, thread_count=1, verbose=False, allow_writing_files=False)
    model.fit(*samples(), callbacks=[callback])
    return timed.median()


def lightning(name):
    from pytorch_lightning import loggers

    if name == "tracker":
        from tracker_integrations.lightning import TrackerLogger

        logger = TrackerLogger(settings=QUIET)
    else:
        logger = {"wandb": loggers.WandbLogger, "tensorboard": loggers.TensorBoardLogger}[name](save_dir=".")

    def step(number):
        logger.log_metrics(metrics=dict(ROW), step=number)
        logger.save()  # Lightning calls it after every row

    return least(step, 200)


def transformers(name):
    import torch
    from transformers import Trainer, TrainingArguments

    if name == "tracker":
        import tracker_integrations.transformers  # noqa: F401 - so that its name is known
    started(name) if name != "tensorboard" else None
    arguments = TrainingArguments("out", report_to=[name], use_cpu=True, disable_tqdm=True)
    trainer = Trainer(torch.nn.Linear(1, 1), arguments)
    word = {"tracker": "TrackerCallback", "wandb": "WandbCallback", "tensorboard": "TensorBoardCallback"}[name]
    (callback,) = (each for each in trainer.callback_handler.callbacks if type(each).__name__ == word)
    trainer.state.logging_steps = 10
    callback.on_train_begin(arguments, trainer.state, trainer.control, model=trainer.model)

    def step(number):
        trainer.state.global_step = number + 1
        callback.on_log(arguments, trainer.state, trainer.control, logs=dict(ROW), model=trainer.model)

    return least(step, 500)


def accelerate(name):
    from accelerate import Accelerator

    if name == "tracker":
        import tracker_integrations.accelerate  # noqa: F401 - so that its name is known
    accelerator = Accelerator(cpu=True, log_with=[name], project_dir=".")
    accelerator.init_trackers("bench", init_kwargs={"tracker": {"settings": QUIET}})
    return least(lambda number: accelerator.log(dict(ROW), step=number), 500)


def stable_baselines3(name):
    from stable_baselines3.common import logger

    if name == "tracker":
        from tracker_integrations.stable_baselines3 import TrackerCallback, _Writer

        writer = _Writer(TrackerCallback(started(name)))
    else:
        writer = {"tensorboard": logger.TensorBoardOutputFormat}[name]("board")
    excluded = dict.fromkeys(ROW)
    return least(lambda number: writer.write(dict(ROW), excluded, number), 500)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        framework, name = sys.argv[2:]
        # Python puts this folder first, where a file may be called like a framework.
        sys.path[:] = [each for each in sys.path if each != str(Path(__file__).parent)]
        print(json.dumps(globals()[framework](name)))
    else:
        main()
