"""Brings an artifact's version from the team's server, for a run that uses what another machine made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core import _notice
from tracker_core._artifacts.collection import Collection
from tracker_core._errors import CommError
from tracker_core._http import Client, RefusedError
from tracker_core._upload.artifact import CollectionUpload
from tracker_core._upload.server import Server

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 3.0
"""Seconds that a training waits for a server that is away, before it goes on with what is here."""


def fetch(root: Path, address: str, key: str, entity: str, project: str, name: str) -> str:
    """The name by which the version "[[entity/]project/]name[:alias]" of the server is known below `root` now.

    A name is given back as it is where it names what was logged here and the server was not told of yet, which is
    newer; where the server does not know it; and, with a warning, where the server cannot be asked.
    """
    path, _, alias = name.partition(":")
    *place, short = path.strip("/").split("/")
    client = Client(address, key, patience=_PATIENCE)
    collection = Collection(root, place[-1] if place else project, short)
    upload = CollectionUpload(collection, Server(client, place[0] if len(place) > 1 else entity))
    if not upload.knows(alias or "latest"):
        return name
    try:
        number = upload.fetch(alias or "latest")
    except RefusedError as refused:
        if refused.status not in (403, 404):
            raise
        return name
    except CommError as error:
        _notice.warn(f"{error}: using the artifact {name!r} that is on this machine, if there is one")
        return name
    finally:
        client.close()
    return f"{collection.project}/{short}:v{number}"
