"""What every application is made of: the operations of the API, the live stream, and the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from tracker_core.server import (
    artifact,
    asset,
    board,
    chart,
    detail,
    edit,
    live,
    media,
    openapi,
    preference,
    table,
    view,
    wire,
)
from tracker_core.server.delivery import deliver
from tracker_core.server.operation import Operation, endpoint, failure, reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from tracker_core.server.source import Source


class Api:
    """The calls behind the operations, each over the same source."""

    def __init__(self, source: Source, visitor: wire.Visitor | None = None) -> None:
        self.source = source
        self._visitor = visitor or wire.Visitor()
        self.catalogue = board.Catalogue()
        self.archive = artifact.Archive()
        self.tables = table.Tables()

    def visitor(self, _request: Request, _asked: wire.Nothing) -> wire.Visitor:
        return self._visitor

    def projects(self, _request: Request, _asked: wire.Nothing) -> wire.Projects:
        self.source.refresh()
        return wire.Projects([board.project(shelf) for shelf in self.source.shelves()])

    def board(self, _request: Request, asked: wire.OfProject) -> wire.Board:
        self.source.refresh()
        return board.board(self.source, self.catalogue, self.source.shelf(asked.project))

    def columns(self, _request: Request, asked: wire.OfColumns) -> wire.Columns:
        shelf = self.source.shelf(asked.project)
        runs = self.source.keys(shelf)
        if asked.run:
            runs = {key: runs[key] for key in asked.run if key in runs}
        return self.catalogue.columns(shelf.store, runs, asked.key)

    def save_view(self, _request: Request, asked: wire.OfProject, change: wire.SaveView) -> wire.Views:
        return view.save(self.source.shelf(asked.project), change)

    def remove_view(self, _request: Request, asked: wire.OfView) -> wire.Views:
        return view.remove(self.source.shelf(asked.project), asked.name)

    def series(self, request: Request, asked: wire.OfSeries) -> Response | wire.Chart:
        shelf = self.source.shelf(asked.project)
        drawn = chart.read(shelf.store, self.source.keys(shelf), asked)
        if "application/octet-stream" in request.headers.get("accept", ""):
            return reply(request, chart.pack(drawn, axis=asked.x), "application/octet-stream")
        return chart.spell(drawn, axis=asked.x)

    def run(self, _request: Request, asked: wire.OfRun) -> wire.Run:
        self.source.refresh()
        return detail.run(self.catalogue, self.source.entry(asked.run))

    def console(self, _request: Request, asked: wire.OfConsole) -> wire.Console:
        return detail.console(self.source.entry(asked.run), asked)

    def media(self, _request: Request, asked: wire.OfMedia) -> wire.Media:
        return media.read(self.source.entry(asked.run), asked.key, asked.most)

    def runs_media(self, _request: Request, asked: wire.OfRunsMedia) -> wire.RunsMedia:
        shelf = self.source.shelf(asked.project)
        return media.of_runs(shelf.store, self.source.keys(shelf), asked)

    def table(self, _request: Request, asked: wire.OfTable) -> wire.Table:
        return self.tables.read(self.source.entry(asked.run), asked)

    def file(self, _request: Request, asked: wire.OfFile) -> Response:
        path = detail.file(self.source.entry(asked.run), asked.path)
        return deliver(path, asked.path, download=asked.download)

    def artifacts(self, _request: Request, asked: wire.OfProject) -> wire.Artifacts:
        return wire.Artifacts(self.archive.heads(self.source, self.source.shelf(asked.project)))

    def artifact(self, _request: Request, asked: wire.OfArtifact) -> wire.ArtifactVersion:
        return artifact.version(self.source, self.source.shelf(asked.project), asked)

    def artifact_file(self, _request: Request, asked: wire.OfArtifactFile) -> Response:
        path = artifact.file(self.source.shelf(asked.project), asked)
        return deliver(path, asked.path, download=asked.download)

    def edit(self, _request: Request, asked: wire.OfRun, change: wire.Edit) -> wire.Run:
        entry = edit.apply(self.source.entry(asked.run), change)
        return detail.run(self.catalogue, entry)

    def remove(self, _request: Request, asked: wire.OfRun) -> None:
        edit.remove(self.source.entry(asked.run))

    def preferences(self, _request: Request, _asked: wire.Nothing) -> wire.Preferences:
        return preference.read()

    def prefer(self, _request: Request, _asked: wire.Nothing, change: wire.PreferencesEdit) -> wire.Preferences:
        return preference.change(change)


def preferences(api: Api) -> list[Operation]:
    """What only the one user of `tracker ui` may look at: the settings file of whoever runs the server."""
    return [
        Operation("GET", "/api/settings", "This user's settings", api.preferences, answer=wire.Preferences),
        Operation(
            "PATCH", "/api/settings", "Change them", api.prefer, body=wire.PreferencesEdit, answer=wire.Preferences
        ),
    ]


def operations(api: Api) -> list[Operation]:
    binary = ("application/octet-stream",)
    of_project, of_run = wire.OfProject, wire.OfRun
    return [
        Operation("GET", "/api/visitor", "Who asks", api.visitor, answer=wire.Visitor),
        Operation("GET", "/api/projects", "Every project", api.projects, answer=wire.Projects),
        Operation("GET", "/api/projects/{project}/board", "A project", api.board, of_project, answer=wire.Board),
        Operation(
            "GET", "/api/projects/{project}/columns", "Table columns", api.columns, wire.OfColumns, answer=wire.Columns
        ),
        Operation(
            "GET",
            "/api/projects/{project}/series",
            "Chart data, as JSON or as columns of float64",
            api.series,
            wire.OfSeries,
            answer=wire.Chart,
            media=binary,
        ),
        Operation(
            "GET",
            "/api/projects/{project}/media",
            "Media of runs by key",
            api.runs_media,
            wire.OfRunsMedia,
            answer=wire.RunsMedia,
        ),
        Operation(
            "PUT",
            "/api/projects/{project}/views",
            "Save a view of the page",
            api.save_view,
            of_project,
            wire.SaveView,
            wire.Views,
        ),
        Operation(
            "DELETE",
            "/api/projects/{project}/views",
            "Forget a view of the page",
            api.remove_view,
            wire.OfView,
            answer=wire.Views,
        ),
        Operation("GET", "/api/runs/{run}", "A run", api.run, of_run, answer=wire.Run),
        Operation("PATCH", "/api/runs/{run}", "Change a run", api.edit, of_run, wire.Edit, wire.Run),
        Operation("DELETE", "/api/runs/{run}", "Delete a run and its folder", api.remove, of_run),
        Operation("GET", "/api/runs/{run}/console", "Lines", api.console, wire.OfConsole, answer=wire.Console),
        Operation("GET", "/api/runs/{run}/media", "Media by key", api.media, wire.OfMedia, answer=wire.Media),
        Operation("GET", "/api/runs/{run}/table", "Rows of a table", api.table, wire.OfTable, answer=wire.Table),
        Operation("GET", "/api/runs/{run}/files/{path:path}", "A file", api.file, wire.OfFile, media=("*/*",)),
        Operation(
            "GET", "/api/projects/{project}/artifacts", "Versions", api.artifacts, of_project, answer=wire.Artifacts
        ),
        Operation(
            "GET",
            "/api/projects/{project}/artifacts/{name}/{version}",
            "A version of an artifact",
            api.artifact,
            wire.OfArtifact,
            answer=wire.ArtifactVersion,
        ),
        Operation(
            "GET",
            "/api/projects/{project}/artifacts/{name}/{version}/files/{path:path}",
            "A file of a version",
            api.artifact_file,
            wire.OfArtifactFile,
            media=("*/*",),
        ),
    ]


def routes(api: Api, served: Sequence[Operation]) -> list[Route]:
    """All that is answered: the operations, the stream, the document, the pages."""
    watcher = live.Watcher(api.source)
    described = openapi.document(served)

    async def events(request: Request) -> Response:
        cursor = request.headers.get("last-event-id") or request.query_params.get("cursor", "")
        asked = wire.OfEvents(request.path_params["project"], cursor)
        return live.stream(api.source, api.catalogue, watcher, asked)

    async def describe(request: Request) -> Response:
        import msgspec

        return reply(request, msgspec.json.encode(described), "application/json")

    async def missing(_request: Request) -> Response:
        return failure(404, "There is no such operation; /api/openapi.json lists them all.")

    return [
        *(Route(it.path, endpoint(it), methods=[it.method]) for it in served),
        Route("/api/projects/{project}/events", events),
        Route("/api/openapi.json", describe),
        Route("/api/{path:path}", missing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/{path:path}", asset.page),
    ]
