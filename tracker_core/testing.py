"""For everyone's tests: a run that keeps to memory what a script or an integration does with it.

    from tracker_core.testing import recorded

    def test_training():
        with recorded() as run:
            train()  # calls tracker.log, or was given `run`
        assert run.values("loss")[-1] < 0.1

Nothing is written to disk and no process is started; the run is a real `Run`, so what it refuses is refused here too.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core import _session, _settings
from tracker_core._folder import RunFolder
from tracker_core._journal import Nowhere
from tracker_core._journal.format import FRAME
from tracker_core._logbook import Logbook
from tracker_core._run import Run
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RecordedRun", "recorded"]


class RecordedRun(Run):
    """A run whose records can be asked for. It goes on answering after it is finished."""

    _memory: _Memory

    @property
    def written(self) -> list[records.Record]:
        """Everything in the order of writing; rows of numbers as `Row` too."""
        return list(self._memory.records)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was logged, a dict a call, with `_step`; nested names joined by dots."""
        return [{"_step": record.step, **record.data} for record in self.written if isinstance(record, records.Row)]

    @property
    def alerts(self) -> list[records.Alert]:
        return [record for record in self.written if isinstance(record, records.Alert)]

    def values(self, name: str) -> list[Any]:
        """The values of one metric in the order of logging."""
        return [row[name] for row in self.rows if name in row]

    def steps(self, name: str) -> list[int]:
        """The steps at which one metric was logged, in the order of logging."""
        return [row["_step"] for row in self.rows if name in row]

    @property
    def state(self) -> records.State:
        return self._snapshot.state


class _Memory(Nowhere):
    """A journal in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[records.Record] = []

    def append(self, body: bytes) -> None:
        key_set = list(self._key_sets.values())[int.from_bytes(body[1:5], "little")]
        step, at, *values = key_set.unpack.unpack(b"\0" * FRAME.size + body)
        self.records.append(records.Row(time=at, step=step, data=dict(zip(key_set.names, values, strict=True))))

    def write(self, record: records.Record) -> None:
        self.records.append(record)


@contextmanager
def recorded(**settings: Any) -> Iterator[RecordedRun]:
    """A recorded run as the current run: `tracker.log`, `tracker.config` and `tracker.run` speak to it.

    `settings` are settings of `init` (project, name, tags, allow_val_change ...). The run is finished at the end,
    with exit code 1 when an exception passes. Media are written below a temporary folder that goes with it.
    """
    chosen = _settings.gather({"mode": "disabled", **settings})
    memory = _Memory()
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Snapshot()
        start = records.Start(
            time=time.time(),
            run=chosen.id or "recorded",
            project=chosen.project or "uncategorized",
            entity=chosen.entity or "",
            name=chosen.name or "recorded",
            notes=chosen.notes or "",
            tags=chosen.tags or (),
            group=chosen.group or "",
            job_type=chosen.job_type or "",
        )
        snapshot.apply(start)
        files = Path(os.path.realpath(folder)) / "files"
        files.mkdir()
        run = RecordedRun(
            snapshot=snapshot,
            folder=RunFolder(files.parent),
            logbook=Logbook(memory, lambda: memory, definitions=snapshot.metrics, files=lambda: files),
            settings=chosen,
            mode="offline",
            allow_val_change=bool(chosen.allow_val_change),
        )
        run._memory = memory  # noqa: SLF001 - its own class's
        with _session.stand_in(run), run:
            yield run
