"""Accounts, keys, and who sees what on a team's server."""

from __future__ import annotations

import re
import stat

import pytest

from tracker_core import NotFoundError, UsageError
from tracker_core.server import signin
from tracker_core.server.account import FILE, Accounts


@pytest.fixture
def accounts(tmp_path):
    made = Accounts(tmp_path / "data")
    yield made
    made.close()


def test_a_key_is_known_again_and_kept_nowhere(accounts, tmp_path):
    key = accounts.add_user("alice")
    assert accounts.who(key).name == "alice"
    found = [path for path in (tmp_path / "data").iterdir() if key[9:].encode() in path.read_bytes()]
    assert found == []
    assert stat.S_IMODE((tmp_path / "data" / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "tk-alice-", f"tk-alice-{'0' * 40}", f"tk-bob-{'0' * 40}", "\ud800", "x" * 9999])
def test_another_key_is_nobodys(accounts, wrong):
    accounts.add_user("alice")
    assert accounts.who(wrong) is None


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", ".hidden", "a/b", "ü", "x" * 65, "-x"])
def test_names_that_would_be_no_folder_are_refused(accounts, name):
    with pytest.raises(UsageError):
        accounts.add_user(name)
    with pytest.raises(UsageError):
        accounts.add_team(name, [])


def test_users_and_teams_share_their_names(accounts):
    accounts.add_user("alice")
    accounts.add_team("vision", ["alice"])
    with pytest.raises(UsageError, match="there is a team 'vision' already"):
        accounts.add_user("vision")
    with pytest.raises(NotFoundError, match="there is no team 'alice'"):
        accounts.add_team("alice", [])
    with pytest.raises(NotFoundError):
        accounts.add_team("new", ["nobody"])
    assert accounts.teams() == {"vision": ["alice"]}


def test_who_leaves_has_no_part_in_it_any_more(accounts):
    key, second = accounts.add_user("alice"), accounts.add_key("alice")
    accounts.add_team("vision", ["alice"])
    assert accounts.who(second).entities == ("alice", "vision")
    accounts.leave_team("vision", ["alice"])
    assert accounts.who(key).entities == ("alice",)
    accounts.remove_keys("alice")
    assert (accounts.who(key), accounts.who(second)) == (None, None)
    accounts.remove_user("alice")
    assert accounts.users() == []


def test_nobody_sees_anything(team):
    client = team.client()
    for path in ("/api/projects", "/api/me", "/api/openapi.json", "/api/runs/x", "/api/settings"):
        assert client.get(path).status_code == 401
    page = client.get("/project/alice~demo?view=table", allow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (
        303,
        "../signin?next=%2Fproject%2Falice~demo%3Fview%3Dtable",
    )
    assert client.get("/assets/none.js").status_code in (200, 404)
    client.headers["authorization"] = f"Bearer tk-alice-{'0' * 40}"
    assert client.get("/api/projects").status_code == 401
    assert "tracker login" in client.get("/api/projects").json()["error"]


def test_signing_in_and_out(team):
    client = team.client()
    refused = client.post("/signin", data={"key": "tk-alice-wrong"})
    assert (refused.status_code, "does not know" in refused.text) == (403, True)
    entered = client.post("/signin?next=/project/x", data={"key": f" {team.keys['alice']}\n"}, allow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "./project/x")
    cookie = entered.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "max-age="))
    assert team.keys["alice"] not in cookie
    assert client.get("/api/projects").json() == {"projects": []}
    assert "signed in as alice" in client.get("/signin").text
    client.post("/signin")
    assert client.get("/api/projects").status_code == 401


@pytest.mark.parametrize("after", ["//evil.example/x", "https://evil.example", "/\\evil.example", "\\\\evil.example"])
def test_signing_in_leads_nowhere_else(team, after):
    answer = team.client().post(
        "/signin", params={"next": after}, data={"key": team.keys["alice"]}, allow_redirects=False
    )
    assert re.match(r"\./[^/\\]", answer.headers["location"])


def test_a_cookie_is_neither_forged_nor_outlives_its_key(team):
    client = team.client()
    client.post("/signin", data={"key": team.keys["alice"]}, allow_redirects=False)
    good = client.cookies[signin.COOKIE]
    digest, until, signature = good.split(".")
    client.cookies.clear()
    for forged in (f"{digest}.{int(until) + 1}.{signature}", f"{digest}.{until}.", "..", "", "x"):
        assert client.get("/api/projects", headers={"cookie": f"{signin.COOKIE}={forged}"}).status_code == 401
    headers = {"cookie": f"other=1; {signin.COOKIE}={good}"}
    assert client.get("/api/projects", headers=headers).status_code == 200
    team.accounts.remove_keys("alice")
    assert client.get("/api/projects", headers=headers).status_code == 401


def test_a_page_from_elsewhere_changes_nothing_for_who_is_signed_in(team):
    client = team.client()
    client.post("/signin", data={"key": team.keys["alice"]}, allow_redirects=False)
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert client.delete("/api/runs/alice~x", headers=headers).status_code == 403
        assert client.post("/signin", headers=headers, data={"key": team.keys["alice"]}).status_code == 403


def test_users_see_their_own_and_their_teams_runs_only(team, login, logged, command, tmp_path):
    team.user("bob")
    team.user("carol")
    team.accounts.add_team("vision", ["alice", "bob"])
    login("alice")
    own = logged(project="secret", mode="offline")
    shared = logged(project="open", entity="vision", mode="offline")
    command("sync", str(tmp_path))

    def projects(name: str) -> list[tuple[str, str]]:
        return [(it["key"], it["entity"]) for it in team.client(name).get("/api/projects").json()["projects"]]

    assert str(team.data) not in team.client("alice").get("/api/projects").text
    assert projects("alice") == [("vision~open", "vision"), ("alice~secret", "alice")]
    assert projects("bob") == [("vision~open", "vision")]
    assert projects("carol") == []
    bob, carol = team.client("bob"), team.client("carol")
    for key in (f"alice~{own}", own):
        assert bob.get(f"/api/runs/{key}").status_code == 404
        assert bob.delete(f"/api/runs/{key}").status_code == 404
    assert bob.get(f"/api/runs/vision~{shared}").status_code == 200
    assert carol.get(f"/api/runs/vision~{shared}").status_code == 404
    assert bob.get("/api/visitor").json() == {"user": "bob", "entities": ["bob", "vision"]}
    assert str(team.data) not in bob.get("/api/projects").text + bob.get(f"/api/runs/vision~{shared}").text
    assert carol.get("/api/projects/vision~open/board").status_code == 404
    assert carol.get(f"/api/entities/vision/runs/{shared}").status_code == 403
    assert carol.put(f"/api/entities/vision/runs/{shared}/journals/001-main.0000.journal?offset=0").status_code == 403
    assert carol.get("/api/entities/nowhere/views").json()["error"].startswith("carol is no member of 'nowhere'")
    team.accounts.leave_team("vision", ["bob"])
    assert projects("bob") == []


def test_the_settings_of_whoever_runs_the_server_are_nobodys(team):
    assert team.client("alice").get("/api/settings").status_code == 404
    assert team.client("alice").patch("/api/settings", json={"project": "x"}).status_code == 404


def test_pages_carry_the_policies_of_the_local_ones(team):
    client = team.client("alice")
    assert "default-src 'none'" in client.get("/api/projects").headers["content-security-policy"]
    page = team.client().get("/signin").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page
    assert "unsafe" not in page
