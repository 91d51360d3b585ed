"""What crosses the wire: every answer and every request. The OpenAPI document is made from these types.

Times are seconds since the epoch. `project` and `run` are keys: opaque, stable, and safe in a URL once quoted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tracker_core._records import State, Stream  # noqa: TC001 - msgspec reads the annotations


class Visitor(msgspec.Struct, frozen=True):
    """Who looks at the pages of a team's server, and their entities: themselves and their teams. `tracker ui` knows
    nobody by name."""

    user: str = ""
    entities: tuple[str, ...] = ()


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """`folder` is where its runs lie; empty on a team's server, whose disk is nobody's concern."""

    key: str
    name: str
    entity: str
    folder: str
    runs: int
    running: int
    updated: float


class Projects(msgspec.Struct, frozen=True):
    projects: list[Project]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What every list shows of a run. `steps` is the largest step, -1 before the first row; `color` is empty where
    nobody chose one. `media` changes when the run logs media; 0 before it did."""

    key: str
    id: str
    name: str
    state: State
    created: float
    ended: float | None
    updated: float
    tags: tuple[str, ...]
    group: str
    job_type: str
    color: str
    notes: str
    user: str
    host: str
    steps: int
    damage: str = ""
    """A sentence where records are lost or unreadable."""
    media: int = 0


class Field(msgspec.Struct, frozen=True):
    """A column that can be asked for, and how many runs have it: `config.<path>`, `summary.<name>`, `min.<metric>`,
    `max.<metric>`, `best.<metric>` where a goal was defined, `metadata.<path>`."""

    key: str
    runs: int


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    stream: Stream
    runs: int
    hidden: bool
    step_metric: str | None
    goal: Literal["minimize", "maximize"] | None


class MediaKey(msgspec.Struct, frozen=True):
    """Media that runs logged under one name: `kind` as in `_type`, of a group that of its members."""

    name: str
    kind: str
    runs: int


class View(msgspec.Struct, frozen=True):
    """A saved view: `state` is the query string of the project's page. `home`: the page opens with it."""

    name: str
    state: str
    home: bool


class Views(msgspec.Struct, frozen=True):
    views: list[View]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A project: its runs, oldest first, and what can be asked about them. `cursor` is where `events` goes on."""

    project: Project
    cursor: str
    runs: list[Head]
    fields: list[Field]
    metrics: list[Metric]
    media: list[MediaKey]
    views: list[View]


class Columns(msgspec.Struct, frozen=True):
    """One cell per key of `keys` in every column; null where a run has no such value."""

    keys: list[str]
    columns: dict[str, list[Any]]


class Growth(msgspec.Struct, frozen=True):
    """A run that only went on: what of its head is new."""

    key: str
    updated: float
    steps: int


class Change(msgspec.Struct, frozen=True):
    """Runs that changed after `cursor` was last told, those of them that only went on, and keys of runs that are gone.
    `named`: they may have metrics, media or columns of new names, which the board tells."""

    cursor: str
    runs: list[Head] = msgspec.field(default_factory=list)
    grown: list[Growth] = msgspec.field(default_factory=list)
    removed: list[str] = msgspec.field(default_factory=list)
    named: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    start: float
    end: float | None
    state: State
    exit_code: int | None
    signal: str | None
    host: str


class FileEntry(msgspec.Struct, frozen=True):
    path: str
    size: int
    type: str


class Alert(msgspec.Struct, frozen=True):
    time: float
    title: str
    text: str
    level: str


class Run(Head, frozen=True, kw_only=True):
    """`lost` records could not be written, `unreadable` bytes of `damaged_journals` hold no record; `headless`: the
    first record is unreadable, so that name and project are guessed."""

    project: Project
    entity: str
    config: dict[str, Any]
    summary: dict[str, Any]
    metadata: dict[str, Any]
    attempts: list[Attempt]
    metrics: list[Metric]
    files: list[FileEntry]
    alerts: list[Alert]
    exit_code: int | None
    lost: int
    folder: str
    unreadable: int = 0
    damaged_journals: list[str] = []
    headless: bool = False


class MediaSeries(msgspec.Struct, frozen=True):
    """Media logged under one key: at each of `steps` one of `values`, maps whose `_type` names the kind. Where there
    were more than asked for, evenly spaced ones, the last always among them; `logged` tells how many there are."""

    key: str
    logged: int
    steps: list[int]
    values: list[dict[str, Any]]


class Media(msgspec.Struct, frozen=True):
    series: list[MediaSeries]


class RunMedia(msgspec.Struct, frozen=True):
    run: str
    series: list[MediaSeries]


class RunsMedia(msgspec.Struct, frozen=True):
    """Runs without any of the media are left out."""

    runs: list[RunMedia]


class Table(msgspec.Struct, frozen=True):
    """Rows `first` and on of a logged table; `total` counts all, `matching` those that were searched for."""

    columns: list[str]
    total: int
    matching: int
    first: int
    rows: list[list[Any]]


class RunLink(msgspec.Struct, frozen=True):
    """A run that an artifact names. One that is gone has no key and no state, and "project/id" for a name."""

    project: str
    key: str
    name: str
    state: State | None
    created: float


class ArtifactHead(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `project` is the key of the project that has it; empty where that has no runs any more."""

    project: str
    name: str
    version: int
    type: str
    digest: str
    size: int
    created: float
    aliases: list[str]
    tags: list[str]
    expired: bool
    made_by: list[RunLink]
    used_by: list[RunLink]


