"""How a run shows itself: in notebooks, in other pages, and what is still being done for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from tracker_core._config import Config
    from tracker_core._folder import RunFolder
    from tracker_core._settings import Settings
    from tracker_core._summary import Summary

_WAY = "For its charts run `tracker ui`"


class RunStatus(NamedTuple):
    """The run's files, how many of them are still to be encoded, and when a server last had all of it (None: none)."""

    sync_items_total: int
    sync_items_pending: int
    sync_time: datetime | None = None


class Display:
    """What `Run` has of this. Nothing that makes pages is imported before it is called."""

    __slots__ = ()

    config: Config
    summary: Summary

    if TYPE_CHECKING:  # what the run itself has

        @property
        def folder(self) -> RunFolder: ...
        @property
        def name(self) -> str: ...
        @property
        def path(self) -> str: ...
        @property
        def disabled(self) -> bool: ...
        @property
        def settings(self) -> Settings: ...

    def status(self) -> RunStatus:
        """How far what is done beside the training is."""
        pending = sum(1 for _ in self.folder.spool.glob("*.job"))
        kept = sum(path.is_file() for path in self.folder.files.rglob("*"))
        return RunStatus(kept + pending, pending)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """The run for a page: a frame with its charts while a `tracker ui` shows its folder, else its config and
        summary as they are now. With `hidden` it is folded up."""
        from tracker_core import _page

        title = f"{self.name} ({self.path})"
        address = None if self.disabled else _page.link(self.folder)
        if address is None:
            page = _page.figures(title, self.config.as_dict(), self.summary.as_dict(), _WAY)
        else:
            page = _page.frame(address, title, height)
        return _page.folded(page, title) if hidden else page

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Shows the run in the cell of a notebook. Elsewhere it says where to look, and returns False."""
        notebook = sys.modules.get("IPython")
        if notebook is not None and notebook.get_ipython() is not None:
            notebook.display.display({"text/html": self.to_html(height, hidden), "text/plain": repr(self)}, raw=True)
            return True
        if not self.settings.silent:
            from tracker_core import _page

            where = None if self.disabled else _page.link(self.folder)
            print(f"tracker: {where or f'{_WAY} in {self.folder.root.parent}'}", file=sys.stderr)  # noqa: T201 - asked for
        return False

    def _repr_html_(self) -> str:
        return self.to_html(hidden=True)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": repr(self), "text/html": self._repr_html_()}
