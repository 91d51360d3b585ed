"""Real runs, made as a script makes them, behind a real server on a free port."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import requests
import uvicorn
from click.testing import CliRunner

import tracker_core as tracker
from tracker_core.cli import _tracker
from tracker_core.server import app
from tracker_core.server import team as team_app
from tracker_core.server.account import Accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Client(requests.Session):
    """Asks the server at `base`; what is asked for is a path."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env = False
        self.base = base

    def request(self, method, url, **options):
        return super().request(method, self.base + url, **{"timeout": 60, **options})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "tracker"


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., tracker.Run]:
    """Starts a run below `root`."""

    def init(**options) -> tracker.Run:
        settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
        return tracker.init(
            **{
                "dir": tmp_path,
                "project": "demo",
                "reinit": "create_new",
                **options,
                "settings": {**settings, **options.get("settings", {})},
            },
        )

    return init


@pytest.fixture
def logged(start: Callable[..., tracker.Run]) -> Callable[..., str]:
    """Makes a finished run of some rows and gives the name of its folder, by which the API knows it."""

    def make(*, rows: int = 10, exit_code: int = 0, **options) -> str:
        run = start(**options)
        for step in range(rows):
            run.log({"loss": 1 / (step + 1), "val/accuracy": step / rows})
        run.finish(exit_code=exit_code)
        return run.folder.path.name

    return make


@pytest.fixture
def serving() -> Iterator[Callable[..., Client]]:
    """Starts a server over some folders and gives a client for it."""
    with contextlib.ExitStack() as stack:

        def serve(*roots: Path, token: str | None = None) -> Client:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            config = uvicorn.Config(app(roots, token), log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
            return stack.enter_context(Client(f"http://127.0.0.1:{listener.getsockname()[1]}"))

        yield serve


@pytest.fixture
def client(root: Path, serving: Callable[..., Client]) -> Client:
    return serving(root)


class Team:
    """A team's server over `data`; `keys` are its users' by their names."""

    def __init__(self, data: Path, base: str) -> None:
        self.data = data
        self.base = base
        self.accounts = Accounts(data)
        self.keys: dict[str, str] = {}

    def user(self, name: str) -> str:
        self.keys[name] = self.accounts.add_user(name)
        return self.keys[name]

    def client(self, name: str = "") -> Client:
        client = Client(self.base)
        if name:
            client.auth = lambda request: request.headers.update(authorization=f"Bearer {self.keys[name]}") or request
        return client


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A team's server with the user alice; nobody is logged in."""
    data = tmp_path / "data"
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        config = uvicorn.Config(team_app(data), log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        made = Team(data, f"http://127.0.0.1:{listener.getsockname()[1]}")
        stack.callback(made.accounts.close)
        made.user("alice")
        yield made


@pytest.fixture
def login(team: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Makes somebody the user of this machine, and `tmp_path` the folder that they are in."""

    def become(name: str) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TRACKER_BASE_URL", team.base)
        monkeypatch.setenv("TRACKER_API_KEY", team.keys[name])

    return become


@pytest.fixture
def command() -> Callable[..., str]:
    """Runs `tracker <words>` in this process and gives what it printed; it has to succeed."""

    def run(*words: str) -> str:
        result = CliRunner().invoke(_tracker, words, prog_name="tracker", catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run
