from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tracker_core import _code, _folder


@pytest.fixture
def folder():
    return _folder.create(Path("tracker"), "r1", offline=True)


@pytest.fixture
def written() -> list:
    return []


@pytest.fixture
def _project(folder) -> None:
    for name in (
        "train.py",
        "pkg/model.py",
        "pkg/data.csv",
        ".hidden/secret.py",
        "env/lib/thing.py",
        "env/pyvenv.cfg",
        "pkg/__pycache__/model.py",
        "ignored/big.py",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"# {name}")
    (folder.files / "own.py").touch()


@pytest.mark.usefixtures("_project")
def test_keeps_python_files_and_leaves_environments_out(folder, written):
    kept = _code.log_code(folder, written.append)
    assert kept == ["code/ignored/big.py", "code/pkg/model.py", "code/train.py"]
    assert (folder.files / "code/pkg/model.py").read_text() == "# pkg/model.py"
    assert [(record.path, record.size) for record in written] == [
        (path, (folder.files / path).stat().st_size) for path in kept
    ]


@pytest.mark.usefixtures("_project")
def test_leaves_out_what_git_ignores(folder, written):
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".gitignore").write_text("ignored/\n")
    assert _code.log_code(folder, written.append) == ["code/pkg/model.py", "code/train.py"]


@pytest.mark.usefixtures("_project")
def test_takes_what_it_is_told_to(folder, written):
    asked = []

    def include(path: str, root: str) -> bool:
        asked.append((path, root))
        return path.endswith((".py", ".csv"))

    kept = _code.log_code(
        folder, written.append, root="pkg", name="mine", include_fn=include, exclude_fn=lambda path: "model" in path
    )
    assert kept == ["code/mine/data.csv"]
    assert asked[0] == (str(Path("pkg/data.csv").resolve()), str(Path("pkg").resolve()))


def test_a_script_keeps_its_place_below_the_working_directory(folder, written):
    Path("jobs").mkdir()
    Path("jobs/train.py").write_text("1")
    assert _code.save_script(str(Path("jobs/train.py").absolute()), str(Path.cwd()), folder, written.append) == (
        "code/jobs/train.py"
    )
    Path("below").mkdir()
    base = str(Path("below").absolute())
    assert _code.save_script(str(Path("jobs/train.py").absolute()), base, folder, written.append) == "code/train.py"
    assert len(written) == 2
