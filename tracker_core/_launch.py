"""Identifies this process, the processes that it descends from, and the launcher that started it as a rank."""

from __future__ import annotations

import functools
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

_RANKS = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("HOROVOD_RANK", "HOROVOD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)
"""The variables of a rank and of the number of ranks, the most specific launcher first."""

_FACTS = (
    "MASTER_ADDR",
    "MASTER_PORT",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
    "SLURM_RESTART_COUNT",
    "OMPI_MCA_ess_base_jobid",
    "PMIX_NAMESPACE",
    "PMI_JOBID",
    "HOROVOD_GLOO_RENDEZVOUS_ADDR",
    "HOROVOD_GLOO_RENDEZVOUS_PORT",
)
"""What a launcher gives to all ranks of one launch alike. Two launches may still agree in all of it."""

_DEPTH = 64


class Rank(NamedTuple):
    """A rank other than 0: the label of its journals, the variable that says so, and its number on its node."""

    label: str
    variable: str
    value: str
    number: int


class Process(NamedTuple):
    """A process on this machine: its number, and its start, which tells it from a later one of the same number."""

    pid: int
    start: int


def rank() -> Rank | None:
    """The rank of this process; None for rank 0 and outside a distributed launch."""
    for name, world in _RANKS:
        value = os.environ.get(name, "")
        if value.isdigit() and os.environ.get(world, "2") != "1":
            return Rank(f"rank-{int(value)}", name, value, int(value)) if int(value) else None
    if os.environ.get("WORLD_SIZE", os.environ.get("LOCAL_WORLD_SIZE", "2")) == "1":
        return None
    local, node = os.environ.get("LOCAL_RANK", ""), os.environ.get("NODE_RANK", "")
    if node.isdigit() and int(node):  # a node's first process may have no local rank
        number = int(local) if local.isdigit() else 0
        return Rank(f"node-{int(node)}" + (f"-rank-{number}" if number else ""), "NODE_RANK", node, number or int(node))
    if local.isdigit() and int(local):
        return Rank(f"rank-{int(local)}", "LOCAL_RANK", local, int(local))
    return None


def launched() -> bool:
    """Whether a launcher started this process as one of several ranks, rank 0 included."""
    if any(os.environ.get(name, "").isdigit() and os.environ.get(world, "2") != "1" for name, world in _RANKS):
        return True
    return rank() is not None or os.environ.get("WORLD_SIZE", "1") != "1" or os.environ.get("NODE_RANK") == "0"


def key() -> str:
    """A name for the launch, the same in all ranks; empty where the launcher says nothing that ranks share."""
    facts = [f"{name}={os.environ[name]}" for name in _FACTS if name in os.environ]
    return _digest(facts) if facts else ""


def group() -> str:
    """The group of the runs of one launch. Launches that one machine starts one after another differ."""
    local = os.environ.get("LOCAL_WORLD_SIZE") or os.environ.get("OMPI_COMM_WORLD_LOCAL_SIZE")
    world = os.environ.get("WORLD_SIZE") or os.environ.get("OMPI_COMM_WORLD_SIZE")
    facts = [key()]
    if not facts[0] or (local is not None and local == world):
        facts.append(str(launcher()))
    return f"launch-{_digest(facts)[:8]}"


def _digest(facts: list[str]) -> str:
    import hashlib  # 3 ms that only ranks need

    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:20]


@functools.cache
def machine() -> str:
    """A name for the process table that this process is in: that of a machine, or of a container on it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - not a path
    except OSError:
        return os.uname().nodename if hasattr(os, "uname") else ""


def this() -> Process:
    found = _look(os.getpid())
    return Process(os.getpid(), found[1] if found else 0)


def ancestors() -> list[Process]:
    """The processes that this one descends from, its parent first."""
    found: list[Process] = []
    pid = os.getppid()
    while pid > 0 and len(found) < _DEPTH:
        status = _look(pid)
        if status is None:
            break
        found.append(Process(pid, status[1]))
        pid = status[0]
    return found


def launcher() -> Process | None:
    """The process that started all local ranks of this launch: the nearest ancestor that is not a rank itself.

    Between it and this process may be wrapper scripts, which the launcher started with the same rank.
    """
    mine = rank() or _first_rank()
    pid = _multiprocessing_parent() or os.getppid()
    for _ in range(_DEPTH):
        status = _look(pid)
        if status is None:
            return None
        if mine is None or status[0] <= 0 or not _has(pid, f"{mine.variable}={mine.value}"):
            return Process(pid, status[1])
        pid = status[0]
    return None


def started() -> float:
    """When this process began, in seconds since the epoch."""
    try:
        ticks = this().start / os.sysconf("SC_CLK_TCK")
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        import psutil

        return float(psutil.Process().create_time())
    return time.time() - (uptime - ticks)


def _first_rank() -> Rank | None:
    for name, _ in _RANKS:
        if os.environ.get(name, "").isdigit():
            return Rank("rank-0", name, os.environ[name], 0)
    return None


def _multiprocessing_parent() -> int | None:
    """The process that asked for this one, which a fork server may have started for it."""
    module = sys.modules.get("multiprocessing.process")
    parent = module.parent_process() if module is not None else None
    return parent.pid if parent is not None else None


def _look(pid: int) -> tuple[int, int] | None:
    """The parent of a process, and its start; None where there is no such process."""
    try:
        # The name in parentheses may hold anything; the state is the first field after it.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[1]), int(fields[19])
    except (OSError, ValueError, IndexError):
        if "linux" in sys.platform:
            return None
    import psutil

    try:
        process = psutil.Process(pid)
        return process.ppid(), int(process.create_time() * 1000)
    except psutil.Error:
        return None


def _has(pid: int, assignment: str) -> bool:
    """Whether a process was started with this variable. False for a process of another user."""
    try:
        return os.fsencode(assignment) in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        if "linux" in sys.platform:
            return False
    import psutil

    name, _, value = assignment.partition("=")
    try:
        return bool(psutil.Process(pid).environ().get(name) == value)
    except (psutil.Error, OSError):
        return False
