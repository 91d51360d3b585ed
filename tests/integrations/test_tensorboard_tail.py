"""What the tail makes of event files that real writers wrote, of growing and of damaged ones."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tensorboardX
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.summary.writer import event_file_writer
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto
from torch.utils.tensorboard import SummaryWriter as TorchWriter

from tracker_core._media import table_file
from tracker_core.integration import records
from tracker_integrations.tensorboard.place import Folder
from tracker_integrations.tensorboard.record import Damaged, RecordFile, masked_crc32c
from tracker_integrations.tensorboard.tail import EventTail

pytestmark = [
    pytest.mark.xdist_group("tensorboard"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboardX|torch|tensorboard|moviepy"),
    # moviepy leaves the pipe of its last clip to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WRITERS = [TorchWriter, tensorboardX.SummaryWriter]


class Sink:
    """What the background process gives a tail."""

    def __init__(self, run):
        self.files = run / "files"
        self.files.mkdir(parents=True)
        self.rows = []
        self.records = []

    def row(self, data, step, time):
        axes = {key: value for key, value in data.items() if key.rpartition("/")[2] == "global_step"}
        assert set(axes.values()) == {step}
        self.rows.append(({key: value for key, value in data.items() if key not in axes}, step, time))

    def record(self, record):
        if isinstance(record, records.Purge):
            self.rows = [row for row in self.rows if row[1] < record.step or not record.hides(row[0])]
        elif not (isinstance(record, records.Metric) and record.hidden):
            self.records.append(record)

    def __getitem__(self, key):
        return [(step, data[key]) for data, step, _ in self.rows if key in data]

    def config(self):
        return {
            key: value for each in self.records if isinstance(each, records.Config) for key, value in each.set.items()
        }


@pytest.fixture
def sink(tmp_path):
    return Sink(tmp_path / "run")


def drain(tail, sink):
    while tail.poll(sink):
        pass


@pytest.fixture(params=WRITERS, ids=["torch", "tensorboardX"])
def written(request, sink):
    """Lets the test write with one of the writers, and gives what the tail made of it."""

    def written(write, **options):
        with request.param("logs") as writer:
            write(writer)
        drain(EventTail("logs", options), sink)
        return sink

    return written


class TestContent:
    def test_scalars_keep_the_steps_and_times_of_their_tag(self, written):
        def write(writer):
            for step in range(5):
                writer.add_scalar("loss", 0.5**step, step, walltime=1000.0 + step)
                writer.add_scalar("eval/acc", step / 4, 1000 * step, walltime=2000.5 + step)
            writer.add_scalar("loss", 9.0, 2)

        sink = written(write)
        assert sink["loss"] == [(step, 0.5**step) for step in range(5)] + [(2, 9.0)]
        assert sink["eval/acc"] == [(1000 * step, step / 4) for step in range(5)]
        assert [time for data, _, time in sink.rows if "eval/acc" in data] == [2000.5 + step for step in range(5)]

    def test_non_finite_and_many_scalars(self, written):
        sink = written(lambda writer: [writer.add_scalar("x", value, 1) for value in (np.inf, -np.inf, 3)])
        assert sink["x"] == [(1, np.inf), (1, -np.inf), (1, 3.0)]

    def test_scalars_of_one_call_lie_in_sub_folders(self, written):
        sink = written(lambda writer: writer.add_scalars("many", {"a": 1.0, "b": 2.0}, 3))
        found = {key: value for data, _, _ in sink.rows for key, value in data.items()}
        assert sorted(found.values()) == [1.0, 2.0]
        assert set(found) in ({"many_a/many", "many_b/many"}, {"many/a/many", "many/b/many"})

    def test_text(self, written):
        sink = written(lambda writer: writer.add_text("note", "**bold** é", 4))
        assert sink["note"] == [(4, {"_type": "markdown", "text": "**bold** é"})]

    def test_hyperparameters_become_config(self, written):
        sink = written(lambda writer: writer.add_hparams({"lr": 0.1, "opt": "adam"}, {"hparam/acc": 0.75}))
        assert sink.config() == {"lr": 0.1, "opt": "adam"}
        assert sink["hparam/acc"] == [(0, 0.75)]

    def test_histograms(self, written):
        values = np.random.default_rng(0).normal(size=1000)
        sink = written(lambda writer: writer.add_histogram("h", values, 2))
        ((step, histogram),) = sink["h"]
        assert (step, histogram["_type"]) == (2, "histogram")
        counts, edges = np.array(histogram["values"]), np.array(histogram["bins"])
        assert counts.sum() == 1000
        assert edges[0] <= values.min() < edges[1] or edges[0] == pytest.approx(values.min())
        assert np.histogram(values, edges)[0].sum() == pytest.approx(1000, abs=2)

    def test_images_are_kept_byte_for_byte(self, written):
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 255, (3, 6, 8), np.uint8)
        sink = written(lambda writer: writer.add_image("im", pixels, 1))
        ((_, image),) = sink["im"]
        assert (image["_type"], image["width"], image["height"]) == ("image-file", 8, 6)
        assert np.array_equal(np.array(Image.open(sink.files / image["path"])), pixels.transpose(1, 2, 0))

    def test_curves_are_tables(self, written):
        sink = written(
            lambda writer: writer.add_pr_curve("pr", np.array([0, 1, 1, 0]), np.array([0.1, 0.8, 0.6, 0.7]), 1)
        )
        ((_, table),) = sink["pr"]
        assert (table["_type"], table["rows"]) == ("table-file", 127)
        kept = dict(zip(table["columns"], zip(*table_file.read(sink.files, table), strict=True), strict=True))
        # Above 0.7 there is one positive, and nothing false; at 0 all four, half of them right.
        at = {round(value, 3): index for index, value in enumerate(kept["threshold"])}
        high, low = at[round(95 / 126, 3)], at[0.0]
        assert [kept[name][high] for name in ("true_positives", "false_positives", "precision")] == [1, 0, 1]
        assert [kept[name][low] for name in ("true_positives", "false_positives", "recall")] == [2, 2, 1]
        assert kept["precision"][low] == pytest.approx(0.5)

    def test_meshes_are_clouds_of_their_vertices(self, written):
        vertices = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
        colors = np.full((1, 4, 3), 7, np.uint8)
        sink = written(
            lambda writer: writer.add_mesh(
                "mesh", torch.tensor(vertices), torch.tensor(colors), torch.tensor([[[0, 1, 2]]])
            )
        )
        ((_, cloud),) = sink["mesh"]
        assert np.array_equal(np.load(sink.files / cloud["path"]), vertices[0])

    def test_graphs_and_embeddings_are_kept_as_files(self, written, sink):
        def write(writer):
            writer.add_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))
            writer.add_embedding(torch.eye(3), metadata=["a", "b", "c"], tag="e", global_step=5)

        written(write)
        tail = EventTail("logs", {})
        drain(tail, sink)
        tail.close(sink)
        kept = {record.path: sink.files / record.path for record in sink.records if isinstance(record, records.File)}
        graph = GraphDef.FromString(kept.pop("tensorboard/graph.pb").read_bytes())
        assert any("Linear" in node.name or "linear" in node.op.lower() for node in graph.node)
        config = kept.pop("tensorboard/projector_config.pbtxt").read_text()
        (tensors,) = [path for path in kept.values() if path.name == "tensors.tsv"]
        (labels,) = [path for path in kept.values() if path.name == "metadata.tsv"]
        assert "tensors.tsv" in config
        assert [list(map(float, line.split("\t"))) for line in tensors.read_text().splitlines()] == np.eye(3).tolist()
        assert labels.read_text().split() == ["a", "b", "c"]

    def test_custom_layout_is_kept_as_a_file(self, written):
        sink = written(lambda writer: writer.add_custom_scalars({"a": {"b": ["Multiline", ["x"]]}}))
        assert sink.rows == []
        (kept,) = [record.path for record in sink.records if isinstance(record, records.File)]
        assert kept == "tensorboard/custom_scalars.pb"
        layout = Layout.FromString((sink.files / kept).read_bytes())
        assert [(category.title, category.chart[0].title) for category in layout.category] == [("a", "b")]
        assert list(layout.category[0].chart[0].multiline.tag) == ["x"]


def test_new_style_scalars_of_torch(sink):
    with TorchWriter("logs") as writer:
        writer.add_scalar("x", 0.1, 1, new_style=True, double_precision=True)
        writer.add_scalar("x", 0.2, 2, new_style=True)
    drain(EventTail("logs", {}), sink)
    assert sink["x"] == [(1, 0.1), (2, pytest.approx(0.2))]


def test_linked_folders_are_followed_once(sink, tmp_path):
    with TorchWriter("logs") as writer:
        writer.add_scalar("x", 0.5, 1, new_style=True)
    for name in ("scratch", "other[1]"):
        with TorchWriter(str(tmp_path / name)) as writer:
            writer.add_scalar("x", 2.0, 1, new_style=True)
        Path("logs", name).symlink_to(tmp_path / name)
    Path("logs/loop").symlink_to(".")
    (tmp_path / "scratch/up").symlink_to(Path("logs").absolute())
    drain(EventTail("logs", {"exclude": ["logs/other[1]"]}), sink)
    assert sorted(key for row, _, _ in sink.rows for key in row if not key.endswith("global_step")) == [
        "scratch/x",
        "x",
    ]


@pytest.mark.parametrize("kind", ["float16", "float64", "uint8", "int32", "uint32", "int64", "uint64", "bool"])
def test_scalars_of_any_type(kind, sink):
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    value = Summary.Value(tag="x", metadata=metadata, tensor=make_tensor_proto(np.array(1.5, kind)))
    Path("logs").mkdir()
    data = Event(wall_time=1.0, step=1, summary=Summary(value=[value])).SerializeToString()
    Path("logs/events.out.tfevents.1.host").write_bytes(record(data))
    drain(EventTail("logs", {}), sink)
    assert sink["x"] == [(1, np.array(1.5, kind).item())]


def test_sound_and_moving_pictures_of_tensorboardx(sink):
    import soundfile
    from PIL import Image

    wave = np.sin(np.arange(800) / 10).astype(np.float32)[:, None]
    frames = np.zeros((1, 4, 3, 16, 16), np.uint8)
    frames[0, 2] = 255
    with tensorboardX.SummaryWriter("logs") as writer:
        writer.add_audio("sound", wave, 1, sample_rate=8000)
        writer.add_video("video", frames, 1, fps=4)
    drain(EventTail("logs", {}), sink)
    ((_, sound),) = sink["sound"]
    assert (sound["_type"], sound["format"]) == ("audio-file", "wav")
    heard, rate = soundfile.read(sink.files / sound["path"])
    assert (rate, len(heard)) == (8000, 800)
    assert heard == pytest.approx(wave[:, 0], abs=1e-3)
    ((_, video),) = sink["video"]
    assert (video["_type"], video["format"]) == ("video-file", "gif")
    with Image.open(sink.files / video["path"]) as moving:
        shown = []
        for index in range(moving.n_frames):
            moving.seek(index)
            shown += [int(np.array(moving.convert("L")).mean())] * round(moving.info["duration"] / 250)
    assert shown == [0, 0, 255, 0]


def test_sound_of_torch(sink):
    import soundfile

    wave = np.sin(np.arange(800) / 10).astype(np.float32)
    with TorchWriter("logs") as writer:
        writer.add_audio("sound", wave[None], 1, sample_rate=8000)
    drain(EventTail("logs", {}), sink)
    ((_, sound),) = sink["sound"]
    heard, rate = soundfile.read(sink.files / sound["path"])
    assert rate == 8000
    assert heard == pytest.approx(wave, abs=1e-3)


def test_files_of_tensorflows_own_writer_are_the_same_records(sink):
    """As its C++ writer lays them out: tensors with a plugin in the first event of a tag only, by TensorBoard's own
    writer of records.
    """
    path = Path("logs/train/events.out.tfevents.1.host.1.1.v2")
    path.parent.mkdir(parents=True)
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        for step in range(3):
            value = Summary.Value(tag="loss", tensor=make_tensor_proto(step / 2, dtype=np.float32))
            if step == 0:
                value.metadata.CopyFrom(metadata)
            event = Event(wall_time=10.0 + step, step=step, summary=Summary(value=[value]))
            writer.write(event.SerializeToString())
        writer.flush()
    drain(EventTail("logs", {}), sink)
    assert sink["train/loss"] == [(step, step / 2) for step in range(3)]
    assert [time for *_, time in sink.rows] == [10.0, 11.0, 12.0]


def recorded(path):
    """The records of a file."""
    return RecordFile(partial(Folder(path.parent).read, path.name)).records()


def record(data):
    header = struct.pack("<Q", len(data))
    return header + struct.pack("<I", masked_crc32c(header)) + data + struct.pack("<I", masked_crc32c(data))


def scalar(tag, value, step, wall_time=1.0):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    return record(Event(wall_time=wall_time, step=step, summary=summary).SerializeToString())


class TestFiles:
    """How files grow, end and break."""

    @pytest.fixture
    def path(self):
        path = Path("logs/events.out.tfevents.1.host")
        path.parent.mkdir()
        return path

    def test_half_a_record_waits_for_its_rest(self, path, sink):
        tail, whole = EventTail("logs", {}), scalar("x", 1.0, 1) + scalar("x", 2.0, 2)
        for end in range(len(whole) + 1):
            path.write_bytes(whole[:end])
            tail.poll(sink)
        assert sink["x"] == [(1, 1.0), (2, 2.0)]
        assert tail.poll(sink) == 0

    def test_record_longer_than_a_piece(self, path, sink):
        text = make_tensor_proto([b"x" * 3_000_000])
        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
        long = Summary(value=[Summary.Value(tag="long", metadata=metadata, tensor=text)])
        data = Event(wall_time=1.0, step=2, summary=long).SerializeToString()
        path.write_bytes(scalar("x", 1.0, 1) + record(data) + scalar("x", 3.0, 3))
        drain(EventTail("logs", {}), sink)
        assert (sink["x"], len(sink["long"])) == ([(1, 1.0), (3, 3.0)], 1)

    def test_damaged_data_loses_its_record_only(self, path, sink):
        broken = bytearray(scalar("x", 2.0, 2))
        broken[20] ^= 0xFF
        path.write_bytes(scalar("x", 1.0, 1) + broken + scalar("x", 3.0, 3))
        drain(EventTail("logs", {}), sink)
        assert sink["x"] == [(1, 1.0), (3, 3.0)]
        assert [(gap.lost, gap.reason) for gap in sink.records] == [(1, f"damaged records in {path.name}")]

    def test_damaged_length_ends_the_file_and_no_other(self, path, sink):
        first = scalar("x", 1.0, 1)
        path.write_bytes(first + b"\xff" * 40)
        path.with_name("events.out.tfevents.2.host").write_bytes(scalar("y", 1.0, 1))
        tail = EventTail("logs", {})
        drain(tail, sink)
        assert (sink["x"], sink["y"]) == ([(1, 1.0)], [(1, 1.0)])
        assert [gap.reason for gap in sink.records] == [f"{path.name} is damaged at byte {len(first)}"]
        path.write_bytes(path.read_bytes() + first)
        assert tail.poll(sink) == 0
        with pytest.raises(Damaged):
            list(recorded(path))

    def test_file_that_is_begun_anew_is_read_anew(self, path, sink, caplog):
        tail = EventTail("logs", {})
        begins = [
            record(Event(wall_time=when, file_version="brain.Event:2").SerializeToString()) for when in (1.0, 2.0)
        ]
        path.write_bytes(begins[0] + scalar("x", 1.0, 1) + scalar("x", 2.0, 2))
        drain(tail, sink)
        path.write_bytes(begins[1] + scalar("x", 7.0, 1))  # in place, shorter
        drain(tail, sink)
        path.write_bytes(path.read_bytes() + scalar("x", 8.0, 2))
        drain(tail, sink)
        assert sink["x"] == [(1, 1.0), (2, 2.0), (1, 7.0), (2, 8.0)]
        assert [entry.getMessage() for entry in caplog.records] == [
            f"tracker: {path.name} was cut or replaced by another file; it is read from its beginning"
        ]
        assert not sink.records

    def test_file_that_another_one_was_moved_to(self, path, sink):
        tail = EventTail("logs", {})
        begin = record(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        path.write_bytes(begin + scalar("x", 1.0, 1))
        drain(tail, sink)
        copy = Path("copy")
        copy.write_bytes(path.read_bytes() + scalar("x", 2.0, 2))  # as rsync does
        copy.replace(path)
        drain(tail, sink)
        assert sink["x"] == [(1, 1.0), (2, 2.0)]
        other = record(Event(wall_time=2.0, file_version="brain.Event:2").SerializeToString())
        copy.write_bytes(other + b"".join(scalar("x", 5.0, step) for step in range(4)))
        copy.replace(path)
        drain(tail, sink)
        assert sink["x"] == [(1, 1.0), (2, 2.0), *((step, 5.0) for step in range(4))]

    def test_file_that_is_written_anew_and_longer_between_two_looks(self, path, sink):
        tail = EventTail("logs", {})
        path.write_bytes(scalar("loss", 1.0, 1, wall_time=1.0))
        drain(tail, sink)
        path.write_bytes(b"".join(scalar("other", 5.0, step, wall_time=2.0) for step in range(4)))
        drain(tail, sink)
        assert (sink["loss"], len(sink["other"])) == ([(1, 1.0)], 4)
        assert not sink.records

    def test_damaged_file_that_is_replaced_is_read_again(self, path, sink):
        tail = EventTail("logs", {})
        path.write_bytes(scalar("x", 1.0, 1) + b"\xff" * 40)
        drain(tail, sink)
        copy = Path("copy")
        copy.write_bytes(scalar("x", 3.0, 3, wall_time=9.0))
        copy.replace(path)
        drain(tail, sink)
        assert sink["x"] == [(1, 1.0), (3, 3.0)]

    def test_what_is_known_of_a_longer_file_is_not_known_of_a_shorter(self, path, sink):
        path.write_bytes(scalar("x", 1.0, 1))
        drain(EventTail("logs", {"done": {path.name: 10_000}}), sink)
        assert sink["x"] == [(1, 1.0)]

    def test_late_writes_to_an_older_file_and_new_sub_folders_are_found(self, path, sink):
        tail = EventTail("logs", {"prefix": "p"})
        path.write_bytes(scalar("x", 1.0, 1))
        drain(tail, sink)
        newer = Path("logs/eval/deep/events.out.tfevents.2.host")
        newer.parent.mkdir(parents=True)
        newer.write_bytes(scalar("x", 5.0, 1))
        drain(tail, sink)
        path.write_bytes(path.read_bytes() + scalar("x", 2.0, 2))
        drain(tail, sink)
        assert sink["p/x"] == [(1, 1.0), (2, 2.0)]
        assert sink["p/eval/deep/x"] == [(1, 5.0)]

    def test_what_was_there_before_is_not_this_runs(self, path, sink):
        begin = record(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        path.write_bytes(begin + scalar("x", 1.0, 1, wall_time=50.0))
        os.utime(path, (50, 50))
        tail = EventTail("logs", {"since": 100.0})
        drain(tail, sink)
        path.write_bytes(path.read_bytes() + scalar("x", 2.0, 2, wall_time=150.0))
        drain(tail, sink)
        assert sink["x"] == [(2, 2.0)]

    def test_a_folder_that_comes_later(self, sink):
        tail = EventTail("later", {})
        assert tail.poll(sink) == 0
        Path("later").mkdir()
        Path("later/events.out.tfevents.1.host").write_bytes(scalar("x", 1.0, 1))
        drain(tail, sink)
        tail.close(sink)
        assert sink["x"] == [(1, 1.0)]

    def test_reader_needs_neither_tensorboard_nor_protobuf(self, path):
        path.write_bytes(scalar("x", 1.0, 1))
        code = """
