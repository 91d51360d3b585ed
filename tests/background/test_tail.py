"""A tail that an installed package provides, in a real background process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracker_core import _records as records
from tracker_core._journal import Numbers, Reader

TAIL = """
import time
from pathlib import Path
from tracker_core import _records as records

class Lines:
    '''Each line of a file is a number.'''

    def __init__(self, source, options):
        self.file = open(source)
        self.scale = options.get("scale", 1.0)
        self.step = 0

    def poll(self, sink):
        count = 0
        while count < 3 and (line := self.file.readline()).endswith("\\n"):
            if line == "fail\\n":
                raise ValueError("a line that is no number")
            if line == "text\\n":
                sink.row({"word": line, "n": 1}, self.step, time.time())
            else:
                sink.row({"value": float(line) * self.scale}, self.step, 5.0)
            self.step += 1
            count += 1
        return count

    def close(self, sink):
        sink.record(records.Alert(time=time.time(), title=f"closed after {self.step} in {sink.files.name}"))
"""


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    package = Path("packages").absolute()
    (package / "lines-1.0.dist-info").mkdir(parents=True)
    (package / "lines-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: lines\nVersion: 1.0\n")
    (package / "lines-1.0.dist-info" / "entry_points.txt").write_text("[tracker.tail]\nlines = lines_tail:Lines\n")
    (package / "lines_tail.py").write_text(TAIL)
    monkeypatch.setenv("PYTHONPATH", f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


def values(training):
    return [row.values[0] for row in training.records("background") if isinstance(row, Numbers)]


def alerts(training):
    return [record.title for record in training.records("background") if isinstance(record, records.Alert)]


def test_a_tail_reads_to_the_end_before_the_run_is_done(train):
    training = train(
        """
writer, background = start(system_interval=0.0)
writer.write(records.Tail(time=time.time(), tail="lines", source="data.txt", options={"scale": 2.0}))
Path("data.txt").write_text("1\\n2\\n")
background.notify()
background.notify()
with open("data.txt", "a") as file:
    file.write("".join(f"{i}\\n" for i in range(3, 21)) + "text\\n" + "unfinish")
end(writer, exit_code=0)
print(background.finish(30))
"""
    )
    assert training.wait() == "True\n"
    assert values(training) == [2.0 * i for i in range(1, 21)]
    assert alerts(training) == ["closed after 21 in files"]
    (row,) = [record for record in training.records("background") if isinstance(record, records.Row)]
    assert (row.step, row.data) == (20, {"word": "text\n", "n": 1})
    assert training.log() == ""


def test_a_tail_reads_to_the_end_though_the_training_was_killed(train):
    training = train(
        """
writer, background = start(system_interval=0.0)
Path("data.txt").write_text("1\\n2\\n3\\n4\\n")
writer.write(records.Tail(time=time.time(), tail="lines", source=os.path.abspath("data.txt")))
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    training.wait()
    assert values(training) == [1.0, 2.0, 3.0, 4.0]


def test_a_tail_that_a_rank_asks_for_is_followed_once(train):
    training = train(
        """
writer, background = start(system_interval=0.0)
Path("data.txt").write_text("1\\n")
folder = _folder.RunFolder(writer.path.parent)
for label in ("rank1", "rank2"):
    other = _journal.open_writer(folder, label, run="r1", attempt=1)
    other.write(records.Tail(time=time.time(), tail="lines", source="data.txt"))
    other.close()
end(writer, exit_code=0)
background.finish(30)
"""
    )
    training.wait()
    assert values(training) == [1.0]


def test_a_resumed_run_does_not_follow_what_its_past_asked_for(train):
    training = train(
        """
Path("data.txt").write_text("1\\n")
writer, background = start(system_interval=0.0)
folder = _folder.RunFolder(writer.path.parent)
other = _journal.open_writer(folder, "rank1", run="r1", attempt=1)
other.write(records.Tail(time=time.time(), tail="lines", source="data.txt"))
other.close()
end(writer, exit_code=0)
background.finish(30)
writer = _journal.open_writer(folder, "main", run="r1", attempt=2)
background = _background.launch(folder, run="r1", attempt=2, journal=writer.path, settings=_settings.Settings())
end(writer, exit_code=0)
background.finish(30)
"""
    )
    training.wait()
    second = Reader(training.folder.path / "002-background.0000.journal")
    assert not [item for item in second.entries() if isinstance(item, Numbers)]


def test_tails_that_fail_or_do_not_exist_stop_nothing(train):
    training = train(
        """
writer, background = start(system_interval=0.0)
Path("bad.txt").write_text("1\\nfail\\n2\\n")
Path("data.txt").write_text("5\\n")
for tail, source in (("lines", "missing.txt"), ("nobody", "x"), ("lines", "bad.txt"), ("lines", "data.txt")):
    writer.write(records.Tail(time=time.time(), tail=tail, source=source))
end(writer, exit_code=0)
print(background.finish(30))
"""
    )
    assert training.wait() == "True\n"
    assert 5.0 in values(training)
    assert "missing.txt" in training.log()
    assert "no installed package provides the tail 'nobody'" in training.log()
    assert "a line that is no number" in training.log()
