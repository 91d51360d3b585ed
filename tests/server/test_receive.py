"""What the receiving side takes, and what it refuses."""

from __future__ import annotations

import hashlib
import os
import time

import msgspec
import pytest

from tracker_core._artifacts.version import Entry, Version, digest_of
from tracker_core._upload import wire
from tracker_core.server import incoming

RUN = "run-20260101_000000-abc"
JOURNAL = f"/api/entities/alice/runs/{RUN}/journals/001-main.0000.journal"


@pytest.fixture
def alice(team):
    return team.client("alice")


@pytest.fixture
def put_file(alice):
    def put(content: bytes, *, path: str = "files/a.bin", offset: int = 0, whole: bytes | None = None, **more):
        whole = content if whole is None else whole
        params = {"offset": offset, "size": len(whole), "sha256": hashlib.sha256(whole).hexdigest(), **more}
        return alice.put(f"/api/entities/alice/runs/{RUN}/files/{path}", params=params, data=content)

    return put


def test_ranges_of_a_journal_may_come_again_and_leave_no_gap(alice, team):
    assert alice.put(f"{JOURNAL}?offset=0", data=b"0123456789").json() == {"size": 10}
    assert alice.put(f"{JOURNAL}?offset=0", data=b"0123456789").json() == {"size": 10}
    assert alice.put(f"{JOURNAL}?offset=5", data=b"56789abc").json() == {"size": 13}
    gap = alice.put(f"{JOURNAL}?offset=14", data=b"e")
    assert (gap.status_code, gap.json()["size"]) == (409, 13)
    assert (team.data / "alice" / RUN / "001-main.0000.journal").read_bytes() == b"0123456789abc"
    assert alice.get(f"/api/entities/alice/runs/{RUN}").json()["journals"]["001-main.0000.journal"]["size"] == 13


def test_a_file_is_there_when_it_is_whole_and_right(put_file, team):
    target = team.data / "alice" / RUN / "files" / "a.bin"
    whole = os.urandom(3000)
    assert put_file(whole[:1000], whole=whole).json() == {"size": 1000}
    assert not target.exists()
    gap = put_file(whole[2000:], offset=2000, whole=whole)
    assert (gap.status_code, gap.json()["size"]) == (409, 1000)
    assert put_file(b"", whole=whole).json() == {"size": 1000}
    assert put_file(whole[500:], offset=500, whole=whole, time=10**18).json() == {"size": 3000}
    assert target.read_bytes() == whole
    assert target.stat().st_mtime_ns == 10**18
    assert put_file(b"", whole=whole, time=2 * 10**18).json() == {"size": 3000}
    assert target.stat().st_mtime_ns == 2 * 10**18


def test_what_changed_on_its_way_begins_anew(put_file, team):
    wrong = put_file(b"xxxx", whole=b"abcd")
    assert (wrong.status_code, wrong.json()["size"]) == (409, 0)
    assert put_file(b"abcd").json() == {"size": 4}
    assert put_file(b"abcd, and more than was announced", whole=b"abcd", path="files/b.bin").json() == {"size": 4}
    assert (team.data / "alice" / RUN / "files" / "b.bin").read_bytes() == b"abcd"


@pytest.mark.parametrize(
    "path",
    ["files/../../x", "files/%2e%2e/%2e%2e/x", "/etc/x", "files//x", "spool/x", "x", "files", "files/",
     "001-main.0000.journal", "files/" + "x" * 300, "files/" + "y/" * 600 + "z", "files/a%00b", "..%2fx"],
)  # fmt: skip
def test_no_file_leaves_its_run(put_file, team, path):
    answer = put_file(b"evil", path=path)
    assert answer.status_code in (400, 404, 405)
    kept = [it for it in team.data.rglob("*") if it.is_file() and it.read_bytes() == b"evil"]
    assert [it for it in kept if ".incoming" not in it.parts] == []


