"""Switches of `init()`: from an entry-point group to open integrations, and back.

The switch `monitor_gym` is the group `tracker.monitor_gym`. Each of its entry points is a part: its name is the
module to wait for, its value the integration. A part is opened when its module is imported and some run listens,
once per process however many runs do, and closed when the last one leaves. No framework is imported on anyone's
behalf, and without a switch not even the list of entry points is read.

The parts in the group `tracker.magic.opt_in` belong to `magic`, too, but join only when their module is named.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _notice
from tracker_core import _records as records
from tracker_core._declarations import noting, taken
from tracker_core._guard import complain, guard, message_of
from tracker_core._locks import Lock
from tracker_core._progress import next_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from types import ModuleType

    from tracker_core.integration import Policy, Sink

_WITHIN = {"magic": ("sync_tensorboard", "monitor_gym")}
"""Switches that another one turns on, too, where they are not set themselves."""

_lock = Lock()
_parts: dict[tuple[str, str, str], Part] = {}
"""(switch, module, value) -> part. Parts stay for the life of the process: import hooks cannot be taken back."""


class _Listener(NamedTuple):
    sink: Sink
    options: Mapping[str, Any]
    changed: Callable[[], object]
    unread: Sequence[set[str]] = ()
    """The names of options that no part has looked at yet, in sets that the parts share which they are meant for."""


class Part:
    """One integration of one switch in this process."""

    def __init__(self, switch: str, entry: EntryPoint) -> None:
        self.switch = switch
        self.module_name = entry.name
        self.error: str | None = None
        """Why it could not be opened, once that was tried."""
        self._entry = entry
        self._module: ModuleType | None = None
        self._waiting = False
        self.listeners: list[_Listener] = []
        """Who is told: those who joined, and the last to leave until its integration has been closed."""
        self._joined: list[_Listener] = []
        self._functions: list[str] = []
        self._takes: tuple[str, ...] | None = None
        self._context: ExitStack | None = None
        self._busy = False

    @property
    def open(self) -> bool:
        return self._context is not None

    def report(self) -> records.Part:
        state: Any = "attached" if self.open else "failed" if self.error is not None else "waiting"
        return records.Part(
            switch=self.switch.partition(".")[0],
            module=self.module_name,
            state=state,
            version=_version(self.module_name) if self._module is not None else "",
            functions=tuple(self._functions) if self.open else (),
            error=self.error or "",
        )

    def join(self, listener: _Listener) -> None:
        with _lock:
            self._joined = [*self._joined, listener]
            self.listeners = self._joined
            wait = not self._waiting
            self._waiting = True
        self._check(listener)
        if wait:
            import wrapt

            wrapt.register_post_import_hook(self._imported, self.module_name)
        self._settle()

    def leave(self, sink: Sink) -> None:
        with _lock:
            self._joined = [listener for listener in self._joined if listener.sink is not sink]
            self.listeners = self._joined or self.listeners
        self._settle()

    def tell(self, verb: str, call: Callable[[Sink], object]) -> None:
        """Calls `call` with each listening run. What a run raises ends there, with one line in the log."""
        for listener in self.listeners:
            with guard(f"{self.switch}: {verb} for {self.module_name}"):
                call(listener.sink)

    def _check(self, listener: _Listener) -> None:
        """Tells of options that this part does not know, as soon as it has said which it does."""
        if self._takes is None:
            return
        for names in listener.unread:
            for name in sorted(names.difference(self._takes)):
                known = ", ".join(sorted(self._takes))
                where = f"{self.switch.partition('.')[0]}: {self.module_name}"
                _notice.mention(f"{where} has no option {name!r}: {_hint(name, self._takes)}it takes {known or 'none'}")
            names.clear()

    def _imported(self, module: ModuleType) -> None:
        self._module = module
        self._settle()

    def _settle(self) -> None:
        """Opens or closes until that agrees with who listens.

        The integration runs outside the lock: it imports, and another thread may be inside that very import,
        waiting here. Whoever comes meanwhile leaves the work to the thread that is at it.
        """
        while True:
            with _lock:
                wanted = bool(self._joined) and self._module is not None and self.error is None
                if self._busy:
                    return
                if wanted == self.open:
                    self.listeners = self._joined
                    return
                self._busy = True
            try:
                if wanted:
                    self._open()
                else:
                    self._close()
            finally:
                with _lock:
                    self._busy = False
                    told = self._joined if wanted else []
            for listener in told:
                listener.changed()

    def _open(self) -> None:
        context = ExitStack()
        try:
            integration = self._entry.load()
            self._takes = taken(integration)
            for listener in self._joined:
                self._check(listener)
            with noting() as self._functions:
                context.enter_context(integration(self._module, FanOut(self)))
        except Exception as error:  # noqa: BLE001 - it would fail the user's own import
            self.error = message_of(error)
            complain(f"open {self._entry}", f"{self.switch} leaves {self.module_name} out: {message_of(error)}")
            return
        self._context = context

    def _close(self) -> None:
        context, self._context = self._context, None
        assert context is not None
        try:
            context.close()
        except Exception as error:  # noqa: BLE001 - the run is ending; the user's program goes on
            complain(f"close {self._entry}", f"undoing {self.switch} for {self.module_name}: {message_of(error)}")


class FanOut:
    """The `SwitchSink` that an integration gets: every verb goes to each listening run, and none raises."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.config = _ConfigFanOut(part)
        self.summary = _SummaryFanOut(part)

    @property
    def options(self) -> Mapping[str, Any]:
        listeners = self._part.listeners
        return listeners[0].options if listeners else {}

    def log(self, data: Mapping[str, Any], /, step: int | None = None, commit: bool | None = None) -> None:
        self._part.tell("log", lambda sink: sink.log(data, step=step, commit=commit))

    def row(self, data: Mapping[str, Any], /, step: int) -> None:
        self._part.tell("row", lambda sink: sink.row(data, step))

    def last_step(self, name: str, /) -> int | None:
        steps: list[int | None] = []
        self._part.tell("last_step", lambda sink: steps.append(sink.last_step(name)))
        return max((step for step in steps if step is not None), default=None)

    def next_count(self, name: str, /) -> int:
        counts = [0]
        self._part.tell("next_count", lambda sink: counts.append(next_count(sink, name)))
        return max(counts)

    def define_metric(self, name: str, /, *, step_metric: str | None = None, summary: str | None = None) -> None:
        self._part.tell(
            "define_metric", lambda sink: sink.define_metric(name, step_metric=step_metric, summary=summary)
        )

    def save(self, path: str, /, *, base_path: str | None = None, policy: Policy = "live") -> None:
        self._part.tell("save", lambda sink: sink.save(path, base_path=base_path, policy=policy))

    def follow(self, tail: str, source: str, /, **options: Any) -> None:
        self._part.tell("follow", lambda sink: sink.follow(tail, source, **options))


