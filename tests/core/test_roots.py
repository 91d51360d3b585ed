from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _home, _roots, _served, _settings
from tracker_core._artifacts import cache


def test_folders_are_remembered_once_in_order():
    assert _roots.roots() == []
    first, second = Path("one/tracker").absolute(), Path("two words/tracker").absolute()
    for root in (first, second, first):
        root.mkdir(parents=True, exist_ok=True)
        _roots.register(root)
    assert _roots.roots() == [first, second]
    shutil.rmtree(first)
    assert _roots.roots() == [second]


def test_a_path_that_is_no_line_is_left_out():
    odd = Path("odd\nname").absolute()
    odd.mkdir()
    _roots.register(odd)
    assert _roots.roots() == []


def test_a_user_without_a_home_has_the_temporary_folder(monkeypatch, tmp_path):
    for variable in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = Path("tracker").absolute()
    root.mkdir()
    _roots.register(root)
    assert _roots.roots() == [root]
    assert [path.name for path in Path().iterdir()] == ["tracker"]
    assert {_home.state().parent, _home.cache().parent} == {tmp_path / f"tracker-{os.getuid()}"}


@pytest.fixture(params=["a file", "read-only", "a link to nothing"])
def home(request, tmp_path, monkeypatch):
    """A home that cannot be written."""
    home = tmp_path / "home"
    if request.param == "a file":
        home.write_text("")
    elif request.param == "a link to nothing":
        home.symlink_to(tmp_path / "file" / "gone")
        (tmp_path / "file").write_text("")
    else:
        home.mkdir()
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home and access(path, mode))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    return home


def test_a_home_that_cannot_be_written_has_the_temporary_folder(home, tmp_path):
    own = tmp_path / "temporary" / f"tracker-{os.getuid()}"
    assert {_home.state(), _home.cache()} == {own / "state", own / "cache"}
    root = Path("tracker").absolute()
    root.mkdir()
    _roots.register(root)
    assert _roots.roots() == [root]
    with _served.announced([root], "http://127.0.0.1:1/"):
        assert _served.link_to(root) == "http://127.0.0.1:1/"
    _settings.write_user_file({"project": "p"})
    assert _settings.user_file() == own / "config" / "settings"
    assert _settings.gather({}).project == "p"
    assert stat.S_IMODE(_settings.user_file().stat().st_mode) == 0o600
    assert Path(cache.of_user().folder).is_relative_to(own)


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"])
def test_variables_that_name_files(variable, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    for path in (_home.state(), _home.cache(), _settings.user_file().parent):
        path.mkdir(parents=True)


def test_what_a_read_only_home_holds_is_read(tmp_path, monkeypatch):
    first, second = Path("one/tracker").absolute(), Path("two/tracker").absolute()
    for root in (first, second):
        root.mkdir(parents=True)
    _roots.register(first)
    _settings.write_user_file({"project": "kept", "entity": "e"})
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    home, access = os.environ["HOME"], os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(home) and access(path, mode))
    _roots.register(second)
    assert _roots.roots() == [first, second]
    assert _settings.gather({}).project == "kept"
    with pytest.warns(UserWarning, match="cannot be written: the settings are kept in"):
        _settings.write_user_file({"project": "new"})
    assert (_settings.gather({}).project, _settings.gather({}).entity) == ("new", "e")


def test_a_temporary_directory_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(_home, "_private", lambda: tmp_path / "private")
    own = tmp_path / f"tracker-{os.getuid()}"
    own.mkdir()
    assert _home.temporary("state") == own / "state"
    own.chmod(0o777)
    assert _home.temporary("state") == tmp_path / "private" / "state"
    own.rmdir()
    own.symlink_to(tmp_path)
    assert _home.temporary("state") == tmp_path / "private" / "state"


def test_runs_of_a_folder_that_cannot_be_written_are_found(tmp_path, monkeypatch, capsys):
    with tracker.init(id="theirs", project="p"):
        pass
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    here, access = str(Path.cwd()), os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(here) and access(path, mode))
    with pytest.warns(UserWarning, match="cannot be written: recording in"), tracker.init(id="own", project="q"):
        pass
    assert [run.id for run in tracker.Api().runs()] == ["theirs", "own"]
    assert tracker.Api().run("own").project == "q"
    assert tracker.Api(".").run("q/own").state == "finished"
    assert [project.name for project in tracker.Api().projects()] == ["p", "q"]
    assert [run.id for run in tracker.Api("tracker").runs()] == ["theirs"]
    with pytest.raises(tracker.NotFoundError, match="none"):
        tracker.Api().run("none")
