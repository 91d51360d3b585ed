"""`init()` and what belongs to the process rather than to one run: the current run, exits, forks, ranks."""

from __future__ import annotations

import copyreg
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tracker_core import (
    _active_run,
    _companions,
    _config_source,
    _exit,
    _failure,
    _names,
    _notice,
    _past,
    _rank,
    _settings,
)
from tracker_core import _records as records
from tracker_core._errors import ConfigError, UsageError
from tracker_core._folder import RunFolder
from tracker_core._locks import Lock
from tracker_core._run import Run
from tracker_core._snapshot import Snapshot
from tracker_core._start import in_notebook, make, opener, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core._settings import Settings

_lock = Lock()
_runs: list[Run] = []
_current: Run | None = None
_outlived: list[Run] = []
"""Runs that went well although the process is about to end by an exception: it is that of an earlier run."""
_attached: list[Run] = []
"""Runs of other processes that this one writes to."""


def init(
    project: str | None = None,
    entity: str | None = None,
    *,
    name: str | None = None,
    id: str | None = None,  # noqa: A002 - the name that users know
    group: str | None = None,
    job_type: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | str | None = None,
    config: Any = None,
    config_include_keys: Sequence[str] | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    dir: str | os.PathLike[str] | None = None,  # noqa: A002
    save_code: bool | None = None,
    sync_tensorboard: bool | dict[str, Any] | None = None,
    tensorboard: bool | None = None,
    monitor_gym: bool | dict[str, Any] | None = None,
    magic: bool | str | Mapping[str, Any] | None = None,
    resume: bool | str | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    reinit: bool | str | None = None,
    anonymous: Literal["allow", "never", "must"] | None = None,
    force: bool | None = None,
    mode: Literal["online", "offline", "disabled", "dryrun", "run"] | None = None,
    ranks: Literal["join", "own", "main"] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
) -> Run:
    """Starts a run, or goes on with one, and makes it the current run.

    What is not given comes from `TRACKER_*` variables, the workspace's and the user's settings file, read anew each
    time. Returns in milliseconds: git, packages and hardware are looked up by the run's background process.

    Raises UsageError for arguments that cannot be used, ConfigError for a config file that cannot be read, and
    LaunchError where `force=True` asks for a login that is not there.
    """
    given = _given(settings)
    arguments: dict[str, Any] = {
        "project": project,
        "entity": entity,
        "name": name,
        "id": id,
        "group": group,
        "job_type": job_type,
        "notes": notes,
        "tags": None if tags is None else _names.check_tags(tags),
        "dir": dir,
        "mode": mode,
        "ranks": ranks,
        "resume": resume,
        "reinit": reinit,
        "anonymous": anonymous,
        "force": force,
        "magic": dict(magic) if isinstance(magic, Mapping) else magic,
        "monitor_gym": monitor_gym,
        "sync_tensorboard": sync_tensorboard if sync_tensorboard is not None else tensorboard,
        "save_code": save_code,
        "allow_val_change": allow_val_change,
    }
    chosen = _settings.gather(arguments, given)
    own = _own_config(config, config_include_keys, config_exclude_keys)
    with _lock:
        if (active := _active(chosen)) is not None:
            asked = {**given, **arguments, "resume_from": resume_from, "fork_from": fork_from}
            _active_run.reuse(active, asked, chosen, own)
            return active
        if _imports_main() and chosen.mode != "disabled":
            return _start_again(chosen)
        values = _default_config(chosen) | own
        run = start(chosen, resume_from=resume_from, fork_from=fork_from, config=values, opened=_companions.start)
        if run.resumed or fork_from is not None:
            run.config.update(values, allow_val_change=True)
        else:
            run.config.update(values)
        _open(run)
        return run