class _ConfigFanOut:
    def __init__(self, part: Part) -> None:
        self._part = part

    def update(self, values: Mapping[str, Any], /, *, allow_val_change: bool | None = None) -> None:
        self._part.tell("config", lambda sink: sink.config.update(values, allow_val_change=allow_val_change))

    def setdefaults(self, values: Mapping[str, Any], /, replaces: Mapping[str, Any] | None = None) -> None:
        self._part.tell("config", lambda sink: sink.config.setdefaults(values, replaces))


class _SummaryFanOut:
    def __init__(self, part: Part) -> None:
        self._part = part

    def get(self, key: str, default: Any = None, /) -> Any:
        """Of the first run that listens."""
        values: list[Any] = []
        self._part.tell("summary", lambda sink: values.append(sink.summary.get(key, default)))
        return values[0] if values else default

    def update(self, values: Mapping[str, Any], /) -> None:
        self._part.tell("summary", lambda sink: sink.summary.update(values))


class Attachment:
    """One run's hold on its switches. Closing lets go of them and is idempotent."""

    def __init__(self, parts: Sequence[Part], sink: Sink) -> None:
        self._parts = parts
        self._sink = sink
        self._last: tuple[records.Part, ...] = ()

    def opened(self) -> list[str]:
        """What is patched now, as `switch: module`."""
        return [f"{part.switch}: {part.module_name}" for part in self._parts if part.open]

    def report(self) -> tuple[records.Part, ...]:
        """What became of every part; after `close` what had become of it until then."""
        return tuple(part.report() for part in self._parts) if self._parts else self._last

    def close(self) -> None:
        self._last = self.report()
        parts, self._parts = self._parts, ()
        for part in reversed(parts):
            part.leave(self._sink)


