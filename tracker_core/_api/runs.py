"""The list that `Api.runs` gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from tracker_core._api.run import ApiRun
from tracker_core.store.filter import compile_filter
from tracker_core.store.order import arrange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker_core.store.index import Store


class Runs(Sequence[ApiRun]):
    """Runs in order. Listed once, when first looked at; ask `Api.runs` again for what is new."""

    def __init__(
        self, store: Store, project: str | None, filters: Mapping[str, Any] | None, order: str | Sequence[str]
    ) -> None:
        self._store = store
        self._entity, _, self._project = (project or "").rpartition("/")
        self._test = compile_filter(filters)
        self._order = order
        self._found: list[ApiRun] | None = None
        arrange((), order)  # a wrong field is told here, not when the list is first looked at

    @overload
    def __getitem__(self, index: int) -> ApiRun: ...

    @overload
    def __getitem__(self, index: slice) -> list[ApiRun]: ...

    def __getitem__(self, index: int | slice) -> ApiRun | list[ApiRun]:
        return self._listed[index]

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[ApiRun]:
        return iter(self._listed)

    def __repr__(self) -> str:
        return f"<Runs {'of ' + self._project if self._project else 'of all projects'}>"

    @property
    def _listed(self) -> list[ApiRun]:
        if self._found is None:
            self._store.refresh()
            chosen = (
                run
                for run in self._store.runs()
                if self._project in ("", run.card.project)
                and (not self._entity or run.card.entity in ("", self._entity))
                and self._test(run)
            )
            self._found = [ApiRun(self._store, run) for run in arrange(chosen, self._order)]
        return self._found
