"""What scripts written for other trackers ask for and this one does otherwise, with the way to go."""

from __future__ import annotations

ELSEWHERE = {
    "agent": "search with optuna or Ray Tune: their integrations track every trial as a run of one group",
    "controller": "search with optuna or Ray Tune: their integrations track every trial as a run of one group",
    "join": "call finish()",
    "require": "remove the call: there is nothing to switch on",
    "sagemaker_auth": "remove the call: runs are kept on the machine without a key",
    "setup": "remove the call: init() needs no preparation",
    "plots": "use tracker.plot",
    "sklearn": "from tracker_integrations import sklearn",
    "sweep": "search with optuna or Ray Tune: their integrations track every trial as a run of one group",
    "teardown": "call finish()",
    "termerror": "use the logging module",
    "termlog": "use print(): the output is captured with the run",
    "termwarn": "use warnings.warn(): the output is captured with the run",
    "util": "import what you need from the library that has it",
}
"""Public name elsewhere -> what to do here."""
