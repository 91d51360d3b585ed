"""The one schema: every record that crosses a file or a wire.

A run is the fold of its records (`_snapshot.py`). A journal holds them as msgpack maps whose `kind` names the
class; rows of plain numbers have a packed form instead (`_journal/format.py`). Fields are only ever added, with
a default, so that old readers skip what they do not know and new readers accept what they do not find.

`time` is always seconds since the Unix epoch (float, UTC). Where two records disagree, the later `time` wins;
within one journal `time` never falls, whatever the clock does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tracker_core import _texts

if TYPE_CHECKING:
    from collections.abc import Iterable

Mode: TypeAlias = Literal["online", "offline", "disabled"]
State: TypeAlias = Literal["running", "finished", "failed", "crashed", "killed", "preempted", "archived"]
_T = TypeVar("_T")
Stream: TypeAlias = Literal["metrics", "system"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    time: float


class Start(_Record, frozen=True, kw_only=True, tag="start"):
    """An attempt begins: the first record of the journal that the training process writes.

    `attempt` counts from 1. `rewind` hides what earlier attempts logged beyond that step; `fork` names the run
    and step whose history this run goes on from, and the folder where it lay. `beside` is the attempt that another
    process was still writing: then the run has that one's state, and the rows of the two are those of two writers.
    """

    run: str
    project: str
    entity: str = ""
    attempt: int = 1
    mode: Mode = "offline"
    name: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    group: str | UnsetType = UNSET
    job_type: str | UnsetType = UNSET
    switches: dict[str, Any] = {}
    rewind: int | None = None
    fork: Fork | None = None
    beside: int | None = None


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """Where a forked run came from: history up to and including `step` of run `run`, kept in `folder`."""

    run: str
    step: int
    folder: str


class Update(_Record, frozen=True, kw_only=True, tag="update"):
    """What people change about a run, during it or years later. An unset field stays as it is."""

    name: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    group: str | UnsetType = UNSET
    job_type: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    """As in `#d1495b`; empty for the one that the pages choose."""


class Config(_Record, frozen=True, kw_only=True, tag="config"):
    """Top-level config keys, each with its whole new value (plain data, see `_values.py`)."""

    set: dict[str, Any] = {}
    remove: tuple[str, ...] = ()


class Summary(_Record, frozen=True, kw_only=True, tag="summary"):
    """Summary keys set by hand. They stand until the next logged value of the same key.

    First, what was set and removed before under the keys of `forget` no longer holds: a rewind hides it.
    """

    set: dict[str, Any] = {}
    remove: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()


class Row(_Record, frozen=True, kw_only=True, tag="row"):
    """What one `log` call wrote, when not all of it is plain numbers.

    Values are plain data; a media value is a map whose `_type` names its kind.
    """

    step: int
    data: dict[str, Any]
    stream: Stream = "metrics"


class Purge(_Record, frozen=True, kw_only=True, tag="purge"):
    """Take back mirrored rows from `step` on: of the keys in `names`, written before this record.

    It holds for the rows of its own writer, and for those of the same writer in earlier attempts. `name/*` stands for
    `name/0`, `name/1` and so on. Written by a tail whose source says so, such as TensorBoard's `purge_step`.
    """

    step: int
    names: tuple[str, ...]

    def hides(self, names: Iterable[str]) -> bool:
        """Return whether rows of exactly these keys are meant."""
        own = frozenset(self.names)
        return all(name in own or f"{name.rpartition('/')[0]}/*" in own for name in names)


class Metric(_Record, frozen=True, kw_only=True, tag="metric"):
    """One `define_metric` call; `name` may end in `*`. A later definition of the same name adds to it."""

    name: str
    step_metric: str | None = None
    step_sync: bool | None = None
    hidden: bool | None = None
    summary: tuple[str, ...] | None = None
    goal: Literal["minimize", "maximize"] | None = None
    overwrite: bool = False


class File(_Record, frozen=True, kw_only=True, tag="file"):
    """A file of the run, at `path` below its `files/` folder (POSIX separators).

    `policy` tells when it is kept: once now, whenever `source` (an absolute path) changes, or at the end. With
    `error` there is no such file: it could not be encoded or read.
    """

    path: str
    policy: Literal["now", "live", "end"] = "now"
    source: str | None = None
    size: int | None = None
    sha256: str | None = None
    error: str = ""


class Console(_Record, frozen=True, kw_only=True, tag="console"):
    """Line `line` (from 0, per journal and stream) of the terminal output; a later record replaces it.

    `text` has no line end and may hold ANSI colours; a progress bar is one line that is replaced again and again.
    """

    stream: Literal["stdout", "stderr"]
    line: int
    text: str


class Metadata(_Record, frozen=True, kw_only=True, tag="metadata"):
    """Facts about the attempt: host, hardware, command, git, packages. Later maps are merged over earlier ones."""

    data: dict[str, Any]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a switch, as the metadata of a run hold it under `magic`.

    It waits for its `module` to be imported, is attached to the `functions` of version `version` of it, or failed for
    the reason in `error`.
    """

    switch: str
    module: str
    state: Literal["waiting", "attached", "failed"]
    version: str = ""
    functions: tuple[str, ...] = ()
    error: str = ""


