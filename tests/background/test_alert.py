"""Alerts reach a real HTTP server and a real SMTP server, however the training ends."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tracker_core import _records as records
from tracker_core.background.alert import payload

SCRIPT = """
import os, signal
import tracker_core as tracker
run = tracker.init(project="p", id="r1", name="brave-owl", settings={settings!r})
run.alert("loss is nan", "at step 3", level=tracker.AlertLevel.ERROR)
run.alert("loss is nan", "at step 4", level="error")
run.alert("loss is nan", "at step 5", wait_duration=0)
run.alert("other")
{end}
"""


@pytest.fixture
def webhook():
    """Keeps what is posted; the first post fails, as those over real networks do."""
    received, attempts = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            attempts.append(body)
            if len(attempts) == 1:
                self.send_error(503)
                return
            received.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/secret-token", received
        server.shutdown()


@pytest.fixture
def mailbox():
    """A mail server of a dozen lines, as RFC 5321 has it, and the messages that it was given."""
    received = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline().strip().upper():
                if line == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    message = b"".join(iter(self.rfile.readline, b".\r\n"))
                    received.append(message.decode())
                self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 well\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()


@pytest.mark.parametrize("end", ["run.finish()", "pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_webhook_gets_what_is_not_muted(train, webhook, end):
    address, received = webhook
    training = train(SCRIPT.format(settings={"alert_webhook": address}, end=end))
    training.wait()
    assert [(message["title"], message["text"]) for message in received] == [
        ("loss is nan", "at step 3"),
        ("other", ""),
    ]
    assert received[0]["level"] == "ERROR"
    assert received[0]["run"] == "brave-owl (p/r1)"
    kept = training.snapshot().alerts
    assert [(alert.text, alert.muted) for alert in kept] == [
        ("at step 3", False),
        ("at step 4", True),
        ("at step 5", True),
        ("", False),
    ]


def test_mail(train, mailbox):
    server, received = mailbox
    settings = {"alert_mail": "me@example.org, you@example.org", "smtp_url": server}
    train(SCRIPT.format(settings=settings, end="run.finish()")).wait()
    assert len(received) == 2
    assert "Subject: ERROR: loss is nan" in received[0]
    assert "To: me@example.org, you@example.org" in received[0]
    assert "at step 3" in received[0]
    assert "brave-owl (p/r1)" in received[0]


def test_what_cannot_be_sent_is_told_in_the_log_without_its_address(train):
    address = "http://127.0.0.1:9/secret-token"
    script = "import tracker_core as tracker\ntracker.init(project='p', settings={settings!r}).alert('loss is nan')"
    training = train(script.format(settings={"alert_webhook": address}))
    training.wait()
    assert "alert 'loss is nan' could not be sent by the webhook: ConnectionError" in training.log()
    assert not [path for path in training.folder.path.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("hooks.slack.com", {"text": "*WARN: high*\nloss &gt; 1\nrun"}),
        ("discord.com", {"content": "**WARN: high**\nloss > 1\nrun"}),
        ("canary.discord.com", {"content": "**WARN: high**\nloss > 1\nrun"}),
    ],
)
def test_services_get_the_message_in_their_own_form(host, text):
    alert = records.Alert(time=1.0, title="high", text="loss > 1", level="WARN")
    assert payload(alert, "run", host) == text


def test_teams_gets_a_card():
    alert = records.Alert(time=1.0, title="high", level="WARN")
    card = payload(alert, "run", "prod-1.westeurope.logic.azure.com")["attachments"][0]["content"]
    assert [block["text"] for block in card["body"]] == ["WARN: high", "run"]
