"""For authors of integrations: what the tracker gives them and what they give the tracker.

An `Integration` is a function `(module, sink)` that returns a context manager: before its yield it patches the
framework with `patched`, after it everything is as it was. It is found by an entry point whose group names the
switch of `init()` and whose name is the module to wait for. A `Tail` is polled by the background process of a run
for what a framework writes to files. `docs/integrations/writing-your-own.md` shows both in full.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from tracker_core import _bucket as bucket
from tracker_core import _records as records
from tracker_core._callback import CallbackRun, check_arguments, end_run, fits, is_finished, run_for
from tracker_core._declarations import note, takes
from tracker_core._file_tree import FileTree
from tracker_core._guard import blame_author, complain, guard, name_of, passes, report, unseen
from tracker_core._progress import finite, is_better, next_count
from tracker_core._values import items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = [
    "CallbackRun",
    "FileTree",
    "Integration",
    "Sink",
    "SwitchSink",
    "Tail",
    "TailSink",
    "Unsupported",
    "Written",
    "blame_author",
    "bucket",
    "check_arguments",
    "complain",
    "end_run",
    "finite",
    "fits",
    "guard",
    "is_better",
    "is_finished",
    "items",
    "next_count",
    "note",
    "passes",
    "patched",
    "records",
    "report",
    "run_for",
    "takes",
    "unseen",
    "without_secrets",
]

Policy: TypeAlias = Literal["now", "live", "end"]

__path__: list[str] = []
"""No module lies below this one, but who imports one is told where ours is (`_elsewhere.Guide`)."""


class Unsupported(Exception):  # noqa: N818 - a verdict that a switch skips quietly, not an error of the user
    """The framework is there but cannot be served; the message says what is found and what would be right."""


class Config(Protocol):
    """A run's config, as far as integrations use it."""

    def update(self, values: Mapping[str, Any], /, *, allow_val_change: bool | None = None) -> None: ...

    def setdefaults(self, values: Mapping[str, Any], /, replaces: Mapping[str, Any] | None = None) -> None:
        """Sets only what the user did not. What still has its value in `replaces`, those of an earlier call, is set."""


class Summary(Protocol):
    """A run's summary, as far as integrations use it."""

    def update(self, values: Mapping[str, Any], /) -> None: ...

    def get(self, key: str, default: Any = None, /) -> Any: ...


class Sink(Protocol):
    """What an integration may do with a run: a subset of the run's own verbs, with their meaning.

    The sink that a switch hands out reaches every run that asked for the switch. It never raises and may be
    called from any thread, also after the last run left (then nothing happens).
    """

    @property
    def config(self) -> Config: ...

    @property
    def summary(self) -> Summary: ...

    def log(self, data: Mapping[str, Any], /, step: int | None = None, commit: bool | None = None) -> None:
        """As `run.log`. With `commit=False` the row joins the run's current step and does not move it."""

    def row(self, data: Mapping[str, Any], /, step: int) -> None:
        """As `log`, but at a step of its own: the run's current step stays where it is."""

    def last_step(self, name: str, /) -> int | None:
        """Return the highest step at which `row` recorded a metric, in this or an earlier attempt of the run.

        A counter of the framework that restarts (a new environment, a second training) continues from there, so that
        nothing is overwritten. None where there is no such step; of several runs the highest.
        """

    def define_metric(self, name: str, /, *, step_metric: str | None = None, summary: str | None = None) -> object: ...

    def save(self, path: str, /, *, base_path: str | None = None, policy: Policy = "live") -> object:
        """Keeps the file or glob with the run, under its path relative to `base_path`."""

    def follow(self, tail: str, source: str, /, **options: Any) -> None:
        """Asks the run's background process to poll `source` with the tail registered under `tail`.

        `source` must mean the same in another process: make paths absolute. Asking again is harmless.
        """


class SwitchSink(Sink, Protocol):
    """The sink of a switch, which also tells how the user set the switch."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the user gave beside "on", of the first run that asked; empty for `True`."""

    def next_count(self, name: str, /) -> int:
        """Return the whole number after the last that any of the runs has for the metric `name`, 0 without one.

        A counter of the integration continues from there, also in a resumed run.
        """


class Integration(Protocol):
    """What an entry point of a `tracker.<switch>` group names.

    Called once per process when `module` is imported and some run asked for the switch; left when the last such
    run finishes, which the sink still reaches then. An exception before the yield skips the integration with one
    line in the log.
    """

    def __call__(self, module: ModuleType, sink: SwitchSink, /) -> AbstractContextManager[object]: ...


class TailSink(Protocol):
    """Where a tail puts what it reads: the journal of the run's background process."""

    @property
    def files(self) -> Path:
        """The run's `files/` folder. A file that a row or record names is written below it first."""

    def row(self, data: dict[str, Any], step: int, time: float) -> None:
        """One row as `run.log` would write it, at the source's own step and wall time (seconds, Unix epoch)."""

    def record(self, record: records.Record) -> None: ...


