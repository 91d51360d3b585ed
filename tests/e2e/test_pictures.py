"""Pictures for the pages of docs/integrations: what the examples leave behind, as the run's page shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

import tracker_core as tracker

EXAMPLES = Path(__file__).parents[2] / "examples"
LEAVES = {
    "accelerate": "accelerate_diabetes.py",
    "catboost": "catboost_breast_cancer.py",
    "commandline": "commandline_magic.py",
    "gymnasium": "gymnasium_cartpole.py",
    "keras": "keras_digits.py",
    "lightgbm": "lightgbm_breast_cancer.py",
    "lightning": "lightning_digits.py",
    "optuna": "optuna_search.py",
    "ray": "ray_search.py",
    "sklearn": "sklearn_iris.py",
    "stable_baselines3": "stable_baselines3_cartpole.py",
    "tensorboard": "tensorboard_mirror.py",
    "torch": "torch_watch.py",
    "transformers": "transformers_digits.py",
    "xgboost": "xgboost_breast_cancer.py",
}

TABS = {"sklearn": "Media", "commandline": "Overview"}
"""Where there is more to see than the charts of numbers."""


@pytest.mark.skipif("DOCS_PICTURES" not in os.environ, reason="set DOCS_PICTURES to a folder to take them")
@pytest.mark.parametrize("leaf", LEAVES)
def test_picture_of_an_integration(leaf, serve, page, environment, tmp_path):
    quiet = {**environment, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy"}
    subprocess.run([sys.executable, str(EXAMPLES / LEAVES[leaf])], cwd=tmp_path, env=quiet, check=True)
    runs = tracker.Api(tmp_path / "tracker").runs()
    page.goto(f"{serve(tmp_path)}/project/{runs[0].project}")
    if len(runs) == 1:  # else they are seen best beside each other
        page.get_by_role("listitem").get_by_role("link", name=runs[0].name, exact=True).click()
        page.get_by_role("tab", name=TABS.get(leaf, "Charts")).click()
    expect(page.locator("canvas, figure, svg").first).to_be_visible()
    page.wait_for_timeout(3000)  # curves, tables and media come one after the other
    page.screenshot(path=Path(os.environ["DOCS_PICTURES"], f"{leaf}.png"))