class Artifacts(msgspec.Struct, frozen=True):
    """Versions of the project's artifacts, and those of others that its runs used."""

    versions: list[ArtifactHead]


class ArtifactFile(msgspec.Struct, frozen=True):
    """With `ref` it lies at that address and only there."""

    path: str
    size: int
    type: str
    ref: str


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the first of `total`; `source` is the version that this one is another name of."""

    head: ArtifactHead
    description: str
    metadata: dict[str, Any]
    source: str
    total: int
    files: list[ArtifactFile]


class ConsoleLine(msgspec.Struct, frozen=True):
    """`number` counts all lines of the run from 0."""

    number: int
    time: float
    stream: str
    text: str


class Console(msgspec.Struct, frozen=True):
    """Of `total` lines, or of as many that were found, those from `first` on."""

    total: int
    first: int
    lines: list[ConsoleLine]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One run's series of one metric.

    With `bucketed`, an entry stands for a bucket: `step`, `time` and `other` are those of its first point; `value`,
    `last_step`, `last_time` and `last_other` those of its last one; `low` and `high` are its extremes, `count` its
    number of points, `nans` how many of them are NaN. Without, each entry is one logged point, and the columns after
    `other` are empty. `writer` is empty but for the line of a writer beside the first one, such as "rank-1".
    """

    run: str
    metric: str
    bucketed: bool
    step: list[float]
    time: list[float]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    other: list[float | None]
    count: list[int] = []
    nans: list[int] = []
    last_step: list[float] = []
    last_time: list[float] = []
    last_other: list[float | None] = []
    writer: str = ""


class Chart(msgspec.Struct, frozen=True):
    series: list[Line]


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every answer of 400 and above. `size`: what is there already of what was to be added to."""

    error: str
    size: int | None = None


class Frame(msgspec.Struct, frozen=True):
    """The run in a frame: `embed/run/<folder>`, with `?token=<token>` where that is not empty."""

    folder: str
    token: str


Short = Annotated[str, Meta(max_length=512)]
Color = Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?$")]


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about a run; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET
    notes: Annotated[str, Meta(max_length=100_000)] | UnsetType = UNSET
    tags: Annotated[tuple[Short, ...], Meta(max_length=200)] | UnsetType = UNSET
    group: Short | UnsetType = UNSET
    job_type: Short | UnsetType = UNSET
    color: Color | UnsetType = UNSET


ViewName = Annotated[str, Meta(min_length=1, max_length=200)]


class SaveView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view to keep. `instead_of` names the one that it takes the place of."""

    name: ViewName
    state: Annotated[str, Meta(max_length=100_000)]
    home: bool = False
    instead_of: Annotated[str, Meta(max_length=200)] = ""


