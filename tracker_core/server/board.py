"""What a project page shows: its runs, columns of their configs and summaries, and the names of their metrics."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _metrics
from tracker_core import _records as records
from tracker_core.server import extreme, view, wire
from tracker_core.server.media_state import media_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tracker_core.server.source import Shelf, Source
    from tracker_core.store import Run, Store
    from tracker_core.store.run import Card

_DEPTH = 6
"""How deep a config is cut into columns; what lies deeper stays one value."""


class _Facts(msgspec.Struct):
    """What lists show of a run's metadata."""

    host: str = ""
    user: str = ""


_facts = msgspec.msgpack.Decoder(dict[int, _Facts], ext_hook=records.extension)


class Catalogue:
    """Remembers of each run, as long as it does not change, what is dear to find out."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[Run, wire.Head]] = {}
        self._fields: dict[str, tuple[Run, tuple[str, ...]]] = {}
        self._metrics: dict[str, tuple[Run, tuple[tuple[str, str], ...]]] = {}
        self._media: dict[str, tuple[Run, tuple[tuple[str, str], ...]]] = {}
        self._facts: dict[str, tuple[Run, dict[str, Any]]] = {}
        self._extremes: dict[str, tuple[Run, extreme.Extremes]] = {}
        self._names: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def heads(self, store: Store, runs: Mapping[str, Run]) -> list[wire.Head]:
        """One head a run, in the order of `runs`."""
        found = []
        for key, run in runs.items():
            known = self._heads.get(key)
            if known is None or known[0] is not run:
                known = self._heads[key] = (run, _head(store, key, run))
            found.append(known[1])
        return found

    def fields(self, store: Store, runs: Mapping[str, Run]) -> list[wire.Field]:
        """Every column that any run has, config first, by name."""
        counts: Counter[str] = Counter(name for key, run in runs.items() for name in self.facts(store, key, run))
        for key, run in runs.items():
            counts.update(self._fields_of(key, run))
        return [wire.Field(name, count) for name, count in sorted(counts.items())]

    def metrics(self, store: Store, runs: Mapping[str, Run]) -> list[wire.Metric]:
        """Every series that any run logged, by name."""
        counts: Counter[tuple[str, str]] = Counter()
        definitions: dict[str, Card] = {}
        for key, run in runs.items():
            names = self._metrics_of(store, key, run)
            counts.update(names)
            for _, name in names:
                definitions[name] = run.card
        return [_metric(stream, name, count, definitions[name]) for (stream, name), count in sorted(counts.items())]

    def media(self, runs: Mapping[str, Run]) -> list[wire.MediaKey]:
        """What of media runs logged last under each name, by name."""
        counts: Counter[tuple[str, str]] = Counter()
        for key, run in runs.items():
            counts.update(self._media_of(key, run))
        return [wire.MediaKey(name, kind, count) for (name, kind), count in sorted(counts.items())]

    def names(self, store: Store, key: str, run: Run) -> tuple[tuple[Any, ...], ...]:
        """What can be asked about a run."""
        return self._fields_of(key, run), self._metrics_of(store, key, run), self._media_of(key, run)

    def facts(self, store: Store, key: str, run: Run) -> dict[str, Any]:
        """What was captured about a run's newest attempt, by column; lists stay on its own page."""
        known = self._facts.get(key)
        if known is None or known[0] is not run:
            metadata = store.metadata(run)
            latest = metadata[max(metadata)] if metadata else {}
            cells = {name: value for name, value in _parts("metadata", latest, _DEPTH) if not isinstance(value, list)}
            known = self._facts[key] = (run, cells)
        return known[1]

    def extremes(self, store: Store, key: str, run: Run) -> extreme.Extremes:
        """The smallest and largest values of a run's metrics, by column."""
        known = self._extremes.get(key)
        if known is None or known[0] is not run:
            known = self._extremes[key] = (run, extreme.read(store, run))
        return known[1]

    def columns(self, store: Store, runs: Mapping[str, Run], keys: Iterable[str]) -> wire.Columns:
        found: dict[str, list[Any]] = {}
        for key in keys:
            tree, _, path = key.partition(".")
            if tree in extreme.KINDS:
                found[key] = [finite(self.extremes(store, name, run).get(key)) for name, run in runs.items()]
            elif tree == "metadata":
                found[key] = [self.facts(store, name, run).get(key) for name, run in runs.items()]
            else:
                found[key] = [
                    _cell(run.config if tree == "config" else run.flat, path, _DEPTH) for run in runs.values()
                ]
        return wire.Columns(list(runs), found)

    def _fields_of(self, key: str, run: Run) -> tuple[str, ...]:
        known = self._fields.get(key)
        if known is None or known[0] is not run:
            known = self._fields[key] = (run, self._shared(tuple(name for name, _ in _cells(run))))
        return known[1]

    def _metrics_of(self, store: Store, key: str, run: Run) -> tuple[tuple[str, str], ...]:
        known = self._metrics.get(key)
        if known is None or known[0] is not run:
            rows = store.db.rows(
                "SELECT DISTINCT stream, name FROM series WHERE run = ? AND kind <> 'o'", (run.number,)
            )
            known = self._metrics[key] = (run, self._shared(tuple(rows)))
        return known[1]

    def _media_of(self, key: str, run: Run) -> tuple[tuple[str, str], ...]:
        known = self._media.get(key)
        if known is None or known[0] is not run:
            found = tuple((name, kind) for name, value in run.flat.items() if (kind := _kind(value)))
            known = self._media[key] = (run, self._shared(found))
        return known[1]

    def _shared(self, names: tuple[Any, ...]) -> tuple[Any, ...]:
        """Ten thousand runs of one script have the same names: they are kept once."""
        return self._names.setdefault(names, names)


