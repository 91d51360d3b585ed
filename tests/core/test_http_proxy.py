"""Messages name the proxy where it is the proxy that fails."""

from __future__ import annotations

import pytest

from tracker_core import CommError
from tracker_core._http import Client

KEY = "tk-alice-" + "0" * 40


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("no_proxy", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variable", "proxy", "message"),
    [
        (
            "http_proxy",
            "http://127.0.0.1:9",
            "the proxy for http://tracker.example does not answer: Connection refused",
        ),
        ("ALL_PROXY", "http://127.0.0.1:9", "the proxy for http://tracker.example does not answer: Connection refused"),
        ("all_proxy", "socks5://127.0.0.1:9", "a SOCKS proxy is set for http://tracker.example, which needs a package"),
        ("http_proxy", "http://", "the proxy for http://tracker.example has no usable address"),
    ],
)
def test_a_proxy_that_fails(monkeypatch, variable, proxy, message):
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(CommError) as caught:
        Client("http://tracker.example", KEY, patience=0).ask("GET", "/api/me")
    assert str(caught.value).startswith(message)
    assert '"))' not in str(caught.value)


def test_a_server_that_does_not_answer_is_named_itself():
    with pytest.raises(CommError) as caught:
        Client("http://127.0.0.1:9", KEY, patience=0).ask("GET", "/api/me")
    assert str(caught.value) == "http://127.0.0.1:9 does not answer: Connection refused"
