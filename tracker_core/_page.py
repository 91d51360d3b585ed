"""A run in a notebook or any other page: a frame with its page while `tracker ui` shows it, else its figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from tracker_core import _served

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracker_core._folder import RunFolder

_MOST = 20
"""Rows of a table without a server."""
_LONGEST = 200


def link(folder: RunFolder) -> str | None:
    """The address of the run's page for frames, where a server shows it now."""
    server = _served.link_to(folder.root)
    return None if server is None else _served.frame_of(server, folder.path.name)


def frame(address: str, title: str, height: int) -> str:
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" '
        f'style="border:0;width:100%;height:{int(height)}px"></iframe>'
    )


def figures(title: str, config: Mapping[str, Any], summary: Mapping[str, Any], way: str) -> str:
    """A small page: the run's config and summary, and the `way` to see more. Nothing in it is run."""
    tables = (_table("Config", config.items()), _table("Summary", summary.items()))
    return f"<div><p><b>{escape(title)}</b></p>{''.join(tables)}<p>{escape(way)}</p></div>"


def folded(page: str, title: str) -> str:
    """`page`, to be opened by a click."""
    return f"<details><summary>{escape(title)}</summary>{page}</details>"


def _table(heading: str, items: Iterable[tuple[str, Any]]) -> str:
    shown = [(name, value) for name, value in items if not name.startswith("_")]
    if not shown:
        return ""
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(_text(value))}</td></tr>" for name, value in shown[:_MOST])
    more = f"<tr><td>and {len(shown) - _MOST} more</td><td></td></tr>" if len(shown) > _MOST else ""
    return f"<table><caption>{heading}</caption>{rows}{more}</table>"


def _text(value: Any) -> str:
    if isinstance(value, dict) and "_type" in value:
        return f"<{value['_type']}>"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
