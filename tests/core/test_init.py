"""Every argument of `init`, as the page that users know describes it."""

from __future__ import annotations

import os
import random
import re
import stat
from pathlib import Path

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core import _journal
from tracker_core import _records as records


def first(run):
    """The run's first record."""
    path = next(path for path in run.folder.journals() if "main" in path.name)
    return next(entry for entry in _journal.Reader(path).entries() if isinstance(entry, records.Start))


def test_without_arguments():
    run = tracker.init()
    assert run.project == "uncategorized"
    assert re.fullmatch(r"[a-z]+-[a-z]+-1", run.name)
    assert re.fullmatch(r"[0-9a-z]{8}", run.id)
    assert run.path == f"uncategorized/{run.id}"
    assert (run.notes, run.tags, run.group, run.job_type, run.entity) == ("", (), "", "", "")
    assert re.fullmatch(rf"offline-run-\d{{8}}_\d{{6}}-{run.id}", run.folder.path.name)
    assert run.folder.root == Path("tracker").absolute()
    assert Path(run.dir).is_dir()
    assert run is tracker.run
    assert run.offline
    assert not run.disabled
    assert not run.resumed
    assert run.url is None
    assert (run.step, run.starting_step) == (0, 0)


def test_what_describes_a_run():
    run = tracker.init(
        "vision",
        "team",
        name="first try",
        id="abc-1",
        group="folds",
        job_type="train",
        notes="why\nand how",
        tags=["a", "b", "a"],
    )
    start = first(run)
    assert (start.project, start.entity, start.run) == ("vision", "team", "abc-1")
    assert (start.name, start.group, start.job_type, start.notes) == ("first try", "folds", "train", "why\nand how")
    assert start.tags == run.tags == ("a", "b")
    assert run.path == "team/vision/abc-1"


def test_they_can_be_changed_during_the_run(past):
    run = tracker.init(name="old", tags="one")
    run.name = run.id
    run.save()
    run.notes = "longer"
    run.tags += ("two",)
    snapshot = past(run).snapshot
    assert (snapshot.name, snapshot.notes, snapshot.tags) == (run.id, "longer", ("one", "two"))
    with pytest.raises(tracker.UsageError, match="tags"):
        run.tags = ("x" * 65,)
    assert run.tags == ("one", "two")


@pytest.mark.parametrize("bad", ["a/b", "a#b", "a?b", "a%b", "a:b", "a\\b", "", " a", "x" * 129, ".."])
def test_ids_that_cannot_be(bad):
    with pytest.raises(tracker.UsageError, match="id="):
        tracker.init(id=bad)
    assert tracker.run is None


@pytest.mark.parametrize("bad", ["a/b", "a#b", "a?b", "a%b", "a:b", "x" * 129])
def test_projects_that_cannot_be(bad):
    with pytest.raises(tracker.UsageError, match="project="):
        tracker.init(project=bad)


def test_tags_that_cannot_be_are_named_all():
    with pytest.raises(tracker.UsageError, match=r"''.*5"):
        tracker.init(tags=["good", "", 5])


@pytest.mark.parametrize("wrong", [{"tags": 5}, {"settings": 5}])
def test_what_is_no_list_or_mapping_is_told(wrong):
    with pytest.raises(tracker.UsageError, match="=5 must be"):
        tracker.init(**wrong)


def test_an_empty_name_is_none():
    assert tracker.init(name="").name.endswith("-1")


