from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tracker_core import _code, _folder


@pytest.fixture
def folder():
    return _folder.create(Path("tracker"), "r1", offline=True)


def paths(folder, **choice) -> list[str]:
    records = _code.log_code(folder, 1.0, **choice)
    for record in records:
        assert record.size == (folder.files / record.path).stat().st_size
    return [record.path for record in records]


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
def test_keeps_python_files_and_leaves_environments_out(folder):
    kept = paths(folder)
    assert kept == ["code/ignored/big.py", "code/pkg/model.py", "code/train.py"]
    assert (folder.files / "code/pkg/model.py").read_text() == "# pkg/model.py"


@pytest.mark.usefixtures("_project")
def test_leaves_out_what_git_ignores(folder):
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".gitignore").write_text("ignored/\n")
    assert paths(folder) == ["code/pkg/model.py", "code/train.py"]


@pytest.mark.usefixtures("_project")
def test_nested_and_negated_rules_with_and_without_a_repository(folder):
    Path(".gitignore").write_text("ignored/*\n!ignored/big.py\n*.gen.py\n")
    Path("pkg/.gitignore").write_text("!*.gen.py\n/local.py\n")
    for name in ("ignored/other.py", "a.gen.py", "pkg/b.gen.py", "pkg/local.py", "local.py"):
        Path(name).touch()
    wanted = ["ignored/big.py", "local.py", "pkg/b.gen.py", "pkg/model.py", "train.py"]
    assert paths(folder) == [f"code/{name}" for name in wanted]
    subprocess.run(["git", "init", "-q"], check=True)
    assert paths(folder) == [f"code/{name}" for name in wanted]


@pytest.mark.usefixtures("_project")
def test_a_repository_in_the_repository_is_looked_into(folder):
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "init", "-q", "vendored"], check=True)
    Path("vendored/lib.py").touch()
    Path("vendored/again").symlink_to(".")
    assert "code/vendored/lib.py" in paths(folder)


def test_nothing_found_is_told(folder):
    Path("empty").mkdir()
    with pytest.warns(UserWarning, match="found no source files"):
        assert paths(folder, root="empty") == []


@pytest.mark.usefixtures("_project")
def test_keeps_what_says_what_is_installed(folder):
    Path("requirements-dev.txt").touch()
    Path("Dockerfile").touch()
    assert {"code/Dockerfile", "code/requirements-dev.txt"} <= set(paths(folder))


@pytest.mark.usefixtures("_project")
def test_a_name_leads_nowhere_else(folder):
    assert paths(folder, root="pkg", name="../../out") == ["code/_/_/out/model.py"]


@pytest.mark.usefixtures("_project")
def test_takes_what_it_is_told_to(folder):
    asked = []

    def include(path: str, root: str) -> bool:
        asked.append((path, root))
        return path.endswith((".py", ".csv"))

    kept = paths(folder, root="pkg", name="mine", include_fn=include, exclude_fn=lambda path: "model" in path)
    assert kept == ["code/mine/data.csv"]
    assert asked[0] == (str(Path("pkg/data.csv").resolve()), str(Path("pkg").resolve()))


def test_a_script_keeps_its_place_below_the_working_directory(folder):
    Path("jobs").mkdir()
    Path("jobs/train.py").write_text("1")
    script = str(Path("jobs/train.py").absolute())
    assert _code.save_script(script, str(Path.cwd()), folder, 1.0).path == "code/jobs/train.py"
    Path("below").mkdir()
    assert _code.save_script(script, str(Path("below").absolute()), folder, 1.0).path == "code/train.py"
    assert (folder.files / "code/train.py").read_text() == "1"


def test_a_notebook_is_to_be_copied_again_at_the_end(folder):
    notebook = Path("work.ipynb").absolute()
    notebook.write_text("{}")
    record = _code.save_script(str(notebook), str(Path.cwd()), folder, 1.0)
    assert (record.path, record.policy, record.source) == ("code/work.ipynb", "end", str(notebook))


def test_links_to_folders_are_followed(folder, tmp_path):
    for name in (tmp_path / "shared/lib.py", tmp_path / "shared/deep/more.py", Path("src/own.py")):
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_text("x = 1")
    Path("lib").symlink_to(tmp_path / "shared")
    Path("loop").symlink_to(".")
    Path("alias").symlink_to("src")
    Path("gone.py").symlink_to("nowhere")
    expected = ["code/lib/deep/more.py", "code/lib/lib.py", "code/src/own.py"]
    assert sorted(paths(folder)) == expected
    subprocess.run(["git", "init", "-q", "."], check=True)
    assert sorted(paths(folder)) == expected


def test_a_link_to_a_large_folder_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(_code, "_MOST_LINKED", 3)
    (tmp_path / "images").mkdir()
    for number in range(4):
        (tmp_path / "images" / f"{number}.py").write_text("")
    Path("train.py").write_text("")
    Path("data").symlink_to(tmp_path / "images")
    with pytest.warns(UserWarning, match=r"data \(symbolic link to a directory of more than 3 files\)"):
        assert paths(folder) == ["code/train.py"]


def test_files_that_cannot_be_copied_are_named(folder, monkeypatch):
    for name in ("good.py", "bad.py", os.fsdecode(b"caf\xe9.py")):
        Path(name).write_text("")
    copy = _code.copy_code

    def fails(source, target):
        if source.name == "bad.py":
            raise PermissionError(13, "Permission denied")
        return copy(source, target)

    monkeypatch.setattr(_code, "copy_code", fails)
    with pytest.warns(UserWarning, match=r"bad\.py \(permission denied\)"):
        assert paths(folder) == ["code/caf%E9.py", "code/good.py"]
    with pytest.warns(UserWarning, match="no folder"):
        assert paths(folder, root="missing") == []
