"""The template of the guide, installed as a third party would, against the framework that it is written for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tracker_core import _switches

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

TEMPLATE = Path(__file__).parents[2] / "docs/integrations/template"

ACME = """
__version__ = "2.0"

class Trainer:
    csv = "acme.csv"

    def on_epoch_end(self, loss):
        self.loss = loss
        return self
"""


class Sink:
    def __init__(self, files=None):
        self.calls = []
        self.files = files

    def __getattr__(self, verb):
        return lambda *args, **kwargs: self.calls.append((verb, *args))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "acme_tracker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())])
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    (tmp_path / "acme.py").write_text(ACME)
    (tmp_path / "acme_tracker.py").write_text((TEMPLATE / "acme_tracker.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("acme", "acme_tracker"):
        sys.modules.pop(name, None)


def test_switch_logs_and_follows(installed, tmp_path):
    sink = Sink()
    attachment = _switches.attach({"magic": True}, sink)
    import acme

    trainer = acme.Trainer()
    assert trainer.on_epoch_end(0.5) is trainer
    attachment.close()
    trainer.on_epoch_end(0.4)
    assert sink.calls == [
        ("define_metric", "acme/loss"),
        ("log", {"acme/loss": 0.5}),
        ("follow", "acme-csv", str(Path("acme.csv").absolute())),
    ]


def test_tail_reads_whole_lines_as_they_come(installed, tmp_path):
    from importlib import metadata

    path = tmp_path / "acme.csv"
    (entry,) = metadata.entry_points(group="tracker.tail", name="acme-csv")
    import acme  # noqa: F401 - the leaf imports it too

    tail, sink = entry.load()(str(path), {"prefix": "acme/"}), Sink(tmp_path)
    assert tail.poll(sink) == 0
    path.write_text("step,time,loss\n1,10.5,0.5\n2,11.5,0.")
    assert tail.poll(sink) == 2
    assert tail.poll(sink) == 0
    path.write_text(path.read_text() + "25\n")
    assert tail.poll(sink) == 1
    tail.close(sink)
    assert sink.calls == [("row", {"acme/loss": 0.5}, 1, 10.5), ("row", {"acme/loss": 0.25}, 2, 11.5)]
