"""The index over a folder of runs: what `Api`, the UI and the command line read.

`Store` finds, catches up and lists runs; `series`, `sample`, `rows`, `console` and `file` each read one kind of thing
of one run. Nothing here is loaded before it is used, so that a training process pays for none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker_core.store.index import Store
    from tracker_core.store.run import Run

__all__ = ["Run", "Store"]


def __getattr__(name: str) -> Any:
    if name == "Store":
        from tracker_core.store.index import Store

        return Store
    if name == "Run":
        from tracker_core.store.run import Run

        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
