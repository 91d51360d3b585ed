"""Keeps the cells of a notebook whose file is not known, as under nbclient and papermill.

Where the file is known, the background process copies it. Here the cells come from the kernel: the input of every cell
that it ran, in that order, without outputs, as a notebook of its own (nbformat 4.4).
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tracker_core import _notice
from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core._folder import RunFolder

NAME = "code/notebook.ipynb"


@contextmanager
def kept(folder: RunFolder, write: Callable[[records.Record], None], now: Callable[[], float]) -> Iterator[None]:
    """Write the cells to the run's files now, after each cell, and at the end: a killed kernel has left them."""
    shell = sys.modules["IPython"].get_ipython()
    size = _save(shell, folder)

    def after_cell(*_: Any) -> None:
        _save(shell, folder)

    shell.events.register("post_run_cell", after_cell)
    try:
        yield
    finally:
        with suppress(ValueError):  # unregistered by somebody else
            shell.events.unregister("post_run_cell", after_cell)
        size = _save(shell, folder) or size
        if size is not None:
            write(records.File(time=now(), path=NAME, size=size))


def _save(shell: Any, folder: RunFolder) -> int | None:
    """Return the size of the notebook in bytes; None where it could not be written, which is warned about once."""
    from tracker_core._secret import mask_code

    path = folder.files / NAME
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        sources = [mask_code(source) for source in shell.history_manager.input_hist_raw[1:]]
        data = json.dumps(_notebook(sources), indent=1).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except Exception as error:  # noqa: BLE001 - a cell must not fail by us
        _notice.mention(f"the code of this notebook's cells was not saved: {error}")
        return None
    return len(data)


def _notebook(sources: list[str]) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "execution_count": number,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources, 1)
    ]
    metadata = {"language_info": {"name": "python", "version": sys.version.partition(" ")[0]}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
