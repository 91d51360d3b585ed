"""What scripts written for other trackers ask for and this one does otherwise, with the way to go.

`tracker_core` asks here when it lacks a name, and Python when it finds no module of that name below the package.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "tracker.name"
"""Entry points: a name that users expect in the module -> what an integration has for it."""

_SEARCH = "search with optuna or Ray Tune: their integrations track every trial as a run of one group"

ELSEWHERE = {
    "agent": _SEARCH,
    "apis": "use tracker.Api",
    "box3d": "give Object3D a scene whose boxes have eight corners each",
    "controller": _SEARCH,
    "data_types": "the types are the module's own, as tracker.Table and tracker.Image",
    "env": "settings are read from TRACKER_* variables; docs/guide.md lists them",
    "errors": "the errors are the module's own, as tracker.UsageError",
    "join": "call finish()",
    "launch": "start runs with the scheduler that you have; each calls init()",
    "plots": "use tracker.plot",
    "require": "remove the call: there is nothing to switch on",
    "sagemaker_auth": "remove the call: runs are kept on the machine without a key",
    "sdk": "use the module's own names, as tracker.Run and tracker.Artifact",
    "setup": "remove the call: init() needs no preparation",
    "sweep": _SEARCH,
    "teardown": "call finish()",
    "tensorboard": "call init(sync_tensorboard=True)",
    "tensorflow": "call init(sync_tensorboard=True)",
    "termerror": "use the logging module",
    "termlog": "use print(): the output is captured with the run",
    "termwarn": "use warnings.warn(): the output is captured with the run",
    "util": "run.id is made by init(); for an id of your own, secrets.token_hex(4)",
    "visualize": "use tracker.plot",
    "wandb_run": "use tracker.Run",
    "wandb_sdk": "use the module's own names, as tracker.Run and tracker.Artifact",
}
"""Public name elsewhere -> what to do here."""

RUN = {
    "finish_artifact": "log_artifact() keeps an artifact whole; give what each process makes a name of its own",
    "join": "call finish()",
    "pin_config_keys": "choose the columns in the table of `tracker ui`",
    "state": "a Run is running until finish(); tracker.Api().run(run.path).state tells of any other",
    "upsert_artifact": "log_artifact() keeps an artifact whole; give what each process makes a name of its own",
    "use_run": "tracker.Api().run(path) reads another run",
    "write_logs": "use print(): the output is captured with the run",
}
"""What runs have elsewhere -> what to do here."""

API = {
    "sweep": _SEARCH,
    "report": "notes belong to runs here: run.notes",
    "create_run": "call init()",
    "artifact_versions": "call artifacts(name)",
    "artifact_collection": "call artifacts(name)",
    "team": "there are no accounts on one's own machine",
    "user": "there are no accounts on one's own machine",
    "viewer": "there are no accounts on one's own machine",
    "entity": "there are no accounts on one's own machine",
}
"""Part of what an Api has elsewhere -> what to do here."""

API_RUN = {
    "json_config": "config is the same as a dict",
    "logged_files": "call files()",
    "rawconfig": "config is the same as a dict",
    "raw_config": "config is the same as a dict",
    "beta_scan_history": "call scan_history()",
    "stop": "end the process that writes it, as with Ctrl-C or `kill`",
    "sweep": "runs of one search share a group: run.group",
    "sweep_name": "runs of one search share a group: run.group",
    "user": "there are no accounts on one's own machine; run.metadata tells who started it",
}
"""What runs of an Api have elsewhere -> what to do here."""

ARTIFACT = {
    "collection": "tracker.Api().artifacts(name) lists all versions of a name",
    "commit_hash": "digest tells contents apart",
    "get_added_local_path_name": "files are copied when they are added; get_entry(name) gives one",
    "history_step": "created_at says when it was logged",
    "json_encode": "metadata, files() and manifest hold what is in it",
    "linked_artifacts": "source_qualified_name leads from a link to its version",
    "updated_at": "created_at says when the version was made; its files never change",
    "versions": "tracker.Api().artifacts(name) lists all versions of a name",
}
"""What artifacts have elsewhere -> what to do here."""

_KNOWN_AS = {"fabric": "lightning", "gym": "gymnasium", "sb3": "stable_baselines3"}
"""Integrations under the names that they have elsewhere."""

_UNSERVED = frozenset("diffusers dspy fastai kfp langchain metaflow openai prodigy sacred ultralytics".split())


def advice(name: str) -> str:
    """What to do instead of asking for `name` ("keras", "integration.keras"); empty when nobody knows."""
    from importlib.util import find_spec

    parts = [part for part in name.split(".") if part != "integration"]
    if not parts:
        return ""
    first = parts[0]
    leaf = _KNOWN_AS.get(parts[-1], _KNOWN_AS.get(first, first))
    if first in ELSEWHERE:
        return ELSEWHERE[first]
    if find_spec("tracker_integrations") is not None and find_spec(f"tracker_integrations.{leaf}") is not None:
        return f"import from tracker_integrations.{leaf}; docs/integrations/{leaf}.md shows how"
    if first in _UNSERVED:
        return "there is no such integration yet: call log() where it reports; docs/integrations/writing-your-own.md"
    return ""


def provided(name: str) -> Any:
    """What an installed integration has under `name` of the module. Raises AttributeError when there is none."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=name):
        return entry.load()
    raise AttributeError(name)


class Guide:
    """The last of Python's finders: says what to import for a module that other trackers have and this one has not.

    Modules of anybody else are none of its business.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        del path, target
        package, _, rest = name.partition(".")
        if package == "tracker_core" and rest and (hint := advice(rest)):
            raise ModuleNotFoundError(f"No module named {name!r}: {hint}", name=name)


def guide() -> None:
    """Puts `Guide` where Python looks last."""
    if Guide not in sys.meta_path:
        sys.meta_path.append(Guide)
