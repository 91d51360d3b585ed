"""Damage of a run: records that could not be written, and bytes of journals that cannot be read."""

from __future__ import annotations

import msgspec


class Damage(msgspec.Struct, frozen=True, array_like=True):
    """False where there is none. `str` gives a sentence for people, empty where there is no damage."""

    lost: int = 0
    """Rows and other records that the run could not write, on a full disk for instance."""
    unreadable: int = 0
    """Bytes of the journals that hold no readable record. How many rows they held is not known."""
    journals: tuple[str, ...] = ()
    """The names of the journals that these bytes are in."""
    headless: bool = False
    """Whether the record is gone that begins a run: name, project and start are then guessed."""

    def __bool__(self) -> bool:
        return bool(self.lost or self.unreadable or self.headless)

    def __str__(self) -> str:
        parts = []
        if self.unreadable:
            journals = self.journals[0] if len(self.journals) == 1 else f"{len(self.journals)} journals"
            parts.append(f"{self.unreadable:,} bytes of {journals} are unreadable, and any rows in them are missing")
        if self.lost:
            parts.append(f"{self.lost:,} rows or other records could not be written and are lost")
        if self.headless:
            parts.append("its first record is unreadable, so its name and project are unknown")
        return "damaged: " + "; ".join(parts) if parts else ""