def attach(names: Mapping[str, Any], sink: Sink, changed: Callable[[], object] = lambda: None) -> Attachment:
    """Lets `sink` hear of everything that the switches in `names` find, now and when it is imported later.

    A value is what the user gave `init()`: a false one leaves the switch off, a mapping sets it. In a mapping the
    key of a module that the switch waits for, or of its package, holds that part's own options, or False to leave
    that part out; every other key goes to all parts, but not with `magic`, whose parts have little in common. A part
    that the user must ask for wants its key there. `magic` is also that of the switches within it, unless they have a
    value of their own. `changed` is called when a part was opened or could not be.
    """
    parts = []
    for switch, value in names.items():
        if not value:
            continue
        options = value if isinstance(value, Mapping) else {}
        entries = [(switch, entry, True) for entry in entry_points(switch)]
        for within in _WITHIN.get(switch, ()):
            entries += [(within, entry, True) for entry in entry_points(within)]
        if options:
            entries += [(f"{switch}.opt_in", entry, False) for entry in entry_points(f"{switch}.opt_in")]
        modules = {name for _, entry, _ in entries for name in (entry.name, _package(entry.name))}
        _warn_of_unknown(switch, options, modules)
        common = {key: option for key, option in options.items() if key not in modules and switch not in _WITHIN}
        unread = {key: set(option) for key, option in options.items() if isinstance(option, Mapping)}
        unread[""] = {name for name in common if not _names_part(options[name])}
        for group, entry, default in entries:
            key = entry.name if entry.name in options else _package(entry.name)
            own = options.get(key, default)
            if not (own or isinstance(own, Mapping)) or (group != switch and names.get(group) is not None):
                continue
            with _lock:
                part = _parts.setdefault((group, entry.name, entry.value), Part(group, entry))
            told = {**common, **own} if isinstance(own, Mapping) else common
            # Of the parts of one package the one that is called like it knows what is meant for them.
            speaks = entry.name == key or all(other.name != key for _, other, _ in entries)
            mine = [unread[name] for name in ("", key) if name in unread] if speaks else [unread[""]]
            part.join(_Listener(sink, told, changed, mine))
            parts.append(part)
    return Attachment(parts, sink)


def _warn_of_unknown(switch: str, options: Mapping[str, Any], modules: Iterable[str]) -> None:
    """A part is set by a boolean or a mapping; any other value is an option that all parts get."""
    for name, value in options.items():
        if name in modules:
            if value not in (None, True, False) and not isinstance(value, Mapping):
                _notice.warn(
                    f"{switch}: {name} is set by true, false or a mapping of options; {value!r} is taken as true"
                )
        elif switch in _WITHIN or _names_part(value):
            known = ", ".join(sorted(modules))
            _notice.warn(f"{switch} has no part {name!r}: {_hint(name, modules)}its parts are {known or 'none'}")


def _names_part(value: object) -> bool:
    return isinstance(value, (bool, Mapping))


def _hint(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _version(module: str) -> str:
    """Of the package that `module` is of; empty where nobody says. Looked up without its `__getattr__`."""
    package = _package(module)
    if package in sys.stdlib_module_names:
        return ".".join(map(str, sys.version_info[:3]))
    told = vars(sys.modules.get(package, sys)).get("__version__")
    if isinstance(told, str):
        return str(told)  # torch's is of a class of its own
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _package(module: str) -> str:
    return module.partition(".")[0]


def entry_points(switch: str) -> Iterator[EntryPoint]:
    """The parts of a switch that installed distributions declare."""
    from importlib import metadata

    seen = set()
    for entry in metadata.entry_points(group=f"tracker.{switch}"):
        if (entry.name, entry.value) not in seen:
            seen.add((entry.name, entry.value))
            yield entry