class Preferences(msgspec.Struct, frozen=True):
    """What this user's settings file, which every `init` reads, says; null where it says nothing."""

    file: str
    project: str | None
    save_code: bool | None


class PreferencesEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; null takes a setting out of the file, what is left out stays."""

    project: Short | UnsetType | None = UNSET
    save_code: bool | UnsetType | None = UNSET


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class OfProject(msgspec.Struct, frozen=True):
    project: str


class OfView(msgspec.Struct, frozen=True):
    project: str
    name: ViewName


class OfRun(msgspec.Struct, frozen=True):
    run: str


class OfFile(msgspec.Struct, frozen=True):
    run: str
    path: str
    download: bool = False


Keys = Annotated[tuple[str, ...], Meta(max_length=2000)]


class OfColumns(msgspec.Struct, frozen=True):
    """`run` limits the answer to some runs; all by default."""

    project: str
    key: Keys = ()
    run: Keys = ()


class OfSeries(msgspec.Struct, frozen=True, kw_only=True):
    """`x` is `_step`, `_timestamp` or a metric. `from` and `to` cut the x-axis; `after` gives the first step wanted
    of each run, in the order of `run`. Without `extremes` a point is its bucket's last value only.

    A metric has one line per run: at a step that several writers of the run logged, the value of the first of them (the
    training process, then ranks by number, then workers). With `writers` there follows a line for each of the others,
    of up to 24, that logged another value at any step."""

    project: str
    metric: Annotated[tuple[str, ...], Meta(max_length=200)] = ()
    run: Keys = ()
    after: Annotated[tuple[float, ...], Meta(max_length=2000)] = ()
    buckets: Annotated[int, Meta(ge=1, le=20_000)] = 500
    x: str = "_step"
    stream: Stream = "metrics"
    extremes: bool = True
    writers: bool = False
    from_: float | None = msgspec.field(default=None, name="from")
    to: float | None = None


class OfMedia(msgspec.Struct, frozen=True):
    """`key` limits the answer to some keys; all by default."""

    run: str
    key: Keys = ()
    most: Annotated[int, Meta(ge=1, le=10_000)] = 300


class OfRunsMedia(msgspec.Struct, frozen=True):
    """`limit` is the most runs that are wanted of each key, the first of `run` that have any."""

    project: str
    run: Keys = ()
    key: Keys = ()
    most: Annotated[int, Meta(ge=1, le=10_000)] = 300
    limit: Annotated[int, Meta(ge=1, le=2000)] = 2000


CellFilter = Annotated[str, Meta(pattern=r"^[0-9]{1,6}:", max_length=1000)]


class OfTable(msgspec.Struct, frozen=True):
    """The table that was logged under `key` at `step`: rows with a cell that holds `search`, in whatever case, by the
    column number `sort`, falling if it begins with a minus. A `filter` is the number of a column, a colon, and what its
    cells must be: `> 0.5`, `= cat`, `!= cat`, or any other text, which they must hold."""

    run: str
    key: str
    step: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    first: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    count: Annotated[int, Meta(ge=0, le=5_000)] = 100
    search: Annotated[str, Meta(max_length=1000)] = ""
    sort: Annotated[str, Meta(pattern=r"^(-?[0-9]{1,6})?$")] = ""
    filter: Annotated[tuple[CellFilter, ...], Meta(max_length=100)] = ()


class OfArtifact(msgspec.Struct, frozen=True):
    """`version` is its number: 3 for v3."""

    project: str
    name: str
    version: Annotated[int, Meta(ge=0, le=1_000_000_000)]


class OfArtifactFile(msgspec.Struct, frozen=True):
    project: str
    name: str
    version: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    path: str
    download: bool = False


class OfConsole(msgspec.Struct, frozen=True):
    """`first` counts from the end when it is negative. With `search` only lines that contain it, in whatever case."""

    run: str
    first: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)] = 0
    count: Annotated[int, Meta(ge=0, le=20_000)] = 1000
    search: Annotated[str, Meta(max_length=1000)] = ""


class OfEvents(msgspec.Struct, frozen=True):
    project: str
    cursor: str = ""
