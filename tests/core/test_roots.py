from __future__ import annotations

import shutil
from pathlib import Path

from tracker_core import _roots


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
