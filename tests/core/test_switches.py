"""Switches with a third party's distribution: installed metadata, a framework and an integration, nothing of ours."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
import threading

import pytest

from tracker_core import _records as records
from tracker_core import _switches

FRAMEWORK = """
class Trainer:
    def step(self, loss):
        return loss * 2
"""

LEAF = """
from contextlib import contextmanager

import {framework}
from tracker_core.integration import patched

@contextmanager
def watch(module, sink):
    assert module is {framework}
    sink.define_metric("loss", summary="min")
    sink.config.update({{"framework": module.__name__}})

    def wrapper(call, instance, args, kwargs):
        call(*args, **kwargs)
        sink.log({{"loss": args[0], **sink.options}}, commit=False)

    with patched(module.Trainer, "step", wrapper):
        yield
    sink.summary.update({{"last": "word"}})
"""


class Memory(dict):
    def __init__(self):
        self.calls = []
        self.config = self
        self.summary = self

    def update(self, values, **kwargs):
        self.calls.append(("update", dict(values)))

    def __getattr__(self, verb):
        return lambda *args, **kwargs: self.calls.append((verb, *args, kwargs))


class Raising(Memory):
    def __getattr__(self, verb):
        def fail(*args, **kwargs):
            raise OSError("the disk is full")

        return fail


@pytest.fixture(autouse=True)
def _process(monkeypatch):
    monkeypatch.setattr(_switches, "_parts", {})


@pytest.fixture
def framework(tmp_path, monkeypatch):
    """Installs a framework and its integration under names of their own; returns the framework's name."""
    name = f"frame_{tmp_path.name}"
    install(tmp_path, name, LEAF.format(framework=name))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)
    sys.modules.pop(f"{name}_tracker", None)


def install(folder, name, leaf, group="watching"):
    (folder / f"{name}.py").write_text(FRAMEWORK)
    (folder / f"{name}_tracker.py").write_text(leaf)
    info = folder / f"{name}_tracker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-tracker\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[tracker.{group}]\n{name} = {name}_tracker:watch\n")


def loss(sink):
    return [call[1]["loss"] for call in sink.calls if call[0] == "log"]


@pytest.mark.parametrize("order", ["import attach", "attach import"])
def test_third_party_is_attached_in_any_order_and_undone(framework, order):
    sink = Memory()
    if order == "import attach":
        module = importlib.import_module(framework)
        attachment = _switches.attach({"watching": True}, sink)
    else:
        attachment = _switches.attach({"watching": True}, sink)
        assert framework not in sys.modules
        assert not attachment.opened()
        module = importlib.import_module(framework)
    assert attachment.opened() == [f"watching: {framework}"]
    assert module.Trainer().step(3) == 6
    assert sink.calls == [
        ("define_metric", "loss", {"step_metric": None, "summary": "min"}),
        ("update", {"framework": framework}),
        ("log", {"loss": 3}, {"step": None, "commit": False}),
    ]
    attachment.close()
    attachment.close()
    assert sink.calls[-1] == ("update", {"last": "word"})
    assert not hasattr(module.Trainer.step, "__wrapped__")
    module.Trainer().step(4)
    assert loss(sink) == [3]


def test_detached_before_the_import_leaves_the_framework_alone(framework):
    _switches.attach({"watching": True}, Memory()).close()
    module = importlib.import_module(framework)
    assert not hasattr(module.Trainer.step, "__wrapped__")
    assert f"{framework}_tracker" not in sys.modules
    sink = Memory()
    attachment = _switches.attach({"watching": True}, sink)
    module.Trainer().step(5)
    attachment.close()
    assert loss(sink) == [5]


def test_two_runs_share_one_patch_and_leave_in_any_order(framework):
    module = importlib.import_module(framework)
    original = module.Trainer.__dict__["step"]
    first, second = Memory(), Memory()
    holds = [_switches.attach({"watching": True}, sink) for sink in (first, second)]
    assert module.Trainer.step.__wrapped__ is original
    module.Trainer().step(1)
    holds[0].close()
    module.Trainer().step(2)
    holds[1].close()
    assert module.Trainer.__dict__["step"] is original
    assert (loss(first), loss(second)) == ([1], [1, 2])


def test_raising_run_is_unseen_and_the_others_get_their_rows(framework, caplog):
    module = importlib.import_module(framework)
    good = Memory()
    holds = [_switches.attach({"watching": True}, sink) for sink in (Raising(), good)]
    assert [module.Trainer().step(x) for x in (1, 2)] == [2, 4]
    for hold in holds:
        hold.close()
    assert loss(good) == [1, 2]
    assert caplog.text.count("is not recorded: OSError: the disk is full") == 1


@pytest.mark.parametrize("value", [False, None, 0, {}, ""])
def test_switch_that_is_off_reads_no_metadata(value, monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("metadata was read"))
    assert not _switches.attach({"watching": value}, Memory()).opened()


