"""Every tracker behind the same four verbs, with its default settings, kept on this machine.

`start(folder, name)`, `log(row)`, `finish()`; afterwards, mostly in another process, `rows(folder)`: how many of
them can be read. A tracker that can also be asked for a series or for a list of runs says so by having
`build_series` and `series`, or `build_runs` and `runs`. Importing this module imports no tracker.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import struct
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, float]
PROJECT = "benchmark"


class Ours:
    """tracker-core, offline."""

    module = "tracker_core"

    def start(self, folder: Path, name: str = "run") -> None:
        import tracker_core

        self._run = tracker_core.init(project=PROJECT, id=name, dir=folder, mode="offline", config=_config())
        self.log = self._run.log

    def finish(self) -> None:
        self._run.finish()

    def rows(self, folder: Path) -> int:
        return len(self.series(folder, "loss0")[0])

    def build_series(self, folder: Path, points: int) -> None:
        self.start(folder)
        log = self.log
        for step in range(points):
            log({"loss0": _wave(step)})
        self.finish()

    def series(self, folder: Path, key: str) -> Any:
        import tracker_core

        (run,) = tracker_core.Api(folder).runs(PROJECT)
        return run.series(key)

    def sample(self, folder: Path, key: str, buckets: int) -> Any:
        import tracker_core

        (run,) = tracker_core.Api(folder).runs(PROJECT)
        return run.sample(key, buckets)

    def build_runs(self, folder: Path, count: int) -> None:
        """By hand what `init`, `log` and `finish` write: a thousand background processes would take minutes."""
        from tracker_core import _folder, _journal
        from tracker_core import _records as records

        for number in range(count):
            name, now, row = f"run{number}", time.time(), _summary(number)
            place = _folder.create(folder / _folder.ROOT_NAME, name, offline=True)
            journal = _journal.open_writer(place, "main", run=name, attempt=1)
            journal.write(records.Start(time=now, run=name, project=PROJECT, name=name))
            journal.write(records.Config(time=now, set=_config()))
            keys = journal.key_set(tuple(row), "d" * len(row))
            journal.append(keys.pack(_journal.ROW, keys.id, 0, now, *row.values()))
            journal.write(records.End(time=now, exit_code=0))
            journal.close()

    def runs(self, folder: Path) -> list[tuple[Any, Any]]:
        import tracker_core

        return [(dict(run.config), dict(run.summary)) for run in tracker_core.Api(folder).runs(PROJECT)]


class Limit:
    """No tracker: msgpack and one write call per row, the least that keeps a row over a kill; numpy for a series."""

    module = "msgspec"

    def start(self, folder: Path, name: str = "run") -> None:
        import msgspec

        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._encode = msgspec.msgpack.Encoder().encode
        self._step = 0

    def log(self, row: Row) -> None:
        body = self._encode((self._step, time.time(), row))
        os.write(self._file, len(body).to_bytes(4, "little") + body)
        self._step += 1

    def finish(self) -> None:
        os.close(self._file)

    def rows(self, folder: Path) -> int:
        data, offset, count = (folder / "run.log").read_bytes(), 0, 0
        while offset + 4 <= len(data):
            offset += 4 + int.from_bytes(data[offset : offset + 4], "little")
            count += offset <= len(data)
        return count

    def build_series(self, folder: Path, points: int) -> None:
        import numpy as np

        steps = np.arange(points)
        np.savez(folder / "series", steps=steps, times=steps / 1e3, values=np.sin(steps / 1e4))

    def series(self, folder: Path, _key: str) -> Any:
        import numpy as np

        with np.load(folder / "series.npz") as file:
            return file["steps"], file["times"], file["values"]

    def sample(self, folder: Path, key: str, buckets: int) -> Any:
        import numpy as np

        values = self.series(folder, key)[2]
        edges = np.linspace(0, len(values), buckets, endpoint=False).astype(int)
        return np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges), values[edges]

    def build_runs(self, folder: Path, count: int) -> None:
        for number in range(count):
            (folder / f"run{number}.json").write_text(json.dumps([_config(), _summary(number)]))

    def runs(self, folder: Path) -> list[Any]:
        return [json.loads(path.read_bytes()) for path in folder.glob("run*.json")]


class TensorboardX:
    module = "tensorboardX"

    def start(self, folder: Path, name: str = "run") -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder / name))
        self._step = 0

    def log(self, row: Row) -> None:
        for key, value in row.items():
            self._writer.add_scalar(key, value, self._step)
        self._step += 1

    def finish(self) -> None:
        self._writer.close()

    def rows(self, folder: Path) -> int:
        return len(self.series(folder, "loss0"))

    def build_series(self, folder: Path, points: int) -> None:
        self.start(folder)
        for step in range(points):
            self.log({"loss0": _wave(step)})
        self.finish()

    def series(self, folder: Path, key: str) -> list[tuple[int, float, float]]:
        from tensorboardX.proto.event_pb2 import Event

        points = []
        for path in sorted((folder / "run").glob("events*")):
            for record in _tfrecords(path.read_bytes()):
                event = Event.FromString(record)
                points += [
                    (event.step, event.wall_time, value.simple_value)
                    for value in event.summary.value
                    if value.tag == key
                ]
        return points


class Wandb:
    """wandb, offline. It cannot read its own offline files back but by uploading them."""

    module = "wandb"

    def start(self, folder: Path, name: str = "run") -> None:
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(project=PROJECT, id=name, dir=folder, mode="offline", config=_config())
        self.log = self._run.log

    def finish(self) -> None:
        self._run.finish()

    def rows(self, folder: Path) -> int:
        from wandb.proto.wandb_internal_pb2 import Record

        (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
        count = 0
        for record in _leveldb_records(path.read_bytes()):
            count += Record.FromString(record).WhichOneof("record_type") in ("history", "partial_history")
        return count


class Mlflow:
    """mlflow with its default store, an SQLite file."""

    module = "mlflow"

    def start(self, folder: Path, name: str = "run") -> None:
        import mlflow

        self._open(folder)
        self._mlflow, self._step = mlflow, 0
        mlflow.start_run(run_name=name)
        mlflow.log_params(_config())

    def log(self, row: Row) -> None:
        self._mlflow.log_metrics(row, step=self._step)
        self._step += 1

    def finish(self) -> None:
        self._mlflow.end_run()

    def rows(self, folder: Path) -> int:
        with sqlite3.connect(folder / "mlflow.db") as database:
            return database.execute("SELECT count(*) FROM metrics WHERE key = 'loss0'").fetchone()[0]

    def build_runs(self, folder: Path, count: int) -> None:
        for number in range(count):
            self.start(folder, f"run{number}")
            self.log(_summary(number))
            self.finish()

    def runs(self, folder: Path) -> list[Any]:
        import mlflow

        self._open(folder)
        found = mlflow.search_runs(experiment_names=[PROJECT], output_format="list", max_results=50_000)
        return [(run.data.params, run.data.metrics) for run in found]

    @staticmethod
    def _open(folder: Path) -> None:
        import mlflow

        folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.set_experiment(PROJECT)


class Trackio:
    module = "trackio"

    def start(self, _folder: Path, name: str = "run") -> None:
        import trackio

        trackio.init(project=PROJECT, name=name, config=_config())
        self._trackio, self.log = trackio, trackio.log

    def finish(self) -> None:
        self._trackio.finish()

    def rows(self, _folder: Path) -> int:
        return len(self._logs())

    def build_series(self, _folder: Path, points: int) -> None:
        from trackio.sqlite_storage import SQLiteStorage

        for start in range(0, points, 50_000):
            steps = list(range(start, start + 50_000))
            SQLiteStorage.bulk_log(PROJECT, "run", [{"loss0": _wave(step)} for step in steps], steps=steps)

    def series(self, _folder: Path, key: str) -> list[float]:
        return [row[key] for row in self._logs()]

    @staticmethod
    def _logs() -> list[dict[str, Any]]:
        from trackio.sqlite_storage import SQLiteStorage

        return SQLiteStorage.get_logs(PROJECT, "run")


class Goodseed:
    """goodseed, on local storage."""

    module = "goodseed"

    def start(self, folder: Path, name: str = "run") -> None:
        import goodseed

        self._run = goodseed.Run(project=f"default/{PROJECT}", run_id=name, goodseed_home=folder, storage="local")
        self._run.log_configs(_config())
        self._step = 0

    def log(self, row: Row) -> None:
        self._run.log_metrics(row, step=self._step)
        self._step += 1

    def finish(self) -> None:
        self._run.close()

    def rows(self, folder: Path) -> int:
        return len(self.series(folder, "loss0"))

    def build_series(self, folder: Path, points: int) -> None:
        self.start(folder)
        for step in range(points):
            self.log({"loss0": _wave(step)})
        self.finish()

    def series(self, folder: Path, key: str) -> list[Any]:
        from goodseed.storage import LocalStorage

        (path,) = folder.rglob("*.sqlite")
        return LocalStorage(path).get_metric_points(key)


ADAPTERS = {
    "tracker": Ours,
    "limit": Limit,
    "tensorboardX": TensorboardX,
    "goodseed": Goodseed,
    "trackio": Trackio,
    "wandb": Wandb,
    "mlflow": Mlflow,
}
"""In the order of the columns. A column's name is also what pip installs, but for the first two."""


