"""The API over real runs."""

from __future__ import annotations

import http.client
import json
import math
import shutil
import struct
import time

import pytest

from tracker_core import _journal
from tracker_core import _records as records

BINARY = {"accept": "application/octet-stream"}


def _unpack(content: bytes) -> list[dict]:
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    place = 4 + length
    found, columns = [], []
    for run, metric, points, letters in header["series"]:
        last, columns = columns, []
        for column, letter in enumerate(letters):
            if letter == "=":
                columns.append(last[column])
                continue
            form = "<2d" if letter == "r" else f"<{points}{letter}"
            values = list(struct.unpack_from(form, content, place))
            place += struct.calcsize(form)
            columns.append([values[0] + values[1] * at for at in range(points)] if letter == "r" else values)
        names = ["step", "value"]
        apart = header["x"] != "step"
        if len(columns) > 3:
            names += ["low", "high", "count", "nans", "last_step", *(["last_x"] if apart else [])]
        names += [header["x"]] if apart else []
        bucketed = "low" in names
        told = {"run": header["runs"][run], "metric": header["metrics"][metric], "points": points, "bucketed": bucketed}
        found.append({**told, **dict(zip(names, columns, strict=True)), "letters": letters})
    assert place == len(content)
    return found


def _raw(client, path: str) -> int:
    """The status of a path that is sent as it stands."""
    connection = http.client.HTTPConnection(client.base.removeprefix("http://"))
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_an_empty_folder_has_no_projects(client):
    assert client.get("/api/projects").json() == {"projects": []}


def test_projects_of_a_folder(client, logged, root):
    logged(project="alpha")
    logged(project="alpha")
    logged(project="beta")
    found = client.get("/api/projects").json()["projects"]
    assert [(it["key"], it["runs"], it["running"]) for it in found] == [("alpha", 2, 0), ("beta", 1, 0)]
    assert found[0]["folder"] == str(root)


def test_a_board_lists_runs_fields_and_metrics(client, logged):
    first = logged(name="first", config={"lr": 0.1, "model": {"depth": 3}}, tags=["a"])
    second = logged(name="second", exit_code=1, group="g", rows=3)
    board = client.get("/api/projects/demo/board").json()
    assert [(it["key"], it["name"], it["state"], it["steps"]) for it in board["runs"]] == [
        (first, "first", "finished", 9),
        (second, "second", "failed", 2),
    ]
    assert board["runs"][0]["tags"] == ["a"]
    assert board["runs"][1]["group"] == "g"
    assert {it["key"]: it["runs"] for it in board["fields"]} == {
        "config.lr": 1,
        "config.model.depth": 1,
        "summary.loss": 2,
        "summary.val/accuracy": 2,
        "min.loss": 2,
        "min.val/accuracy": 2,
        "max.loss": 2,
        "max.val/accuracy": 2,
    }
    assert [(it["name"], it["runs"]) for it in board["metrics"]] == [("loss", 2), ("val/accuracy", 2)]


def test_hidden_metrics_and_aggregates(client, start):
    run = start()
    run.define_metric("loss", summary="min,max")
    run.define_metric("secret", hidden=True)
    for value in (3.0, 1.0, 2.0):
        run.log({"loss": value, "secret": 1.0})
    run.finish()
    board = client.get("/api/projects/demo/board").json()
    assert {it["name"]: it["hidden"] for it in board["metrics"]} == {"loss": False, "secret": True}
    columns = client.get("/api/projects/demo/columns?key=summary.loss.min&key=summary.loss.max").json()["columns"]
    assert columns == {"summary.loss.min": [1.0], "summary.loss.max": [3.0]}


def test_integers_that_a_browser_would_round_are_texts(client, logged):
    logged(
        config={"seed": 2**64 + 1, "small": 2**53, "list": [-(2**53) - 1, 0.1234567890123456, 1e22], "zip": "1" * 20}
    )
    keys = "&".join(f"key=config.{name}" for name in ("seed", "small", "list", "zip"))
    client.get("/api/projects/demo/board")
    answer = client.get(f"/api/projects/demo/columns?{keys}")
    assert answer.status_code == 200, answer.text
    columns = answer.json()["columns"]
    assert columns == {
        "config.seed": [str(2**64 + 1)],
        "config.small": [2**53],
        "config.list": [[str(-(2**53) - 1), 0.1234567890123456, 1e22]],
        "config.zip": ["1" * 20],
    }


