"""Notes by which `resume="auto"` finds the run that this job left unfinished.

Each auto-resumed run has one note, `.resume/<id>.json`, until it ends well. Several jobs of one script may be restarted
at once, so a note says what the job was (program, arguments, name, config, environment), the closest match is taken,
and a lock on the note, held until the run's journal is open, gives it to one process only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _notice, _past
from tracker_core._values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FOLDER = ".resume"
_INDEX = (
    "SLURM_ARRAY_TASK_ID",
    "PBS_ARRAY_INDEX",
    "LSB_JOBINDEX",
    "SGE_TASK_ID",
    "JOB_COMPLETION_INDEX",
    "AWS_BATCH_JOB_ARRAY_INDEX",
)
"""Variables that number the jobs of an array."""

_PLACEMENT = re.compile(
    r"_|PWD|OLDPWD|SHLVL|LINES|COLUMNS|TERM|DISPLAY|HOSTNAME|STY"
    r"|(SSH|TMUX|XDG|DBUS|SLURM|PBS|LSB|SGE|OMPI|PMI|KUBERNETES|PYTEST|JPY|TERM|_TRACKER)_.*"
    r"|.*(PID|PORT|ADDR|SESSION|TOKEN|VISIBLE_DEVICES).*"
)
"""Variables that say where a process runs, and not what it does."""

_count = 0


class Job(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one call of `init(resume="auto")` trains, as far as it can be told apart from other calls.

    No text of the config or the environment is kept, only checksums.
    """

    project: str
    program: str
    arguments: list[str] | None = None
    name: str | None = None
    index: str | None = None
    """The number of the job in a scheduler's array."""
    call: int = 0
    """How many calls this process made before."""
    config: int | None = None
    environment: dict[str, int] = {}

    def differences(self, other: Job) -> int | None:
        """How many facts speak against `other` being the same job; None when it certainly is another one."""
        if (self.project, self.program, self.index) != (other.project, other.program, other.index):
            return None
        return (
            (not _contains(self.arguments, other.arguments))
            + (self.name != other.name)
            + (None not in (self.config, other.config) and self.config != other.config)
            + (self.call != other.call)
        )

    def likeness(self, other: Job) -> tuple[bool, bool, int]:
        """Orders notes that have equally many differences."""
        variables = sum(other.environment.get(name) == value for name, value in self.environment.items())
        return self.arguments == other.arguments, self.config == other.config, variables


class Claim(msgspec.Struct):
    """A run that this process is to resume. `release` once its journal is open."""

    run_id: str
    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


def describe(project: str, name: str | None, config: Mapping[str, Any]) -> Job:
    """Describe the job that calls `init` now."""
    global _count
    call, _count = _count, _count + 1
    notebook = _notebook()
    from tracker_core._secret import mask_arguments

    return Job(
        project=project,
        program=notebook or _script(),
        arguments=[] if notebook else mask_arguments(sys.argv[1:]),
        name=name,
        index=next((os.environ[variable] for variable in _INDEX if variable in os.environ), None),
        call=0 if notebook else call,
        config=_checksum(config),
        environment=_environment(),
    )


def remember(root: Path, run_id: str, job: Job) -> None:
    """Note a run that `resume="auto"` may resume."""
    note = root / _FOLDER / f"{run_id}.json"
    try:
        note.parent.mkdir(exist_ok=True)
        # In place: a process that waits for its lock must find the same file.
        note.write_bytes(msgspec.json.encode({"id": run_id, **msgspec.to_builtins(job)}))
    except OSError as error:
        _notice.warn(f"resume='auto' will not find this run again: {error}")


def forget(root: Path, run_id: str) -> None:
    """Remove the note: the run ended well."""
    (root / _FOLDER / f"{run_id}.json").unlink(missing_ok=True)


def claim(root: Path, job: Job) -> Claim | None:
    """Claim the unfinished run of this job, None when there is none that nobody else is writing or claiming.

    A run of which one fact differs (an argument, the config ...) is resumed only if it is the only unfinished one of
    the program: one of several belongs to another job.
    """
    notes = [(job.differences(other), other, path, run_id) for path, run_id, other in _notes(root)]
    same = [note for note in notes if note[0] is not None]
    limit = 1 if len(same) == 1 else 0
    same.sort(key=lambda note: (-(note[0] or 0), job.likeness(note[1]), _changed(note[2])), reverse=True)
    for differences, _, path, run_id in same:
        if differences is not None and differences <= limit and (claimed := _claim(root, job.project, path, run_id)):
            return claimed
    return None


def _claim(root: Path, project: str, path: Path, run_id: str) -> Claim | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if not _lock(descriptor) or not _is_file(descriptor, path):
            return None
        folder = next((each for each, snapshot in _past.occupants(root, project, run_id) if not snapshot.deleted), None)
        if folder is None:  # deleted, archived, or removed by hand
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        if _past.busy(folder):
            return None
        stack.pop_all()
        return Claim(run_id, descriptor)


def _notes(root: Path) -> Iterator[tuple[Path, str, Job]]:
    for path in (root / _FOLDER).glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # of another writer's half
            note = json.loads(path.read_bytes())
            job = msgspec.convert(note, Job)
            if job.arguments is None:  # a note of an older version
                job.program = os.path.realpath(job.program)
            yield path, str(note["id"]), job


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_file(descriptor: int, path: Path) -> bool:
    """Whether the note is still there: its run may have ended well since it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _script() -> str:
    """The program's path; for `python -c` its code, since every such program has the same name."""
    name = sys.argv[0] if sys.argv else ""
    if name == "-c":
        code = sys.orig_argv[sys.orig_argv.index(name) + 1 :][:1] if name in sys.orig_argv else []
        return f"-c {_sum(''.join(code))}"
    return os.path.realpath(name) if name not in ("", "-") else "-"


def _notebook() -> str | None:
    """What tells this notebook from others, None outside of notebooks: all have the kernel's launcher as program.

    A notebook whose file is not known is told by its kernel, so that it resumes its own runs after a restart of the
    kernel, and never another notebook's.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    main = sys.modules.get("__main__")
    path = (
        getattr(main, "__vsc_ipynb_file__", None)
        or os.environ.get("JPY_SESSION_NAME")
        or os.environ.get("PAPERMILL_OUTPUT_PATH")
    )
    if path:
        return f"notebook {os.path.realpath(path)}"
    connection = getattr(getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None), "_instance", None)
    return f"kernel {getattr(connection, 'abs_connection_file', None) or os.getpid()}"


def _environment() -> dict[str, int]:
    # Sixteen bits: enough to see a difference, too few to find a secret's text again.
    return {
        f"{_sum(name) & 0xFFFF:x}": _sum(f"{name}={value}") & 0xFFFF
        for name, value in os.environ.items()
        if not _PLACEMENT.fullmatch(name)
    }


def _checksum(config: Mapping[str, Any]) -> int | None:
    try:
        return _sum(msgspec.json.encode(plain(dict(config)), order="deterministic", enc_hook=repr))
    except Exception:  # noqa: BLE001 - whatever is in a config: its values tell nothing then
        return None


def _sum(text: str | bytes) -> int:
    import zlib

    return zlib.crc32(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))


def _contains(left: list[str] | None, right: list[str] | None) -> bool:
    """Whether one list of arguments is the other with some added, as after a restart with `--resume`."""
    if left is None or right is None:
        return True
    short, long = sorted((left, right), key=len)
    rest = list(long)
    for argument in short:
        if argument not in rest:
            return False
        rest.remove(argument)
    return True
