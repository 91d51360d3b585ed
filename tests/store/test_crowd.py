"""Twenty processes write while others catch up: everything arrives, once."""

import subprocess
import sys
import time

from tracker_core.store import Store, series

WRITERS = 20
ROWS = 400

WRITE = """
import sys, time
from pathlib import Path
from tracker_core import _folder, _journal
from tracker_core import _records as records

root, number = Path(sys.argv[1]), int(sys.argv[2])
folder = _folder.create(root, f"r{number}", offline=True)
writer = _journal.open_writer(folder, "main", run=f"r{number}", attempt=1)
writer.write(records.Start(time=time.time(), run=f"r{number}", project="crowd"))
key_set = writer.key_set(("x", "y"), "dq")
for step in range(int(sys.argv[3])):
    writer.append(key_set.pack(_journal.ROW, key_set.id, step, time.time(), step + number / 100, step))
    time.sleep(0.002)
writer.write(records.End(time=time.time(), exit_code=0))
writer.close()
"""

READ = """
import sys, time
from pathlib import Path
from tracker_core.store import Store

store = Store(Path(sys.argv[1]))
while len([run for run in store.runs() if run.card.state == "finished"]) < int(sys.argv[2]):
    store.refresh()
    time.sleep(0.02)
"""


def test_twenty_writers_and_three_readers(tmp_path):
    root = tmp_path / "tracker"
    root.mkdir()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(root), str(number), str(ROWS)]) for number in range(WRITERS)
    ]
    readers = [subprocess.Popen([sys.executable, "-c", READ, str(root), str(WRITERS)]) for _ in range(2)]
    store = Store(root)
    grown = {}
    while any(process.poll() is None for process in writers):
        store.refresh()
        for run in store.runs():
            found = series.load(store.db, run.number, "x")
            count = 0 if found is None else len(found.steps)
            assert count >= grown.get(run.card.id, 0)
            assert found is None or found.steps.tolist() == list(range(count))
            grown[run.card.id] = count
        time.sleep(0.02)
    assert [process.wait(300) for process in [*writers, *readers]] == [0] * (WRITERS + 2)
    store.refresh()
    runs = store.runs()
    assert {run.card.id for run in runs} == {f"r{number}" for number in range(WRITERS)}
    for run in runs:
        number = int(run.card.id[1:])
        assert run.card.state == "finished"
        for key, offset in (("x", number / 100), ("y", 0)):
            found = series.load(store.db, run.number, key)
            assert found.steps.tolist() == list(range(ROWS))
            assert found.values.tolist() == [step + offset for step in range(ROWS)]


def test_killed_reader_leaves_nothing_half_done(workshop):
    """A process that dies in the midst of catching up."""
    draft = workshop.run()
    for step in range(200_000):
        draft.log(step, x=float(step), y=step)
    draft.end()
    for delay in (0.05, 0.15, 0.25):
        code = (
            "import os, sys, threading; from pathlib import Path; from tracker_core.store import Store\n"
            "import tracker_core.store.ingest as ingest; ingest.PORTION = 1 << 20\n"
            f"threading.Timer({delay}, lambda: os.kill(os.getpid(), 9)).start(); Store(Path(sys.argv[1])).refresh()\n"
            "threading.Event().wait()"
        )
        killed = subprocess.run([sys.executable, "-c", code, str(workshop.root)], check=False)
        assert killed.returncode == -9
    store, run = workshop.one()
    assert series.load(store.db, run.number, "x").values.tolist() == [float(step) for step in range(200_000)]
