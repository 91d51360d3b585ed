"""Starts the background process of a run, and talks to it: `launch` and the `Background` that it returns.

This is all that the training process has to do with it, so it imports nothing heavy and forks nothing: a training
of many gigabytes would pay for a fork with page tables. `posix_spawn` starts a shell that starts the interpreter and
ends at once, so that the background process is nobody's child: the user's `os.wait()` never meets it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core._folder import RunFolder
    from tracker_core._settings import Settings

VARIABLE = "_TRACKER_LAUNCH"
"""The environment variable that carries the `Launch`; a pipe could be full, and arguments are everybody's to read."""

PIDFD = 3
"""The descriptor under which the background process finds the training process, where the system has such."""

_STDIN = 4
_FIRST_FREE = 10
_ARGUMENTS_LIMIT = 16 * 1024

_HOME = "PYTHONHOME"
_SHELL = "/bin/sh"
# A shell reads /dev/null for what it starts with `&`, unless told otherwise; hence the pipe takes a detour.
_DETACH = f'"$0" "$@" <&{_STDIN} {_STDIN}<&- &'
_BOOT = """\
import sys
sys.path = [entry for entry in sys.path if entry] + sys.argv[2:]
from tracker_core.background import process
process.main()
"""


class Goal(msgspec.Struct, frozen=True):
    """Where a run is uploaded to while it goes on. `patience`: seconds that a server which is away is waited for at the
    end."""

    address: str
    key: str
    entity: str
    patience: float


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What only the training process knows and the background process needs."""

    folder: str
    run: str
    attempt: int
    journal: str
    """The name of the first segment of the training process's journal."""
    pid: int
    pidfd: bool
    """Whether there is a descriptor of the training process under `PIDFD`."""
    arguments: list[str]
    """The command line as the interpreter got it, cut when it is very long. It may hold secrets."""
    own_arguments: list[str]
    """What the script got of it."""
    cwd: str
    program: str | None
    """The main script or notebook, absolute; None at a prompt, or where a notebook cannot be found."""
    executable: str
    python: str
    path: list[str]
    """`sys.path`, whose folders tell which packages are installed."""
    buffered: bool | None
    system_interval: float
    disable_git: bool
    save_code: bool
    alert_webhook: str | None
    alert_mail: str | None
    smtp_url: str | None
    goal: Goal | None = None


