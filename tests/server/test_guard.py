"""Who may ask."""

from __future__ import annotations

import pytest

from tracker_core._served import ticket


@pytest.mark.parametrize("host", ["127.0.0.1:8650", "localhost", "[::1]:8650", "LOCALHOST:1"])
def test_loopback_names_pass(client, host):
    assert client.get("/api/projects", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[", "10.0.0.1"]
)
def test_another_name_for_this_address_is_refused(client, host):
    assert client.get("/api/projects", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
    ],
)
def test_a_page_from_elsewhere_changes_nothing(client, logged, headers):
    key = logged(name="kept")
    client.get("/api/projects")
    assert client.patch(f"/api/runs/{key}", json={"name": "x"}, headers=headers).status_code == 403
    assert client.delete(f"/api/runs/{key}", headers=headers).status_code == 403
    assert client.get(f"/api/runs/{key}").json()["name"] == "kept"


def test_our_own_page_may_change(client, logged):
    key = logged()
    client.get("/api/projects")
    headers = {"sec-fetch-site": "same-origin", "origin": client.base}
    assert client.patch(f"/api/runs/{key}", json={"name": "x"}, headers=headers).status_code == 200


def test_elsewhere_the_token_opens_and_leaves_the_address(serving, root):
    client = serving(root, token="secret")
    client.headers["host"] = "box.example:8650"
    assert client.get("/api/projects").status_code == 403
    assert client.get("/?token=wrong").status_code == 403
    entered = client.get("/project/x?view=table&token=secret", allow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "./x?view=table")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    client.headers["cookie"] = "other=1; tracker-token=secret"
    assert client.get("/api/projects").status_code == 200
    assert client.delete("/api/runs/x", headers={"origin": "http://evil.example"}).status_code == 403


def test_a_redirect_stays_on_this_server(serving, root):
    client = serving(root, token="secret")
    for path in ("//evil.example/?token=secret", "/https://evil.example/?token=secret"):
        assert client.get(path, allow_redirects=False).headers["location"] == "./"
    entered = client.get("/evil:x?token=secret", allow_redirects=False)
    assert entered.headers["location"] == "./evil:x"


@pytest.mark.parametrize(("token", "scripts"), [(None, True), ("secret", False)])
def test_logged_pages_run_their_scripts_where_no_token_could_be_read(serving, logged, root, token, scripts):
    folder = root / logged() / "files" / "media" / "html"
    folder.mkdir(parents=True)
    (folder / "page.html").write_text("<script></script>")
    (folder / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    client = serving(root, token=token)
    client.headers["cookie"] = f"tracker-token={token}"
    client.get("/api/projects")
    policies = [
        client.get(f"/api/runs/{folder.parents[2].name}/files/media/html/{name}").headers["content-security-policy"]
        for name in ("page.html", "picture.svg")
    ]
    assert [policy.startswith("sandbox allow-scripts;") for policy in policies] == [scripts, False]
    assert all("default-src 'none'" in policy and "allow-same-origin" not in policy for policy in policies)


def test_pages_carry_a_strict_policy(client):
    policy = client.get("/api/projects").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_only_what_changes_nothing_may_be_framed(client, logged):
    key = logged()
    framed = client.get(f"/embed/run/{key}").headers["content-security-policy"]
    whole = client.get(f"/project/demo/run/{key}").headers["content-security-policy"]
    assert "frame-ancestors" not in framed
    assert whole == f"{framed}; frame-ancestors 'self'"


@pytest.fixture
def two(serving, root, logged):
    """A server that wants a token, the runs `kept` and `other` of one project, and the ticket of the first."""
    key, other = logged(name="kept"), logged(name="other")
    client = serving(root, token="secret")
    client.headers["host"] = "box.example:8650"
    return client, key, other, ticket("secret", key)


def test_a_ticket_reads_one_run_and_nothing_else(two):
    client, key, other, shown = two
    for path in (f"/embed/run/{key}", f"/api/runs/{key}", "/api/projects/demo/board"):
        assert client.get(path).status_code == 403
        assert client.get(f"{path}?token=wrong").status_code == 403
        assert client.get(f"{path}?token={shown[:-1]}").status_code == 403
        answer = client.get(f"{path}?token={shown}", allow_redirects=False)
        assert answer.status_code in (200, 404)  # 404: without built pages
        assert "set-cookie" not in answer.headers
    assert client.get(f"/api/runs/{key}?token={shown}").json()["name"] == "kept"
    assert client.get(f"/api/runs/{other}?token={shown}").status_code == 404
    board = client.get(f"/api/projects/demo/board?token={shown}").json()
    assert [run["name"] for run in board["runs"]] == ["kept"]
    drawn = client.get(f"/api/projects/demo/series?metric=loss&run={key}&run={other}&token={shown}").json()
    assert {line["run"] for line in drawn["series"]} <= {key}
    for path in ("/api/settings", f"/api/runs/{key}/frame", "/api/projects/demo/artifacts/x/0"):
        assert client.get(f"{path}?token={shown}").status_code == 404
    assert client.get(f"/project/demo?token={shown}").status_code == 403
    assert client.get("/theme.js").status_code in (200, 404)


def test_a_ticket_changes_nothing(two):
    client, key, _, shown = two
    headers = {"sec-fetch-site": "same-origin"}
    assert client.patch(f"/api/runs/{key}?token={shown}", json={"name": "x"}, headers=headers).status_code == 403
    assert client.delete(f"/api/runs/{key}?token={shown}", headers=headers).status_code == 403
    assert client.get(f"/api/runs/{key}?token={shown}").json()["name"] == "kept"


def test_the_token_itself_reads_nothing_from_an_address(two):
    client, key, _, _ = two
    assert client.get(f"/api/runs/{key}?token=secret").status_code == 403
    entered = client.get(f"/embed/run/{key}?token=secret", allow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, f"./{key}")


def test_tickets_are_given_to_who_may_see_all(two, client):
    server, key, _, shown = two
    server.headers["cookie"] = "tracker-token=secret"
    assert server.get(f"/api/runs/{key}/frame").json() == {"folder": key, "token": shown}
    assert client.get(f"/api/runs/{key}/frame").json() == {"folder": key, "token": ""}
