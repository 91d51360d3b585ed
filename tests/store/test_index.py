"""Catching up: everything once, whoever does it, however often the index is thrown away."""

import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest

import tracker_core as tracker
from tracker_core import _home
from tracker_core import _records as records
from tracker_core._journal import format as journal_format
from tracker_core.store import index, rows, sample, series


def told(store):
    """All that the store says, for comparison."""
    answers = []
    for run in store.runs():
        keys = series.keys(store.db, run.number)
        table = rows.table(store.db, run.number, run.card)
        points = {key: [column.tolist() for column in series.load(store.db, run.number, key)] for key in keys}
        answers.append((run.card, run.config, run.flat, table.dicts(), points, store.metadata(run)))
    return answers


def test_what_was_logged_is_read_back(workshop):
    draft = workshop.run(name="first", tags=("a",))
    draft.config(lr=0.1, model={"depth": 3})
    for step in range(10):
        draft.log(step, loss=1.0 / (step + 1), epoch=step // 5)
    draft.end()
    store, run = workshop.one()
    assert (run.card.name, run.card.tags, run.card.state) == ("first", ("a",), "finished")
    assert run.config == {"lr": 0.1, "model": {"depth": 3}}
    assert dict(run.summary) == {"loss": 0.1, "epoch": 1}
    steps, _, losses = series.load(store.db, run.number, "loss")
    assert steps.tolist() == list(range(10))
    assert losses.tolist() == [1.0 / (step + 1) for step in range(10)]


def test_growing_run_is_read_on_from_where_it_was_left(workshop):
    draft = workshop.run()
    store = workshop.store()
    for step in range(600):
        draft.log(step, loss=float(step))
        if step % 50 == 0:
            store.refresh()
    store.refresh()
    (run,) = store.runs()
    assert run.card.state == "running"
    assert series.load(store.db, run.number, "loss").values.tolist() == [float(step) for step in range(600)]
    draft.end()
    store.refresh()
    (run,) = store.runs()
    assert run.card.state == "finished"
    assert series.load(store.db, run.number, "loss").values.tolist() == [float(step) for step in range(600)]


def test_refresh_without_news_writes_nothing(workshop):
    draft = workshop.run()
    draft.log(0, loss=1.0)
    store, run = workshop.one()
    store.refresh()
    assert store.runs() == [run]
    draft.end()
    store.refresh()
    (ended,) = store.runs()
    store.refresh()
    assert store.runs() == [ended]


def test_index_built_anew_gives_the_same_answers(workshop):
    draft = workshop.run()
    background = workshop.run("r2")
    store = workshop.store()
    draft.write(records.Metric(time=draft.at(), name="loss", summary=("mean", "min")))
    for step in range(9000):
        draft.log(step, loss=1.0 / (step + 1), time=1_790_000_000 + step * 0.25)
        background.log(step // 2, label="background" if step % 3 else "main", noise=float(step % 7))
        if step % 1000 == 0:
            draft.log(step, text="hello", loss=2.0)
            store.refresh()
    draft.end()
    background.close()
    store.refresh()
    before = told(store)
    store.close()
    for path in workshop.root.glob(f"{index.FILE}*"):
        path.unlink()
    assert told(workshop.store()) == before


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_broken_index_is_replaced(workshop, content):
    workshop.run().end()
    workshop.store().close()
    for path in workshop.root.glob(f"{index.FILE}-*"):
        path.unlink()
    (workshop.root / index.FILE).write_bytes(content)
    assert len(workshop.store().runs()) == 1


def test_index_that_breaks_later_is_replaced(workshop):
    for number in range(40):
        draft = workshop.run(f"r{number}")
        draft.config(text="x" * 2000)
        draft.end()
    workshop.store().close()
    with (workshop.root / index.FILE).open("r+b") as file:
        size = file.seek(0, 2)
        for place in range(3 * 8192, size, 8192):
            file.seek(place)
            file.write(b"\xff" * 4000)
    assert len(workshop.store().runs()) == 40


def test_index_of_another_version_is_replaced(workshop):
    workshop.run().end()
    workshop.store().close()
    connection = sqlite3.connect(workshop.root / index.FILE)
    connection.execute("UPDATE meta SET value = 999 WHERE name = 'schema'")
    connection.commit()
    connection.close()
    assert len(workshop.store().runs()) == 1


def test_index_deleted_under_an_open_store(workshop):
    workshop.run().end()
    store = workshop.store()
    for path in workshop.root.glob(f"{index.FILE}*"):
        path.unlink()
    workshop.run("r2").end()
    store.refresh()
    assert [run.card.id for run in store.runs()] == ["r1", "r2"]


def test_removed_folder_leaves_the_lists_and_may_come_back(workshop, tmp_path):
    draft = workshop.run()
    draft.end()
    store = workshop.store()
    shutil.move(draft.folder.path, tmp_path / "aside")
    store.refresh()
    assert store.runs() == []
    shutil.move(tmp_path / "aside", draft.folder.path)
    store.refresh()
    assert [run.card.id for run in store.runs()] == ["r1"]


def test_folder_without_runs_gets_no_index(tmp_path):
    store = index.Store(tmp_path)
    store.refresh()
    assert store.runs() == []
    assert list(tmp_path.iterdir()) == []


def test_archived_and_deleted_runs_are_not_listed(workshop):
    archived, deleted = workshop.run("old"), workshop.run("gone")
    archived.write(records.Archive(time=archived.at(), successor="new"))
    deleted.write(records.Delete(time=deleted.at(), run="gone", project="digits"))
    for draft in (archived, deleted):
        draft.close()
    assert workshop.store().runs() == []


def test_copy_that_grows_is_followed(workshop, tmp_path):
    """A run without an end whose journal is written by a copying tool, which holds no lock."""
    draft = workshop.run()
    for step in range(100):
        draft.log(step, loss=float(step))
    draft.end()
    (path,) = draft.folder.journals()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    store, run = workshop.one()
    assert run.card.state == "crashed"
    path.write_bytes(whole)
    store.refresh()
    (run,) = store.runs()
    assert run.card.state == "finished"
    assert len(series.load(store.db, run.number, "loss").steps) == 100


def test_run_in_hand_outlives_the_index(workshop):
    workshop.run("r1").end()
    draft = workshop.run("r2")
    draft.log(0, x=1.0)
    store = workshop.store()
    _, run = store.runs()
    for path in workshop.root.glob(f"{index.FILE}*"):
        path.unlink()
    run = store.refresh_run(run)
    assert run.card.id == "r2"
    assert series.load(store.db, run.number, "x").values.tolist() == [1.0]


def test_one_run_alone(workshop):
    workshop.run("r1").end()
    draft = workshop.run("r2")
    draft.end()
    alone = index.Store(workshop.root, only=draft.folder.path.name)
    alone.refresh()
    assert [run.card.id for run in alone.runs()] == ["r2"]
    shutil.rmtree(draft.folder.path)
    alone.refresh()
    assert [run.card.id for run in workshop.store().runs()] == ["r1"]


def test_reading_does_not_wait_for_catching_up(workshop):
    """What a server does: one thread catches up, the others answer."""
    draft = workshop.run()
    for step in range(50_000):
        draft.log(step, x=float(step))
    store, run = workshop.one()
    for step in range(50_000, 100_000):
        draft.log(step, x=float(step))
    counts = []
    thread = threading.Thread(target=store.refresh)
    thread.start()
    while thread.is_alive():
        counts.append(len(series.load(store.db, run.number, "x").steps))
    assert set(counts) <= {50_000, 100_000}
    assert store.runs()[0].flat["_step"] == 99_999


def test_two_stores_take_turns(workshop):
    """Each keeps what it knows of a live run, and must see that the other wrote meanwhile."""
    draft = workshop.run()
    left, right = workshop.store(), workshop.store()
    for step in range(3000):
        draft.log(step, x=float(step))
        if step % 97 == 0:
            draft.log(step, note=f"{step}")
        if step % 50 == 0:
            (left if step % 100 else right).refresh()
    left.refresh()
    right.refresh()
    assert told(left) == told(right)
    assert series.load(left.db, left.runs()[0].number, "x").values.tolist() == [float(step) for step in range(3000)]
    draft.end()
    left.refresh()
    right.refresh()
    assert told(left) == told(right) == told(workshop.store())


def test_journal_of_a_newer_version_hides_neither_its_run_nor_the_others(workshop):
    draft = workshop.run("r1")
    draft.log(0, x=1.0)
    with mock.patch.object(journal_format, "MINIMUM_READER", 99):
        draft.log(1, label="rank1", x=2.0)
    workshop.run("r2").end()
    store = workshop.store()
    assert [run.card.id for run in store.runs()] == ["r1", "r2"]
    assert series.load(store.db, store.runs()[0].number, "x").values.tolist() == [1.0]
    before = store.runs()
    store.refresh()
    assert store.runs() == before


def test_run_that_cannot_be_read_is_told_once_and_hides_no_other(workshop):
    broken = workshop.run("r1")
    broken.close()
    (path,) = broken.folder.journals()
    path.unlink()
    path.mkdir()
    workshop.run("r2").end()
    with pytest.warns(UserWarning, match="cannot read the run"):
        store = workshop.store()
    store.refresh()
    assert [run.card.id for run in store.runs()] == ["r2"]


def test_thousands_of_metrics_in_one_row(workshop):
    """Sealed in smaller chunks, so that neither a chunk nor what waits grows to hundreds of megabytes."""
    draft = workshop.run()
    store = workshop.store()
    for step in range(600):
        draft.log(step, **{f"m{place}": float(place * step) for place in range(4500)})
        if step == 100:
            store.refresh()
    store.refresh()
    (run,) = store.runs()
    assert series.load(store.db, run.number, "m7").values.tolist() == [7.0 * step for step in range(600)]
    assert sample.sample(store.db, run.number, "m7", 5).high[-1] == 7.0 * 599
    assert store.db.row("SELECT COUNT(*) FROM chunk WHERE run = ?", (run.number,)) == (2,)


def test_full_disk_costs_nothing_that_was_there(workshop, tmp_path, monkeypatch):
    monkeypatch.setattr(_home, "cache", lambda: tmp_path / "cache")
    draft = workshop.run()
    draft.log(0, x=1.0)
    store, run = workshop.one()
    noise = random.Random(0)
    (pages,) = store.db.row("PRAGMA page_count")
    store.db.run(f"PRAGMA max_page_count={pages}")
    for step in range(1, 20_000):
        draft.log(step, x=noise.random())
    store.refresh()  # an index in the cache folder takes over
    (run,) = store.runs()
    assert len(series.load(store.db, run.number, "x").steps) == 20_000
    store.close()
    beside, run = workshop.one()
    assert len(series.load(beside.db, run.number, "x").steps) == 20_000
    assert (workshop.root / index.FILE).exists()
    beside.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a POSIX call")
def test_a_child_reads_that_was_forked_while_threads_of_the_parent_read(tmp_path):
    with tracker.init(id="done", dir=tmp_path, settings={"silent": True}) as run:
        run.log({"x": 1.0})
    live = tracker.init(id="live", dir=tmp_path, settings={"silent": True})
    api, over = tracker.Api(tmp_path), threading.Event()

    def read():
        own = tracker.Api(tmp_path)
        while not over.is_set():
            live.log({"y": 1.0})
            for each in (api, own):
                assert [run.series("x") for run in each.runs() if run.id == "done"]

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    statuses = []
    for _ in range(20):
        child = os.fork()
        if not child:
            signal.alarm(120)  # ends a child that waits for ever
            code = 1
            try:
                code = 0 if api.run("done").series("x")[2].tolist() == [1.0] else 3
            finally:
                os._exit(code)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    over.set()
    for thread in threads:
        thread.join()
    live.finish()
    assert statuses == [0] * 20


def test_a_signal_handler_that_reads_while_runs_are_read_gets_what_is_known(tmp_path):
    with tracker.init(id="done", dir=tmp_path, settings={"silent": True}) as run:
        run.log({"x": 1.0})
    api = tracker.Api(tmp_path)
    assert len(api.runs()) == 1
    package, lines, answers = str(Path(index.__file__).parent), 0, []

    def trace(frame, event, _):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(package):
            return None
        lines += event == "line"
        if event == "line" and lines % 5 == 0:
            answers.append([run.id for run in api.runs()])
        return trace

    with tracker.init(id="second", dir=tmp_path, settings={"silent": True}) as run:
        run.log({"x": 2.0})
    sys.settrace(trace)
    try:
        runs = api.runs()
    finally:
        sys.settrace(None)
    assert sorted(run.id for run in runs) == ["done", "second"]
    assert answers
    assert all({"done"} <= set(answer) for answer in answers)