@pytest.mark.parametrize(
    "run",
    ["..", "x", "run-1-a", "run-20260101_000000-", "run-20260101_000000-..", "run-20260101_000000-a%2fb",
     "run-20260101_000000-a%5cb", "run-20260101_000000-%00", "run-20260101_000000-" + "x" * 250],
)  # fmt: skip
def test_a_run_goes_by_the_name_of_a_runs_folder(alice, team, run):
    for path in (f"runs/{run}", f"runs/{run}/journals/001-main.0000.journal?offset=0"):
        method = "PUT" if "?" in path else "GET"
        assert alice.request(method, f"/api/entities/alice/{path}").status_code in (400, 404)
    assert [it.name for it in team.data.rglob("*") if it.name != "alice" and "accounts" not in it.name] == []


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "001-main.journal",
        "001-../x.0000.journal",
        "001-a b.0000.journal",
        "index.sqlite",
        "..%2f001-m.0000.journal",
    ],
)
def test_a_journal_goes_by_the_name_of_one(alice, name):
    assert alice.put(f"/api/entities/alice/runs/{RUN}/journals/{name}?offset=0", data=b"x").status_code in (400, 404)
    assert alice.put(f"/api/entities/alice/views/{name}?offset=0", data=b"x").status_code in (400, 404)


@pytest.mark.parametrize("entity", ["bob", "..", "%2e%2e", "", ".incoming", "alice%2f..", "accounts.sqlite"])
def test_an_entity_is_ones_own(alice, entity):
    assert alice.put(f"/api/entities/{entity}/views/000-e.0000.journal?offset=0", data=b"x").status_code in (403, 404)


def test_a_request_is_bounded(alice):
    assert alice.put(f"{JOURNAL}?offset=0", data=bytes(wire.PIECE + 1)).status_code == 400
    assert alice.put(f"{JOURNAL}?offset={1 << 49}", data=b"x").status_code == 400
    assert alice.put(f"{JOURNAL}?offset=-1", data=b"x").status_code == 400


def _version(*entries: Entry, **more) -> bytes:
    fields = {"type": "model", "number": 0, "digest": digest_of(entries), "created": 1.0, **more}
    return msgspec.json.encode(wire.Commit(Version(entries=entries, **fields)))


def test_a_version_needs_its_contents_and_the_right_digest(alice):
    content = b"weights"
    sha256 = hashlib.sha256(content).hexdigest()
    entry = Entry("w.bin", sha256, len(content))
    place = "/api/entities/alice/artifacts/demo/net"
    assert alice.post("/api/entities/alice/contents", json={"digests": [sha256, "../x"]}).json() == {
        "digests": [sha256]
    }
    assert alice.put(place, data=_version(entry)).status_code == 409
    params = {"offset": 0, "size": len(content)}
    assert alice.put(f"/api/entities/alice/contents/{sha256}", params=params, data=content).json() == {"size": 7}
    assert alice.post("/api/entities/alice/contents", json={"digests": [sha256]}).json() == {"digests": []}
    for wrong in (
        _version(entry, digest="0" * 64),
        _version(Entry("../w.bin", sha256, 7)),
        _version(Entry("/w.bin", sha256, 7)),
        _version(Entry("w.bin", "../../x", 7)),
        _version(entry, number=-1),
        b"{}",
    ):
        assert alice.put(place, data=wrong).status_code == 400
    assert alice.put(place, data=_version(entry, number=4)).json() == {"number": 4}
    assert alice.put(place, data=_version(entry, number=7)).json() == {"number": 4}
    for name in ("..", "a%2fb", "%00", "x" * 200):
        assert alice.put(f"/api/entities/alice/artifacts/demo/{name}", data=_version(entry)).status_code in (
            400,
            404,
            405,
        )


def test_parts_that_nobody_goes_on_with_are_removed_after_a_week(tmp_path):
    folder = tmp_path / "alice" / incoming.FOLDER
    folder.mkdir(parents=True)
    for name, age in (("old", 8), ("new", 6)):
        (folder / name).touch()
        os.utime(folder / name, times=(time.time() - age * 86400,) * 2)
    incoming.clean(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["new"]
