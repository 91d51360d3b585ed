"""The command line as a user types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from tracker_core.cli import _tracker

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def tracker() -> Callable[..., Result]:
    """Runs `tracker <words>` in this process; stdout and stderr are kept apart in what it returns."""

    def run(*words: str, **options) -> Result:
        return CliRunner().invoke(_tracker, words, prog_name="tracker", catch_exceptions=False, **options)

    return run
