"""The media of a run, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracker_core.server import wire
from tracker_core.server.board import finite
from tracker_core.store.series import keys, load

if TYPE_CHECKING:
    from tracker_core.server.source import Entry


def read(entry: Entry, wanted: tuple[str, ...], most: int) -> wire.Media:
    """Keys in alphabetical order, all or those that are `wanted`; those that never held media are left out."""
    db, number = entry.shelf.store.db, entry.run.number
    found = []
    for key, kinds in keys(db, number).items():
        if wanted and key not in wanted:
            continue
        series = load(db, number, key) if "o" in kinds else None
        if series is None:
            continue
        places = [place for place, value in enumerate(series.values) if isinstance(value, dict) and "_type" in value]
        if places:
            chosen = [places[at] for at in np.unique(np.linspace(0, len(places) - 1, most).round().astype(int))]
            steps = series.steps[chosen].tolist()
            values = [finite(series.values[place]) for place in chosen]
            found.append(wire.MediaSeries(key, len(places), steps, values))
    return wire.Media(found)