import sys
from pathlib import Path
from tracker_integrations.tensorboard.tail import EventTail
class Sink:
    files = Path("files")
    def row(self, data, step, time):
        print(data, step)
    def record(self, record):
        print(record.name, record.hidden)
EventTail("logs", {}).poll(Sink())
loaded = {"tensorboard", "tensorboardX", "torch", "google.protobuf", "numpy"} & set(sys.modules)
assert not loaded, loaded
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "global_step True\n{'x': 1.0, 'global_step': 1} 1\n"


def shown(folder):
    """What TensorBoard's own reader has of each scalar; of several values at one step the last."""
    reader = EventAccumulator(folder, size_guidance={"scalars": 0})
    reader.Reload()
    return {
        tag: sorted({each.step: each.value for each in reader.Scalars(tag)}.items()) for tag in reader.Tags()["scalars"]
    }


def mirrored(sink):
    keys = {key for data, _, _ in sink.rows for key in data}
    return {key: sorted(dict(sink[key]).items()) for key in keys}


def write(steps, value, *, tags=("loss",), writer_class=TorchWriter, **options):
    """One writer's life in `logs`; tensorboardX names files by the second, so that each gets a suffix."""
    number = len(list(Path("logs").glob("events*")))
    with writer_class("logs", filename_suffix=f".{number:03d}", **options) as writer:
        for step in steps:
            for tag in tags:
                writer.add_scalar(tag, value, step)


