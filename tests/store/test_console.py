"""Terminal lines: in order, the last text, found again."""

import pytest

from tracker_core import _records as records
from tracker_core.store import console


@pytest.fixture
def spoken(workshop):
    draft = workshop.run()
    for line in range(5):
        draft.write(records.Console(time=draft.at(), stream="stdout", line=line, text=f"Line {line}"))
        if line == 2:
            draft.write(records.Console(time=draft.at(), stream="stderr", line=0, text="100% of_it"))
    for done in range(3):
        draft.write(records.Console(time=draft.at(), stream="stdout", line=1, text=f"progress {done}"))
    draft.close()
    draft.begin()
    draft.write(records.Console(time=draft.at(), stream="stdout", line=0, text="again"))
    return workshop.one()


def test_lines_keep_their_place_and_take_the_last_text(spoken):
    store, run = spoken
    found = console.page(store.db, run.number)
    assert [line.text for line in found] == [
        "Line 0", "progress 2", "Line 2", "100% of_it", "Line 3", "Line 4", "again",
    ]  # fmt: skip
    assert [line.number for line in found] == list(range(7))
    assert found[3].stream == "stderr"
    assert found[-1].attempt == 2


def test_pages(spoken):
    store, run = spoken
    assert [line.number for line in console.page(store.db, run.number, 2, 3)] == [2, 3, 4]
    assert console.count(store.db, run.number) == 7


@pytest.mark.parametrize(("search", "count"), [("line", 4), ("100%", 1), ("of_it", 1), ("_", 1), ("%", 1), ("no", 0)])
def test_search_takes_the_text_literally(spoken, search, count):
    store, run = spoken
    assert len(console.page(store.db, run.number, search=search)) == count
    assert console.count(store.db, run.number, search) == count
