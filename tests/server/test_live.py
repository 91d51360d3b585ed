"""The live stream, as the pages read it."""

from __future__ import annotations

import json
import time


def _events(client, path: str, **options):
    """The events of a stream: (id, data)."""
    answer = client.get(path, stream=True, **options)
    assert answer.headers["content-type"].startswith("text/event-stream")
    event = {}
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if not line and "data" in event:
            yield event["id"], json.loads(event["data"])
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def test_changes_arrive_while_a_run_runs(client, start):
    run = start(name="live")
    run.log({"loss": 1.0})
    board = client.get("/api/projects/demo/board").json()
    events = _events(client, f"/api/projects/demo/events?cursor={board['cursor']}")
    run.log({"loss": 0.5})
    _, change = next(events)
    assert [(it["name"], it["state"], it["steps"]) for it in change["runs"]] == [("live", "running", 1)]
    while not change["grown"]:  # what it tells of its machine may come first
        run.log({"loss": 0.4})
        _, change = next(events)
    assert (change["runs"], change["named"], set(change["grown"][0])) == ([], False, {"key", "updated", "steps"})
    while not change["named"]:
        run.log({"accuracy": 0.9})
        _, change = next(events)
    run.finish()
    while not change["runs"] or change["runs"][0]["state"] != "finished":
        _, change = next(events)
    events.close()


def test_a_page_that_was_away_gets_what_it_missed_and_no_more(client, logged, root, at_rest):
    at_rest(root / logged(name="old"))
    before, cursor = "", "0"
    while before != cursor:
        before, cursor = cursor, client.get("/api/projects/demo/board").json()["cursor"]
        time.sleep(0.7)
    logged(name="new")
    events = _events(client, "/api/projects/demo/events", headers={"last-event-id": cursor})
    number, change = next(events)
    events.close()
    assert [it["name"] for it in change["runs"]] == ["new"]
    assert (number, int(number) > int(cursor)) == (change["cursor"], True)


def test_a_deleted_run_is_told(client, logged):
    gone = logged()
    logged()
    cursor = client.get("/api/projects/demo/board").json()["cursor"]
    events = _events(client, f"/api/projects/demo/events?cursor={int(cursor) - 1}")
    next(events)
    assert client.delete(f"/api/runs/{gone}").status_code == 204
    change = {"removed": []}
    while not change["removed"]:  # its background process may have had a last word
        _, change = next(events)
    events.close()
    assert change["removed"] == [gone]


def test_an_index_that_was_built_anew_counts_from_the_beginning(client, logged):
    logged(name="only")
    client.get("/api/projects")
    events = _events(client, "/api/projects/demo/events?cursor=999999")
    _, change = next(events)
    events.close()
    assert [it["name"] for it in change["runs"]] == ["only"]