class TestRestarts:
    """Where several files of one folder meet, what TensorBoard displays is what is mirrored, value by value."""

    @pytest.fixture(autouse=True)
    def looked_at_in_between(self, sink, monkeypatch):
        """The same folder, mirrored while it is written and afterwards.

        File names count the writers of the process, and are sorted as texts: 10 would come before 9.
        """
        monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
        self.live = EventTail("logs", {})
        self.sink = sink

    def check(self, tmp_path, expected=None):
        drain(self.live, self.sink)
        later = Sink(tmp_path / "later")
        drain(EventTail("logs", {}), later)
        assert mirrored(self.sink) == mirrored(later) == (shown("logs") if expected is None else expected)

    @pytest.mark.parametrize("writer_class", WRITERS)
    @pytest.mark.parametrize("look", [True, False])
    def test_purge_steps_of_three_writers(self, writer_class, look, tmp_path):
        for purge, steps, value in ((0, range(9), 1.0), (5, range(5, 12), 2.0), (7, (7, 8), 3.0)):
            write(steps, value, tags=("a", "b/c"), writer_class=writer_class, purge_step=purge)
            if look:
                drain(self.live, self.sink)
        self.check(tmp_path)

    def test_tags_that_the_new_writer_does_not_have(self, tmp_path):
        write(range(6), 1.0, tags=("old", "both"), purge_step=0)
        write((3,), 2.0, tags=("both", "new"), purge_step=3)
        self.check(tmp_path)

    def test_first_purge_takes_back_what_a_writer_without_one_wrote(self, tmp_path):
        write(range(6), 1.0)
        drain(self.live, self.sink)
        write((4,), 2.0, purge_step=4)
        self.check(tmp_path, {"loss": [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0), (4, 2.0)]})

    def test_restart_without_purge_takes_nothing_back(self, tmp_path):
        write(range(6), 1.0)
        write((4, 5, 6), 2.0)
        self.check(tmp_path)

    def test_purge_step_beyond_all_and_of_everything(self, tmp_path):
        write(range(6), 1.0, purge_step=0)
        write((7,), 2.0, purge_step=100)
        write((1,), 3.0, purge_step=0)
        self.check(tmp_path)

    def test_folder_below_another_is_not_purged_with_it(self, tmp_path):
        write(range(4), 1.0, purge_step=0)
        with TorchWriter("logs/deep") as writer:
            for step in range(4):
                writer.add_scalar("loss", 5.0, step)
        drain(self.live, self.sink)
        write((1,), 2.0, purge_step=1)
        drain(self.live, self.sink)
        assert self.sink["deep/loss"] == [(step, 5.0) for step in range(4)]
        assert self.sink["loss"] == [(0, 1.0), (1, 2.0)]

    def test_writer_that_is_flushed_after_the_next_one_has_begun(self, tmp_path):
        slow = TorchWriter("logs", filename_suffix=".000", purge_step=0, max_queue=1000)
        for step in range(8):
            slow.add_scalar("loss", 1.0, step)
        write(range(5, 7), 2.0, purge_step=5)
        drain(self.live, self.sink)
        slow.close()
        self.check(tmp_path)

    def test_media_are_taken_back_as_well(self, tmp_path):
        with TorchWriter("logs", filename_suffix=".000", purge_step=0) as writer:
            for step in range(3):
                writer.add_images("im", np.zeros((2, 3, 4, 4), np.uint8), step)
                writer.add_text("note", "old", step)
        drain(self.live, self.sink)
        write((1,), 2.0, purge_step=1)
        drain(self.live, self.sink)
        assert [step for step, _ in self.sink["note"]] == [0]
        assert [len(self.sink[key]) for key in ("im/0", "im/1")] in ([1, 1], [0, 0])

    def test_files_without_a_version(self, tmp_path):
        path = Path("logs/events.out.tfevents.1.host")
        path.parent.mkdir()
        steps = [("a", 0), ("b", 9), ("a", 1), ("b", 10), ("b", 3), ("a", 2), ("a", 1)]
        path.write_bytes(b"".join(scalar(tag, float(place), step) for place, (tag, step) in enumerate(steps)))
        self.check(tmp_path)


