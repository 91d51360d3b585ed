"""The journal: what a process logs, appended to a file that outlives it. See `docs/design/journal.md`."""

from tracker_core._journal.format import ROW, Damage, Header, KeySet, Position
from tracker_core._journal.liveness import alive
from tracker_core._journal.nowhere import Nowhere
from tracker_core._journal.reader import START, Block, Entry, Numbers, Reader, seal
from tracker_core._journal.writer import Writer, open_writer

__all__ = [
    "ROW",
    "START",
    "Block",
    "Damage",
    "Entry",
    "Header",
    "KeySet",
    "Nowhere",
    "Numbers",
    "Position",
    "Reader",
    "Writer",
    "alive",
    "open_writer",
    "seal",
]
