"""`tracker.Api` over runs that `tracker.init` wrote."""

import datetime as dt
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _folder, _journal
from tracker_core import _records as records

SCRIPT = "import tracker_core as tracker; run = tracker.init(id='live'); run.log({'x': 1}); input()"


def train(run_id, project="digits", rows=20, **init):
    """One finished run."""
    with tracker.init(project=project, id=run_id, **init) as run:
        for step in range(rows):
            run.log({"loss": 1.0 / (step + 1), "acc": step / rows, "val": {"loss": 2.0 - step}})
    return run


@pytest.fixture
def quiet(at_rest):
    """Gives a run when its background process has gone too."""

    def wait(api, run_id):
        at_rest(api.run(run_id).folder)
        return api.run(run_id)

    return wait


@pytest.fixture
def api():
    train("r1", name="first", tags=["a"], config={"lr": 0.1, "model": {"depth": 3}}, notes="n", group="g")
    train("r2", name="second", config={"lr": 0.2}, job_type="eval")
    train("r3", project="other")
    return tracker.Api()


def test_attributes(api):
    run = api.run("r1")
    assert (run.id, run.name, run.project, run.group, run.job_type) == ("r1", "first", "digits", "g", "")
    assert (run.notes, run.tags, run.state, run.exit_code) == ("n", ["a"], "finished", 0)
    assert run.config == {"lr": 0.1, "model": {"depth": 3}}
    assert run.summary["val.loss"] == run.summary["val"]["loss"] == -17.0
    assert run.last_step == 19
    assert run.path[-2:] == ["digits", "r1"]
    created = dt.datetime.fromisoformat(run.created_at.replace("Z", "+00:00"))
    assert abs(created.timestamp() - time.time()) < 100
    assert [attempt.number for attempt in run.attempts] == [1]
    assert run.folder.is_dir()


def test_lists(api):
    assert [run.id for run in api.runs()] == ["r1", "r2", "r3"]
    assert [run.id for run in api.runs("digits")] == ["r1", "r2"]
    assert [run.id for run in api.runs("me/digits")] == ["r1", "r2"]
    assert [run.id for run in api.runs(path="other")] == ["r3"]
    assert [run.id for run in api.runs("digits", order="-config.lr")] == ["r2", "r1"]
    assert [run.id for run in api.runs(filters={"config.lr": {"$gt": 0.1}})] == ["r2"]
    runs = api.runs()
    assert len(runs) == 3
    assert runs[0].id == "r1"
    assert [run.id for run in runs[1:]] == ["r2", "r3"]
    assert [(project.name, project.runs) for project in api.projects()] == [("digits", 2), ("other", 1)]


def test_wrong_filters_and_orders_are_told_at_once(api):
    with pytest.raises(tracker.UsageError):
        api.runs(filters={"stat": "finished"})
    with pytest.raises(tracker.UsageError):
        api.runs(order="loss")


def test_run_by_each_form_of_its_path(api):
    assert api.run("r1").id == api.run("digits/r1").id == api.run("me/digits/r1").id == "r1"
    with pytest.raises(tracker.NotFoundError, match=r"digits/r1 \(first\)"):
        api.run("other/first_")
    train("r1", project="other")
    with pytest.raises(tracker.UsageError, match="digits/r1, other/r1"):
        api.run("r1")


@pytest.mark.parametrize("place", [".", "tracker"])
def test_folders_that_it_takes(api, place):
    assert len(tracker.Api(place).runs()) == 3
    assert len(tracker.Api(Path(place).absolute()).runs()) == 3


def test_folder_of_one_run(api):
    alone = tracker.Api(api.run("r2").folder)
    assert [run.id for run in alone.runs()] == ["r2"]
    assert len(api.runs()) == 3


def test_default_folder_is_that_of_init(api, monkeypatch, tmp_path):
    place = Path.cwd()
    monkeypatch.chdir(tmp_path)
    assert len(tracker.Api().runs()) == 0
    monkeypatch.setenv("TRACKER_DIR", str(place))
    assert len(tracker.Api().runs()) == 3


def test_no_such_folder():
    with pytest.raises(tracker.NotFoundError, match="nowhere"):
        tracker.Api("nowhere")


def test_history(api):
    run = api.run("r1")
    frame = run.history()
    assert list(frame["loss"]) == [1.0 / (step + 1) for step in range(20)]
    assert {"_step", "_timestamp", "_runtime", "acc", "val.loss"} < set(frame.columns)
    rows = run.history(samples=5, keys=["loss"], pandas=False)
    assert [row["_step"] for row in rows] == [0, 5, 10, 14, 19]
    assert rows[0].keys() == {"_step", "_timestamp", "_runtime", "loss"}
    assert [row["acc"] for row in run.history(keys=["loss"], x_axis="acc", pandas=False)] == sorted(frame["acc"])


