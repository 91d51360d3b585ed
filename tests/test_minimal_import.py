"""`import tracker_core` stands at the top of every training script: it loads nothing that only some runs need."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "IPython",
    "PIL",
    "asyncio",
    "bokeh",
    "click",
    "gymnasium",
    "hashlib",
    "keras",
    "lightning",
    "numpy",
    "obstore",
    "pandas",
    "platformdirs",
    "psutil",
    "pyarrow",
    "pytorch_lightning",
    "requests",
    "rich",
    "sqlite3",
    "starlette",
    "subprocess",
    "tempfile",
    "tensorboard",
    "tensorflow",
    "torch",
    "tracker_integrations",
    "urllib.request",
    "uvicorn",
    "yaml",
    "zstandard",
}


if sys.version_info < (3, 11):
    HEAVY.discard("subprocess")  # loaded there by the standard library's uuid, which msgspec needs


def _loaded(code: str) -> set[str]:
    report = "import sys; print(*sys.modules, sep='\\n')"
    bare = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    full = subprocess.run([sys.executable, "-c", f"{code}; {report}"], capture_output=True, text=True, check=True)
    return set(full.stdout.split()) - set(bare.stdout.split())


def test_import_is_minimal():
    loaded = _loaded("import tracker_core")
    assert "tracker_core" in loaded
    assert not loaded & HEAVY


def test_import_starts_no_thread_and_touches_no_file(tmp_path):
    code = "import threading, tracker_core; print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["1"]
    assert list(tmp_path.iterdir()) == []
