"""A virtual environment with us and the other trackers, so that all are measured with one interpreter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv-bench"
PYTHON = PLACE / "bin" / "python"


def prepare(trackers: list[str]) -> dict[str, str]:
    """Makes or completes the environment. Returns each tracker's version, none for one that does not install."""
    if not PYTHON.exists():
        venv.create(PLACE, with_pip=True)
    if not _version("tracker-core"):
        _pip("-e", f"{ROOT}[media]")
    if not _version("torch"):
        _pip("-c", str(ROOT / "tests" / "constraints.txt"), "torch")
    versions = {"limit": ""}
    for name in trackers:
        package = {"tracker": "tracker-core"}.get(name, name)
        if name != "limit" and not _version(package):
            _pip({"wandb": "wandb[media]"}.get(package, package))
        if name == "limit" or (version := _version(package)):
            versions[name] = "" if name == "limit" else version
    return versions


def complete(packages: list[str]) -> dict[str, str]:
    """Adds frameworks that are not there yet. Returns their versions."""
    versions = {}
    for package in packages:
        name = package.partition("[")[0]
        if not _version(name):
            _pip("-c", str(ROOT / "tests" / "constraints.txt"), package)
        versions[name] = _version(name)
    return versions


def apart(name: str, packages: tuple[str, ...]) -> Path | None:
    """The interpreter of an environment with only these packages; None where they do not install."""
    place = PLACE / "apart" / name
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        if subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=False).returncode:
            shutil.rmtree(place)
            print(f"{name} does not install here: left out", file=sys.stderr)
            return None
    return python


def variables(home: Path) -> dict[str, str]:
    """Of a measured process: its own home, one computing thread, compiled modules kept, and nobody calls home."""
    ours = ("TRACKER_", "WANDB_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "integrations"))),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "WANDB_ERROR_REPORTING": "false",
    }


def _version(package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _pip(*words: str) -> None:
    done = subprocess.run([str(PYTHON), "-m", "pip", "install", "--quiet", *words], check=False)
    if done.returncode:
        print(f"{words[-1]} does not install here: left out", file=sys.stderr)