class TestStepsThatNobodyGave:
    @pytest.mark.parametrize("writer_class", WRITERS)
    def test_every_value_has_a_step(self, writer_class, sink):
        for number in range(2):
            with writer_class("logs", filename_suffix=f".{number}") as writer:
                for value in range(3):
                    writer.add_scalar("a", float(value + 3 * number))
                    writer.add_text("said", f"{value}")
                    writer.add_histogram("h", np.array([value, 1.0]))
                    writer.add_scalar("stepped", float(value), value)
        drain(EventTail("logs", {}), sink)
        assert sink["a"] == [(step, float(step)) for step in range(6)]
        assert [step for step, _ in sink["said"]] == [step for step, _ in sink["h"]] == list(range(6))
        assert sink["stepped"] == [(step, float(step)) for step in range(3)] * 2

    def test_sessions_of_hyperparameters_keep_their_metrics(self, sink):
        with TorchWriter("logs") as writer:
            for number in range(3):
                writer.add_hparams({"lr": number}, {"acc": number / 2}, run_name=f"170000000{number}.5")
        drain(EventTail("logs", {}), sink)
        assert sink["acc"] == [(0, 0.0), (1, 0.5), (2, 1.0)]

    def test_writer_that_has_no_writer_class(self, sink):
        writer = EventFileWriter("logs")
        for value in range(3):
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=float(value)) for tag in "ab"])
            writer.add_event(Event(wall_time=1.0 + value, summary=summary))
        writer.close()
        drain(EventTail("logs", {}), sink)
        assert sink["a"] == sink["b"] == [(step, float(step)) for step in range(3)]

    def test_tag_called_as_the_axis_is_the_writers(self, tmp_path):
        class Plain(Sink):
            def row(self, data, step, time):
                self.rows.append((data, step, time))

        with TorchWriter("logs") as writer:
            writer.add_scalar("global_step", 70.0, 7)
            writer.add_scalar("loss", 1.0, 8)
        sink = Plain(tmp_path / "plain")
        drain(EventTail("logs", {}), sink)
        assert [data for data, _, _ in sink.rows] == [{"global_step": 70.0}, {"loss": 1.0}]


