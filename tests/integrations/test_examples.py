"""The examples of integrations run as they are and leave a finished run with what they are about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
UNBROKEN = pytest.mark.skipif(" " in sys.executable, reason="Ray starts no worker where the path of Python has a blank")


@pytest.mark.parametrize(
    ("example", "metric", "above"),
    [
        ("lightning_digits.py", "val_accuracy", 0.8),
        ("keras_digits.py", "epoch/val_accuracy", 0.8),
        ("tensorboard_mirror.py", "accuracy", 0.8),
        ("gymnasium_cartpole.py", "best", 50.0),
        ("sklearn_iris.py", "accuracy", 0.9),
        ("optuna_search.py", "accuracy", 0.6),
        ("commandline_magic.py", "x", -1.0),
        ("torch_watch.py", "accuracy", 0.9),
        ("accelerate_diabetes.py", "loss", 0.1),
        pytest.param("ray_search.py", "accuracy", 0.8, marks=UNBROKEN),
        ("transformers_digits.py", "eval/accuracy", 0.5),
        ("xgboost_breast_cancer.py", "test/auc", 0.9),
        ("lightgbm_breast_cancer.py", "test/auc", 0.9),
        ("catboost_breast_cancer.py", "validation/AUC", 0.9),
        ("stable_baselines3_cartpole.py", "rollout/ep_len_mean", 10.0),
    ],
)
def test_example(example, metric, above, read):
    environment = {**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, EXAMPLES / example], env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    recorded = read()
    assert recorded.state == "finished"
    assert recorded.series(metric)[-1][1] > above