def _start_again(settings: Settings) -> Run:
    """What `init` does where a child process imports the main module, whose run the parent has started already."""
    run = _inherit()
    if run is None:  # the parent has none: nothing of a mere import is to be kept
        run = start(
            msgspec.structs.replace(settings, mode="disabled"),
            resume_from=None,
            fork_from=None,
            config={},
            opened=_open,
        )
    if run not in _runs:
        _open(run)
    return run


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Ends the current run; does nothing when there is none."""
    if _current is not None:
        _current.finish(exit_code, quiet)


def current() -> Run | None:
    """The run that `tracker.log()` and its like speak to."""
    return _current


def open_runs() -> tuple[Run, ...]:
    """The runs that this process has begun and not ended, oldest first."""
    return tuple(_runs)


def need() -> Run:
    """The current run; UsageError when there is none."""
    if _current is None and _child():
        _inherit()
    if _current is None:
        raise UsageError("there is no run: call tracker.init() first")
    return _current


@contextmanager
def stand_in(run: Run) -> Iterator[Run]:
    """Makes `run` the current run for a while, and nothing else of what `init` does."""
    global _current  # noqa: PLW0603
    before, _current = _current, run
    try:
        yield run
    finally:
        _current = before


def attach(folder: str, run_id: str, project: str, attempt: int, step: int = 0) -> Run:
    """The run of another process, as a pickled Run becomes here: it logs to a journal of its own.

    `log` without a step continues after the last step that any process has logged, or from `step` if that is later.
    """
    path = Path(folder)
    for run in (*_runs, *_attached):
        if run._joining is None and run.folder.path == path and not run._logbook.closed:
            return run
    past = _past.Glance(Snapshot(id=run_id, project=project), {})
    if path.is_dir():
        past = _past.glance(RunFolder(path))
    snapshot = past.snapshot
    mode: records.Mode = snapshot.last.mode if snapshot.last is not None else "disabled"
    open_own = opener(RunFolder(path), f"worker-{os.getpid()}", run_id, attempt, buffered=None)
    run = make(snapshot, RunFolder(path), None, open_own, _settings.gather({}), mode=mode, owner=False)
    run.config.restore(snapshot.config)
    run._logbook.take_over(max(step, past.next_step) - 1, {}, {}, {})
    _attached.append(run)
    return run


def _reduce(run: Run) -> tuple[Any, ...]:
    return attach, (str(run.folder.path), run.id, run.project, run.attempt, run.step)


def _child() -> bool:
    """Whether multiprocessing (or what builds on it: joblib, torch) started this process."""
    module = sys.modules.get("multiprocessing.process")
    return module is not None and module.parent_process() is not None


def _imports_main() -> bool:
    """Whether the main module is being imported again, as spawned children and fork servers do."""
    module = sys.modules.get("multiprocessing.process")
    return module is not None and getattr(module.current_process(), "_inheriting", False)


def _inherit() -> Run | None:
    """Makes the run of the process that started this one the current run; None where it has none."""
    global _current  # noqa: PLW0603
    note = _rank.inherited()
    if note is None or not note.path.is_dir():
        return None
    project = _past.identify(RunFolder(note.path)).project
    _current = attach(str(note.path), note.run, project, note.attempt)
    return _current


copyreg.pickle(Run, _reduce)  # here, because a Run knows nothing of the session that it is attached to


def _given(settings: Mapping[str, Any] | Settings | None) -> dict[str, Any]:
    if settings is None:
        return {}
    if isinstance(settings, _settings.Settings):
        defaults = _settings.Settings()
        return {
            name: value
            for name in settings.__struct_fields__
            if (value := getattr(settings, name)) != getattr(defaults, name)
        }
    if not isinstance(settings, Mapping):
        raise UsageError(f"settings={settings!r} must be a mapping or tracker.Settings")
    return dict(settings)


def _default_config(settings: Settings) -> dict[str, Any]:
    """The config below `init(config=)`: the defaults file, then the config files of the settings."""
    values: dict[str, Any] = {}
    if Path(_config_source.DEFAULTS_FILE).is_file():
        try:
            values |= _config_source.read_file(Path(_config_source.DEFAULTS_FILE))
        except ConfigError:
            raise
        except UsageError as error:  # no YAML here; nobody asked for the file
            _notice.warn(f"ignoring {_config_source.DEFAULTS_FILE}: {error}")
    for path in settings.config_paths:
        values |= _config_source.read_file(Path(path))
    return values


def _own_config(config: Any, include: Sequence[str] | None, exclude: Sequence[str] | None) -> dict[str, Any]:
    if include and exclude:
        raise UsageError("config_include_keys and config_exclude_keys exclude each other: give one of them")
    include, exclude = _keys("config_include_keys", include), _keys("config_exclude_keys", exclude)
    own = _config_source.load(config)
    if include:
        own = {key: value for key, value in own.items() if key in include}
    if exclude:
        own = {key: value for key, value in own.items() if key not in exclude}
    return own


def _keys(argument: str, keys: Any) -> list[str]:
    if keys is None:
        return []
    names = [keys] if isinstance(keys, str) else list(keys) if isinstance(keys, Iterable) else [keys]
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise UsageError(f"{argument}={keys!r} must be a list of config keys; {wrong[0]!r} is no string")
    return names


def _active(settings: Settings) -> Run | None:
    """The run to give back instead of starting one, after what `reinit` asks for is done."""
    wanted = settings.reinit
    if isinstance(wanted, str):
        wanted = {"true": True, "1": True, "false": False, "0": False}.get(wanted.lower(), wanted.lower())
    if wanted in (None, "default"):
        wanted = in_notebook()
    if wanted in (True, "finish_previous"):
        _end_all()
        return None
    if wanted in (False, "return_previous"):
        return _current
    if wanted != "create_new":
        raise UsageError(
            f"reinit={settings.reinit!r} must be True, False, 'return_previous', 'finish_previous' or 'create_new'"
        )
    return None


def _open(run: Run) -> None:
    """Makes a run the current one and opens what accompanies it."""
    global _current  # noqa: PLW0603 - there is one current run
    _runs.append(run)
    if _current is None or run.settings.reinit != "create_new":
        _current = run
    run._after.callback(_closed, run)
    run._origin = _failure.Origin(run._logbook.mark)
    _exit.watch(_exiting, _raised)
    _exit.forget()
    _outlived.clear()
    if run.disabled:
        return
    if run._owner:
        _companions.start(run)
    _companions.attach_switches(run)
    if run._joining is not None:
        run._joining.begin(run)


def _closed(run: Run) -> None:
    """Forgets a run that has ended."""
    global _current  # noqa: PLW0603
    if run in _runs:
        _runs.remove(run)
    if _current is run:
        _current = _runs[-1] if _runs else None
    if run.disabled:
        return
    _rank.retract(run.folder.path)
    if not run._owner:
        return
    if run._snapshot.state == "finished" and (run.folder.root / ".resume").is_dir():
        from tracker_core import _auto

        _auto.forget(run.folder.root, run.id)
    _companions.report_end(run)


def _end_all() -> None:
    """Ends every open run: one whose training raised as failed, the others as finished."""
    if not _runs:
        return
    held, handled = _failure.held(), sys.exc_info()[1]
    for run in _runs.copy():  # `_closed` takes each out
        run.end_as(run._origin.find(held, handled) if run._origin is not None else None)
    _failure.mark_known(held)
    if handled is not None:
        _failure.mark_known([handled])


def _raised(error: BaseException) -> None:
    """An exception is about to end the process: runs that began after it, and went well, do not fail with it."""
    global _outlived  # noqa: PLW0603
    _outlived = [run for run in _runs if run._origin is not None and run._origin.outlives(error)]


def _exiting(exit_code: int, signal: str | None, certain: bool) -> None:
    for run in reversed(_runs.copy()):
        if run in _outlived and exit_code:
            run.finish()
        else:
            run.end(records.End(time=run._logbook.now(), exit_code=exit_code, signal=signal, certain=certain))


def _forked() -> None:
    for run in dict.fromkeys((*_runs, *_attached)):
        if run.disabled:
            continue
        label = f"fork-{os.getpid()}"
        if run._joining is not None:
            run._joining.fork(label)
            run.disown(run._joining.open)
        else:
            run.disown(opener(run.folder, label, run.id, run.attempt, run.settings.buffered))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
