"""Media and tables over the API."""

from __future__ import annotations

import numpy as np
import pytest

import tracker_core as tracker


@pytest.fixture
def key(start) -> str:
    run = start()
    for number in range(5):
        picture = np.full((4, 6, 3), number, np.uint8)
        run.log({"loss": float(number), "sample": tracker.Image(picture, caption=f"<b>{number}</b>")})
    rows = [[number, f"row {number}", float("nan")] for number in range(250)]
    run.log({"report": tracker.Table(columns=["n", "text", "x"], data=rows)})
    run.finish()
    return run.folder.path.name


def test_media_by_key_and_step(client, key):
    client.get("/api/projects")
    found = {it["key"]: it for it in client.get(f"/api/runs/{key}/media").json()["series"]}
    assert list(found) == ["report", "sample"]
    assert found["sample"]["steps"] == [0, 1, 2, 3, 4]
    first = found["sample"]["values"][0]
    assert (first["_type"], first["caption"], first["width"]) == ("image-file", "<b>0</b>", 6)
    answer = client.get(f"/api/runs/{key}/files/{first['path']}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_many_are_thinned_and_the_last_is_kept(client, key):
    client.get("/api/projects")
    (sample,) = [it for it in client.get(f"/api/runs/{key}/media?most=2").json()["series"] if it["key"] == "sample"]
    assert (sample["logged"], sample["steps"]) == (5, [0, 4])


def test_a_table_page_by_page(client, key):
    client.get("/api/projects")
    page = client.get(f"/api/runs/{key}/table?key=report&step=5&first=200&count=100").json()
    assert (page["columns"], page["total"], page["first"]) == (["n", "text", "x"], 250, 200)
    assert page["rows"][0] == [200, "row 200", "NaN"]
    assert len(page["rows"]) == 50


def test_a_table_is_sorted_and_searched_over_all_its_pages(client, start):
    run = start()
    rows = [[number, f"Row {number % 7}", None if number == 1500 else -number / 2] for number in range(2500)]
    rows[3][2], rows[4][2] = float("nan"), "text"
    run.log({"t": tracker.Table(columns=["n", "text", "x"], data=rows, allow_mixed_types=True)})
    run.finish()
    client.get("/api/projects")
    url = f"/api/runs/{run.folder.path.name}/table?key=t&step=0"

    def read(**asked) -> tuple[int, list]:
        page = client.get(url, params=asked).json()
        assert page["total"] == 2500
        return page["matching"], [row[0] for row in page["rows"]]

    assert read(sort="2", count=3) == (2500, [2499, 2498, 2497])
    assert read(sort="2", first=2496, count=9) == (2500, [0, 4, 3, 1500])  # numbers, texts, then nothing
    assert read(sort="-2", first=2498, count=9) == (2500, [3, 1500])
    assert read(search="row 6", count=2) == (357, [6, 13])
    assert read(search="ROW 6", sort="-0", first=355, count=9) == (357, [13, 6])
    assert read(search="none such") == (0, [])
    assert read(filter="0:<= 6", count=1) == (7, [0])
    assert read(filter=["0:> 2490", "1:row 1"], sort="-0") == (1, [2493])
    assert read(filter="2:> -1") == (2, [0, 1])
    assert read(filter="2:= TEXT") == (1, [4])
    assert read(filter="2:!= text", count=1)[0] == 2499
    assert client.get(f"{url}&sort=3").status_code == 400
    assert client.get(f"{url}&filter=3:x").status_code == 400
    assert client.get(f"{url}&filter=x").status_code == 400
    assert client.get(f"{url}&sort=n").status_code == 400


@pytest.mark.parametrize("query", ["key=sample&step=0", "key=report&step=0", "key=none&step=0"])
def test_what_is_no_table(client, key, query):
    client.get("/api/projects")
    assert client.get(f"/api/runs/{key}/table?{query}").status_code == 404


def test_a_broken_table_is_told(client, key, root):
    for path in (root / key / "files").rglob("*.table"):
        path.write_bytes(path.read_bytes()[:-20])
    client.get("/api/projects")
    answer = client.get(f"/api/runs/{key}/table?key=report&step=5")
    assert (answer.status_code, "cannot be read" in answer.json()["error"]) == (404, True)


def test_a_record_that_names_a_foreign_file_gets_nothing(client, start, root):
    run = start()
    outside = root.parent / "outside.table"
    outside.write_bytes(b"secret")
    part = {"path": "../../../outside.table", "rows": 1}
    run.log({"t": {"_type": "table-file", "path": part["path"], "parts": [part], "rows": 1, "columns": ["a"]}})
    run.finish()
    client.get("/api/projects")
    key = run.folder.path.name
    assert client.get(f"/api/runs/{key}/table?key=t&step=0").status_code == 404


def test_some_keys_only(client, key):
    client.get("/api/projects")
    (only,) = client.get(f"/api/runs/{key}/media?key=sample").json()["series"]
    assert only["key"] == "sample"


def test_a_board_names_the_media_of_its_runs(client, key):
    client.get("/api/projects")
    media = client.get("/api/projects/demo/board").json()["media"]
    assert media == [
        {"name": "report", "kind": "table-file", "runs": 1},
        {"name": "sample", "kind": "image-file", "runs": 1},
    ]


def test_media_of_runs_by_key(client, start):
    names = []
    for number in range(4):
        run = start()
        picture = tracker.Image(np.full((4, 6, 3), number, np.uint8))
        run.log({"loss": 0.5, **({"sample": picture} if number != 1 else {"other": picture})})
        run.finish()
        names.append(run.folder.path.name)
    client.get("/api/projects")

    def read(**asked) -> list[list[str]]:
        runs = client.get("/api/projects/demo/media", params={"run": names, **asked}).json()["runs"]
        return [[str(names.index(it["run"])), *(series["key"] for series in it["series"])] for it in runs]

    assert read(key=["sample", "other"]) == [["0", "sample"], ["1", "other"], ["2", "sample"], ["3", "sample"]]
    assert read(key=["sample", "other"], limit=1) == [["0", "sample"], ["1", "other"]]
    assert read(key="loss") == []
    assert read(key="sample", run=[names[3], "gone"]) == [["3", "sample"]]


def test_a_head_says_when_media_were_logged(client, start):
    run = start()

    def state(step: int) -> int:
        while True:
            client.get("/api/projects")
            for head in client.get("/api/projects/demo/board").json()["runs"]:
                if head["steps"] == step:
                    return head["media"]

    picture = np.zeros((4, 6, 3), np.uint8)
    run.log({"loss": 0.5})
    assert state(0) == 0
    run.log({"sample": tracker.Image(picture)})
    first = state(1)
    assert first
    run.log({"loss": 0.25})
    assert state(2) == first
    run.log({"sample": tracker.Image(picture)})
    assert state(3) not in (0, first)
    run.finish()