def test_columns_have_a_cell_for_every_run(client, logged):
    keys = [logged(config={"lr": 0.1, "layers": [1, 2]}), logged(), logged(config={"lr": math.nan})]
    client.get("/api/projects/demo/board")
    answer = client.get("/api/projects/demo/columns?key=config.lr&key=config.layers&key=config.none").json()
    assert answer["keys"] == keys
    assert answer["columns"] == {
        "config.lr": [0.1, None, "NaN"],
        "config.layers": [[1, 2], None, None],
        "config.none": [None, None, None],
    }
    some = client.get(f"/api/projects/demo/columns?key=config.lr&run={keys[2]}&run=gone").json()
    assert (some["keys"], some["columns"]) == ([keys[2]], {"config.lr": ["NaN"]})


def test_writers_of_one_run_have_lines_of_their_own(client, start):
    run = start()
    for step in range(3):
        run.log({"loss": float(step), "lr": 0.5})
    rank = _journal.open_writer(run.folder, "rank-1", run=run.id, attempt=1)
    for step in range(3):
        rank.write(records.Row(time=time.time(), step=step, data={"loss": 10.0 + step, "lr": 0.5, "shard": 1}))
    rank.close()
    run.finish()
    url = f"/api/projects/demo/series?metric=loss&metric=lr&metric=shard&run={run.folder.path.name}"
    client.get("/api/projects/demo/board")
    plain = client.get(url).json()["series"]
    assert [(it["metric"], it["writer"], it["value"]) for it in plain] == [
        ("loss", "", [0, 1, 2]),
        ("lr", "", [0.5] * 3),
        ("shard", "", [1] * 3),
    ]
    every = client.get(f"{url}&writers=true").json()["series"]
    assert [(it["metric"], it["writer"]) for it in every] == [
        ("loss", ""),
        ("loss", "rank-1"),
        ("lr", ""),
        ("shard", ""),
    ]
    assert every[1]["value"] == [10, 11, 12]
    content = client.get(f"{url}&writers=true", headers=BINARY).content
    (length,) = struct.unpack_from("<I", content)
    assert json.loads(content[4 : 4 + length])["writers"] == ["", "rank-1", "", ""]
    assert len(_unpack(content)) == 4


def test_series_as_json_and_as_columns_are_the_same(client, logged):
    keys = [logged(), logged(rows=3000)]
    client.get("/api/projects/demo/board")
    url = f"/api/projects/demo/series?metric=loss&metric=nothing&run={keys[0]}&run={keys[1]}&run=gone&buckets=100"
    spelled = client.get(url).json()["series"]
    packed = _unpack(client.get(url, headers=BINARY).content)
    assert [(it["run"], it["metric"], it["bucketed"]) for it in spelled] == [
        (keys[0], "loss", False),
        (keys[1], "loss", True),
    ]
    for left, right in zip(spelled, packed, strict=True):
        for name in ("step", "value"):
            assert left[name] == right[name]
    assert spelled[0]["value"] == [1 / (step + 1) for step in range(10)]
    assert len(spelled[1]["step"]) <= 100
    assert (max(spelled[1]["high"]), min(spelled[1]["low"])) == (1.0, 1 / 3000)
    for name in ("high", "count", "nans", "last_step"):
        assert packed[1][name] == spelled[1][name]
    assert sum(spelled[1]["count"]) == 3000
    assert spelled[1]["last_step"][-1] == 2999
    assert packed[0]["letters"] == "rd"  # even steps, and values that no float32 holds
    twice = client.get(url.replace(keys[1], keys[0]), headers=BINARY).content
    assert [it["letters"] for it in _unpack(twice)] == ["rd", "=="]
    bare = _unpack(client.get(f"{url}&extremes=false", headers=BINARY).content)
    assert [(it["bucketed"], it["value"]) for it in bare] == [(False, it["value"]) for it in spelled]
    assert bare[1]["step"] == spelled[1]["last_step"]  # a value is shown at its own step


def test_series_over_a_metric_within_a_range_and_after_a_step(client, logged):
    key = logged()
    client.get("/api/projects/demo/board")
    base = f"/api/projects/demo/series?metric=loss&run={key}"
    (over,) = _unpack(client.get(f"{base}&x=val/accuracy", headers=BINARY).content)
    assert over["other"] == [step / 10 for step in range(10)]
    (timed,) = _unpack(client.get(f"{base}&x=_timestamp", headers=BINARY).content)
    assert timed["time"] == sorted(timed["time"])
    (cut,) = client.get(f"{base}&from=3&to=5").json()["series"]
    assert cut["step"] == [3, 4, 5]
    (tail,) = client.get(f"{base}&after=8").json()["series"]
    assert tail["step"] == [8, 9]


