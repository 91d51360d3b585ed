"""Every command that reads a damaged run says so, and one odd run hides no other."""

import json

import pytest

import tracker_core as tracked


@pytest.fixture
def record(tmp_path):
    """Makes a finished run of some rows and gives its folder."""

    def make(run_id, rows=6000, **options):
        settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
        run = tracked.init(project="p", id=run_id, dir=tmp_path, settings=settings, **options)
        for step in range(rows):
            run.log({"loss": step / 9})
        run.finish()
        return run.folder.path

    return make


@pytest.fixture
def damaged(record, tmp_path):
    """The folder of a sound run and of one with 40,000 unreadable bytes."""
    record("sound", rows=3)
    (journal,) = record("broken").glob("*main.0000.journal")
    content = bytearray(journal.read_bytes())
    for at in range(90_000, 130_000):
        content[at] ^= 0x3C
    journal.write_bytes(content)
    return tmp_path


def test_commands_tell_of_damage(tracker, damaged):
    where = ("--dir", str(damaged))
    listed = tracker("runs", *where)
    assert "broken is damaged" in listed.stderr
    assert "sound is damaged" not in listed.stderr
    facts = {run["id"]: run["damage"] for run in json.loads(tracker("runs", "--json", *where).stdout)}
    assert facts["sound"] is None
    assert facts["broken"]["unreadable"] >= 40_000
    assert "unreadable" in tracker("show", "broken", *where).stdout
    assert json.loads(tracker("show", "broken", "--json", *where).stdout)["damage"]["lost"] == 0
    exported = tracker("export", "broken", *where)
    assert "damaged" in exported.stderr
    assert exported.stdout.startswith("run,")
    assert "broken is damaged" in tracker("status", *where).stdout
    assert list(json.loads(tracker("status", "--json", *where).stdout)["damaged"]) == ["broken"]


def test_api_tells_of_damage(damaged):
    runs = {run.id: run for run in tracked.Api(damaged).runs()}
    assert not runs["sound"].damage
    assert runs["broken"].damage.unreadable >= 40_000
    assert "missing" in str(runs["broken"].damage)


def test_commands_list_a_run_without_its_first_record(tracker, record, tmp_path):
    (journal,) = record("headless", rows=50).glob("*main.0000.journal")
    content = bytearray(journal.read_bytes())
    content[content.index(b"headless", 100)] ^= 4
    journal.write_bytes(content)
    listed = tracker("runs", "--dir", str(tmp_path))
    assert "headless" in listed.stdout
    assert "first record is unreadable" in listed.stderr
    assert len(tracked.Api(tmp_path).run("headless").series("loss").values) == 50


def test_a_time_beyond_the_calendar_ends_no_command(tracker, record, tmp_path, monkeypatch):
    record("plain", rows=3)
    import time

    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now * 1e6)
        record("microseconds", rows=3)
    where = ("--dir", str(tmp_path))
    for words in (["runs"], ["runs", "--json"], ["runs", "--sort", "created_at"], ["status"]):
        result = tracker(*words, *where)
        assert result.exit_code == 0
        assert words == ["status"] or {"plain", "microseconds"} <= set(result.stdout.replace('"', " ").split())
    assert tracker("runs", "--filter", "created_at>2026-01-01", *where).stdout.count("microseconds") > 0
    for words in (["show", "microseconds"], ["show", "microseconds", "--json"], ["export", "microseconds"]):
        assert tracker(*words, *where).exit_code == 0
    for run in tracked.Api(tmp_path).runs():
        assert run.created_at.endswith("Z")
        assert run.updated_at.endswith("Z")
