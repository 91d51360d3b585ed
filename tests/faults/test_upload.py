"""Uploads that are cut off: by a kill on either side, or by the network. What was acknowledged is not sent again, and
nothing half is ever seen."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests

import tracker_core as tracker
from tracker_core._upload.wire import PIECE
from tracker_core.server.account import Accounts

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 5 * PIECE + 1234
SOME = 2 * PIECE + (1 << 20)
"""Bytes after which something is cut: two pieces are there, and a part of the third."""


class Relay:
    """Hands on what a client says to the server, and counts the bytes. After `limit` of them it calls `cut`, or drops
    the connection; while there is no server it drops all of them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.limit: int | None = None
        self.cut = lambda: None
        self.count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        port = self.server.port
        if port is None:
            client.close()
            return
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65536):
                self.count += len(data)
                server.sendall(data)
                if self.limit is not None and self.count > self.limit:
                    self.limit = None
                    self.cut()
                    return
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


class Server:
    """`tracker server` as a process; started anew, it has another port: its old one may be somebody's by then."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port: int | None = None
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "tracker_core", "server", str(self.data), "--port", "0"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line, "it did not start"
        self.port = int(line.rstrip("/\n").rpartition(":")[2])

    def kill(self) -> None:
        self.port = None
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def server(tmp_path):
    accounts = Accounts(tmp_path / "data")
    made = Server(tmp_path / "data")
    made.key = accounts.add_user("alice")
    accounts.close()
    made.start()
    yield made
    made.kill()


@pytest.fixture
def relay(server, monkeypatch, tmp_path):
    made = Relay(server)
    monkeypatch.setenv("TRACKER_BASE_URL", made.base)
    monkeypatch.setenv("TRACKER_API_KEY", server.key)
    monkeypatch.chdir(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["saved file", "artifact"])
def large(request, tmp_path, server):
    """A run with a large file; where that lies on the server when it is there, and its content."""
    content = os.urandom(SIZE)
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    settings = {"system_interval": 0, "disable_git": True, "console": "off"}
    run = tracker.init(project="demo", mode="offline", dir=tmp_path, settings=settings)
    if request.param == "saved file":
        run.save(str(path), policy="now")
        place = server.data / "alice" / run.folder.path.name / "files" / "large.bin"
    else:
        run.log_artifact(str(path), name="large", type="model")
        sha256 = hashlib.sha256(content).hexdigest()
        place = server.data / "alice" / "artifacts" / "objects" / sha256[:2] / sha256
    run.finish()
    return place, content


def sync() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker_core", "sync"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def assert_resumed(relay: Relay, place: Path, content: bytes) -> None:
    """Another sync completes the file, and sends little more than what was not there."""
    assert not place.exists()
    relay.count = 0
    done = sync()
    output, _ = done.communicate(timeout=300)
    assert done.returncode == 0, output
    assert place.read_bytes() == content
    assert relay.count < SIZE - 2 * PIECE + (1 << 20)


def test_a_killed_client_goes_on_where_it_was(large, relay):
    client = None
    killed = threading.Event()

    def kill() -> None:
        client.send_signal(signal.SIGKILL)
        killed.set()

    relay.cut, relay.limit = kill, SOME
    client = sync()
    assert killed.wait(120)
    client.communicate(timeout=120)
    assert_resumed(relay, *large)


def test_a_killed_server_goes_on_where_it_was(large, relay, server):
    killed = threading.Event()

    def kill() -> None:
        server.kill()
        killed.set()

    relay.cut, relay.limit = kill, SOME
    client = sync()
    assert killed.wait(120)
    client.kill()
    client.communicate()
    server.start()
    assert_resumed(relay, *large)


def test_a_server_that_is_started_anew_is_waited_for(large, relay, server):
    """The client tries again by itself, and the user sees nothing of it."""
    place, content = large

    def restart() -> None:
        server.kill()
        server.start()

    relay.cut, relay.limit = restart, SOME
    client = sync()
    output, _ = client.communicate(timeout=300)
    assert client.returncode == 0, output
    assert place.read_bytes() == content
    assert relay.count < SIZE + 2 * PIECE


def test_cut_connections_cost_a_piece_each(large, relay):
    place, content = large
    cuts = []

    def again() -> None:
        cuts.append(relay.count)
        relay.limit = relay.count + PIECE + (1 << 20) if len(cuts) < 3 else None

    relay.cut, relay.limit = again, SOME
    client = sync()
    output, _ = client.communicate(timeout=300)
    assert client.returncode == 0, output
    assert place.read_bytes() == content
    assert len(cuts) == 3
    assert relay.count < SIZE + 4 * PIECE


def test_what_rots_on_its_way_is_not_kept(large, relay, server):
    """A part that is not what it should be is thrown away when it is complete, and sent anew."""
    place, content = large
    part = server.data / "alice" / ".incoming" / hashlib.sha256(content).hexdigest()
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(PIECE))
    client = sync()
    output, _ = client.communicate(timeout=300)
    assert client.returncode == 0, output
    assert place.read_bytes() == content


def test_a_killed_training_is_uploaded_to_its_last_row(train, relay, server, tmp_path):
    code = """
        run = tracker.init(project="demo", settings={"system_interval": 0, "disable_git": True})
        for step in range(1000):
            run.log({"loss": float(step)})
        print(run.folder.path.name, flush=True)
        import time; time.sleep(600)
    """
    process = train(code)
    name = process.stdout.readline().strip()
    process.kill()
    headers = {"authorization": f"Bearer {server.key}"}
    deadline = time.monotonic() + 120
    while True:
        answer = requests.get(f"http://127.0.0.1:{server.port}/api/runs/alice~{name}", headers=headers, timeout=60)
        if answer.status_code == 200 and answer.json()["state"] == "killed":
            break
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    run = tracker.Api(server.data / "alice").runs()[0]
    while (steps := run.series("loss")[0].tolist()) != list(range(1000)):  # its end is told by another journal
        assert time.monotonic() < deadline, steps
        time.sleep(0.1)