@pytest.mark.parametrize(
    "query", ["buckets=0", "buckets=many", "stream=other", "run=a&after=1&after=2", "from=nan", "run=a&after=inf"]
)
def test_a_wrong_query_is_told(client, logged, query):
    logged()
    client.get("/api/projects")
    answer = client.get(f"/api/projects/demo/series?metric=loss&{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_non_finite_values_are_gaps(client, start):
    run = start()
    for value in (1.0, math.nan, math.inf):
        run.log({"loss": value})
    run.finish()
    key = run.folder.path.name
    client.get("/api/projects")
    (series,) = client.get(f"/api/projects/demo/series?metric=loss&run={key}").json()["series"]
    assert series["value"] == [1.0, None, None]
    assert client.get(f"/api/runs/{key}").json()["summary"] == {"loss": "Infinity"}


def test_a_run_in_full(client, logged):
    key = logged(name="whole", config={"a": {"b": 1}}, notes="why", tags=["x"], job_type="train")
    client.get("/api/projects")
    run = client.get(f"/api/runs/{key}").json()
    assert (run["name"], run["notes"], run["job_type"], run["config"]) == ("whole", "why", "train", {"a": {"b": 1}})
    assert run["summary"] == {"loss": 0.1, "val/accuracy": 0.9}
    assert [(it["number"], it["state"], it["exit_code"]) for it in run["attempts"]] == [(1, "finished", 0)]
    assert run["project"]["key"] == "demo"
    assert run["folder"].endswith(key)


def test_any_part_of_a_run_may_be_the_first_that_is_asked_for(client, start):
    run = start(settings={"console": "wrap"})
    print("first words")
    run.finish()
    answer = client.get(f"/api/runs/{run.folder.path.name}/console")
    assert answer.ok, answer.text


def test_the_console_page_by_page(client, start):
    run = start(settings={"console": "wrap"})
    for number in range(5):
        print(f"\x1b[31mline {number}\x1b[0m")
    run.finish()
    key = run.folder.path.name
    client.get("/api/projects")
    page = client.get(f"/api/runs/{key}/console?first=1&count=2").json()
    assert (page["total"], page["first"]) == (5, 1)
    assert [it["text"] for it in page["lines"]] == ["\x1b[31mline 1\x1b[0m", "\x1b[31mline 2\x1b[0m"]


def test_an_edit_is_kept_beside_the_run(client, serving, logged, root):
    key = logged(name="before")
    client.get("/api/projects")
    changed = client.patch(
        f"/api/runs/{key}", json={"name": "after", "tags": ["x", "y"], "notes": "n", "color": "#d1495b"}
    ).json()
    assert (changed["name"], changed["tags"], changed["notes"]) == ("after", ["x", "y"], "n")
    for index in root.glob("index.sqlite*"):
        index.unlink()
    head = serving(root).get("/api/projects/demo/board").json()["runs"][0]
    assert (head["name"], head["color"]) == ("after", "#d1495b")


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"name": ""}', b'{"nmae": "x"}', b'{"tags": "x"}', b'{"color": "red"}', b"\xff", b" " * (1 << 21)],
)
def test_a_wrong_edit_changes_nothing(client, logged, body):
    key = logged(name="kept")
    client.get("/api/projects")
    assert client.patch(f"/api/runs/{key}", data=body).status_code == 400
    assert client.get(f"/api/runs/{key}").json()["name"] == "kept"


def test_delete_removes_the_folder_and_refuses_a_live_run(client, logged, start, root):
    key = logged()
    live = start()
    living = live.folder.path.name
    client.get("/api/projects")
    assert client.delete(f"/api/runs/{key}").status_code == 204
    assert client.get(f"/api/runs/{key}").status_code == 404
    assert not list((root / key).glob("*-main.*"))
    refused = client.delete(f"/api/runs/{living}")
    assert (refused.status_code, "still being written" in refused.json()["error"]) == (400, True)
    live.finish()


def test_files_are_served_without_an_origin(client, logged, root):
    key = logged()
    files = root / key / "files"
    (files / "media").mkdir(parents=True, exist_ok=True)
    (files / "media" / "page.html").write_text("<script>alert(1)</script>")
    (files / "note.py").write_text("print(1)")
    (files / "paper.pdf").write_bytes(b"%PDF-1.4")
    (files / "data.bin").write_bytes(b"\0")
    (root / "outside").write_text("secret")
    (files / "link").symlink_to(root / "outside")
    client.get("/api/projects")
    listed = {it["path"]: it["type"] for it in client.get(f"/api/runs/{key}").json()["files"]}
    assert listed["note.py"] == "text/plain"
    page = client.get(f"/api/runs/{key}/files/media/page.html")
    assert page.headers["content-security-policy"].startswith("sandbox;")
    assert page.headers["x-content-type-options"] == "nosniff"
    paper = client.get(f"/api/runs/{key}/files/paper.pdf")
    assert paper.headers["content-security-policy"].startswith("default-src 'none';")  # no sandbox: no viewer in one
    assert (paper.headers["content-type"], paper.headers["x-content-type-options"]) == ("application/pdf", "nosniff")
    assert client.get(f"/api/runs/{key}/files/data.bin").headers["content-disposition"].startswith("attachment")
    assert (
        client.get(f"/api/runs/{key}/files/note.py?download=1").headers["content-disposition"].startswith("attachment")
    )
    for path in ("link", "../../outside", "%2e%2e/%2e%2e/outside", "..%2f..%2foutside", "media", "none", "a%00b"):
        assert _raw(client, f"/api/runs/{key}/files/{path}") == 404


