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


def test_many_lines_over_many_looks(workshop):
    """A progress bar on stderr is replaced while thousands of lines go by on stdout."""
    draft = workshop.run()
    store = workshop.store()
    draft.write(records.Console(time=draft.at(), stream="stderr", line=0, text="begun"))
    for line in range(3500):
        draft.write(records.Console(time=draft.at(), stream="stdout", line=line, text=f"line {line}"))
        draft.write(records.Console(time=draft.at(), stream="stderr", line=0, text=f"{line} done"))
        if line % 900 == 0:
            draft.write(records.Console(time=draft.at(), stream="stdout", line=line // 2, text=f"line {line // 2}!"))
            store.refresh()
    store.refresh()
    changed = {line // 2 for line in range(0, 3500, 900)}
    wanted = ["3499 done", *(f"line {line}{'!' * (line in changed)}" for line in range(3500))]
    for seen in (store, workshop.store()):
        (run,) = seen.runs()
        assert [line.text for line in console.page(seen.db, run.number, 0, 10_000)] == wanted
        assert [line.text for line in console.page(seen.db, run.number, 998, 4)] == wanted[998:1002]
        assert console.count(seen.db, run.number) == 3501
        assert [line.number for line in console.page(seen.db, run.number, 1, 2, search="LINE 349")] == [1, 2]
    store.close()
    for path in workshop.root.glob("index.sqlite*"):
        path.unlink()
    anew, run = workshop.one()
    assert [line.text for line in console.page(anew.db, run.number, 0, 10_000)] == wanted