class TestHostileFiles:
    def test_the_others_of_the_folder_are_read(self, sink, caplog):
        logs = Path("logs")
        (logs / "a.tfevents.directory").mkdir(parents=True)
        os.mkfifo(logs / "b.tfevents.fifo")
        (logs / "c.tfevents.garbage").write_bytes(os.urandom(4000))
        (logs / "d.tfevents.empty").write_bytes(b"")
        (logs / "e.tfevents.text").write_text("not an event file\n" * 50)
        (logs / "f.tfevents.link").symlink_to("nowhere")
        (logs / "g.tfevents.fields").write_bytes(record(b"\x09\x01") + record(b"\xff" * 30) + scalar("x", 1.0, 1))
        whole = scalar("cut", 1.0, 1) + scalar("cut", 2.0, 2)
        (logs / "h.tfevents.truncated").write_bytes(whole[:-3])
        (logs / "z.tfevents.good").write_bytes(scalar("y", 2.0, 2))
        tail = EventTail("logs", {})
        drain(tail, sink)
        tail.close(sink)
        assert (sink["x"], sink["y"], sink["cut"]) == ([(1, 1.0)], [(2, 2.0)], [(1, 1.0)])
        assert "c.tfevents.garbage" in caplog.text

    def test_file_that_is_gone_or_closed_to_us_between_two_looks(self, sink, monkeypatch, caplog):
        Path("logs").mkdir()
        for name in ("a", "b"):
            Path(f"logs/{name}.tfevents").write_bytes(scalar(name, 1.0, 1))
        tail = EventTail("logs", {})
        reading, closed = Folder.read, ["a.tfevents"]

        def read(self, path, start):
            if path in closed:
                raise PermissionError(13, "Permission denied")
            return reading(self, path, start)

        monkeypatch.setattr(Folder, "read", read)
        drain(tail, sink)
        assert (sink["a"], sink["b"]) == ([], [(1, 1.0)])
        assert [message for message in caplog.messages if "a.tfevents" in message and "Permission" in message]
        closed.clear()
        drain(tail, sink)
        assert sink["a"] == [(1, 1.0)]

    def test_folder_that_is_deleted_and_made_again(self, sink):
        tail = EventTail("logs", {})
        for number in range(2):
            Path("logs").mkdir()
            Path(f"logs/events.out.tfevents.{number}.host").write_bytes(scalar("x", float(number), number))
            drain(tail, sink)
            for path in Path("logs").iterdir():
                path.unlink()
            Path("logs").rmdir()
            assert tail.poll(sink) == 0
        assert sink["x"] == [(0, 0.0), (1, 1.0)]

    def test_file_of_a_living_process_that_is_none_of_ours(self, sink):
        host = socket.gethostname()
        Path("logs").mkdir()
        stranger, child = os.getppid(), subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        for tag, number in (("mine", os.getpid()), ("child", child.pid), ("stranger", stranger), ("over", 4_000_000)):
            Path(f"logs/events.out.tfevents.1.{host}.{number}.0").write_bytes(scalar(tag, 1.0, 1))
        drain(EventTail("logs", {"process": os.getpid()}), sink)
        child.communicate(b"\n")
        assert {key for data, _, _ in sink.rows for key in data} == {"mine", "child", "over"}
