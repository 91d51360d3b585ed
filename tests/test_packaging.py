"""What users install: sdist and wheel are built, the wheel is installed beside nothing of ours and used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def distribution(tmp_path_factory):
    """A folder with the sdist, and the wheel that was built out of it."""
    target = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)])
    return target


@pytest.fixture(scope="module")
def installed(distribution, tmp_path_factory):
    """An environment that holds our wheel, and sees the dependencies (not us) where the tests run."""
    place = tmp_path_factory.mktemp("installed")
    _run([sys.executable, "-m", "venv", "--without-pip", str(place)])
    (wheel,) = distribution.glob("*.whl")
    python = place / "bin" / "python"
    _run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)])
    own = _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).stdout.strip()
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(own, "dependencies.pth").write_text("\n".join(sorted(dependencies)))
    return place / "bin"


def test_sdist_holds_what_a_build_needs(distribution):
    (path,) = distribution.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tracker_core/__init__.py"} <= names
    assert "integrations/tracker_integrations/__init__.py" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "examples/"))]


def test_wheel_holds_both_packages_and_nothing_else(distribution):
    (path,) = distribution.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tracker_core", "tracker_integrations"}
    assert {"tracker_core/py.typed", "tracker_integrations/py.typed"} <= set(names)
    pages = "tracker_core/server/ui/"
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "tracker_core").rglob("*.py")}
    assert {name for name in sources if not name.startswith(pages)} <= set(names)
    assert {name.split("/")[3] for name in names if name.startswith(pages)} == {"dist"}


def test_both_hold_the_built_pages(distribution):
    (wheel,), (sdist,) = distribution.glob("*.whl"), distribution.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as source:
        for names in (archive.namelist(), source.getnames()):
            assert any(name.endswith("server/ui/dist/index.html") for name in names)
            assert not any("node_modules" in name for name in names)


def test_installed_package_is_the_one_that_is_imported(installed, tmp_path):
    code = "import tracker_core, tracker_integrations; print(tracker_core.__file__, tracker_integrations.__file__)"
    files = _run([str(installed / "python"), "-c", code], cwd=tmp_path).stdout.split()
    assert all(Path(file).is_relative_to(installed.parent) for file in files)


def test_installed_command_runs(installed, tmp_path):
    assert _run([str(installed / "tracker"), "--version"], cwd=tmp_path).stdout.startswith("tracker-core ")
    assert "none yet" in _run([str(installed / "tracker"), "status"], cwd=tmp_path).stdout


def test_installed_tracker_tracks(installed, tmp_path):
    code = "import tracker_core as t; r = t.init(project='p', id='x'); r.log({'a': 1.5}); r.finish()"
    _run([str(installed / "python"), "-c", code], cwd=tmp_path)
    (run,) = json.loads(_run([str(installed / "tracker"), "runs", "--json"], cwd=tmp_path).stdout)
    assert (run["id"], run["state"], run["summary"]) == ("x", "finished", {"a": 1.5})


def _run(command: list[str], **options) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
