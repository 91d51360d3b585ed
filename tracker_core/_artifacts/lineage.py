"""The runs that made and used a version, as `Api` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tracker_core._api.run import ApiRun

named: Callable[[Path, Sequence[str]], list[ApiRun]]
"""The runs "project/id" below a root, those left out that are gone. Set by the package: artifacts know no `Api`."""
