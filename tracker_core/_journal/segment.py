"""What a writer needs of the file that it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import mmap

Buffer: TypeAlias = "mmap.mmap | bytearray"


class Window(NamedTuple):
    """The part of a segment that is being filled: `buffer` begins at offset `base`, and may be filled up to `end`."""

    buffer: Buffer
    base: int
    end: int


class Segment(Protocol):
    """One file of a journal. Any call may be cut short by an exception and made again."""

    def slide(self, offset: int, size: int) -> Window:
        """The window in which `size` bytes fit from `offset` on; earlier ones stay valid. Raises OSError."""
        ...

    def settle(self, buffer: Buffer, base: int, offset: int) -> None:
        """What lies in `buffer`, which begins at `base`, is final up to `offset`."""
        ...

    def release(self) -> None:
        """From now on what was kept in spare for the last frames is free."""
        ...

    def sync(self) -> None:
        """Waits until what was written is on the disk. May run while another thread writes. Raises OSError."""
        ...

    def close(self, offset: int) -> None:
        """Ends the file at `offset`."""
        ...

    def abandon(self) -> None:
        """Lets go of the file as it is."""
        ...