def test_what_did_not_change_is_not_sent_again(client, logged, root, at_rest):
    at_rest(root / logged())
    first = client.get("/api/projects/demo/board")
    again = client.get("/api/projects/demo/board", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    logged()
    deadline = time.monotonic() + 120
    while client.get("/api/projects/demo/board", headers={"if-none-match": first.headers["etag"]}).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_answers_are_compressed(client, logged, encoding):
    for _ in range(3):
        logged(config={f"key{number}": number for number in range(50)})
    answer = client.get("/api/projects/demo/board", headers={"accept-encoding": encoding}, stream=True)
    assert answer.headers["content-encoding"] == encoding
    packed = len(answer.raw.read(decode_content=False))
    plain = len(client.get("/api/projects/demo/board", headers={"accept-encoding": "identity"}).content)
    assert packed < plain / 3


def test_two_folders_with_the_same_names_are_told_apart(tmp_path, serving, logged, root):
    key = logged(name="left")
    other = tmp_path / "other"
    shutil.copytree(root, other)
    client = serving(root, other)
    found = client.get("/api/projects").json()["projects"]
    assert sorted(it["folder"] for it in found) == sorted([str(root), str(other)])
    assert len({it["key"] for it in found}) == 2
    runs = [client.get(f"/api/projects/{it['key']}/board").json()["runs"][0]["key"] for it in found]
    assert len(set(runs)) == 2
    assert all(run.endswith(key) for run in runs)
    assert client.get(f"/api/runs/{key}").json()["key"] in runs  # the folder's name alone finds one


@pytest.mark.parametrize(
    "path", ["/api/projects/none/board", "/api/runs/none", "/api/none", "/api/projects/none/columns"]
)
def test_what_does_not_exist(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_the_smallest_and_largest_values_are_columns(client, start):
    run = start()
    for value in (3.0, math.nan, 1, 2.0):
        run.log({"loss": value})
    run.finish()
    client.get("/api/projects")
    url = "/api/projects/demo/columns?key=min.loss&key=max.loss&key=max.none&key=summary.loss"
    columns = client.get(url).json()["columns"]
    assert columns == {"min.loss": [1], "max.loss": [3.0], "max.none": [None], "summary.loss": [2.0]}


def test_keys_with_dots_and_maps_are_found(client, start):
    run = start(config={"a.b": 1, "a": {"b.c": 2, "d": {"e": 3}}, "empty": {}})
    run.log({"x.y": 1.5, "picture": {"nested": 2.5}})
    run.finish()
    board = client.get("/api/projects/demo/board").json()
    keys = [it["key"] for it in board["fields"] if it["key"].startswith(("config.", "summary."))]
    assert keys == ["config.a.b", "config.a.b.c", "config.a.d.e", "summary.picture.nested", "summary.x.y"]
    found = client.get(
        "/api/projects/demo/columns", params={"key": [*keys, "config.a", "config.empty", "other"]}
    ).json()
    assert found["columns"] == {
        **dict(zip(keys, [[1], [2], [3], [2.5], [1.5]], strict=True)),
        "config.a": [None],
        "config.empty": [None],
        "other": [None],
    }


def test_columns_of_the_best_value_and_of_what_was_captured(client, start):
    run = start()
    run.define_metric("val/*", goal="maximize")
    for value in (0.5, 0.9, 0.7):
        run.log({"val/accuracy": value, "loss": value})
    run.finish()
    fields = set()
    while "metadata.python" not in fields:  # comes from the background process
        fields = {it["key"] for it in client.get("/api/projects/demo/board").json()["fields"]}
    assert {"best.val/accuracy", "metadata.python", "metadata.cpu.count"} <= fields
    assert "best.loss" not in fields
    asked = {"key": ["best.val/accuracy", "metadata.python"]}
    columns = client.get("/api/projects/demo/columns", params=asked).json()["columns"]
    assert columns["best.val/accuracy"] == [0.9]
    assert columns["metadata.python"][0].startswith("3.")
