"""Failures to write artifacts, as errors of the tracker."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tracker_core._errors import Error, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def storing(task: str) -> Iterator[None]:
    """Raise StorageError, which names `task`, for any OSError of the block."""
    try:
        yield
    except Error:
        raise
    except OSError as error:
        raise storage_error(task, error) from error


def storage_error(task: str, error: OSError) -> StorageError:
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    return StorageError(f"{task}: {error.strerror or error}{where}", error.errno)
