"""Sends the run's alerts to people: to a webhook, by mail, or both, as the user's settings say."""

from __future__ import annotations

import html
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from tracker_core._errors import CommError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core import _records as records
    from tracker_core._background import Launch

_TIMEOUT = 10.0
_PAUSES = (1.0, 4.0, 0.0)
"""Seconds after each attempt that failed."""
_PATIENCE = 0.1
_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
_DISCORD = ("discord.com", "discordapp.com")
_TEAMS = (".office.com", ".logic.azure.com", ".powerplatform.com")


class Messenger:
    """Delivers in a thread of its own, which lives while there is something to send: a network may be slow.

    An alert that cannot be delivered is told in the log; it is kept with the run in any case.
    """

    def __init__(self, launch: Launch) -> None:
        self._webhook = launch.alert_webhook
        self._mail = launch.alert_mail
        self._smtp = launch.smtp_url
        self._run = launch.run
        self._waiting: queue.SimpleQueue[records.Alert] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def describe(self, start: records.Start) -> None:
        """The run's name and project, which stand in every message."""
        name = start.name if isinstance(start.name, str) else ""
        self._run = f"{name} ({start.project}/{start.run})".strip()

    def add(self, alert: records.Alert) -> None:
        """Sends an alert, unless it is muted or there is nobody to send it to."""
        if alert.muted or not (self._webhook or self._mail):
            return
        self._waiting.put(alert)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
            self._thread.start()

    def finish(self, hurried: Callable[[], bool]) -> None:
        """Waits until all is sent or given up, unless `hurried()`."""
        while self._thread is not None and self._thread.is_alive() and not hurried():
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while not self._waiting.empty():
            alert = self._waiting.get()
            if self._webhook:
                self._try(alert, "the webhook", _post, self._webhook)
            if self._mail:
                self._try(alert, "mail", _mail, self._mail, self._smtp)

    def _try(self, alert: records.Alert, way: str, send: Callable[..., None], *target: Any) -> None:
        problem = ""
        for pause in _PAUSES:
            try:
                send(alert, self._run, *target)
            except Exception as error:  # noqa: BLE001, PERF203 - networks fail in more ways than anybody can list
                problem = str(error) if isinstance(error, CommError) else type(error).__name__
                time.sleep(pause)
            else:
                return
        moment = time.strftime("%Y-%m-%d %H:%M:%S")
        # No text of an error, which may hold the address: that of a webhook is its password.
        print(f"{moment} alert {alert.title!r} could not be sent by {way}: {problem}", file=sys.stderr)  # noqa: T201 - our log
        sys.stderr.flush()


def payload(alert: records.Alert, run: str, host: str) -> dict[str, Any]:
    """What the service at `host` takes as a message; for any other than Slack, Discord and Teams plain fields."""
    heading = f"{alert.level}: {alert.title}"
    if host.endswith(_SLACK):
        return {
            "text": html.escape(f"*{heading}*\n{alert.text}\n{run}", quote=False)
        }  # what is < or & in Slack's texts
    if host.endswith(_DISCORD):
        return {"content": f"**{heading}**\n{alert.text}\n{run}"[:2000]}
    if host.endswith(_TEAMS):
        blocks = [{"type": "TextBlock", "text": text, "wrap": True} for text in (heading, alert.text, run) if text]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}
    return {"title": alert.title, "text": alert.text, "level": alert.level, "run": run, "time": alert.time}


def _post(alert: records.Alert, run: str, address: str) -> None:
    from tracker_core import _http

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        raise ValueError("a webhook's address begins with https:// or http://")
    _http.post_json(address, msgspec.json.encode(payload(alert, run, parts.hostname or "")), timeout=_TIMEOUT)


def _mail(alert: records.Alert, run: str, to: str, server: str | None) -> None:
    import smtplib
    import ssl
    from email.message import EmailMessage

    parts = urlsplit(server or "smtp://localhost")
    user = unquote(parts.username or "")
    message = EmailMessage()
    message["Subject"] = " ".join(f"{alert.level}: {alert.title}".split())
    message["From"] = user if "@" in user else to.partition(",")[0].strip()
    message["To"] = to
    message.set_content(f"{alert.text}\n\n{run}\n")
    host, port = parts.hostname or "localhost", parts.port or 0
    secure = ssl.create_default_context()
    if parts.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=secure)
    else:
        client = smtplib.SMTP(host, port, timeout=_TIMEOUT)
    with client:
        if user:
            if parts.scheme != "smtps":
                client.starttls(context=secure)  # no password goes over the wire in the open
            client.login(user, unquote(parts.password or ""))
        client.send_message(message)