def test_one_key_is_a_list_of_one(api):
    run = api.run("r1")
    assert run.history(keys="loss", pandas=False) == run.history(keys=["loss"], pandas=False)
    assert list(run.scan_history(keys="loss")) == list(run.scan_history(keys=["loss"]))


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": -1}, {"stream": "other"}])
def test_wrong_history(api, wrong):
    with pytest.raises(tracker.UsageError, match=next(iter(wrong))):
        api.run("r1").history(**wrong)


def test_history_in_the_order_of_another_key():
    with tracker.init(id="r") as run:
        for step, x in enumerate([3.0, 1.0, 2.0]):
            run.log({"x": x, "y": step})
        run.log({"y": 9})
    rows = tracker.Api().run("r").history(x_axis="x", pandas=False)
    assert [(row["x"], row["y"]) for row in rows] == [(1.0, 1), (2.0, 2), (3.0, 0)]


def test_scan_history(api):
    run = api.run("r1")
    assert [row["_step"] for row in run.scan_history()] == list(range(20))
    assert [row["_step"] for row in run.scan_history(keys=["loss"], min_step=3, max_step=6)] == [3, 4, 5]
    assert list(run.scan_history(keys=["loss", "never"])) == []


def test_series_and_sample(api):
    run = api.run("r1")
    steps, times, values = run.series("loss")
    assert steps.tolist() == list(range(20))
    assert (times[1:] >= times[:-1]).all()
    assert values[0] == 1.0
    assert run.sample("loss", 5).high[0] == 1.0
    assert run.keys() == ["acc", "loss", "val.loss"]
    for call in (run.series, run.sample):
        with pytest.raises(tracker.NotFoundError, match="'loss'"):
            call("losss")


def test_live_run_is_read_while_it_grows():
    run = tracker.init(id="r")
    run.log({"x": 1.0})
    seen = tracker.Api().run("r")
    assert seen.state == "running"
    assert seen.series("x").values.tolist() == [1.0]
    run.log({"x": 2.0})
    assert seen.series("x").values.tolist() == [1.0, 2.0]
    run.finish()


def test_files(api, tmp_path):
    run = api.run("r1")
    (run.folder / "files" / "sub").mkdir()
    (run.folder / "files" / "sub" / "note.txt").write_text("hello")
    file = run.file("sub/note.txt")
    assert (file.name, file.size, file.path.read_text()) == ("sub/note.txt", 5, "hello")
    assert file.name in [each.name for each in run.files()]
    copy = file.download(tmp_path)
    assert copy == tmp_path / "sub" / "note.txt"
    assert copy.read_text() == "hello"
    with pytest.raises(tracker.UsageError, match="replace=True"):
        file.download(tmp_path)
    assert file.download(tmp_path, exist_ok=True) == copy
    assert file.download(tmp_path, replace=True) == copy
    with pytest.raises(tracker.NotFoundError, match=r"sub/note\.txt"):
        run.file("sub/notes.txt")


def test_edits_are_kept_with_the_run_and_not_only_in_the_index(api):
    run = api.run("r1")
    run.name = "renamed"
    run.notes = "other notes"
    run.tags.append("b")
    run.config["lr"] = 7
    del run.config["model"]
    run.update()
    for path in run.folder.parent.glob("index.sqlite*"):
        path.unlink()
    again = tracker.Api().run("r1")
    for found in (run, again):
        assert (found.name, found.notes, found.tags) == ("renamed", "other notes", ["a", "b"])
        assert found.config == {"lr": 7}
    again.tags = ["only"]
    assert api.run("r1").tags == ["only"]


def test_summary_is_edited(api):
    run = api.run("r1")
    run.summary["note"] = {"a": [1]}
    run.summary["val"]["loss"] = 5
    run.summary.update({"best": 0.5}, worst=9)
    assert (run.summary["val.loss"], run.summary["best"]) == (5, 0.5)
    run.summary["note"]["a"].append(2)
    del run.summary["worst"]
    run.update()
    for path in run.folder.parent.glob("index.sqlite*"):
        path.unlink()
    for found in (run.load(), tracker.Api().run("r1")):
        assert (found.summary["best"], found.summary["val"]["loss"], found.summary.val.loss) == (0.5, 5, 5)
        assert found.summary["note"] == {"a": [1, 2]}
        assert "worst" not in found.summary
    assert pickle.loads(pickle.dumps(run.summary))["best"] == 0.5
    with pytest.raises(KeyError):
        del run.summary["never"]


def test_summary_that_is_not_a_number_is_no_change(api):
    with tracker.init(id="nan", project="digits") as live:
        live.log({"loss": float("nan")})
    run = tracker.Api().run("nan")
    before = sorted(run.folder.iterdir())
    run.summary.update()
    run.update()
    assert sorted(run.folder.iterdir()) == before


