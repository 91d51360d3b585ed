"""Merged rows: what every step knows, with the right clock."""

import pytest

from tracker_core.store import rows
from tracker_core.store.part import HIGHEST, LOWEST


def test_calls_of_one_step_make_one_row(workshop):
    draft = workshop.run()
    draft.log(0, loss=1.0)
    at = draft.log(0, acc=0.5, text="x")
    draft.log(1, loss=0.5)
    store, run = workshop.one()
    first, second = rows.table(store.db, run.number, run.card).dicts()
    assert first == {
        "_step": 0, "_timestamp": at, "_runtime": at - run.card.start, "acc": 0.5, "loss": 1.0, "text": "x",
    }  # fmt: skip
    assert "acc" not in second


def test_keys_ask_for_complete_rows(workshop):
    draft = workshop.run()
    for step in range(6):
        draft.log(step, loss=float(step))
        if step % 2 == 0:
            draft.log(step, val=float(step))
    store, run = workshop.one()
    both = rows.table(store.db, run.number, run.card, ["loss", "val"])
    assert both.steps.tolist() == [0, 2, 4]
    assert len(rows.table(store.db, run.number, run.card, ["loss", "never"]).steps) == 0
    assert len(rows.table(store.db, run.number, run.card, ["_step", "val"]).steps) == 3


def test_runtime_leaves_out_the_time_between_attempts(workshop):
    draft = workshop.run()
    start = draft.log(0, x=1.0)
    draft.end()
    for _ in range(1000):
        draft.at()
    draft.begin()
    draft.log(1, x=2.0)
    store, run = workshop.one()
    table = rows.table(store.db, run.number, run.card)
    assert table.runtimes.tolist() == [start - run.card.start, 3.0]
    assert run.summary["_runtime"] == 3.0


def test_windows_cover_every_row_once(workshop, monkeypatch):
    monkeypatch.setattr(rows, "WINDOW", 8192)
    draft = workshop.run()
    for step in range(30_000):
        draft.log(step, x=float(step))
        if step % 1000 == 0:
            draft.log(step, rare=float(step))
    store, run = workshop.one()
    windows = list(rows.windows(store.db, run.number, (LOWEST, HIGHEST)))
    assert len(windows) > 2
    found = [step for window in windows for step in rows.table(store.db, run.number, run.card, None, window).steps]
    assert found == list(range(30_000))


@pytest.mark.parametrize(("within", "wanted"), [((2, 3), [2, 3]), ((5, 100), [5]), ((7, 9), [])])
def test_range(workshop, within, wanted):
    draft = workshop.run()
    for step in range(6):
        draft.log(step, x=1.0)
    store, run = workshop.one()
    assert rows.table(store.db, run.number, run.card, None, within).steps.tolist() == wanted


def test_system_rows_of_two_attempts_stay_apart(workshop):
    draft = workshop.run()
    draft.log(0, label="background", stream="system", cpu=1.0)
    draft.close()
    draft.begin()
    draft.log(0, label="background", stream="system", cpu=2.0)
    store, run = workshop.one()
    table = rows.table(store.db, run.number, run.card, stream="system")
    assert table.columns["cpu"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("keys", [None, ["x"], ["x", "rare"]])
def test_samples_are_rows_of_the_whole_table(workshop, keys):
    draft = workshop.run()
    for step in range(9000):
        draft.log(step, x=float(step), y=step)
        if step % 7 == 0:
            draft.log(step, rare=1.0)
    draft.close()
    draft.begin(rewind=8000)
    draft.log(8001, x=-1.0)
    store, run = workshop.one()
    whole = rows.table(store.db, run.number, run.card, keys)
    some = rows.table(store.db, run.number, run.card, keys, samples=50)
    assert len(some.steps) == 50
    assert some.steps[0] == whole.steps[0]
    assert some.steps[-1] == whole.steps[-1]
    complete = {row["_step"]: row for row in whole.dicts()}
    assert all(row == complete[row["_step"]] for row in some.dicts())