def project(shelf: Shelf) -> wire.Project:
    return wire.Project(
        key=shelf.key,
        name=shelf.name,
        entity=shelf.entity,
        folder=shelf.folder,
        runs=len(shelf.runs),
        running=sum(run.card.state == "running" for run in shelf.runs),
        updated=max(run.card.updated for run in shelf.runs),
    )


def board(source: Source, catalogue: Catalogue, shelf: Shelf) -> wire.Board:
    runs = source.keys(shelf)
    metrics = catalogue.metrics(shelf.store, runs)
    extremes = [wire.Field(f"{kind}.{metric.name}", metric.runs) for kind in ("min", "max") for metric in metrics]
    extremes += [wire.Field(f"best.{metric.name}", metric.runs) for metric in metrics if metric.goal]
    return wire.Board(
        project=project(shelf),
        cursor=cursor(shelf.runs),
        runs=catalogue.heads(shelf.store, runs),
        fields=catalogue.fields(shelf.store, runs) + extremes,
        metrics=metrics,
        media=catalogue.media(runs),
        views=view.views(shelf),
    )


def cursor(runs: Iterable[Run]) -> str:
    """Where the changes of a project stand: no later change is known by a smaller number."""
    return str(max((run.version for run in runs), default=0))


def finite(value: Any) -> Any:
    """Plain data with NaN and infinities spelled out, for which JSON has no numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _head(store: Store, key: str, run: Run) -> wire.Head:
    card = run.card
    rows = store.db.rows("SELECT metadata FROM run WHERE run = ?", (run.number,))
    facts = _latest(rows[0][0]) if rows else _Facts()
    return wire.Head(
        key=key,
        id=card.id,
        name=card.name or card.id,
        state=card.state,
        created=card.start,
        ended=card.end if card.state != "running" else None,
        updated=card.updated,
        tags=card.tags,
        group=card.group,
        job_type=card.job_type,
        color=card.color,
        notes=card.notes,
        user=facts.user,
        host=facts.host,
        steps=run.flat.get("_step", -1),
        damage=str(card.damage),
        media=media_state(store.db, run.number),
    )


def _latest(metadata: bytes) -> _Facts:
    try:
        attempts = _facts.decode(metadata)
    except (msgspec.DecodeError, msgspec.ValidationError):  # a run may record what it likes under these names
        return _Facts()
    return attempts[max(attempts)] if attempts else _Facts()


def _metric(stream: str, name: str, count: int, card: Card) -> wire.Metric:
    definition = _metrics.find(card.metrics, name) if stream == "metrics" else None
    return wire.Metric(
        name=name,
        stream="system" if stream == "system" else "metrics",
        runs=count,
        hidden=bool(definition and definition.hidden),
        step_metric=definition.step_metric if definition else None,
        goal=definition.goal if definition else None,
    )


def _kind(value: Any) -> str:
    """The kind of a media value; empty for anything else."""
    if not isinstance(value, dict) or "_type" not in value:
        return ""
    kind = value.get("of") if value["_type"] == "group" else value["_type"]
    return kind if isinstance(kind, str) else ""


def _cells(run: Run) -> Iterator[tuple[str, Any]]:
    """The columns of a run. Maps are cut into their parts; media and other maps of a kind stay out of the table."""
    yield from _parts("config", run.config, _DEPTH)
    for name, value in run.flat.items():
        if not name.startswith("_"):
            yield from _parts(f"summary.{name}", value, 1)


def _cell(tree: Any, path: str, depth: int) -> Any:
    """What `_parts` gives for this path; None for nothing. A key may hold dots itself."""
    if path in tree:
        value = tree[path]
        return None if isinstance(value, dict) and ("_type" in value or depth) else finite(value)
    for end, letter in enumerate(path):
        if letter == "." and isinstance(inner := tree.get(path[:end]), dict) and "_type" not in inner:
            value = _cell(inner, path[end + 1 :], depth - 1)
            if value is not None:
                return value
    return None


def _parts(prefix: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield prefix, finite(value)
    elif "_type" not in value and depth:
        for key, item in value.items():
            yield from _parts(f"{prefix}.{key}", item, depth - 1)
