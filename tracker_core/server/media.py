"""The media of runs, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracker_core.server import wire
from tracker_core.server.board import finite
from tracker_core.store.series import lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tracker_core.server.source import Entry
    from tracker_core.store import Run, Store
    from tracker_core.store.database import Database


def read(entry: Entry, wanted: tuple[str, ...], most: int) -> wire.Media:
    """Keys in alphabetical order, all or those that are `wanted`; those that never held media are left out."""
    return wire.Media(_series(entry.shelf.store.db, entry.run.number, wanted, most))


def of_runs(store: Store, runs: Mapping[str, Run], asked: wire.OfRunsMedia) -> wire.RunsMedia:
    """Of each key the media of the first `limit` runs that have any; runs in the order of `asked.run`."""
    counts = dict.fromkeys(asked.key, 0)
    answers = []
    for key in asked.run:
        wanted = [name for name, count in counts.items() if count < asked.limit]
        if key not in runs or not wanted:
            continue
        series = _series(store.db, runs[key].number, wanted, asked.most)
        for it in series:
            counts[it.key] += 1
        if series:
            answers.append(wire.RunMedia(key, series))
    return wire.RunsMedia(answers)


def _series(db: Database, number: int, wanted: Collection[str], most: int) -> list[wire.MediaSeries]:
    found = []
    for (key,) in db.rows(
        "SELECT DISTINCT name FROM series WHERE run = ? AND stream = 'metrics' AND kind = 'o' ORDER BY name", (number,)
    ):
        logged = lines(db, number, key) if not wanted or key in wanted else None
        if logged is None:
            continue
        series = logged.every()
        places = [place for place, value in enumerate(series.values) if isinstance(value, dict) and "_type" in value]
        if places:
            chosen = [places[at] for at in np.unique(np.linspace(0, len(places) - 1, most).round().astype(int))]
            steps = series.steps[chosen].tolist()
            values = [finite(series.values[place]) for place in chosen]
            found.append(wire.MediaSeries(key, len(places), steps, values))
    return found