class Background:
    """The training process's end of the two pipes.

    Nothing here raises when the background process is dead or never came up, and nothing waits without a limit.
    """

    def __init__(self, to: int, back: int, child: int | None) -> None:
        self._to = Pipe(to)
        self._back = Pipe(back)
        self._child = child
        self._rest = b""
        self._closed = False
        self.problem: str | None = None
        """Why the server does not have the whole run, once `finish` has returned."""
        _open.add(self)

    def notify(self) -> None:
        """Says that the journal holds something that the background process should act on now (a `Tail`, a `File`)."""
        self._tell(b"notify\n")

    def finish(self, timeout: float, on_progress: Callable[[str], None] | None = None, *, certain: bool = True) -> bool:
        """Asks for completion and waits for it, `timeout` seconds at most; True when all is done.

        The journal holds the `End` by now; `certain` is that record's: where the exit code is only a guess, the
        background process stays until this process is gone and corrects it. `on_progress` gets one line of text now
        and then. When time runs out, or on Ctrl-C, the rest goes on without us.
        """
        try:
            word = b"finish\n" if certain else b"leave\n"
            return self._tell(word) and self._await_done(time.monotonic() + timeout, on_progress)
        finally:
            self.detach()
            self._reap()

    def detach(self) -> None:
        """Closes our ends of the pipes; the background process does the rest alone. Safe to call again."""
        if self._closed:
            return
        self._closed = True
        self._to.close()
        self._back.close()

    def _tell(self, line: bytes) -> bool:
        if self._closed or not self._to.ours():
            return False
        try:
            # Asked first, since a user may have set SIGPIPE to kill.
            poll = select.poll()
            poll.register(self._to.fd, select.POLLOUT)
            if poll.poll(0) != [(self._to.fd, select.POLLOUT)]:
                return False
            return os.write(self._to.fd, line) == len(line)
        except OSError:
            return False

    def _await_done(self, deadline: float, on_progress: Callable[[str], None] | None) -> bool:
        poll = select.poll()
        poll.register(self._back.fd, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            if not poll.poll(left * 1000):
                return False
            try:
                data = os.read(self._back.fd, 4096)
            except OSError:
                return False
            if not data:
                return False
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                word, _, text = line.decode("utf-8", "replace").partition(" ")
                if word == "pid":
                    self._child = int(text)
                elif word == "progress" and on_progress is not None:
                    on_progress(text)
                elif word == "problem":
                    self.problem = text
                elif word == "done":
                    return True
        return False

    def _reap(self) -> None:
        # It is our child only where there is no shell, or where we are the first process of a container.
        if self._child is None:
            return
        try:
            os.waitpid(self._child, os.WNOHANG)
        except OSError:
            return


class Pipe:
    """One end of a pipe that is ours only as long as nobody closes all descriptors, as daemons do.

    The number may then stand for a file of the user, which we must neither write nor close.
    """

    __slots__ = ("_identity", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._identity = self._look()

    def ours(self) -> bool:
        return self._look() == self._identity

    def close(self) -> None:
        if self.ours():
            os.close(self.fd)

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = os.fstat(self.fd)
        except OSError:
            return None
        return stat.st_dev, stat.st_ino


def launch(
    folder: RunFolder, *, run: str, attempt: int, journal: Path, settings: Settings, goal: Goal | None = None
) -> Background:
    """Starts the background process of a run whose training process writes `journal`, without waiting for it.

    Raises OSError where no second process can be started.
    """
    if not hasattr(os, "posix_spawn") or not sys.executable or getattr(sys, "frozen", False):
        raise OSError("a background process needs a POSIX system and the interpreter as a program of its own")
    script = program()
    pidfd = _pidfd()
    message = Launch(
        folder=str(folder.path.absolute()),
        run=run,
        attempt=attempt,
        journal=journal.name,
        pid=os.getpid(),
        pidfd=pidfd is not None,
        arguments=_cut(sys.orig_argv),
        own_arguments=_cut(sys.argv[1:]),
        cwd=_cwd(),
        program=script,
        executable=sys.executable,
        python=sys.version.partition(" ")[0],
        path=_search_path(script),
        buffered=settings.buffered,
        system_interval=settings.system_interval,
        disable_git=settings.disable_git,
        save_code=settings.save_code is True and not settings.disable_code,
        alert_webhook=settings.alert_webhook,
        alert_mail=settings.alert_mail,
        smtp_url=settings.smtp_url,
        goal=goal,
    )
    return _start(message, folder.logs / "background.log", pidfd)


def _command(message: Launch) -> list[str]:
    # Isolated and without `site`: nothing in the script's folder, no customisation and no start-up file of an editable
    # install can get in the way; the search path is ours, after the standard library. An interpreter that needs
    # PYTHONHOME to find that library cannot be isolated.
    command = [message.executable, "-s" if _HOME in os.environ else "-I", "-S"]
    command += ["-B"] if sys.dont_write_bytecode else []
    command += ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    return [*command, "-c", _BOOT, message.folder, *message.path]


def _environment(message: Launch) -> dict[str, str]:
    environment = dict(os.environ)
    if _HOME in environment:  # then no other variable of the interpreter may count
        environment = {
            name: environment[name] for name in environment if name == _HOME or not name.startswith("PYTHON")
        }
    environment[VARIABLE] = _written(message)
    return environment


def _written(message: Launch) -> str:
    try:
        return msgspec.json.encode(message).decode()
    except UnicodeEncodeError:  # a path that is no text, which only Python's own JSON can hold
        import json

        return json.dumps(msgspec.to_builtins(message))


def read_launch(text: str) -> Launch:
    """What the training process wrote into `VARIABLE`."""
    try:
        return msgspec.json.decode(text, type=Launch)
    except msgspec.DecodeError:
        import json

        return msgspec.convert(json.loads(text), Launch)


def _start(message: Launch, log: Path, pidfd: int | None) -> Background:
    fds = [] if pidfd is None else [pidfd]
    try:
        command, environment = _command(message), _environment(message)
        for _ in range(2):
            fds += [_move(fd) for fd in os.pipe()]
        their_in, to, back, their_out = fds[-4:]
        actions: list[tuple[Any, ...]] = [
            (os.POSIX_SPAWN_DUP2, their_in, _STDIN),
            (os.POSIX_SPAWN_DUP2, their_out, 1),
            (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        ]
        if pidfd is not None:
            actions.append((os.POSIX_SPAWN_DUP2, pidfd, PIDFD))
        os.set_blocking(to, False)
        child = _spawn(command, environment, actions)
        fds = [fd for fd in fds if fd not in (to, back)]
        return Background(to, back, child)
    finally:
        for fd in fds:
            os.close(fd)


def _spawn_detached(path: str, command: list[str], environment: dict[str, str], actions: list[tuple[Any, ...]]) -> int:
    """`posix_spawn` into a session of its own, or a process group where the system has no such flag."""
    # Blocked and ignored signals are inherited: with SIGCHLD ignored, git could not be run there.
    clean: dict[str, Any] = {"file_actions": actions, "setsigmask": (), "setsigdef": (signal.SIGCHLD,)}
    try:
        return os.posix_spawn(path, command, environment, setsid=True, **clean)
    except NotImplementedError:
        return os.posix_spawn(path, command, environment, setpgroup=0, **clean)


def _spawn(command: list[str], environment: dict[str, str], actions: list[tuple[Any, ...]]) -> int | None:
    """Starts `command` and returns its process id if it is our child."""
    try:
        words = ["sh", "-c", _DETACH, *command]
        shell = _spawn_detached(_SHELL, words, environment, actions)
    except FileNotFoundError:  # a container without a shell
        actions = [*actions, (os.POSIX_SPAWN_DUP2, _STDIN, 0), (os.POSIX_SPAWN_CLOSE, _STDIN)]
        return _spawn_detached(command[0], command, environment, actions)
    with contextlib.suppress(ChildProcessError):  # somebody else's wait was quicker
        os.waitpid(shell, 0)
    return None


def _move(fd: int) -> int:
    """`fd` under a number that no file action below overwrites."""
    import fcntl

    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    finally:
        os.close(fd)


def program() -> str | None:
    """The main script or notebook, absolute; None at a prompt, or where the file of a notebook is not known."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    # A notebook is no module; the editor tells the kernel where it lies (VS Code in a variable, Jupyter's server so).
    path = path or getattr(main, "__vsc_ipynb_file__", None) or os.environ.get("JPY_SESSION_NAME")
    return str(Path(path).absolute()) if path and Path(path).is_file() else None


def _cwd() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # somebody deleted it
        return "/"


def _pidfd() -> int | None:
    """A descriptor of this process, which keeps its exit status for whoever holds it."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return _move(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or a sandbox
        return None


def _cut(arguments: list[str]) -> list[str]:
    kept: list[str] = []
    left = _ARGUMENTS_LIMIT
    for argument in arguments:
        if left <= 0:
            kept.append("...")
            break
        text = argument.encode("utf-8", "replace")
        kept.append(text[:left].decode("utf-8", "ignore"))
        left -= len(text)
    return kept


def _search_path(program: str | None) -> list[str]:
    """Where the background process may import from, after the standard library.

    The folders of the script and of the shell come last: a `json.py` or `psutil.py` that lies there for the user's
    own purposes must not be taken for another.
    """
    own = str(Path(__file__).absolute().parent.parent)
    theirs = {"", (cwd := _cwd()), str(Path(program).parent) if program else ""}
    first = [entry for entry in sys.path if entry not in theirs]
    last = [str(Path(cwd, entry)) for entry in sys.path if entry in theirs]
    return list(dict.fromkeys([own, *first, *last]))


def _detach_all() -> None:
    for background in list(_open):
        background.detach()


_open: weakref.WeakSet[Background] = weakref.WeakSet()

# A forked child that kept our ends open would hide the end of the training process.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_detach_all)