def test_names_count_and_do_not_touch_the_users_randomness():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global generator is the point
    before = (random.getstate()[1], np.random.get_state()[1].tolist())  # noqa: NPY002
    ids = set()
    for count in (1, 2, 3):
        run = tracker.init(reinit=True)
        assert run.name.endswith(f"-{count}")
        ids.add(run.id)
        run.finish()
    assert len(ids) == 3
    assert (random.getstate()[1], np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_dir(tmp_path):
    run = tracker.init(dir=tmp_path / "deep" / "er")
    assert run.folder.root == tmp_path / "deep" / "er" / "tracker"


def test_a_dir_at_home(monkeypatch):
    monkeypatch.setenv("TRACKER_DIR", "~/runs")
    with tracker.init(id="r") as run:
        run.log({"a": 1.0})
    assert run.folder.root == Path(os.environ["HOME"], "runs", "tracker")
    assert tracker.Api("~/runs").run("r").summary == {"a": 1.0}
    assert tracker.Api().run("r").summary == {"a": 1.0}
    assert tracker.init(dir=Path("~/other"), reinit=True).folder.root == Path(os.environ["HOME"], "other", "tracker")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_cannot_be_written_gives_way_to_a_temporary_one(tmp_path, monkeypatch):
    locked = tmp_path / "file"
    locked.write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with pytest.warns(UserWarning, match="cannot be written"):
        run = tracker.init(dir=locked)
    run.log({"a": 1.0})
    assert run.folder.root.parent.parent == tmp_path / "temporary"
    assert stat.S_ISDIR(run.folder.path.stat().st_mode)


def test_no_folder_at_all(tmp_path, monkeypatch):
    locked = tmp_path / "file"
    locked.write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(locked))
    with pytest.raises(tracker.UsageError, match="dir="):
        tracker.init(dir=locked)


@pytest.mark.parametrize("mode", ["offline", "dryrun"])
def test_offline(mode):
    run = tracker.init(mode=mode)
    assert run.offline
    assert run.folder.path.name.startswith("offline-run-")


def test_disabled_does_everything_and_keeps_nothing():
    run = tracker.init(mode="disabled", config={"lr": 0.1}, name="x")
    run.log({"a": 1.0, "nested": {"b": "text"}})
    run.log({"a": np.arange(100.0)})
    run.config.more = 1
    run.summary["best"] = 2
    run.define_metric("a", summary="max")
    run.alert("title")
    assert run.disabled
    assert run.name == "x"
    assert (run.config.lr, run.summary["nested.b"], run.step) == (0.1, "text", 2)
    run.finish()
    assert not Path("tracker").exists()
    assert tracker.run is None


def test_online_without_a_server_is_recorded_offline():
    with pytest.warns(UserWarning, match="server"):
        run = tracker.init(mode="online")
    assert run.offline


@pytest.mark.parametrize(
    "call",
    [
        lambda: tracker.init(mode="online"),
        lambda: tracker.init(id="twice"),
        lambda: tracker.init(dir="in the way"),
        lambda: tracker.init().log({"odd": object()}),
    ],
)
def test_warnings_point_at_the_users_line(call, monkeypatch, tmp_path):
    Path("in the way").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("tracker_core._values._warned", set())
    tracker.init(id="twice").finish()
    with pytest.warns(UserWarning, match=".") as told:
        call()
    assert [warning.filename for warning in told] == [__file__]


def test_force_wants_a_login():
    with pytest.raises(tracker.LaunchError, match="force") as caught:
        tracker.init(force=True)
    assert caught.value.reason == "not_logged_in"
    tracker.init(force=False)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("mode", "sometimes"), ("anonymous", "perhaps"), ("reinit", "maybe"), ("save_code", "what"), ("force", [])],
)
def test_wrong_values_name_the_argument(argument, value):
    with pytest.raises(tracker.UsageError, match=argument):
        tracker.init(**{argument: value})


def test_switches_are_kept_with_the_run():
    run = tracker.init(sync_tensorboard=False, monitor_gym=False, magic={"keras": False}, anonymous="never")
    assert first(run).switches == {
        "sync_tensorboard": False,
        "monitor_gym": False,
        "magic": {"keras": False},
        "anonymous": "never",
    }


def test_environment_is_read_at_each_init(monkeypatch):
    monkeypatch.setenv("TRACKER_PROJECT", "one")
    monkeypatch.setenv("TRACKER_TAGS", "a, b")
    monkeypatch.setenv("TRACKER_RUN_GROUP", "g")
    monkeypatch.setenv("TRACKER_NOTES", "n")
    run = tracker.init()
    assert (run.project, run.tags, run.group, run.notes) == ("one", ("a", "b"), "g", "n")
    monkeypatch.setenv("TRACKER_PROJECT", "two")
    monkeypatch.setenv("TRACKER_RUN_ID", "given")
    run = tracker.init(reinit=True)
    assert run.path == "two/given"
    assert tracker.init("three", reinit=True).project == "three"