def load(name: str, folder: Path) -> Any:
    """The tracker `name`, imported and not started, to keep what it keeps in `folder`."""
    os.environ["TRACKIO_DIR"] = str(folder)  # read at its import
    tracker = ADAPTERS[name]()
    importlib.import_module(tracker.module)
    return tracker


def row(width: int) -> Row:
    return {f"loss{number}": 0.1 + number for number in range(width)}


def _wave(step: int) -> float:
    return (step % 997) / 997.0


def _config() -> dict[str, Any]:
    return {"lr": 1e-3, "batch_size": 64, "layers": 4, "optimizer": "adam", "dropout": 0.1, "seed": 7}


def _summary(number: int) -> Row:
    return {"loss": 1 / (number + 1), "accuracy": number / 1000, "epoch": 10.0}


def _tfrecords(data: bytes) -> list[bytes]:
    """The payloads of a TFRecord file: u64 length, u32 crc, payload, u32 crc."""
    offset, found = 0, []
    while offset + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, offset)
        end = offset + 12 + length
        if end + 4 > len(data):
            break
        found.append(data[offset + 12 : end])
        offset = end + 4
    return found


def _leveldb_records(data: bytes) -> list[bytes]:
    """The records of a LevelDB log after wandb's 7-byte header: 32 KiB blocks of u32 crc, u16 length, u8 type."""
    block, offset, parts, found = 32 * 1024, 7, [], []
    while offset + 7 <= len(data):
        left = block - offset % block
        if left < 7:
            offset += left
            continue
        length, kind = struct.unpack_from("<HB", data, offset + 4)
        if kind == 0:
            break
        end = offset + 7 + length
        if end > len(data):
            break
        parts.append(data[offset + 7 : end])
        if kind in (1, 4):
            found.append(b"".join(parts))
            parts = []
        offset = end
    return found
