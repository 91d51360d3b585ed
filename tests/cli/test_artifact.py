from __future__ import annotations

import json
import os
from pathlib import Path

import tracker_core
from tracker_core._artifacts import cache


def test_put_get_ls_verify(tracker, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("one")
    put = tracker("artifact", "put", str(tmp_path / "data"), "-n", "p/cats", "-a", "best", "-d", "many")
    assert put.stdout.startswith("p/cats:v0  1 file ")
    got = tracker("artifact", "get", "p/cats:best")
    assert (Path(got.stdout.strip()) / "a.txt").read_text() == "one"
    assert tracker("artifact", "get", "p/cats", "--root", "out").exit_code == 0
    assert Path("out/a.txt").read_text() == "one"
    [entry] = json.loads(tracker("artifact", "ls", "--json").stdout)
    assert (entry["name"], entry["type"], entry["aliases"]) == ("p/cats:v0", "dataset", ["best", "latest"])
    assert "p/cats:v0  dataset" in tracker("artifact", "ls", "p").stdout
    assert tracker("artifact", "ls", "-t", "model").stdout == ""
    assert "1 file checked" in tracker("artifact", "verify", "p/cats").stdout
    Path("out/a.txt").write_text("two")
    wrong = tracker("artifact", "verify", "p/cats", "--root", "out")
    assert wrong.exit_code == 1
    assert "another content" in wrong.stderr


def test_ls_of_one_artifact_lists_its_versions(tracker, tmp_path):
    for content in ("one", "two"):
        (tmp_path / "a.txt").write_text(content)
        tracker("artifact", "put", str(tmp_path / "a.txt"), "-n", "p/cats")
    assert [line.split()[0] for line in tracker("artifact", "ls", "p/cats").stdout.splitlines()] == [
        "p/cats:v1",
        "p/cats:v0",
    ]
    for place in ("q", "p/dogs"):
        wrong = tracker("artifact", "ls", place)
        assert wrong.exit_code == 1
        assert f"no artifact of '{place}'" in wrong.stderr


def test_project_and_name_by_default(tracker, tmp_path):
    (tmp_path / "a.txt").write_text("one")
    assert tracker("artifact", "put", str(tmp_path / "a.txt")).stdout.startswith("uncategorized/a.txt:v0")
    with tracker_core.init() as run:
        assert run.use_artifact("a.txt").file_count == 1


def test_what_is_not_there(tracker):
    result = tracker("artifact", "get", "p/none")
    assert result.exit_code == 1
    assert "no such artifact" in result.stderr


def test_cleanup(tracker, tmp_path):
    (tmp_path / "a.txt").write_text("one")
    tracker("artifact", "put", str(tmp_path / "a.txt"))
    assert tracker("artifact", "cache", "cleanup").stdout == "0 files of 0 B removed\n"
    fetched = cache.of_user().folder / "ab"
    fetched.mkdir(parents=True)
    for age, name in enumerate(("new", "old", "oldest")):
        (fetched / name).write_bytes(b"x" * 1024)
        os.utime(fetched / name, (1e9 - age, 1e9 - age))
    assert tracker("artifact", "cache", "cleanup", "1KiB").stdout == "2 files of 2 KiB removed\n"
    assert [path.name for path in fetched.iterdir()] == ["new"]
    assert "no size" in tracker("artifact", "cache", "cleanup", "much").stderr
    assert tracker("artifact", "verify", "uncategorized/a.txt").exit_code == 0