def test_precedence(monkeypatch, tmp_path):
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "settings").write_text("[default]\nproject = user\nentity = user\ngroup = user\nname = user\n")
    Path("tracker").mkdir()
    Path("tracker/settings").write_text("[default]\nentity = space\ngroup = space\nname = space\n")
    monkeypatch.setenv("TRACKER_RUN_GROUP", "environment")
    monkeypatch.setenv("TRACKER_NAME", "environment")
    run = tracker.init(name="argument", settings={"job_type": "settings", "name": "settings"})
    assert (run.project, run.entity, run.group, run.name, run.job_type) == (
        "user",
        "space",
        "environment",
        "argument",
        "settings",
    )


def test_a_broken_settings_file_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "settings").write_text("project = x")
    with pytest.raises(tracker.UsageError, match=str(tmp_path)):
        tracker.init()


def test_settings_object_and_unknown_setting():
    assert tracker.init(settings=tracker.Settings(project="p")).project == "p"
    with pytest.raises(tracker.UsageError, match="did you mean 'project'"):
        tracker.init(settings={"projct": "p"})


class TestReinit:
    def test_by_default_the_active_run_is_given_back(self):
        run = tracker.init()
        assert tracker.init() is run
        assert tracker.init(reinit=False) is run
        assert tracker.init(reinit="return_previous") is run

    @pytest.mark.parametrize("reinit", [True, "finish_previous"])
    def test_finish_and_start(self, reinit, past):
        run = tracker.init()
        again = tracker.init(reinit=reinit)
        assert again is not run
        assert past(run).snapshot.state == "finished"
        assert tracker.run is again

    def test_all_open_runs_are_ended(self, past):
        runs = [tracker.init(reinit="create_new") for _ in range(5)]
        tracker.init(reinit=True)
        assert [past(run).snapshot.state for run in runs] == ["finished"] * 5

    def test_several_at_once(self, past):
        one = tracker.init(project="one")
        two = tracker.init(project="two", reinit="create_new")
        one.log({"a": 1})
        two.log({"b": 2})
        assert tracker.run is one
        one.finish()
        two.log({"b": 3})
        two.finish()
        assert past(one).latest == {"a": 1}
        assert past(two).latest == {"b": 3}

    def test_a_loop_of_runs(self, past):
        runs = []
        for x in range(3):
            with tracker.init(project="loop", reinit=True) as run:
                for y in range(10):
                    tracker.log({"metric": x + y})
            runs.append(run)
        assert [past(run).latest["metric"] for run in runs] == [9, 10, 11]
        assert {past(run).snapshot.state for run in runs} == {"finished"}


def test_before_init_everything_says_so():
    for call in (
        lambda: tracker.log({}),
        lambda: tracker.config.lr,
        lambda: tracker.summary["a"],
        lambda: tracker.define_metric("a"),
        tracker.save,
    ):
        with pytest.raises(tracker.UsageError, match="init"):
            call()
    assert tracker.run is None
    tracker.finish()


