"""ACME: what `acme.Trainer` reports per epoch, and the CSV file it writes beside that."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import acme  # plainly: this file is only loaded once acme is imported, or by somebody who wants it

from tracker_core.integration import Unsupported, patched, takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from tracker_core.integration import SwitchSink, TailSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Logs the loss of every epoch under `acme/loss` and follows the trainer's CSV file."""
    if not hasattr(acme, "Trainer"):
        raise Unsupported(f"acme {acme.__version__} has no Trainer; 2.0 or newer is needed")
    sink.define_metric("acme/loss", summary="min")

    def epoch_end(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        sink.log({"acme/loss": trainer.loss})
        sink.follow("acme-csv", str(Path(trainer.csv).absolute()), prefix="acme/")

    with patched(module.Trainer, "on_epoch_end", epoch_end):
        yield


class CsvTail:
    """Rows of a CSV file with a header and the columns `step` and `time`. A line still being written waits."""

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        self._path = Path(source)
        self._prefix = options.get("prefix", "")
        self._offset = 0
        self._names: list[str] = []

    def poll(self, sink: TailSink) -> int:
        if not self._path.exists():
            return 0
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        lines = whole.decode().splitlines()
        self._offset += len(whole) + 1 if whole else 0
        rows = list(csv.reader(lines))
        if rows and not self._names:
            self._names = rows.pop(0)
        for values in rows:
            row = dict(zip(self._names, values, strict=True))
            step, time = int(row.pop("step")), float(row.pop("time"))
            sink.row({self._prefix + name: float(value) for name, value in row.items()}, step, time)
        return len(lines)

    def close(self, sink: TailSink) -> None:
        """Nothing is held back."""
