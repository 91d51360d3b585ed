"""Runs that mirror what real writers write, or are made of it later, are read back."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tensorboardX
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tracker_core as tracker
from tracker_integrations.tensorboard.place import Folder
from tracker_integrations.tensorboard.record import RecordFile

pytestmark = [
    pytest.mark.xdist_group("tensorboard"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboardX|torch|tensorboard|moviepy"),
    # moviepy leaves the pipe of its last clip to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WRITERS = [TorchWriter, tensorboardX.SummaryWriter]


def mirrored(**options):
    return tracker.init(project="p", settings={"silent": True}, **{"sync_tensorboard": True, **options})


def tags(recorded):
    """The keys of a run, but for the steps of its rows."""
    keys = recorded.keys() if callable(recorded.keys) else recorded.keys
    return {key for key in keys if key.rpartition("/")[2] != "global_step"}


class TestSwitch:
    """With a run, and its background process reading."""

    @pytest.mark.parametrize("writer_class", WRITERS)
    @pytest.mark.parametrize("order", ["init first", "writer first"])
    def test_writers_made_before_and_after_init(self, writer_class, order, read):
        if order == "writer first":
            writer, run = writer_class("logs"), mirrored()
        else:
            run, writer = mirrored(), writer_class("logs")
        for step in range(20):
            writer.add_scalar("a", step / 2, step)
            writer.add_scalar("b", step / 4, 1000 + step)
            run.log({"mine": float(step)})
        run.finish()  # before the writer is closed: what it still holds must not be lost
        recorded = read(run)
        assert recorded.series("a") == [(step, step / 2) for step in range(20)]
        assert recorded.series("b") == [(1000 + step, step / 4) for step in range(20)]
        assert recorded.series("mine") == [(step, float(step)) for step in range(20)]
        writer.close()

    @pytest.mark.parametrize("writer_class", WRITERS)
    def test_nothing_of_the_last_instant_is_lost(self, writer_class, read):
        run = mirrored()
        writer = writer_class("logs")
        for step in range(200):
            writer.add_scalar("a", float(step), step)
        writer.add_image("im", np.zeros((3, 4, 4), np.uint8), 200)
        writer.add_pr_curve("pr", np.array([0, 1]), np.array([0.1, 0.8]), 200)
        writer.add_text("said", "last", 200)
        writer.close()
        run.finish()
        recorded = read(run)
        assert len(recorded.series("a")) == 200
        assert {"im", "pr", "said"} <= {key for row in recorded.rows if row["_step"] == 200 for key in row}

    def test_relative_folder_after_a_change_of_directory(self, read):
        run = mirrored()
        Path("elsewhere").mkdir()
        os.chdir("elsewhere")
        with TorchWriter("logs") as writer:
            writer.add_scalar("a", 1.0, 7)
        os.chdir("..")
        run.finish()
        assert read(run).series("a") == [(7, 1.0)]

    def test_several_folders_have_prefixes(self, read):
        run = mirrored()
        for folder in ("logs/train", "logs/validation", "logs/train/sub", "other"):
            with TorchWriter(folder) as writer:
                writer.add_scalar("loss", 1.0, 1)
        run.finish()
        assert tags(read(run)) == {"train/loss", "validation/loss", "train/sub/loss", "other/loss"}

    def test_folders_of_different_writers_have_prefixes_and_one_of_both_is_read_once(self, read):
        run = mirrored()
        for writer_class, folder in ((TorchWriter, "logs/a"), (tensorboardX.SummaryWriter, "logs/b")):
            with writer_class(folder) as writer:
                writer.add_scalar("loss", 1.0 if folder == "logs/a" else 2.0, 1)
        with tensorboardX.SummaryWriter("logs/a") as writer:
            writer.add_text("both", "text", 1)
        run.finish()
        recorded = read(run)
        assert (recorded.series("loss"), recorded.series("b/loss")) == ([(1, 1.0)], [(1, 2.0)])
        assert len(recorded.over("_step", "both")) == 1

    def test_root_can_be_named(self, read):
        run = mirrored(sync_tensorboard={"root_logdir": "logs"})
        for folder in ("logs", "logs/one/two"):
            with TorchWriter(folder) as writer:
                writer.add_scalar("loss", 1.0, 1)
        run.finish()
        assert tags(read(run)) == {"loss", "one/two/loss"}

    def test_next_run_of_the_process_gets_its_own_events_only(self, read):
        writer = TorchWriter("logs")
        recorded = []
        for number in range(2):
            run = mirrored()
            writer.add_scalar("a", float(number), number)
            run.finish()
            recorded.append(read(run).series("a"))
            time.sleep(0.01)
        writer.close()
        assert recorded == [[(0, 0.0)], [(1, 1.0)]]

    def test_steps_are_the_metric_global_step(self, read):
        run = mirrored()
        for folder in ("logs", "logs/eval"):
            with TorchWriter(folder) as writer:
                for step in (3, 5):
                    writer.add_scalar("loss", step / 2, step)
        run.finish()
        recorded = read(run)
        assert recorded.series("global_step") == recorded.series("eval/global_step") == [(3, 3), (5, 5)]
        assert recorded.over("eval/global_step", "eval/loss") == [(3, 1.5), (5, 2.5)]
        envelope = recorded.run.sample("loss", 10, x="global_step")
        assert (envelope.x.tolist(), envelope.last.tolist()) == ([3.0, 5.0], [1.5, 2.5])

    @pytest.mark.parametrize("ends", ["finish", "reinit"])
    @pytest.mark.parametrize("writer_class", WRITERS)
    def test_same_names_in_every_run_of_a_loop_whose_writers_stay_open(self, writer_class, ends, read):
        writers, runs = [], []
        for number in range(3):
            runs.append(mirrored(id=f"run{number}", reinit=True))
            for phase in ("", "/eval"):
                writers.append(writer_class(f"logs/{number}{phase}"))
                for step in range(3):
                    writers[-1].add_scalar("loss", float(number), step)
            if ends == "finish":
                runs[-1].finish()
        runs[-1].finish()
        for number, run in enumerate(runs):
            recorded = read(run)
            assert tags(recorded) == {"loss", "eval/loss"}
            assert recorded.series("loss") == recorded.series("eval/loss") == [(step, number) for step in range(3)]
        for writer in writers:
            writer.close()

    def test_writer_of_an_earlier_run_that_is_written_again_meets_no_other(self, read):
        shared = TorchWriter("shared")
        for number in range(2):
            run = mirrored()
            shared.add_scalar("loss", 1.0, number)
            with TorchWriter(f"own/{number}") as own:
                own.add_scalar("loss", 2.0, number)
            run.finish()
            time.sleep(0.01)
            assert sorted(value for row in read(run).rows for key, value in row.items() if "loss" in key) == [1.0, 2.0]
        shared.close()

    def test_phases_of_two_folders_and_a_folder_above_are_each_read_once(self, read):
        run = mirrored()
        for folder in ("logs/a/train", "logs/b/train", "logs/a", "logs"):
            with TorchWriter(folder) as writer:
                writer.add_scalar("loss", float(len(folder)), 1)
        run.finish()
        recorded = read(run)
        found = {key: recorded.series(key) for key in tags(recorded)}
        assert sorted(value for points in found.values() for _, value in points) == [4.0, 6.0, 12.0, 12.0]
        assert {key for key, points in found.items() if points[0][1] == 12.0} == {"train/loss", "b/train/loss"}
        assert found["loss"] == [(1, 6.0)]

    def test_one_folder_by_two_names_is_read_once(self, read):
        run = mirrored()
        Path("link").symlink_to("logs")
        for folder in ("logs", "link"):
            with TorchWriter(folder) as writer:
                writer.add_scalar("loss", float(len(folder)), len(folder))
                writer.add_text(folder, "text")
        run.finish()
        assert tags(read(run)) == {"loss", "logs", "link"}

    def test_resumed_run_takes_back_what_its_writer_purges(self, read):
        for purge, steps in ((None, range(8)), (5, (5, 6))):
            run = mirrored(id="again", resume="allow")
            with TorchWriter("logs", purge_step=purge) as writer:
                for step in steps:
                    writer.add_scalar("loss", float(len(steps)), step)
            run.finish()
        expected = [(step, 8.0) for step in range(5)] + [(5, 2.0), (6, 2.0)]
        assert read(run).series("loss") == expected
        with tracker.init(project="p", fork_from="again?_step=6", settings={"silent": True}) as fork:
            pass
        assert read(fork).series("loss") == expected

    def test_folders_can_be_left_out(self, read):
        run = mirrored(sync_tensorboard={"exclude": ["logs/debug*", Path("other")]})
        for folder in ("logs", "logs/debug-1", "logs/debug-2/deep", "other", "logs/kept"):
            with TorchWriter(folder) as writer:
                writer.add_scalar("loss", 1.0, 1)
        run.finish()
        assert tags(read(run)) == {"loss", "kept/loss"}

    def test_one_kind_of_writer_can_be_left_out(self, read):
        run = mirrored(sync_tensorboard={"tensorboardX.event_file_writer": False})
        for writer_class in WRITERS:
            with writer_class(f"logs/{writer_class.__module__}") as writer:
                writer.add_scalar("a", 1.0, 1)
        run.finish()
        assert tags(read(run)) == {"a"}

    def test_without_the_switch_and_after_the_run_nothing_is_patched(self):
        classes = [
            importlib.import_module(module).EventFileWriter
            for module in ("tensorboard.summary.writer.event_file_writer", "tensorboardX.event_file_writer")
        ]
        before = [vars(each)["__init__"] for each in classes]
        with mirrored(sync_tensorboard=False):
            assert [vars(each)["__init__"] for each in classes] == before
        with mirrored():
            assert all(vars(each)["__init__"] is not old for each, old in zip(classes, before, strict=True))
        assert [vars(each)["__init__"] for each in classes] == before

    def test_the_event_files_are_as_without_us(self):
        with mirrored(), TorchWriter("with") as writer:
            writer.add_scalar("a", 1.0, 1, walltime=5.0)
        with TorchWriter("without") as writer:
            writer.add_scalar("a", 1.0, 1, walltime=5.0)
        files = [(Folder(Path(folder)), next(Path(folder).iterdir()).name) for folder in ("with", "without")]
        contents = [list(RecordFile(partial(folder.read, name)).records())[1:] for folder, name in files]
        assert contents[0] == contents[1]

    def test_killed_process_loses_nothing_it_had_flushed(self, read):
        Path("train.py").write_text(KILLED)
        subprocess.run([sys.executable, "train.py"], check=False, timeout=300)
        end = time.monotonic() + 120
        while (recorded := read()).state == "running" or len(recorded.over("_step", "a")) < 500:  # is read to its end
            assert time.monotonic() < end, recorded.state
            time.sleep(0.1)
        assert recorded.series("a") == [(step, float(step)) for step in range(500)]
        assert recorded.state in ("crashed", "killed")


class TestOldFolders:
    """`tracker sync --tensorboard`."""

    @staticmethod
    def sync(*words):
        done = subprocess.run(
            [sys.executable, "-m", "tracker_core", "sync", "--tensorboard", *words],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    @staticmethod
    def runs():
        return {run.name: run for run in tracker.Api().runs()}

    @staticmethod
    def points(run, key):
        steps, times, values = run.series(key)
        return list(zip(steps.tolist(), times.tolist(), values.tolist(), strict=True))

    @pytest.fixture
    def logs(self):
        """What three runs of a script left, one of them with phases and hyperparameters."""
        for folder, first in (("logs", 1e9), ("logs/a", 1.1e9), ("logs/b/train", 1.2e9), ("logs/b/validation", 1.2e9)):
            with tensorboardX.SummaryWriter(folder) as writer:
                for step in range(5):
                    writer.add_scalar("loss", step / 2, step, walltime=first + step)
                if folder == "logs/a":
                    writer.add_hparams({"lr": 0.1}, {"acc": 0.5}, name="1700000000.5")
                    writer.add_image("im", np.zeros((3, 4, 4), np.uint8), 3, walltime=first + 3)
        return "logs"

    def test_every_folder_becomes_a_run_at_its_own_times(self, logs):
        lines = self.sync(logs, "--project", "old")
        assert len(lines) == 3
        assert {word for line in lines for word in line.split()} >= {"logs", "a", "b", "events"}
        runs = self.runs()
        assert set(runs) == {"logs", "a", "b"}
        assert {(run.project, run.state) for run in runs.values()} == {("old", "finished")}
        assert self.points(runs["a"], "loss") == [(step, 1.1e9 + step, step / 2) for step in range(5)]
        assert self.points(runs["b"], "train/loss") == [(step, 1.2e9 + step, step / 2) for step in range(5)]
        assert tags(runs["b"]) == {"train/loss", "validation/loss"}
        assert runs["a"].config == {"lr": 0.1}
        assert runs["a"].summary["acc"] == 0.5
        (image,) = [row["im"] for row in runs["a"].scan_history() if "im" in row]
        assert (image["width"], image["height"]) == (4, 4)
        assert runs["a"].metadata["tensorboard"]["source"] == str(Path("logs/a").absolute())

    def test_repeating_doubles_nothing_and_adds_what_came_since(self, logs):
        self.sync(logs)
        before = {name: list(run.scan_history()) for name, run in self.runs().items()}
        assert all(line.endswith("nothing new") for line in self.sync(logs))
        assert {name: list(run.scan_history()) for name, run in self.runs().items()} == before
        time.sleep(1.1)  # tensorboardX names files by the second
        with tensorboardX.SummaryWriter("logs/a") as writer:
            writer.add_scalar("loss", 9.0, 9)
        with next(Path("logs").glob("events*")).open("ab") as file:
            late = Event(
                wall_time=1e9 + 5, step=5, summary=Summary(value=[Summary.Value(tag="loss", simple_value=5.0)])
            )
            RecordWriter(file).write(late.SerializeToString())
        assert [line.split()[-2:] for line in self.sync(logs)] == [["1", "event"], ["1", "event"], ["nothing", "new"]]
        runs = self.runs()
        assert len(runs) == 3
        assert [point[0] for point in self.points(runs["a"], "loss")] == [0, 1, 2, 3, 4, 9]
        assert self.points(runs["logs"], "loss")[-1] == (5, 1e9 + 5, 5.0)
        assert [row for row in runs["a"].scan_history() if "im" in row] == [row for row in before["a"] if "im" in row]

    def test_purge_steps_count_once_and_later_ones_too(self):
        for purge, steps in ((None, range(8)), (5, range(5, 8)), (7, (7,))):
            with TorchWriter("logs", purge_step=purge) as writer:
                for step in steps:
                    writer.add_scalar("loss", float(len(steps)), step)
                    writer.add_scalar("unstepped", float(step))
            self.sync("logs")
            assert self.sync("logs")[0].endswith("nothing new")
        (run,) = self.runs().values()
        assert [(step, value) for step, _, value in self.points(run, "loss")] == [
            *((step, 8.0) for step in range(5)),
            (5, 3.0),
            (6, 3.0),
            (7, 1.0),
        ]
        assert [step for step, *_ in self.points(run, "unstepped")] == list(range(8))

    def test_folder_of_a_phase_is_called_as_while_it_is_written(self):
        run = mirrored()
        with TorchWriter("logs/fit/train") as writer:
            writer.add_scalar("loss", 1.0, 1)
        run.finish()
        self.sync("logs/fit/train", "--project", "old")
        (old,) = tracker.Api().runs("old")
        assert tags(old) == tags(tracker.Api().run(f"p/{run.id}")) == {"train/loss"}

    def test_damage_that_is_met_again_adds_nothing(self, logs):
        with next(Path("logs").glob("events*")).open("ab") as file:
            file.write(b"damage" * 20)
        self.sync(logs)
        assert all(line.endswith("nothing new") for line in self.sync(logs))
        assert {(run.state, len(run.attempts)) for run in self.runs().values()} == {("finished", 1)}

    def test_all_in_one_run(self, logs):
        (line,) = self.sync(logs, "--single", "--name", "whole")
        assert "whole" in line
        (run,) = tracker.Api().runs()
        assert tags(run) == {"loss", "a/loss", "a/acc", "a/im", "b/train/loss", "b/validation/loss"}

    def test_names_can_be_given_a_beginning(self, logs):
        self.sync(logs, "--name", "mine")
        assert set(self.runs()) == {"mine/logs", "mine/a", "mine/b"}
        assert len(self.sync("logs/a", "--name", "other", "--project", "q")) == 1
        assert {run.name for run in tracker.Api().runs("q")} == {"other"}

    def test_neither_tensorboard_nor_a_framework_is_loaded(self, logs):
        code = (
            "import sys\nfrom tracker_core.cli import main\n"
            "try:\n    main(['sync', '--tensorboard', 'logs'])\nexcept SystemExit:\n    pass\n"
            "assert not {'tensorboard', 'tensorboardX', 'torch', 'tensorflow', 'google.protobuf'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        assert len(self.runs()) == 3

    @pytest.mark.parametrize(
        ("words", "message"),
        [(["nowhere"], "no folder"), (["."], "no event files"), (["logs", "--project", "a/b"], "project")],
    )
    def test_what_cannot_be_brought_in_is_told(self, words, message, logs):
        Path("empty").mkdir()
        os.chdir("empty") if words == ["."] else None
        done = subprocess.run(
            [sys.executable, "-m", "tracker_core", "sync", "--tensorboard", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def bucket_server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore|boto3")
class TestRemote:
    """Log folders that are no folders of this machine: a bucket behind Amazon's interface, and fsspec."""

    @pytest.fixture
    def bucket(self, bucket_server, monkeypatch):
        import boto3

        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("S3_ENDPOINT", bucket_server)  # for tensorboardX
        monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3", endpoint_url=bucket_server)
        client.create_bucket(Bucket="logs")
        yield "s3://logs"
        for item in client.list_objects_v2(Bucket="logs").get("Contents", ()):
            client.delete_object(Bucket="logs", Key=item["Key"])
        client.delete_bucket(Bucket="logs")

    @pytest.mark.parametrize("writer_class", WRITERS)
    def test_bucket(self, writer_class, bucket, read):
        run = mirrored()
        with writer_class(f"{bucket}/exp") as writer, writer_class(f"{bucket}/exp/eval") as other:
            for step in range(5):
                writer.add_scalar("loss", step / 2, step)
            writer.flush()
            other.add_scalar("loss", 7.0, 1)
            writer.add_image("im", np.zeros((3, 4, 4), np.uint8), 3)
        run.finish()
        recorded = read(run)
        assert recorded.series("loss") == [(step, step / 2) for step in range(5)]
        assert recorded.series("eval/loss") == [(1, 7.0)]
        assert [row["im"]["width"] for row in recorded.rows if "im" in row] == [4]

    def test_what_the_writer_holds_at_the_end(self, bucket, read):
        run = mirrored()
        writer = TorchWriter(f"{bucket}/held")
        writer.add_scalar("loss", 1.0, 1)
        run.finish()
        writer.close()
        assert read(run).series("loss") == [(1, 1.0)]

    def test_fsspec(self, read, tmp_path):
        run = mirrored()
        with TorchWriter(f"file://{tmp_path}/remote") as writer:
            writer.add_scalar("loss", 1.0, 1)
            writer.add_scalar("loss", 2.0, 2)
        run.finish()
        assert read(run).series("loss") == [(1, 1.0), (2, 2.0)]

    def test_old_folder_in_a_bucket(self, bucket):
        for folder in ("old/a", "old/b"):
            with TorchWriter(f"{bucket}/{folder}") as writer:
                writer.add_scalar("loss", 1.0, 1)
        for told in ("1 event", "nothing new"):
            lines = TestOldFolders.sync(f"{bucket}/old")
            assert [line.endswith(told) for line in lines] == [True, True]
        assert set(TestOldFolders.runs()) == {"a", "b"}


KILLED = """
import os, signal
import tracker_core as tracker
tracker.init(project="p", sync_tensorboard=True)
import tensorboardX
writer = tensorboardX.SummaryWriter("logs")
for step in range(500):
    writer.add_scalar("a", float(step), step)
import time
while not writer.file_writer.event_writer._event_queue.empty():
    time.sleep(0.01)
time.sleep(0.2)
writer.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
