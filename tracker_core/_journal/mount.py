"""What kind of file system a folder lies on."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")

_REMOTE = frozenset(
    "9p afs beegfs ceph cifs coda gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs pvfs2 smb3 smbfs vboxsf "
    "virtiofs wekafs".split()
)


def maps_are_safe(folder: Path) -> bool:
    """Whether a file below `folder` can be written through a memory map.

    On a network file system a page that cannot be fetched or written back ends the process with SIGBUS, and
    other machines see the pages late or never. Where the system has no mount table to ask, maps are trusted.
    """
    kind = kind_of(folder)
    return kind not in _REMOTE and not kind.startswith("fuse")


def kind_of(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the file system that holds `folder`, as the mount table names it; empty when nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    target = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - Path drops the final separator
    best = kind = ""
    for line in lines:
        left, _, right = line.partition(" - ")
        point = os.path.join(_unescape(left.split(" ")[4]), "")  # noqa: PTH118 - see above
        # The last of several mounts on one point is the one on top.
        if target.startswith(point) and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind


def _unescape(name: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)
