"""The list that `Api.runs` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from tracker_core._api.run import ApiRun
from tracker_core.store.filter import compile_filter
from tracker_core.store.order import arrange

if TYPE_CHECKING:
    from tracker_core.store.index import Store
    from tracker_core.store.run import Run


class Runs(Sequence[ApiRun]):
    """Runs in order. Listed once, when first looked at; ask `Api.runs` again for what is new."""

    def __init__(
        self,
        stores: Sequence[Store],
        project: str | None,
        filters: Mapping[str, Any] | None,
        order: str | Sequence[str],
    ) -> None:
        self._stores = stores
        self._entity, _, self._project = (project or "").rpartition("/")
        self._test = compile_filter(filters)
        self._with_archived = _mentions(filters, "archived")
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
            places = {run: store for store in self._stores for run in self._chosen(store)}
            self._found = [ApiRun(places[run], run) for run in arrange(places, self._order)]
        return self._found

    def _chosen(self, store: Store) -> Iterator[Run]:
        store.refresh()
        for run in (*store.runs(), *(store.archived() if self._with_archived else ())):
            at_home = not self._entity or run.card.entity in ("", self._entity)
            if at_home and self._project in ("", run.card.project) and self._test(run):
                yield run


def _mentions(filters: Any, word: str) -> bool:
    """Whether a filter tests for this value: archived runs are listed only where they are asked for."""
    if isinstance(filters, Mapping):
        return any(_mentions(each, word) for each in filters.values())
    if isinstance(filters, list | tuple | set | frozenset):
        return any(_mentions(each, word) for each in filters)
    return bool(isinstance(filters, str) and filters == word)
