"""Makes the Run that settings ask for: its id, its folder, its first record, its past.

Nothing here concerns the process as a whole; that is `_session`'s.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import (
    _config_source,
    _folder,
    _home,
    _journal,
    _launch,
    _names,
    _notice,
    _past,
    _plan,
    _rank,
)
from tracker_core import _records as records
from tracker_core._errors import LaunchError, UsageError
from tracker_core._folder import OpenRunFolder, RunFolder
from tracker_core._key import user_of
from tracker_core._logbook import Logbook
from tracker_core._run import Run
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tracker_core._launch import Rank
    from tracker_core._plan import Plan
    from tracker_core._settings import Settings


def start(
    settings: Settings,
    *,
    resume_from: str | None,
    fork_from: str | None,
    config: Mapping[str, Any],
    opened: Callable[[Run], None],
) -> Run:
    """A run in its folder, its `Start` written. Nothing accompanies it yet.

    `config` only tells this job from others for `resume="auto"`. On a rank other than 0 it may be a run object that
    waits until it knows its run; if that becomes one of its own, `opened` is called with it.
    """
    mode = _mode(settings)
    rank = _launch.rank()
    if mode == "disabled" or (rank is not None and settings.ranks == "main"):
        return _start_disabled(settings)
    root = _folder.working_root = _root(settings)
    begin = functools.partial(
        _start_own, root=root, mode=mode, resume_from=resume_from, fork_from=fork_from, config=config
    )
    if settings.ranks == "own" and _launch.launched():
        settings = msgspec.structs.replace(settings, group=settings.group or _launch.group())
        if rank is not None:
            from tracker_core import _joining

            settings = _joining.distinct(rank, settings, "id", "name")
    elif rank is not None:
        return _join(settings, root, rank, mode, begin, opened)
    return begin(settings)


def announce(run: Run) -> None:
    """Tells the other ranks and child processes about a run that this process has begun."""
    _rank.announce(
        run.folder.path,
        run=run.id,
        name=run.settings.name,
        journal=run._logbook.journal.name,
        attempt=run.attempt,
        step=run.starting_step,
        resumed=run.resumed,
    )


def _start_own(
    settings: Settings,
    *,
    root: Path,
    mode: records.Mode,
    resume_from: str | None,
    fork_from: str | None,
    config: Mapping[str, Any],
) -> Run:
    plan = _plan.plan(settings, root, resume_from=resume_from, fork_from=fork_from, config=config)
    try:
        return _start_planned(settings, root, plan, mode)
    except OSError as error:  # the disk is full
        return _start_aside(settings, root, plan.run_id, mode, error)
    finally:
        if plan.claim is not None:
            plan.claim.release()


def _start_aside(settings: Settings, root: Path, run_id: str, mode: records.Mode, error: OSError) -> Run:
    """A run of its own in the temporary folder: a training is worth more than its place or its past."""
    fallback = _folder.fallback_root()
    if fallback == root or not _writable(fallback):
        raise UsageError(f"{root} cannot be written ({error}): choose another folder with init(dir=...)") from error
    _notice.warn(f"{root} cannot be written ({error}): recording in {fallback}")
    _folder.working_root = fallback
    plan = _plan.Plan(run_id=run_id, project=_names.check_project(settings.project or "uncategorized"))
    try:
        return _start_planned(settings, fallback, plan, mode)
    except OSError as again:
        raise UsageError(
            f"neither {root} nor {fallback} can be written ({again}): choose another folder with init(dir=...)"
        ) from again


def _mode(settings: Settings) -> records.Mode:
    aliases: dict[str, records.Mode] = {"dryrun": "offline", "run": "online"}
    mode = aliases.get(settings.mode or "", settings.mode)
    ready = bool(settings.base_url and settings.api_key)
    if settings.force and not ready and mode != "disabled":
        raise LaunchError(
            "force=True wants a login, and this machine has none: leave force out to record offline",
            reason="not_logged_in",
        )
    if mode in ("disabled", "offline"):
        return mode
    # Whatever is missing, the run is recorded all the same, and nothing of it is lost.
    if not ready:
        if settings.base_url:
            _notice.warn(
                f"no API key for {settings.base_url} is known here: recording offline; "
                f"`tracker login --host {settings.base_url}` asks for one"
            )
        elif mode == "online" or settings.api_key:
            cause = "an API key is set" if settings.api_key else "mode='online' is set"
            _notice.warn(f"{cause}, but no team server: recording offline; `tracker login --host URL` names one")
        return "offline"
    if user_of(settings.api_key or "") is None:
        _notice.warn(
            "the configured API key is not a tracker-server key: recording offline; "
            "`tracker login --relogin` asks for another"
        )
        return "offline"
    return "online"


def _root(settings: Settings) -> Path:
    """The `tracker` folder to work with; a temporary one, with a warning, where that cannot be written."""
    wanted = Path(settings.dir or ".", _folder.ROOT_NAME)
    with suppress(FileNotFoundError):  # somebody deleted the current folder
        wanted = wanted.absolute()
    if wanted.is_absolute() and _writable(wanted):
        return wanted
    fallback = _folder.fallback_root()
    if not _writable(fallback):
        raise UsageError(f"neither {wanted} nor {fallback} can be written: choose another folder with init(dir=...)")
    _notice.warn(f"{wanted} cannot be written: recording in {fallback}")
    return fallback


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _start_planned(settings: Settings, root: Path, plan: Plan, mode: records.Mode) -> Run:
    if plan.replaces is not None:
        _past.archive(plan.replaces, successor=plan.run_id, run_id=plan.run_id)
    count = _folder.count(root) + 1
    folder = plan.folder or _folder.create(root, plan.run_id, offline=mode == "offline")
    past = plan.past
    snapshot = past.snapshot if past is not None and plan.folder is not None else Snapshot()
    if past is not None and plan.fork is not None:
        snapshot.metrics = dict(past.snapshot.metrics)
    try:
        if plan.fork is not None:
            _past.copy(plan.fork, folder, attempt=1)
        writer, attempt = _open_main(folder, plan.run_id, max(snapshot.attempts, default=0) + 1, settings.buffered)
    except OSError:
        if plan.folder is None:
            _folder.discard(folder)
        raise
    beside = _past.concurrent(folder, snapshot, attempt) if plan.folder is not None else None
    if beside is not None:
        _notice.warn(f"run {plan.run_id} is being written by another process too: its state is that of the other one")
    folder = opened = OpenRunFolder(folder.path, _renamed)
    reopen = opener(folder, f"fork-{os.getpid()}", plan.run_id, attempt, settings.buffered)
    resumed = plan.folder is not None
    after = past.last_time if past is not None else 0.0
    run = make(snapshot, folder, writer, reopen, settings, mode=mode, resumed=resumed, after=after)
    run._logbook.recount = lambda: _past.read(run.folder)
    run._after.callback(opened.close)
    first = records.Start(
        time=run._logbook.now(),
        run=plan.run_id,
        project=plan.project,
        entity=settings.entity or snapshot.entity or _own_entity(settings, mode),
        attempt=attempt,
        mode=mode,
        name=_unset(settings.name or None, None if resumed else _names.new_name(count)),
        notes=_unset(settings.notes),
        tags=_unset(settings.tags),
        group=_unset(settings.group),
        job_type=_unset(settings.job_type),
        switches=switches(settings),
        rewind=plan.rewind,
        beside=beside,
        fork=plan.fork,
    )
    writer.write(first)
    snapshot.apply(first)
    if plan.past is not None:
        _take_over(run, plan)
    if plan.job is not None:
        from tracker_core import _auto

        _auto.remember(root, plan.run_id, plan.job)
    return run


def _renamed(path: Path) -> None:
    _notice.mention(f"the run's folder was renamed: what is logged from now on goes to {path}")


def _own_entity(settings: Settings, mode: records.Mode) -> str:
    """Where a run goes that nobody said an entity for."""
    return (user_of(settings.api_key or "") or "") if mode == "online" else ""


def _open_main(folder: RunFolder, run_id: str, attempt: int, buffered: bool | None) -> tuple[_journal.Writer, int]:
    """The journal of a new attempt. Where two processes resume at once, the second becomes the next attempt."""
    while True:
        writer = _journal.open_writer(folder, "main", run=run_id, attempt=attempt, buffered=buffered)
        if "~" not in writer.path.name:
            return writer, attempt
        writer.close()
        writer.path.unlink()
        attempt += 1


def opener(
    folder: RunFolder, label: str, run_id: str, attempt: int, buffered: bool | None
) -> Callable[[], _journal.Writer | None]:
    def reopen() -> _journal.Writer | None:
        return _journal.open_writer(folder, label, run=run_id, attempt=attempt, buffered=buffered)

    return reopen


def make(
    snapshot: Snapshot,
    folder: RunFolder,
    writer: _journal.Writer | None,
    reopen: Callable[[], _journal.Writer | None],
    settings: Settings,
    *,
    mode: records.Mode,
    resumed: bool = False,
    owner: bool = True,
    after: float = 0.0,
) -> Run:
    files = None if mode == "disabled" else lambda: folder.files
    logbook = Logbook(writer, reopen, definitions=snapshot.metrics, files=files, after=after)
    allow = settings.allow_val_change
    return Run(
        snapshot=snapshot,
        folder=folder,
        logbook=logbook,
        settings=settings,
        mode=mode,
        resumed=resumed,
        owner=owner,
        allow_val_change=in_notebook() if allow is None else allow,
    )


def _take_over(run: Run, plan: Plan) -> None:
    """Restores what the past left: config, summary, definitions, step."""
    past = plan.past
    assert past is not None
    if plan.fork is None:
        run.config.restore(past.snapshot.config)
    else:
        run.config.update(past.snapshot.config)
    run._logbook.take_over(past.last_step, past.latest, past.aggregates, past.last_steps)
    if plan.rewind is not None and past.by_hand is not None:
        run._record(msgspec.structs.replace(past.by_hand, time=run._logbook.now()))
    run.starting_step = run.step


def _start_disabled(settings: Settings) -> Run:
    """A run that does everything but keep it."""
    run_id = _names.check_id(settings.id) if settings.id is not None else _names.new_id()
    folder = RunFolder(_home.temporary_folder() / f"tracker-disabled-{_home.user()}" / run_id)
    snapshot = Snapshot(
        id=run_id,
        project=_names.check_project(settings.project or "uncategorized"),
        entity=settings.entity or "",
        name=settings.name or _names.new_name(1),
        notes=settings.notes or "",
        tags=settings.tags or (),
        group=settings.group or "",
        job_type=settings.job_type or "",
    )
    snapshot.apply(records.Start(time=time.time(), run=run_id, project=snapshot.project, mode="disabled"))
    nowhere = _journal.Nowhere()
    return make(snapshot, folder, nowhere, lambda: nowhere, settings, mode="disabled")


def _join(
    settings: Settings,
    root: Path,
    rank: Rank,
    mode: records.Mode,
    begin: Callable[[Settings], Run],
    opened: Callable[[Run], None],
) -> Run:
    """On a rank other than 0: a run object that writes to the run of rank 0 as soon as that is known."""
    from tracker_core import _joining  # of which most runs have no use

    joining = _joining.Joining(settings, root, rank, begin, opened)
    snapshot = Snapshot(id=settings.id or "", project=settings.project or "uncategorized", name=settings.name or "")
    run = make(snapshot, RunFolder(root), None, joining.open, settings, mode=mode, owner=False)
    run.wait_to_join(joining)
    return run


def switches(settings: Settings) -> dict[str, Any]:
    named = {name: getattr(settings, name) for name in ("sync_tensorboard", "monitor_gym", "magic", "anonymous")}
    if isinstance(settings.magic, str):
        named["magic"] = _magic(settings.magic)
    return {name: value for name, value in named.items() if value is not None}


def _magic(text: str) -> Any:
    """What `magic` or `TRACKER_MAGIC` says: a switch, JSON, YAML, or the path of a config file."""
    if text.lower() in ("true", "1", "yes", "on"):
        return True
    if text.lower() in ("false", "0", "no", "off", ""):
        return False
    try:
        if text.lstrip().startswith("{") or ": " in text or "\n" in text:
            return _config_source.read_text(text)
        return _config_source.read_file(Path(text))
    except UsageError as error:
        _notice.warn(f"magic={text!r} says nothing ({error}): using the defaults")
        return True


def in_notebook() -> bool:
    """Whether this is a cell of a notebook, where scripts' habits do not hold."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


def _unset(value: Any, default: Any = None) -> Any:
    if value is None:
        value = default
    return msgspec.UNSET if value is None else value
