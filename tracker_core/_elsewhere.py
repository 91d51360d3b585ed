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
    "Config": "a run's config is run.config; give its first values to init(config=...)",
    "InternalApi": "use tracker.Api",
    "PublicApi": "use tracker.Api",
    "Summary": "a run's summary is run.summary",
    "Sweep": _SEARCH,
    "active_run": "use tracker.run",
    "agent": _SEARCH,
    "apis": "use tracker.Api",
    "attach": "worker processes log to the run that they inherit or get by pickle",
    "autolog": "call init(magic=True)",
    "beta": "use the module's own names, as tracker.Run and tracker.Artifact",
    "box3d": "give Object3D a scene whose boxes have eight corners each",
    "controller": _SEARCH,
    "data_types": "the types are the module's own, as tracker.Table and tracker.Image",
    "dryrun": "call init(mode='offline')",
    "end_run": "call finish()",
    "ensure_configured": "remove the call: init() needs no preparation",
    "env": "settings are read from TRACKER_* variables; docs/guide.md lists them",
    "errors": "the errors are the module's own, as tracker.UsageError",
    "history": "tracker.Api().run(run.path).history() reads what was logged",
    "join": "call finish()",
    "jupyter": "remove it: a run shows itself in a notebook",
    "launch": "start runs with the scheduler that you have; each calls init()",
    "lib": "use the module's own names, as tracker.Run and tracker.Artifact",
    "log_metric": "call log({name: value})",
    "log_metrics": "call log({name: value})",
    "log_param": "set it in run.config, or give it to init(config=...)",
    "log_params": "call run.config.update(params), or init(config=params)",
    "offline": "call init(mode='offline')",
    "old": "use the module's own names, as tracker.Run and tracker.Artifact",
    "plots": "use tracker.plot",
    "require": "remove the call: there is nothing to switch on",
    "run_name": "use run.name",
    "sagemaker_auth": "remove the call: runs are kept on the machine without a key",
    "save_code": "call init(save_code=True) or run.log_code()",
    "sdk": "use the module's own names, as tracker.Run and tracker.Artifact",
    "set_experiment": "call init(project=...)",
    "set_tag": "call init(tags=[...]), or run.tags += (tag,)",
    "set_tags": "call init(tags=[...]), or run.tags += (tag,)",
    "setup": "remove the call: init() needs no preparation",
    "start_run": "call init()",
    "sweep": _SEARCH,
    "sync": "run `tracker sync` in a shell",
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
    "add_tag": "run.tags += (tag,)",
    "add_tags": "run.tags += tuple(tags)",
    "config_static": "run.config.as_dict() is a copy",
    "delete": "tracker.Api().run(run.path).delete() deletes a run that has ended",
    "entity_name": "use run.entity",
    "exit_code": "tracker.Api().run(run.path).exit_code tells it after finish()",
    "file": "tracker.Api().run(run.path).file(name)",
    "files": "tracker.Api().run(run.path).files()",
    "finish_artifact": "log_artifact() keeps an artifact whole; give what each process makes a name of its own",
    "history": "tracker.Api().run(run.path).history() reads what was logged",
    "host": "tracker.Api().run(run.path).metadata tells where the run was started",
    "join": "call finish()",
    "json_config": "run.config.as_dict() is a copy",
    "log_metric": "call log({name: value})",
    "log_metrics": "call log(metrics)",
    "log_param": "run.config[name] = value",
    "log_params": "call run.config.update(params)",
    "mark_failed": "call finish(exit_code=1)",
    "pin_config_keys": "choose the columns in the table of `tracker ui`",
    "program": "tracker.Api().run(run.path).metadata tells how the run was started",
    "project_name": "use run.project",
    "run_id": "use run.id",
    "set_name": "run.name = name",
    "start_timestamp": "use run.start_time",
    "state": "a Run is running until finish(); tracker.Api().run(run.path).state tells of any other",
    "stop": "call finish()",
    "summary_metrics": "dict(run.summary) is a copy",
    "upload_file": "call save(path)",
    "upsert_artifact": "log_artifact() keeps an artifact whole; give what each process makes a name of its own",
    "use_run": "tracker.Api().run(path) reads another run",
    "wait": "finish() waits for what is left to be uploaded",
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
        return "integrations are imported as tracker_integrations.keras; authors import tracker_core.integration"
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
            # Without `name`: `from package import name` would replace the message of a module that it asked for.
            raise ModuleNotFoundError(f"No module named {name!r}: {hint}")


def guide() -> None:
    """Puts `Guide` where Python looks last."""
    if Guide not in sys.meta_path:
        sys.meta_path.append(Guide)
