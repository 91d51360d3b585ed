"""Where uploads go: the server and key of the settings, and the address of a run's page there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tracker_core._errors import UsageError
from tracker_core._http import Client
from tracker_core._upload.server import Server, whoami

if TYPE_CHECKING:
    from tracker_core._settings import Settings
    from tracker_core._upload import wire


class Place:
    """A server, asked who we are. Raises UsageError without a login, AuthenticationError, or CommError."""

    def __init__(self, settings: Settings) -> None:
        if not settings.base_url or not settings.api_key:
            raise UsageError("there is no server to send it to: log in with `tracker login --host ADDRESS`")
        self.client = Client(settings.base_url, settings.api_key)
        self.me: wire.Me = whoami(self.client)

    def entity(self, name: str) -> Server:
        """What goes to `name`. Raises UsageError for an entity of which we are no member."""
        if name not in self.me.entities:
            raise UsageError(
                f"{self.me.user} is no member of {name!r} on {self.client.address}, but of "
                f"{', '.join(self.me.entities)}: --entity names another"
            )
        return Server(self.client, name)


def page(address: str, entity: str, project: str, folder: str = "") -> str:
    """The address of a project's page, or of the page of the run in `folder`."""
    project_page = f"{address.rstrip('/')}/project/{quote(f'{entity}~{project}', safe='~')}"
    return f"{project_page}/run/{quote(f'{entity}~{folder}', safe='~')}" if folder else project_page
