"""The media of a run, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import zstandard

from tracker_core._errors import NotFoundError
from tracker_core._media import table_file
from tracker_core.server import detail, wire
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


def table(entry: Entry, asked: wire.OfTable) -> wire.Table:
    """Of a chart its own table. Raises NotFoundError where no table was logged so, or its file is gone."""
    series = load(entry.shelf.store.db, entry.run.number, asked.key, within=(asked.step, asked.step))
    value = series.values[-1] if series is not None and len(series.values) else None
    if isinstance(value, dict) and value.get("_type") == "chart":
        value = value.get("table")
    if not isinstance(value, dict) or value.get("_type") != "table-file" or "parts" not in value:
        raise NotFoundError(f"no table was logged as {asked.key!r} at step {asked.step}")
    try:
        for part in value["parts"]:
            detail.file(entry, part["path"])  # a record could name any path
        files = entry.shelf.store.folder(entry.run).files
        rows = table_file.read(files, value, asked.first, asked.first + asked.count)
        return wire.Table(list(map(str, value["columns"])), int(value["rows"]), asked.first, finite(rows))
    except (KeyError, TypeError, ValueError, zstandard.ZstdError) as error:
        raise NotFoundError(f"the table {asked.key!r} of step {asked.step} cannot be read: {error}") from error
