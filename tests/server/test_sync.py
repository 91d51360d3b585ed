"""What was recorded on a machine is the same on the server: read through `Api`, and byte for byte."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import tracker_core as tracker
from tracker_core import _settings
from tracker_core._api import view
from tracker_core._http import Client
from tracker_core._upload import place as places
from tracker_core.cli import _tracker

_OWN = {"spool", "lock", "synced.json", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "tmp", ".incoming"}
"""What belongs to one place alone."""


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder of runs; one that is taken away meanwhile is none."""
    found: dict[str, bytes] = {}
    for path in root.rglob("*"):
        if not _OWN & set(path.relative_to(root).parts) and path.is_file():
            with contextlib.suppress(FileNotFoundError):
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def until(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def full(start, tmp_path):
    """Makes a run with one of everything."""

    def make(**options) -> tracker.Run:
        run = start(config={"lr": 0.1, "net": {"depth": 3}}, **{"settings": {"console": "wrap"}, **options})
        for step in range(300):
            run.log({"loss": 1 / (step + 1), "note": f"step {step}"})
        pixels = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
        table = tracker.Table(columns=["x", "picture"], data=[[1, tracker.Image(pixels)], [2, tracker.Image(pixels)]])
        run.log({"picture": tracker.Image(pixels), "table": table, "shape": tracker.Histogram([1, 2, 3])})
        print("hello from the training")
        Path("weights.bin").write_bytes(np.random.default_rng(1).bytes(100_000))
        run.save("weights.bin")
        artifact = tracker.Artifact("net", "model", metadata={"f1": 0.5})
        artifact.add_file("weights.bin")
        run.log_artifact(artifact, aliases=["best"])
        run.use_artifact("net:best")
        run.alert("done", "all of it")
        run.finish()
        return run

    return make


def assert_same(here: Path, there: Path, path: str) -> None:
    left, right = tracker.Api(here).run(path), tracker.Api(there).run(path)
    assert (left.name, left.state, left.config, left.tags) == (right.name, right.state, right.config, right.tags)
    assert dict(left.summary) == dict(right.summary)
    assert list(left.scan_history()) == list(right.scan_history())
    assert [line.text for line in left.console()] == [line.text for line in right.console()]
    assert [file.name for file in left.files()] == [file.name for file in right.files()]
    for artifacts in ("logged_artifacts", "used_artifacts"):
        found = [
            [(it.name, it.digest, it.aliases, it.metadata) for it in getattr(run, artifacts)()] for run in (left, right)
        ]
        assert found[0] == found[1] != []


def test_offline_then_synced_is_the_same(full, root, team, login, command, at_rest):
    run = full(mode="offline")
    at_rest(root)
    login("alice")
    told = command("sync", "--dry-run")
    assert run.folder.path.name in told
    assert "demo/net  v0" in told
    assert not (team.data / "alice").exists() or tree(team.data / "alice") == {}
    told = command("sync")
    assert f"{team.base}/project/alice~demo/run/alice~{run.folder.path.name}" in told
    assert tree(team.data / "alice") == tree(root)
    assert_same(root, team.data / "alice", f"demo/{run.id}")


def test_synced_again_sends_nothing(full, root, team, login, command, monkeypatch, at_rest):
    full(mode="offline")
    at_rest(root)
    login("alice")
    command("sync")
    sent = []
    monkeypatch.setattr(Client, "_once", _counted(sent))
    assert "had it before" in command("sync")
    assert sum(sent) == 0
    assert "has all of it" in command("sync", "--dry-run")


def _counted(sent: list[int]):
    once = Client._once

    def counted(self, method, path, params, body, *, json):
        sent.append(len(body or b""))
        return once(self, method, path, params, body, json=json)

    return counted


def test_online_is_seen_while_it_runs_and_the_same_afterwards(full, start, root, team, login, at_rest):
    login("alice")
    run = start(name="live")
    assert (run.mode, run.entity, run.offline) == ("online", "alice", False)
    assert run.url == f"{team.base}/project/alice~demo/run/alice~{run.folder.path.name}"
    client = team.client("alice")
    run.log({"loss": 0.5})
    page = f"/api/runs/{run.url.rpartition('/')[2]}"
    until(lambda: client.get(page).status_code == 200)
    for step in range(1, 4):
        run.log({"loss": 0.5 / step})

        def seen(step=step) -> bool:
            head = client.get(page).json()
            return head["steps"] == step and head["state"] == "running"

        until(seen)
    run.finish()
    until(lambda: client.get(page).json()["state"] == "finished")
    other = full()
    at_rest(root)
    until(lambda: tree(team.data / "alice") == tree(root))
    assert_same(root, team.data / "alice", f"demo/{other.id}")


def test_a_resumed_run_stays_with_its_team(start, team, login, root, at_rest):
    team.accounts.add_team("vision", ["alice"])
    login("alice")
    first = start(id="one", entity="vision", force=True)
    first.log({"loss": 1.0})
    first.finish()
    again = start(id="one", resume="must")
    assert again.entity == "vision"
    again.log({"loss": 2.0})
    again.finish()
    at_rest(root)
    until(lambda: tree(team.data / "vision") == tree(root))
    assert tracker.Api(team.data / "vision").run("one").series("loss")[2].tolist() == [1.0, 2.0]


def test_init_asks_nobody_and_a_server_that_is_away_loses_nothing(
    full, start, root, team, login, command, monkeypatch, at_rest
):
    login("alice")
    monkeypatch.setenv("TRACKER_BASE_URL", "http://127.0.0.1:9")
    run = full(settings={"finish_timeout": 0.2})
    at_rest(root)
    assert "does not answer" in (run.folder.logs / "background.log").read_text()
    login("alice")
    command("sync")
    assert tree(team.data / "alice") == tree(root)
    assert_same(root, team.data / "alice", f"demo/{run.id}")


def test_a_live_run_may_be_synced_by_two_at_once(start, root, team, login, command, at_rest):
    run = start(mode="offline")
    login("alice")
    for step in range(2000):
        run.log({"loss": float(step)})
    syncs = [subprocess.Popen([sys.executable, "-m", "tracker_core", "sync"]) for _ in range(2)]
    for step in range(2000, 4000):
        run.log({"loss": float(step)})
    assert [sync.wait(120) for sync in syncs] == [0, 0]
    state = team.client("alice").get(f"/api/runs/alice~{run.folder.path.name}").json()["state"]
    assert state == "running"
    run.finish()
    at_rest(root)
    command("sync")
    assert tree(team.data / "alice") == tree(root)
    steps, _, values = tracker.Api(team.data / "alice").run(run.id).series("loss")
    assert steps.tolist() == values.tolist() == list(range(4000))


def test_a_wrong_key_is_told_with_its_cure(logged, team, monkeypatch, tmp_path):
    logged(mode="offline")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKER_BASE_URL", team.base)
    monkeypatch.setenv("TRACKER_API_KEY", f"tk-alice-{'0' * 40}")
    result = CliRunner().invoke(_tracker, ["sync"], prog_name="tracker")
    assert (result.exit_code, "tracker login --relogin" in result.output) == (1, True)
    monkeypatch.delenv("TRACKER_API_KEY")
    result = CliRunner().invoke(_tracker, ["sync"], prog_name="tracker")
    assert (result.exit_code, "tracker login --host" in result.output) == (1, True)


@pytest.mark.parametrize("refused", ["key", "entity"])
def test_a_refused_run_is_reported_at_its_end(start, team, login, monkeypatch, capfd, refused):
    login("alice")
    if refused == "key":
        monkeypatch.setenv("TRACKER_API_KEY", f"tk-alice-{'0' * 40}")
    options = {"entity": "others"} if refused == "entity" else {}
    run = start(**options, settings={"silent": False, "finish_timeout": 120})
    run.log({"loss": 1.0})
    with pytest.warns(UserWarning, match="is not on the server") as caught:
        run.finish()
    told = str(caught[0].message)
    assert ("does not know this key" if refused == "key" else "others") in told
    assert "tracker sync" in told
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.endswith(f"finished; look at it with: tracker show {run.id}")


def test_a_server_without_a_key_is_reported_at_the_start(start, team, monkeypatch):
    monkeypatch.setenv("TRACKER_BASE_URL", team.base)
    with pytest.warns(UserWarning, match=f"no API key for {team.base} is known here: recording offline"):
        run = start()
    run.finish()
    assert run.mode == "offline"


def test_an_entity_of_others_is_told_and_the_rest_is_sent(logged, team, login):
    logged(mode="offline", entity="others")
    own = logged(mode="offline")
    login("alice")
    result = CliRunner().invoke(_tracker, ["sync"], prog_name="tracker")
    assert result.exit_code == 1
    assert "alice is no member of 'others'" in result.output
    assert (team.data / "alice" / own).is_dir()


def test_two_machines_with_a_v0_each(start, root, team, login, command, tmp_path):
    login("alice")
    runs = []
    for machine in ("one", "two"):
        run = start(mode="offline", dir=tmp_path / machine)
        artifact = tracker.Artifact("data", "dataset")
        with artifact.new_file("a.txt") as file:
            file.write(machine)
        logged = run.log_artifact(artifact, aliases=[machine])
        assert logged.version == "v0"
        run.finish()
        runs.append((run, logged.digest))
    command("sync", "one")
    command("sync", "two")
    command("sync", "one", "two")
    api = tracker.Api(team.data / "alice")
    assert [(it.version, it.aliases) for it in api.artifacts("demo/data")] == [
        ("v1", ["latest", "two"]),
        ("v0", ["one"]),
    ]
    for number, (run, digest) in enumerate(runs):
        (made,) = api.run(run.id).logged_artifacts()
        assert (made.digest, made.version, made.logged_by().id) == (digest, f"v{number}", run.id)


def test_every_maker_of_a_version_is_known_there(start, team, login, command, tmp_path):
    login("alice")
    made = []
    for machine in ("one", "two", "one"):
        run = start(mode="offline", dir=tmp_path / machine)
        _logged(run, "equal")
        run.finish()
        command("sync", machine)
        made.append(run.id)
    (version,) = tracker.Api(team.data / "alice").artifacts("demo/net")
    assert sorted(run.id for run in version.loggers()) == sorted(made)
    assert version.logged_by().id == made[0]


def test_what_is_changed_later_travels_too(full, root, team, login, command, at_rest):
    run = full(mode="offline")
    at_rest(root)
    login("alice")
    command("sync")
    here = tracker.Api(root)
    here.run(run.id).name = "renamed"
    artifact = here.artifact("demo/net:best")
    artifact.description, artifact.aliases = "a net", ["good", "latest"]
    artifact.save()
    view.save(root, "", "demo", view.View("mine", "x=1", home=True, time=0.0))
    command("sync")
    there = tracker.Api(team.data / "alice")
    assert there.run(run.id).name == "renamed"
    synced = there.artifact("demo/net")
    assert (synced.description, sorted(synced.aliases)) == ("a net", ["good", "latest"])
    board = team.client("alice").get("/api/projects/alice~demo/board").json()
    assert [it["name"] for it in board["views"]] == ["mine"]
    # what somebody changed on the server is not undone by a machine that changed nothing
    synced.aliases = ["theirs", "latest"]
    synced.save()
    assert "had it before" in command("sync")
    assert sorted(there.artifact("demo/net").aliases) == ["latest", "theirs"]


def test_deletions_travel_and_stay(full, root, team, login, command, at_rest):
    first, second = full(mode="offline"), full(mode="offline", name="other")
    at_rest(root)
    login("alice")
    command("sync")
    tracker.Api(root).run(first.id).delete()
    tracker.Api(root).artifact("demo/net").delete(delete_aliases=True)
    answer = team.client("alice").delete(f"/api/runs/alice~{second.folder.path.name}")
    assert answer.status_code == 204
    assert "was deleted on the server" in command("sync")
    there = team.data / "alice"
    assert list(tracker.Api(there).runs()) == []
    for run in (first, second):
        left = [path.name for path in (there / run.folder.path.name).rglob("*") if path.is_file()]
        assert [name[:9] for name in left] == ["000-edit-"]
    assert tracker.Api(there).artifacts("demo/net") == []
    assert first.folder.path.name not in command("sync")


def test_a_links_origin_has_its_number_there(start, team, login, command, tmp_path):
    login("alice")
    for machine in ("one", "two"):
        run = start(mode="offline", dir=tmp_path / machine)
        artifact = tracker.Artifact("net", "model")
        with artifact.new_file("a.txt") as file:
            file.write(machine)
        run.link_artifact(artifact, "registry/best")
        run.finish()
        command("sync", machine)
    found = tracker.Api(team.data / "alice").artifacts("registry/best")
    assert [(it.version, it.source_qualified_name) for it in found] == [("v1", "demo/net:v1"), ("v0", "demo/net:v0")]


def test_another_machines_run_of_the_same_name_is_not_mixed_in(logged, root, team, login, tmp_path, at_rest):
    name = logged(mode="offline")
    at_rest(root)
    folder = team.data / "alice" / name
    folder.mkdir(parents=True)
    (folder / "001-main.0000.journal").write_bytes(b"something else altogether")
    login("alice")
    result = CliRunner().invoke(_tracker, ["sync"], prog_name="tracker")
    assert (result.exit_code, "another machine's run" in result.output) == (1, True)
    assert (folder / "001-main.0000.journal").read_bytes() == b"something else altogether"


def test_login_tries_the_key_and_keeps_it(team, monkeypatch, tmp_path):
    with pytest.raises(tracker.AuthenticationError, match="does not know this key"):
        tracker.login(f"tk-alice-{'0' * 40}", host=team.base)
    assert not _settings.user_file().exists()
    assert tracker.login(team.keys["alice"], host=f"{team.base}/") is True
    assert stat.S_IMODE(_settings.user_file().stat().st_mode) == 0o600
    settings = _settings.gather({})
    assert (settings.base_url, settings.api_key) == (team.base, team.keys["alice"])
    assert tracker.login() is True
    with pytest.warns(UserWarning, match="not logged in"):
        assert tracker.login(relogin=True) is False
    with pytest.raises(tracker.UsageError, match="begins with http"):
        tracker.login(team.keys["alice"], host="server.example")
    with pytest.raises(tracker.CommError, match="does not answer"):
        tracker.login(team.keys["alice"], host="http://127.0.0.1:9", verify=True)


def test_no_key_is_written_into_a_run(full, root, team, login, at_rest):
    login("alice")
    full()
    at_rest(root)
    assert [path for path, content in tree(root).items() if team.keys["alice"].encode() in content] == []


def test_the_place_of_a_page():
    assert places.page("http://x/", "alice", "a b/c", "run-1") == "http://x/project/alice~a%20b%2Fc/run/alice~run-1"


def _logged(run: tracker.Run, content: str, **options) -> tracker.Artifact:
    artifact = tracker.Artifact("net", "model")
    with artifact.new_file("w.txt") as file:
        file.write(content)
    return run.log_artifact(artifact, **options)


def test_what_another_machine_made_comes_from_the_server(start, team, login, tmp_path):
    login("alice")
    for number in range(2):
        made = start(dir=tmp_path / "one")
        digest = _logged(made, f"weights {number}", aliases=["best"]).digest
        made.finish()
    there = tracker.Api(team.data / "alice")
    until(lambda: len(there.artifacts("demo/net")) == 2)
    used = start(dir=tmp_path / "two")
    artifact = used.use_artifact("net:best", type="model")
    assert (artifact.digest, artifact.version) == (digest, "v1")
    assert Path(artifact.download(), "w.txt").read_text() == "weights 1"
    assert Path(used.use_artifact("net:v0").file()).read_text() == "weights 0"
    assert used.use_artifact("alice/demo/net").version == "v1"
    with pytest.raises(tracker.NotFoundError):
        used.use_artifact("net:nowhere")
    used.finish()
    until(lambda: [run.id for run in there.artifact("demo/net:best").used_by()] == [used.id])
    assert [it.version for it in there.artifacts("demo/net")] == ["v1", "v0"]


def test_without_the_server_what_is_here_is_used(start, team, login, tmp_path, monkeypatch):
    monkeypatch.setattr("tracker_core._upload.fetch._PATIENCE", 0)
    login("alice")
    monkeypatch.setenv("TRACKER_BASE_URL", "http://127.0.0.1:9")
    run = start(settings={"finish_timeout": 0.1})
    _logged(run, "here")
    with pytest.warns(UserWarning, match="that is on this machine"), pytest.raises(tracker.NotFoundError):
        run.use_artifact("elsewhere:latest")
    assert Path(run.use_artifact("net:latest").file()).read_text() == "here"
    run.finish()


def test_what_was_logged_here_and_not_sent_is_what_is_meant(start, team, login, tmp_path):
    login("alice")
    theirs = start(dir=tmp_path / "one")
    _logged(theirs, "theirs")
    theirs.finish()
    until(lambda: tracker.Api(team.data / "alice").artifact_exists("demo/net"))
    _logged(start(dir=tmp_path / "two", mode="offline"), "ours")
    run = start(dir=tmp_path / "two")
    for name in ("net", "net:v0"):
        assert Path(run.use_artifact(name).file()).read_text() == "ours"
    run.finish()


def test_a_download_that_was_cut_goes_on(start, team, login, tmp_path):
    login("alice")
    made = start(dir=tmp_path / "one")
    content = "0123456789" * 300_000
    digest = _logged(made, content).manifest.entries["w.txt"].digest
    made.finish()
    until(lambda: tracker.Api(team.data / "alice").artifact_exists("demo/net"))
    part = tmp_path / "two" / "tracker" / "artifacts" / "objects" / "tmp" / f"{digest}.part"
    part.parent.mkdir(parents=True)
    part.write_text(content[:1_000_000])
    run = start(dir=tmp_path / "two")
    assert Path(run.use_artifact("net").file()).read_text() == content
    assert not part.exists()
    run.finish()
