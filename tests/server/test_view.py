"""Saved views over the API: kept beside the runs, whatever becomes of the index."""

from __future__ import annotations

import pytest

from tracker_core.store.index import FILE

VIEWS = "/api/projects/demo/views"


@pytest.fixture
def save(client, logged):
    logged()
    client.get("/api/projects")

    def put(name: str, state: str = "smooth=ema", **options) -> dict[str, dict]:
        answer = client.put(VIEWS, json={"name": name, "state": state, **options})
        assert answer.status_code == 200
        return {view["name"]: view for view in answer.json()["views"]}

    return put


def test_views_are_saved_renamed_and_removed(client, save):
    save("losses")
    assert save("losses", "logy=1")["losses"]["state"] == "logy=1"
    assert list(save("Errors", "logy=1", instead_of="losses")) == ["Errors"]
    save("again")
    left = client.delete(VIEWS, params={"name": "Errors"}).json()["views"]
    assert [view["name"] for view in left] == ["again"]
    assert client.delete(VIEWS, params={"name": "Errors"}).status_code == 404


def test_one_view_is_home(save):
    save("one", home=True)
    homes = save("two", home=True)
    assert (homes["one"]["home"], homes["two"]["home"]) == (False, True)
    assert not any(view["home"] for view in save("two").values())


def test_views_outlive_the_index_and_belong_to_their_project(client, save, logged, root, serving):
    logged(project="other")
    save("kept")
    (root / FILE).unlink()
    again = serving(root)
    again.get("/api/projects")
    assert [view["name"] for view in again.get("/api/projects/demo/board").json()["views"]] == ["kept"]
    assert again.get("/api/projects/other/board").json()["views"] == []


def test_a_folder_that_cannot_be_written_is_told(client, save, root):
    (root / "views").write_text("in the way")
    answer = client.put(VIEWS, json={"name": "a", "state": ""})
    assert (answer.status_code, "cannot be saved" in answer.json()["error"]) == (400, True)
