"""A server that is asked for a long time needs no more than at its beginning."""

import concurrent.futures
from pathlib import Path

import pytest

from tracker_core.server.operation import THREADS
from tracker_core.store.database import IDLE

FOLDER = Path("/proc/self/fd")


def open_files(root):
    """Descriptors of this process on files below `root`."""
    return sum(_target(each).startswith(str(root)) for each in FOLDER.iterdir())


def _target(descriptor):
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs /proc")
def test_many_crowds_of_questions_leave_the_descriptors_of_a_few(root, client, logged):
    key = logged(rows=300)
    client.get("/api/projects/demo/board")
    paths = [f"/api/runs/{key}", f"/api/projects/demo/series?metric=loss&run={key}", "/api/projects/demo/board"]

    def ask(place):
        return client.get(paths[place % len(paths)]).status_code

    with concurrent.futures.ThreadPoolExecutor(30) as crowd:
        for _ in range(8):
            assert set(crowd.map(ask, range(30))) == {200}
    # SQLite keeps a descriptor of a connection that is closed while another one holds a lock, for the next one.
    assert open_files(root) <= THREADS + 3 * IDLE
