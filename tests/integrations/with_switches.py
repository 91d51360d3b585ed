"""A plug-in of pytest for others' tests: they run in a run with every switch on, and tell how each of them ended.

`TOLD_TO` names the file for that, `SWITCHES` says whether there is a run at all. Needs nothing of pytest's own report,
whose settings are the other project's.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

OUTCOMES = {}
EVERYTHING = dict.fromkeys(("catboost", "lightgbm", "torch", "xgboost"), True)


def pytest_sessionstart(session):
    if os.environ["SWITCHES"] == "on":
        import tracker_core as tracker

        tracker.init(dir=os.environ["RUN_DIR"], magic=EVERYTHING, sync_tensorboard=True, monitor_gym=True)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        OUTCOMES[report.nodeid] = report.outcome


def pytest_sessionfinish(session):
    Path(os.environ["TOLD_TO"]).write_text(json.dumps(OUTCOMES))
    if os.environ["SWITCHES"] == "on":
        import tracker_core as tracker

        print({part.module: part.state for part in tracker.run.magic})
        tracker.finish()
