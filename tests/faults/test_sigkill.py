"""A process killed at any moment has lost nothing that `log` returned from."""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import time
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _folder, _journal

KILLS = 200
ROUND = 20

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


def _train(acknowledged: mmap.mmap, run_id: str, *, paced: bool) -> None:
    """Logs as fast as it can, or a row a millisecond, and notes each row that `log` took."""
    counter = memoryview(acknowledged).cast("q")  # one store of eight bytes, where struct would zero them first
    run = tracker.init(id=run_id, settings={"console": "off", "system_interval": 0})
    count = 0
    while True:
        run.log({"count": count, "half": count / 2})
        count += 1
        counter[0] = count
        if count % 50 == 0:
            run.log({"note": f"at {count}"}, commit=False)
        if paced:
            time.sleep(0.001)


def _kill_one(run_id: str, seconds: float, *, paced: bool) -> int:
    acknowledged = mmap.mmap(-1, 8)
    child = os.fork()
    if child == 0:
        try:
            _train(acknowledged, run_id, paced=paced)
        finally:
            os._exit(9)
    while struct.unpack_from("<q", acknowledged)[0] == 0:
        time.sleep(0.001)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return int(struct.unpack_from("<q", acknowledged)[0])


@pytest.mark.parametrize("number", range(KILLS // ROUND))
def test_no_acknowledged_row_is_lost(number):
    generator = random.Random(number)
    for turn in range(ROUND):
        run_id = f"r{turn}"
        acknowledged = _kill_one(run_id, generator.uniform(0, 0.05), paced=turn % 4 == 3)
        [folder] = _folder.find(Path("tracker"), run_id)
        counts = []
        for path in folder.journals():
            reader = _journal.Reader(path)
            for entry in reader.entries():
                if isinstance(entry, _journal.Numbers) and entry.key_set.names == ("count", "half"):
                    count, half = entry.values
                    assert half == count / 2
                    assert entry.step == count
                    counts.append(count)
            assert reader.gaps == []
        # One row may have been written whose acknowledgement was not.
        assert counts == list(range(len(counts)))
        assert acknowledged <= len(counts) <= acknowledged + 1


def test_the_end_of_a_killed_run_is_told_and_it_can_go_on():
    _kill_one("r", 0.05, paced=True)
    deadline = time.monotonic() + 120
    while (state := tracker.Api().run("r").state) == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state in ("killed", "crashed")
    before = tracker.Api().run("r").summary["count"]
    with tracker.init(id="r", resume="must") as run:
        assert run.step == before + 1
        run.log({"count": run.step})
    again = tracker.Api().run("r")
    assert again.state == "finished"
    assert again.series("count")[2].tolist() == list(range(before + 2))
