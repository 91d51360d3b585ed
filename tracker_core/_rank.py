"""Which of the processes of a distributed training this is, and how the others find the run of rank 0.

Rank 0 leaves a note where the run lies: in its environment, which processes that it starts inherit, and in a file
whose name all ranks of one launch can compute from what their launcher gave them. The others look when they first
have something to write, so nobody ever waits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID", "LOCAL_RANK")
_WORLDS = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", "LOCAL_WORLD_SIZE")
_LAUNCH = (
    "MASTER_ADDR",
    "MASTER_PORT",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
    "OMPI_MCA_ess_base_jobid",
    "PMI_JOBID",
)
_FOLDER = ".ranks"
_VARIABLE = "_TRACKER_RUN_FOLDER"


def rank() -> int:
    """The global rank of this process; 0 outside a distributed launch."""
    for name, world in zip(_RANKS, _WORLDS, strict=True):
        value = os.environ.get(name, "")
        if value.isdigit() and os.environ.get(world, "2") != "1":
            return int(value)
    return 0


def announce(root: Path, folder: Path) -> None:
    """On rank 0: tells the other ranks where the run lies."""
    os.environ[_VARIABLE] = str(folder)
    key = _key()
    if key is None:
        return
    note = root / _FOLDER / key
    try:
        note.parent.mkdir(exist_ok=True)
        draft = note.with_name(f"{key}.{os.getpid()}")
        draft.write_bytes(os.fsencode(folder))
        draft.replace(note)
    except OSError:
        return  # the other ranks stay silent


def retract(folder: Path) -> None:
    """The run has ended: processes started from now on do not belong to it."""
    if os.environ.get(_VARIABLE) == str(folder):
        del os.environ[_VARIABLE]


def announced(root: Path) -> str | None:
    """On the other ranks: the folder of the run, once rank 0 has told."""
    if folder := os.environ.get(_VARIABLE):
        return folder
    key = _key()
    if key is None:
        return None
    try:
        return os.fsdecode((root / _FOLDER / key).read_bytes())
    except OSError:
        return None


def _key() -> str | None:
    """A name for this launch; None where the launcher says nothing that tells launches apart."""
    facts = [f"{name}={os.environ[name]}" for name in _LAUNCH if name in os.environ]
    if not facts:
        return None
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE"):
        # On one machine address and run id are the same for every launch, but each has its own agent.
        facts.append(f"parent={os.getppid()}")
    import hashlib  # 3 ms that only a launcher's ranks need

    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:20]
