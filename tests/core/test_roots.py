from __future__ import annotations

import os
import shutil
from pathlib import Path

from tracker_core import _home, _roots


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
