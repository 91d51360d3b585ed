"""What accompanies a run of this process: background process, console, notebook cells, switches, and printed lines."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core import _exit, _notice
from tracker_core._start import announce, in_notebook, switches

if TYPE_CHECKING:
    from tracker_core import _records as records
    from tracker_core._background import Background, Goal
    from tracker_core._run import Run


def start(run: Run) -> None:
    """Start what accompanies a run that this process has begun, and let other processes know of the run."""
    announce(run)
    run._after.callback(_complete_alone, run)
    _start_background(run)
    if not run.settings.silent:
        say(f"run {run.name} ({run.path}) in {_near(run.folder.path)}" + (f"; at {run.url}" if run.url else ""))
    _capture_console(run)
    _keep_cells(run)


def _start_background(run: Run) -> None:
    from tracker_core import _background

    try:
        background = _background.launch(
            run.folder,
            run=run.id,
            attempt=run.attempt,
            journal=run._logbook.journal,
            settings=run.settings,
            goal=_goal(run),
        )
    except OSError as error:
        _notice.warn(f"no background process, so no system metrics and no git: {error}")
        return
    run.notify = background.notify
    run._after.callback(_complete, run, background)


def _goal(run: Run) -> Goal | None:
    from tracker_core._background import Goal

    settings = run.settings
    if run.mode != "online" or not settings.base_url or not settings.api_key:
        return None
    return Goal(settings.base_url, settings.api_key, run.entity, settings.finish_timeout)


def _complete(run: Run, background: Background) -> None:
    """Let the background process complete. Wait for it where files are still to come, where a server is to have it all,
    and where the end of this process ends a container with everything in it."""
    waits = run.awaited or run.mode == "online" or (run.folder.path / "spool").is_dir() or _exit.ends_container()
    certain = not run._guessed
    done = background.finish(run.settings.finish_timeout if waits else 0.0, None if run.quiet else say, certain=certain)
    run._upload_problem = background.problem
    run._uploaded = done and background.problem is None


def _complete_alone(run: Run) -> None:
    """Encode media and copy saved files where the background process is dead or never was. A live one does that."""
    has_media = any((run.folder.path / "spool").glob("*.job"))
    if not has_media and not run._live_files:
        return
    from tracker_core import _journal

    if any(_journal.alive(path) for path in run.folder.path.glob("*-background*.0000.journal")):
        return
    if has_media:
        from tracker_core._media import spool

        spool.drain(run.folder.path)
    if run._live_files:
        from tracker_core._live_files import LiveFiles

        for _ in LiveFiles(run.folder, run._live_files).refresh(_not_copied, last=True):
            pass


def _not_copied(path: str, error: OSError) -> None:
    _notice.warn(f"the last state of the saved file {path} was not kept: {error}")


def _keep_cells(run: Run) -> None:
    """Keep the code of a notebook whose file the background process cannot find."""
    settings = run.settings
    if settings.save_code is not True or settings.disable_code or not in_notebook():
        return
    from tracker_core import _background, _notebook_code

    if _background.program() is None:
        run._opened.enter_context(_notebook_code.kept(run.folder, run._logbook.write, run._logbook.now))


def _capture_console(run: Run) -> None:
    if run.settings.console == "off":
        return
    from tracker_core import _console

    def write(record: records.Record) -> None:
        if run._origin is not None:
            run._origin.notice()
        run._logbook.write(record)

    run._opened.enter_context(_console.captured(write, run._logbook.now))


def attach_switches(run: Run) -> None:
    wanted = {name: value for name, value in switches(run.settings).items() if name != "anonymous"}
    if not any(wanted.values()):
        return
    from tracker_core import _switches

    run.attached(_switches.attach(wanted, run, run.found))


def report_end(run: Run) -> None:
    """Print where to look at a run that has ended, and warn of what the server does not have of it."""
    if run._upload_problem is not None:
        _notice.mention(
            f"run {run.name} is not on the server: {run._upload_problem}. "
            f"All of it is in {_near(run.folder.path)}; `tracker sync` uploads it"
        )
    if not run.quiet:
        look = f"at {run.url}" if run.url and run._upload_problem is None else f"with: tracker show {run.id}"
        rest = "" if run.mode != "online" or run._uploaded or run._upload_problem else "; its upload continues"
        say(f"run {run.name} {run._snapshot.state}; look at it {look}{rest}")


def _near(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):  # the latter: somebody deleted the current folder
        return str(path)


def say(text: str) -> None:
    """Print a line about a run where the console capture does not see it."""
    stream = sys.__stderr__  # what the console capture does not see
    if stream is None:
        return
    # A terminal that is gone, a closed pipe or a full disk behind it is no reason to end a training.
    with suppress(OSError, ValueError):
        print(f"tracker: {text}", file=stream, flush=True)