class Tail(_Record, frozen=True, kw_only=True, tag="tail"):
    """Asks the background process to follow `source` with the tail registered as `tail` until the run ends."""

    tail: str
    source: str
    options: dict[str, Any] = {}


class Alert(_Record, frozen=True, kw_only=True, tag="alert"):
    """A message to people, kept with the run. A `muted` one is not sent: one of its title was sent just before."""

    title: str
    text: str = ""
    level: Literal["INFO", "WARN", "ERROR"] = "INFO"
    muted: bool = False


class Artifact(_Record, frozen=True, kw_only=True, tag="artifact"):
    """The run made (`output`) or used (`input`) version `version` of the artifact `name` of `project`.

    What is in it stands with the artifact; this says enough to draw who made what from what.
    """

    role: Literal["input", "output"]
    project: str
    name: str
    version: int
    type: str
    digest: str = ""
    size: int = 0
    files: int = 0
    aliases: tuple[str, ...] = ()


class Gap(_Record, frozen=True, kw_only=True, tag="gap"):
    """`lost` records could not be written, for `reason`, before this one."""

    lost: int
    reason: str


class Preempting(_Record, frozen=True, kw_only=True, tag="preempting"):
    """The scheduler is about to take the machine away: a failing end is a pre-emption."""


class Heartbeat(_Record, frozen=True, kw_only=True, tag="heartbeat"):
    """The background process lives."""


class End(_Record, frozen=True, kw_only=True, tag="end"):
    """The attempt is over.

    Written by the training process; by the background process when the training process died without it, then
    with `state` set. `signal` is the name of the signal that ended it ("SIGTERM"). A process that ends the run
    while it exits can only guess its exit code (`certain=False`): the background process, where it learns the
    real one, writes a second record. `reason` is the exception or the rule that ended the run, where it is known.
    """

    exit_code: int | None = None
    signal: str | None = None
    state: State | None = None
    certain: bool = True
    reason: str = ""


class View(_Record, frozen=True, kw_only=True, tag="view"):
    """A saved view of a project's page, kept beside the runs; without `state` it was deleted.

    `state` is the query string of the page; the project opens with the view that was marked `home` last.
    """

    project: str
    name: str
    entity: str = ""
    state: str | None = None
    home: bool = False


class Archive(_Record, frozen=True, kw_only=True, tag="archive"):
    """A later run took this run's id without resuming it: this one stays readable, outside the lists.

    With an empty `successor` it has been restored.
    """

    successor: str


class Delete(_Record, frozen=True, kw_only=True, tag="delete"):
    """The tombstone of a deleted run: all that is left in its folder. Its id stays refused in its project."""

    run: str
    project: str


Record: TypeAlias = (
    Start
    | Update
    | Config
    | Summary
    | Row
    | Metric
    | Purge
    | File
    | Console
    | Metadata
    | Tail
    | Alert
    | Artifact
    | Gap
    | Preempting
    | Heartbeat
    | End
    | View
    | Archive
    | Delete
)

_INTEGER = 1
"""The extension type of msgpack that holds an integer beyond 64 bits, as its signed bytes in big-endian order."""

_encode = msgspec.msgpack.Encoder(enc_hook=_texts.represented).encode


def encode(value: Any) -> bytes:
    """A record, or other plain data, as msgpack: integers of any size exactly, texts without lone surrogates.

    What msgpack cannot hold is kept as its `repr`.
    """
    try:
        return _encode(value)
    except (OverflowError, UnicodeEncodeError):
        kept = (bytes, bytearray, memoryview)
        return _encode(_fitting(msgspec.to_builtins(value, enc_hook=_texts.represented, builtin_types=kept)))


def _fitting(value: Any) -> Any:
    if isinstance(value, str):
        return _texts.text(value)
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return value
        return msgspec.msgpack.Ext(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, (list, tuple)):
        return [_fitting(part) for part in value]
    if isinstance(value, dict):
        return {_fitting(key): _fitting(part) for key, part in value.items()}
    return value


def extension(code: int, data: memoryview) -> Any:
    """Decodes what `encode` kept as an extension of msgpack (msgspec's `ext_hook`)."""
    return int.from_bytes(data, "big", signed=True) if code == _INTEGER else msgspec.msgpack.Ext(code, bytes(data))


def decode_as(data: bytes | memoryview, kind: type[_T]) -> _T:
    """Decodes what `encode` made of a value of type `kind`. Raises `msgspec.DecodeError`."""
    return msgspec.msgpack.decode(data, type=kind, ext_hook=extension)


_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record, ext_hook=extension)


def decode(data: bytes | memoryview) -> Record | None:
    """Decodes one record; None for a kind that this version does not know.

    Raises `msgspec.DecodeError` when `data` is not msgpack at all.
    """
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        return None