def test_options_leave_parts_out_and_reach_the_integration(framework):
    module = importlib.import_module(framework)
    off = _switches.attach({"watching": {framework: False, "x": 1}}, Memory())
    assert not off.opened()
    sink = Memory()
    on = _switches.attach({"watching": {framework: {"y": 2}, "x": 1, "other": "text"}}, sink)
    module.Trainer().step(1)
    on.close()
    assert sink.calls[-2][1] == {"loss": 1, "x": 1, "y": 2, "other": "text"}


def test_submodule_that_is_waited_for_goes_by_the_name_of_its_package(tmp_path, monkeypatch):
    package = tmp_path / "packed_frame"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "trainer.py").write_text(FRAMEWORK)
    (tmp_path / "packed_frame_tracker.py").write_text(LEAF.format(framework="packed_frame.trainer"))
    info = tmp_path / "packed_frame_tracker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: packed-frame-tracker\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tracker.watching]\npacked_frame.trainer = packed_frame_tracker:watch\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("packed_frame.trainer")
    try:
        assert not _switches.attach({"watching": {"packed_frame": False}}, Memory()).opened()
        for name in ("packed_frame", "packed_frame.trainer"):
            sink = Memory()
            hold = _switches.attach({"watching": {name: {"y": 2}}}, sink)
            module.Trainer().step(1)
            hold.close()
            assert sink.calls[-2][1] == {"loss": 1, "y": 2}
    finally:
        for name in ("packed_frame.trainer", "packed_frame", "packed_frame_tracker"):
            sys.modules.pop(name, None)


def test_part_to_opt_into_joins_when_it_is_named(tmp_path, monkeypatch):
    install(tmp_path, "asked_frame", LEAF.format(framework="asked_frame"), "watching.opt_in")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("asked_frame")
    try:
        for value in (True, {"x": 1}, {"asked_frame": False}):
            assert not _switches.attach({"watching": value}, Memory()).opened()
        for value, told in ((True, {}), ({"y": 2}, {"y": 2})):
            sink = Memory()
            hold = _switches.attach({"watching": {"asked_frame": value, "x": 1}}, sink)
            assert hold.opened() == ["watching.opt_in: asked_frame"]
            module.Trainer().step(3)
            hold.close()
            assert sink.calls[-2][1] == {"loss": 3, "x": 1, **told}
        assert not hasattr(module.Trainer.step, "__wrapped__")
    finally:
        sys.modules.pop("asked_frame")
        sys.modules.pop("asked_frame_tracker", None)


@pytest.mark.parametrize("value", [True, False, {"y": 2}])
def test_part_that_there_is_not_is_told_once_with_those_that_there_are(framework, value):
    with pytest.warns(UserWarning, match=f"no part 'x{framework[1:]}': did you mean '{framework}'") as told:
        _switches.attach({"watching": {f"x{framework[1:]}": value}}, Memory()).close()
    assert len(told) == 1


def test_report_follows_a_part(framework, monkeypatch):
    changes = []
    hold = _switches.attach({"watching": True}, Memory(), lambda: changes.append(hold.report()[0].state))
    assert hold.report() == (records.Part(switch="watching", module=framework, state="waiting"),)
    module = importlib.import_module(framework)
    module.__version__ = "3.1"
    (part,) = hold.report()
    assert (part.state, part.version, part.functions) == ("attached", "3.1", (f"{framework}.Trainer.step",))
    hold.close()
    assert hold.report() == (part,)
    assert changes == ["attached"]


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        (
            "from tracker_core.integration import Unsupported\ndef watch(m, s):\n    raise Unsupported('1.0 < 2')",
            "1.0 < 2",
        ),
        ("def watch(module, sink):\n    return 3", "watching leaves broken_frame out"),
    ],
)
def test_broken_integration_is_left_out_with_one_line(tmp_path, monkeypatch, caplog, leaf, message):
    install(tmp_path, "broken_frame", leaf)
    monkeypatch.syspath_prepend(str(tmp_path))
    hold = _switches.attach({"watching": True}, Memory())
    try:
        module = importlib.import_module("broken_frame")
        _switches.attach({"watching": True}, Memory()).close()
        assert module.Trainer().step(1) == 2
        assert not hold.opened()
        assert (hold.report()[0].state, message in hold.report()[0].error) == ("failed", "leaves" not in message)
        assert message in caplog.text
        assert caplog.text.count("leaves broken_frame out") == 1
    finally:
        sys.modules.pop("broken_frame")
        sys.modules.pop("broken_frame_tracker", None)


def test_attach_and_detach_from_many_threads_end_unpatched(framework):
    module = importlib.import_module(framework)
    original = module.Trainer.__dict__["step"]

    def work():
        for number in range(50):
            hold = _switches.attach({"watching": True}, Memory())
            assert module.Trainer().step(number) == 2 * number
            hold.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert module.Trainer.__dict__["step"] is original


def test_importing_the_package_loads_no_switch_machinery():
    code = """
        import sys
        import tracker_core._switches
        loaded = {"wrapt", "importlib.metadata", "tracker_core.integration"} & set(sys.modules)
        assert not loaded, loaded
        tracker_core._switches.attach({"magic": False}, None)
        loaded = {"wrapt", "importlib.metadata", "tracker_core.integration"} & set(sys.modules)
        assert not loaded, loaded
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
