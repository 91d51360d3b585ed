"""Artifacts over the API."""

from __future__ import annotations

import pytest

import tracker_core as tracker


@pytest.fixture
def chain(start) -> dict[str, str]:
    """`maker` makes data:v0 and data:v1, `user` of another project uses the second. Gives their keys."""
    maker = start(name="maker")
    for content in ("one", "two"):
        artifact = tracker.Artifact("data", "dataset", description="rows", metadata={"n": 3})
        with artifact.new_file("part/a.py") as file:
            file.write(content)
        artifact.add_reference("s3://bucket/key", "far")
        maker.log_artifact(artifact, aliases=["best"])
    maker.finish()
    user = start(name="user", project="other")
    user.use_artifact("demo/data:best")
    user.finish()
    return {"maker": maker.folder.path.name, "user": user.folder.path.name}


def test_versions_with_who_made_and_used_them(client, chain):
    client.get("/api/projects")
    newest, oldest = client.get("/api/projects/demo/artifacts").json()["versions"]
    assert (newest["project"], newest["name"], newest["version"], newest["type"]) == ("demo", "data", 1, "dataset")
    assert (newest["aliases"], oldest["aliases"]) == (["best", "latest"], [])
    assert [it["key"] for it in newest["made_by"]] == [it["key"] for it in oldest["made_by"]] == [chain["maker"]]
    assert [(it["project"], it["key"], it["name"], it["state"]) for it in newest["used_by"]] == [
        ("other", chain["user"], "user", "finished")
    ]
    assert oldest["used_by"] == []


def test_all_runs_that_logged_the_same_files_are_told(client, chain, start):
    again = start(name="again", project="other")
    artifact = tracker.Api(again.folder.root).artifact("demo/data:v0")
    again.log_artifact(artifact)
    again.finish()
    client.get("/api/projects")
    oldest = client.get("/api/projects/demo/artifacts").json()["versions"][1]
    assert [it["name"] for it in oldest["made_by"]] == ["maker", "again"]


def test_a_project_sees_what_its_runs_used_of_others(client, chain):
    client.get("/api/projects")
    (used,) = client.get("/api/projects/other/artifacts").json()["versions"]
    assert (used["project"], used["version"]) == ("demo", 1)


def test_a_run_that_is_gone_leaves_its_name(client, chain):
    client.get("/api/projects")
    client.delete(f"/api/runs/{chain['user']}")
    newest = client.get("/api/projects/demo/artifacts").json()["versions"][0]
    (user,) = newest["used_by"]
    assert (user["key"], user["state"], user["name"][:6]) == ("", None, "other/")


def test_a_version_and_its_files(client, chain):
    client.get("/api/projects")
    url = "/api/projects/demo/artifacts/data/1"
    found = client.get(url).json()
    assert (found["description"], found["metadata"], found["total"]) == ("rows", {"n": 3}, 2)
    assert [(it["path"], it["type"], it["ref"]) for it in found["files"]] == [
        ("far", "application/octet-stream", "s3://bucket/key"),
        ("part/a.py", "text/plain", ""),
    ]
    answer = client.get(f"{url}/files/part/a.py")
    assert (answer.text, answer.headers["content-type"]) == ("two", "text/plain; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert 'filename="a.py"' in client.get(f"{url}/files/part/a.py?download=1").headers["content-disposition"]
    part = client.get(f"{url}/files/part/a.py", headers={"range": "bytes=1-1"})
    assert (part.status_code, part.text) == (206, "w")


@pytest.mark.parametrize(
    "path",
    ["none/0", "data/7", "..%2F..%2Fdata/0", "data/0/files/far", "data/0/files/none", "data/0/files/..%2Fv0.json"],
)
def test_what_is_not_there(client, chain, path):
    client.get("/api/projects")
    assert client.get(f"/api/projects/demo/artifacts/{path}").status_code == 404


def test_a_changed_version_is_read_again(client, chain, root):
    client.get("/api/projects")
    assert client.get("/api/projects/demo/artifacts").json()["versions"][0]["tags"] == []
    version = tracker.Api(root.parent).artifact("demo/data:v1")
    version.tags = ["checked"]
    version.save()
    assert client.get("/api/projects/demo/artifacts").json()["versions"][0]["tags"] == ["checked"]