def test_media_are_read_back(tmp_path):
    table = tracker.Table(["n"], [[1]])
    with tracker.init(id="r") as run:
        run.log({"table": table, "plain": 1})
        table.add_data(2)
        run.log({"table": table, "page": tracker.Html("x", inject=False), "bar": tracker.plot.histogram(table, "n")})
        run.log({"plain": 2})
    found = tracker.Api().run("r")
    assert found.media("table").get_column("n") == [1, 2]
    assert found.media("table", step=0).data == [[1]]
    assert found.media("page").html == b"x"
    assert found.media("bar").columns == ["n"]
    with pytest.raises(tracker.NotFoundError, match="no media under 'plain'"):
        found.media("plain")
    with pytest.raises(tracker.NotFoundError, match="'table'"):
        found.media("tabel")


def test_what_other_trackers_have(api):
    with pytest.raises(AttributeError, match="Ctrl-C"):
        api.run("r1").stop()
    with pytest.raises(AttributeError, match=r"'nothing'$"):
        api.run("r1").nothing  # noqa: B018 - asked for


def test_wrong_edits(api):
    run = api.run("r1")
    with pytest.raises(tracker.UsageError, match="text"):
        run.name = 3
    with pytest.raises(tracker.UsageError, match="tags"):
        run.tags = ["a", 1]


def test_update_without_changes_writes_nothing(api, quiet):
    run = quiet(api, "r1")
    before = sorted(run.folder.iterdir())
    run.update()
    assert sorted(run.folder.iterdir()) == before


def test_deleted_run_is_gone_and_its_id_stays_taken(api, quiet):
    run = quiet(api, "r1")
    run.delete()
    assert [each.id for each in api.runs()] == ["r2", "r3"]
    assert [each.id for each in tracker.Api().runs()] == ["r2", "r3"]
    assert [path.suffix for path in run.folder.iterdir()] == [".journal"]
    with pytest.raises(tracker.UsageError, match="deleted"):
        tracker.init(id="r1", project="digits")
    train("r1", project="third")


def test_what_a_deleted_run_took_the_place_of_stays(api, quiet):
    quiet(api, "r2")
    with pytest.warns(UserWarning, match="r2"):
        train("r2")
    assert len(list(Path("tracker").glob("*-r2"))) == 2
    quiet(api, "r2").delete()
    [archived] = api.runs(filters={"state": "archived"})
    assert archived.id == "r2~1"


def test_deletion_waits_for_a_background_process(api, quiet):
    run = quiet(api, "r1")
    writer = _journal.open_writer(_folder.RunFolder(run.folder), "background", run="r1", attempt=1)
    threading.Timer(0.3, writer.close).start()
    run.delete()
    assert [path.name[:4] for path in run.folder.iterdir()] == ["000-"]


def test_live_run_is_not_deleted():
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        api = tracker.Api()
        deadline = time.monotonic() + 120
        while not len(api.runs()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with pytest.raises(tracker.UsageError, match="still being written"):
            api.run("live").delete()
        assert len(api.runs()) == 1
    finally:
        process.communicate(b"\n")


def test_system_metrics_and_console():
    folder = _folder.create(Path("tracker"), "r", offline=True)
    writer = _journal.open_writer(folder, "main", run="r", attempt=1)
    writer.write(records.Start(time=1.0, run="r", project="p"))
    writer.write(records.Console(time=2.0, stream="stdout", line=0, text="hello"))
    writer.write(records.Console(time=3.0, stream="stdout", line=1, text="world"))
    key_set = writer.key_set(("cpu",), "d", "system")
    writer.append(key_set.pack(_journal.ROW, key_set.id, 0, 2.5, 50.0))
    writer.write(records.Metadata(time=2.0, data={"host": "h"}))
    writer.close()
    run = tracker.Api().run("r")
    assert [line.text for line in run.console()] == ["hello", "world"]
    assert [line.text for line in run.console(start=1, length=1)] == ["world"]
    assert [line.text for line in run.console(search="ELL")] == ["hello"]
    (row,) = run.system_metrics(pandas=False)
    assert (row["cpu"], row["_timestamp"], row["_runtime"]) == (50.0, 2.5, 1.5)
    assert run.metadata == {"host": "h"}
    assert run.keys() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_folder_that_cannot_be_written(api):
    root = Path("tracker")
    for path in root.glob("index.sqlite*"):
        path.unlink()
    root.chmod(0o555)
    try:
        assert len(tracker.Api().runs()) == 3
        assert not (root / "index.sqlite").exists()
    finally:
        root.chmod(0o755)


def test_listing_loads_no_pandas():
    code = "import sys, tracker_core; list(tracker_core.Api().runs()); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_file_that_is_removed_while_files_are_listed_is_left_out(monkeypatch):
    with tracker.init(id="r", settings={"silent": True}) as run:
        for name in ("kept.txt", "removed.txt"):
            (Path(run.dir) / name).write_text(name)
    is_file = Path.is_file

    def removes(path):
        found = is_file(path)
        if path.name == "removed.txt":
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_file", removes)
    names = {file.name for file in tracker.Api().run("r").files()}
    assert "kept.txt" in names
    assert "removed.txt" not in names
