"""Damaged journals: the run is listed with what can be read, and says what cannot."""

import pytest

from tracker_core import _records as records
from tracker_core.store import series
from tracker_core.store.damage import Damage
from tracker_core.store.run import iso


def main_journal(draft):
    (path,) = draft.folder.path.glob("*main*.0000.journal")
    return path


def flip(path, at, bit=1):
    content = bytearray(path.read_bytes())
    content[at] ^= bit
    path.write_bytes(content)


def test_a_run_whose_first_record_is_damaged_is_listed(workshop):
    draft = workshop.run("first")
    first = draft.log(0, loss=0.0)
    for step in range(1, 500):
        draft.log(step, loss=step / 7)
    draft.end()
    journal = main_journal(draft)
    flip(journal, journal.read_bytes().index(b"digits"))
    store, run = workshop.one()
    assert (run.card.id, run.card.project, run.card.state) == ("first", "uncategorized", "finished")
    assert run.card.start == first
    assert run.card.damage.headless
    assert "unreadable" in str(run.card.damage)
    assert series.load(store.db, run.number, "loss").values.tolist() == [step / 7 for step in range(500)]


def test_a_damaged_header_and_first_record_hide_no_rows(workshop):
    draft = workshop.run("both")
    for step in range(5000):
        draft.log(step, loss=float(step))
    draft.close()
    journal = main_journal(draft)
    content = bytearray(journal.read_bytes())
    content[:200] = bytes(200)
    journal.write_bytes(content)
    store, run = workshop.one()
    assert (run.card.id, run.card.state, run.card.damage.headless) == ("both", "crashed", True)
    left = series.load(store.db, run.number, "loss").values
    assert len(left) > 0
    assert left[-1] == 4999.0


def test_unreadable_bytes_are_counted_by_journal(workshop):
    draft = workshop.run()
    for step in range(9000):
        draft.log(step, loss=step / 3)
    draft.end()
    journal = main_journal(draft)
    content = bytearray(journal.read_bytes())
    for at in range(150_000, 200_000):
        content[at] ^= 0xA5
    journal.write_bytes(content)
    store, run = workshop.one()
    damage = run.card.damage
    assert damage.journals == (journal.name,)
    assert damage.unreadable >= 50_000
    assert not damage.headless
    assert 0 < len(series.load(store.db, run.number, "loss").steps) < 9000
    again = workshop.store()
    assert again.runs()[0].card.damage == damage


def test_records_that_could_not_be_written_are_lost(workshop):
    draft = workshop.run()
    draft.write(records.Gap(time=draft.at(), lost=12, reason="No space left on device"))
    draft.end()
    _, run = workshop.one()
    assert run.card.damage == Damage(lost=12)
    assert "12 rows" in str(run.card.damage)


def test_no_damage_is_false_and_says_nothing(workshop):
    workshop.run().close()
    _, run = workshop.one()
    assert not run.card.damage
    assert str(run.card.damage) == ""


def test_a_run_that_has_only_begun_is_not_listed_as_damaged(workshop):
    draft = workshop.run()
    path = main_journal(draft)
    draft.close()
    path.write_bytes(b"")
    assert workshop.store().runs() == []


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_790_000_000.9, "2026-09-21T14:13:20Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, "+010000-01-01T00:00:00Z"),
        (1_790_000_000_000, "+058692-11-03T14:13:20Z"),
        (-62_135_596_801, "0000-12-31T23:59:59Z"),
        (-99_999_999_999, "-001199-02-15T14:13:21Z"),
        (float("inf"), ""),
        (float("nan"), ""),
    ],
)
def test_any_time_has_a_text(time, text):
    assert iso(time) == text


def test_a_time_beyond_the_calendar_hides_no_other_run(workshop):
    workshop.run("good").end()
    odd = workshop.run("odd")
    odd.log(0, time=1.79e15, x=1.0)
    odd.log(1, time=float("nan"), x=2.0)
    odd.log(2, time=float("inf"), x=3.0)
    odd.end()
    store = workshop.store()
    assert [run.card.id for run in store.runs()] == ["good", "odd"]
    assert series.load(store.db, store.runs()[1].number, "x").values.tolist() == [1.0, 2.0, 3.0]