class TestSave:
    def test_a_glob_keeps_its_folders(self):
        run = tracker.init()
        Path("out/deep").mkdir(parents=True)
        Path("out/a.txt").write_text("a")
        Path("out/deep/b.txt").write_text("b")
        run.save("out/**/*.txt")
        assert (run.folder.files / "out/a.txt").read_text() == "a"
        assert (run.folder.files / "out/deep/b.txt").read_text() == "b"
        run.save("out/deep/b.txt", base_path="out", policy="now")
        assert (run.folder.files / "deep/b.txt").read_text() == "b"
        run.save(Path("out/deep/*.txt").absolute(), policy="now")
        assert (run.folder.files / "b.txt").read_text() == "b"
        with run.restore("out/deep/b.txt", root="copy") as file:
            assert file.read() == "b"

    def test_one_name_in_two_folders(self):
        run = tracker.init()
        for name in ("first", "second"):
            Path(name).mkdir()
            Path(name, "model.pt").write_text(name)
            run.save(f"{name}/model.pt")
        assert (run.folder.files / "first/model.pt").read_text() == "first"
        assert (run.folder.files / "second/model.pt").read_text() == "second"

    def test_what_is_already_there_is_kept_too(self, past):
        run = tracker.init()
        (Path(run.dir) / "model.bin").write_bytes(b"123")
        run.save(str(Path(run.dir) / "model.bin"))
        assert past(run).snapshot.files["model.bin"].size == 3
        (Path(run.dir) / "deep").mkdir()
        (Path(run.dir) / "deep/model.bin").write_bytes(b"12345")
        run.save(str(Path(run.dir) / "deep/*"))
        assert past(run).snapshot.files["deep/model.bin"].size == 5

    def test_a_later_save_replaces(self):
        run = tracker.init()
        Path("a.txt").write_text("one")
        run.save("a.txt", policy="now")
        Path("a.txt").write_text("two")
        assert (run.folder.files / "a.txt").read_text() == "one"
        run.save("a.txt", policy="now")
        assert (run.folder.files / "a.txt").read_text() == "two"

    def test_wrong_use(self):
        run = tracker.init()
        Path("a.txt").write_text("x")
        with pytest.raises(tracker.UsageError, match="policy"):
            run.save("a.txt", policy="sometimes")
        Path("other").mkdir()
        with pytest.raises(tracker.UsageError, match="base_path"):
            run.save("a.txt", base_path="other")
        with pytest.warns(UserWarning, match=r"none\.txt"):
            assert run.save("none.txt") == []
        with pytest.warns(UserWarning, match="found no file"):
            assert run.save("none*.txt") == []

    def test_restore(self, tmp_path):
        run = tracker.init()
        Path("a.txt").write_text("one")
        run.save("a.txt", policy="now")
        with run.restore("a.txt", root=tmp_path) as file:
            assert file.read() == "one"
        assert run.restore("b.txt") is None
        assert run.restore("../001-main.0000.journal") is None

    def test_restore_from_another_run(self, tmp_path):
        with tracker.init(project="p", id="first") as run:
            Path("a.txt").write_text("one")
            run.save("a.txt", policy="now")
        run = tracker.init(project="q")
        with run.restore("a.txt", run_path="p/first", root=tmp_path) as file:
            assert file.read() == "one"
        assert run.restore("a.txt", run_path="first") is None
        assert run.restore("a.txt", run_path="p/none") is None

    def test_a_name_with_wildcards_and_an_address(self):
        run = tracker.init()
        Path("a[1].txt").write_text("x")
        Path("a1.txt").write_text("x")
        assert [Path(path).name for path in run.save("a[1].txt")] == ["a[1].txt"]
        assert [Path(path).name for path in run.save("a[1].txt", glob=False)] == ["a[1].txt"]
        assert [Path(path).name for path in run.save("a[12].txt")] == ["a1.txt"]
        assert [Path(path).name for path in run.save("a[1]*")] == ["a1.txt"]
        with pytest.warns(UserWarning, match="add_reference"):
            assert run.save("s3://bucket/a.txt") == []


def test_a_misspelt_attribute_is_an_error():
    run = tracker.init()
    with pytest.raises(AttributeError):
        run.nmae = "x"


def test_what_other_trackers_have_is_answered_with_what_to_do():
    with pytest.raises(AttributeError, match=r"finish\(\)"):
        _ = tracker.join
    with pytest.raises(AttributeError, match="optuna"):
        _ = tracker.sweep
    with pytest.raises(AttributeError, match=r"'nothing'$"):
        _ = tracker.nothing


def test_login_is_not_needed(capsys, monkeypatch):
    assert tracker.login() is False
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("TRACKER_SILENT")
    assert tracker.login(relogin=True, timeout=5) is False
    assert "no login is needed" in capsys.readouterr().err
    with pytest.warns(UserWarning, match="kept on this machine"):
        tracker.login("0" * 40)
    assert not list(Path(os.environ["HOME"]).rglob("*settings*"))
    with pytest.raises(tracker.LaunchError):
        tracker.login(force=True)
