"""What the tests of integrations share: a run as somebody reads it afterwards."""

from __future__ import annotations

import pytest

from tracker_core import _journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._snapshot import Snapshot


class Recorded:
    def __init__(self, folder):
        self.rows = []
        self.latest = {}
        snapshot = Snapshot()
        entries = []
        for path in folder.journals():
            attempt = int(path.name[:3])
            for entry in _journal.Reader(path).entries():
                if isinstance(entry, _journal.Numbers):
                    if entry.key_set.stream == "metrics":
                        entries.append(
                            (entry.time, entry.step, dict(zip(entry.key_set.names, entry.values, strict=True)))
                        )
                elif isinstance(entry, records.Row):
                    entries.append((entry.time, entry.step, entry.data))
                elif not isinstance(entry, _journal.KeySet):
                    snapshot.apply(entry, attempt=attempt)
        for time, step, data in sorted(entries, key=lambda entry: entry[0]):
            self.rows.append({"_step": step, "_timestamp": time, **data})
            self.latest.update(data)
        self.config, self.state, self.exit_code = snapshot.config, snapshot.state, snapshot.exit_code
        self.summary = {**self.latest, **snapshot.summary}
        self.metrics, self.name, self.tags = snapshot.metrics, snapshot.name, snapshot.tags
        self.files = sorted(snapshot.files)

    def series(self, key):
        """(step, value) of each logged value, in the order of steps."""
        return sorted((row["_step"], row[key]) for row in self.rows if key in row)


@pytest.fixture
def read():
    """Reads a run, or the only run below a folder."""

    def read(run):
        folder = run.folder if hasattr(run, "folder") else only(run)
        return Recorded(folder)

    return read


def only(root):
    (path,) = root.glob("**/*run-*-*/")
    return RunFolder(path)