class Tail(Protocol):
    """Follows one source in the background process; made by `factory(source, options)`.

    The entry point in the group `tracker.tail` names the factory; its own name is what `Sink.follow` asks for.
    """

    def poll(self, sink: TailSink) -> int:
        """Reads what is new and returns how many things that was; 0 lets the process sleep before the next call."""

    def close(self, sink: TailSink) -> None:
        """The run is over: hands out what was held back. `poll` has returned 0 just before, unless time ran out."""


class Written(NamedTuple):
    """A run that was written without the tracker, as an entry point of the group `tracker.past` finds it.

    Such a function takes a folder or address, and `single`, and gives one of these per run. `source` and `options` are
    for the tail of the same name, whose `read` then says what to give it as the option `done` another time. Two with
    the same `key` are the same run.
    """

    name: str
    source: str
    options: dict[str, Any]
    time: float
    key: str


class Call:
    """The framework's function inside a wrapper, bound to its instance. It runs once, however often it is called."""

    __slots__ = ("_function", "error", "result", "state")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.state = "open"
        self.result: Any = None
        self.error: BaseException | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.state == "open":
            self.state = "running"
            try:
                self.result = self._function(*args, **kwargs)
            except BaseException as error:
                self.state, self.error = "raised", error
                raise
            self.state = "returned"
        return self.result


if TYPE_CHECKING:
    Wrapper = Callable[[Call, Any, tuple[Any, ...], dict[str, Any]], object]


@contextmanager
def patched(target: type | ModuleType, name: str, wrapper: Wrapper) -> Iterator[None]:
    """Lets `wrapper(call, instance, args, kwargs)` stand around a function for as long as the context is open.

    `target` is the class that defines `name` itself, or a module; a module's function is replaced in every loaded
    module of its package that holds it, since packages re-export. `wrapper` runs the framework's function by
    `call(*args, **kwargs)`, changed arguments included; what it returns is ignored. The framework's caller gets
    the function's own result or exception whatever the wrapper does: when the wrapper fails, that is logged once,
    and a function that it has not called yet is called with the original arguments.

    Undoing restores the original where our function is still in place and turns it inert where somebody else has
    wrapped it since. Raises `Unsupported` when `target` has no such function of its own.
    """
    original = vars(target).get(name)
    kind = type(original) if isinstance(original, (staticmethod, classmethod)) else None
    function = original.__func__ if isinstance(original, (staticmethod, classmethod)) else original
    if not callable(function) or isinstance(function, type):
        raise Unsupported(f"{target.__name__} defines no function {name!r} of its own")
    replacement = _Replacement(function, wrapper, bound=isinstance(target, type) and kind is not staticmethod)
    put = kind(replacement.function) if kind is not None else replacement.function
    places = _holders(target, name, original)
    for place in places:
        setattr(place, name, put)
    note(
        f"{target.__name__}.{name}"
        if isinstance(target, ModuleType)
        else f"{target.__module__}.{target.__name__}.{name}"
    )
    try:
        yield
    finally:
        replacement.active = False
        for place in places:
            if vars(place).get(name) is put:
                setattr(place, name, original)


class _Replacement:
    """A plain function in place of another. Plain, because bound methods of proxy objects cannot be pickled."""

    def __init__(self, original: Callable[..., Any], wrapper: Wrapper, *, bound: bool) -> None:
        self.active = True

        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            if not self.active:
                return original(*args, **kwargs)
            if bound and args:
                return _run(functools.partial(original, args[0]), wrapper, args[0], args[1:], kwargs)
            return _run(original, wrapper, None, args, kwargs)

        self.function = replacement


def _run(
    function: Callable[..., Any], wrapper: Wrapper, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    call = Call(function)
    try:
        wrapper(call, instance, args, dict(kwargs))
    except Exception as error:  # noqa: BLE001 - whatever fails in a wrapper, the framework must not see it
        if call.error is None:
            report(name_of(function), error)
    if call.error is not None:
        # Taken out of the call first: its traceback holds this frame, and the cycle would outlive the call.
        framework_error, call.error = call.error, None
        raise framework_error
    return call.result if call.state == "returned" else call(*args, **kwargs)


def _holders(target: type | ModuleType, name: str, original: object) -> list[Any]:
    if isinstance(target, type):
        return [target]
    import sys

    package = target.__name__.partition(".")[0]
    loaded = [
        module
        for path, module in list(sys.modules.items())
        if (path == package or path.startswith(f"{package}.")) and isinstance(module, ModuleType)
    ]
    return [target, *(module for module in loaded if module is not target and vars(module).get(name) is original)]


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as plain data without what a name at any depth says is a secret (`api_key`, `db_password` ...).

    Keys that tell by their look what they are, and passwords in addresses, are masked wherever they stand.
    """
    from tracker_core._secret import public
    from tracker_core._values import plain

    found: dict[str, Any] = public(plain(dict(values)))
    return found
