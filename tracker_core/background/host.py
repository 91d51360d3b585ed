"""The machine: name, system, processors, memory, disk, container, Slurm; of the environment only what is named here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker_core._folder import RunFolder

_SLURM = (
    "JOB_ID",
    "JOB_NAME",
    "JOB_PARTITION",
    "JOB_NODELIST",
    "JOB_NUM_NODES",
    "ARRAY_JOB_ID",
    "ARRAY_TASK_ID",
    "CLUSTER_NAME",
    "NODEID",
    "NTASKS",
    "PROCID",
    "LOCALID",
    "CPUS_PER_TASK",
    "GPUS_ON_NODE",
    "RESTART_COUNT",
)


def capture(folder: RunFolder) -> dict[str, Any]:
    """`folder` is where the run lies: its disk is the one that matters."""
    facts: dict[str, Any] = {
        "host": os.uname().nodename,
        "user": _user(),
        "os": _system(),
        "cpu": _processor(),
        "memory": _memory(),
        "disk": _disk(folder),
        "container": _container(),
        "slurm": _slurm(),
    }
    return {name: value for name, value in facts.items() if value not in (None, {})}


def _user() -> str | None:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # a container that runs under a number
        return os.environ.get("USER")


def _system() -> str:
    uname = os.uname()
    release = _read("/etc/os-release") or ""
    names = [line.partition("=")[2].strip('"') for line in release.splitlines() if line.startswith("PRETTY_NAME=")]
    kernel = f"{uname.sysname} {uname.release} {uname.machine}"
    return f"{names[0]}, {kernel}" if names else kernel


def _processor() -> dict[str, Any]:
    facts: dict[str, Any] = {"count": os.cpu_count()}
    if hasattr(os, "sched_getaffinity"):
        facts["usable"] = len(os.sched_getaffinity(0))
    quota = (_read("/sys/fs/cgroup/cpu.max") or "").split()
    if len(quota) == 2 and quota[0].isdigit():
        facts["limit"] = int(quota[0]) / int(quota[1])
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            facts["model"] = line.partition(":")[2].strip()
            break
    return facts


def _memory() -> dict[str, int]:
    facts = {"total": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")}
    limit = (_read("/sys/fs/cgroup/memory.max") or "").strip()
    if limit.isdigit():
        facts["limit"] = int(limit)
    return facts


def _disk(folder: RunFolder) -> dict[str, int] | None:
    try:
        stat = os.statvfs(folder.path)
    except OSError:  # removed or renamed at this very moment
        return None
    return {"total": stat.f_blocks * stat.f_frsize, "free": stat.f_bavail * stat.f_frsize}


def _container() -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        facts["kind"] = "kubernetes"
    elif name := os.environ.get("APPTAINER_NAME") or os.environ.get("SINGULARITY_NAME"):
        facts.update(kind="apptainer", image=name)
    elif Path("/run/.containerenv").exists():
        facts["kind"] = "podman"
    elif Path("/.dockerenv").exists():
        facts["kind"] = "docker"
    elif sys.platform == "linux" and "microsoft" in os.uname().release.lower():
        facts["kind"] = "wsl"
    return facts


def _slurm() -> dict[str, str]:
    return {name.lower(): value for name in _SLURM if (value := os.environ.get(f"SLURM_{name}"))}


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
