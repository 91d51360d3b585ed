"""How magic is set, and what a run tells of it, with the parts that are installed here."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import tracker_core as tracker

QUIET = {"silent": True, "console": "off", "system_interval": 0}
CHOICE = {"keras": False, "argparse": {"x": 1}}


def parts(run):
    return {part.module: part.state for part in run.magic if part.switch == "magic"}


@pytest.fixture
def choice(tmp_path):
    """CHOICE in every form that it can be given."""
    Path("choice.json").write_text('{"keras": false, "argparse": {"x": 1}}')
    Path("choice.yaml").write_text("keras: false\nargparse:\n  x: 1\n")
    Path("choice.toml").write_text("keras = false\n[argparse]\nx = 1\n")


FORMS = [
    CHOICE,
    '{"keras": false, "argparse": {"x": 1}}',
    "{keras: false, argparse: {x: 1}}",
    "keras: false\nargparse: {x: 1}",
    "choice.json",
    "choice.yaml",
    "choice.toml",
]


@pytest.mark.parametrize(
    ("by", "form"),
    [("argument", form) for form in FORMS] + [("variable", form) for form in FORMS if isinstance(form, str)],
    ids=repr,
)
def test_forms(form, by, choice, monkeypatch):
    if by == "variable":
        monkeypatch.setenv("TRACKER_MAGIC", form)
    with tracker.init(settings=QUIET, **({"magic": form} if by == "argument" else {})) as run:
        assert "keras" not in parts(run)
        assert parts(run)["argparse"] == "attached"
        assert "torch" not in parts(run)  # by itself only


@pytest.mark.parametrize(("word", "on"), [("true", True), ("1", True), ("off", False), ("false", False)])
def test_switch_as_a_variable(word, on, monkeypatch):
    monkeypatch.setenv("TRACKER_MAGIC", word)
    with tracker.init(settings=QUIET) as run:
        assert bool(parts(run)) == on


def test_what_cannot_be_read_is_told_and_the_defaults_stand():
    with (
        pytest.warns(UserWarning, match="magic='nothing.yaml' says nothing"),
        tracker.init(magic="nothing.yaml", settings=QUIET) as run,
    ):
        assert parts(run)["argparse"] == "attached"


def test_unknown_part_is_told_with_the_known_ones():
    with pytest.warns(UserWarning, match="magic has no part 'kers': did you mean 'keras'.* argparse, ") as told:
        tracker.init(magic={"kers": True}, settings=QUIET).finish()
    assert len(told) == 1


def test_part_that_is_set_by_another_word_is_told():
    with pytest.warns(
        UserWarning, match="magic: keras is set by true, false or a mapping of options; 'yes' is"
    ) as told:
        run = tracker.init(magic={"keras": "yes", "argparse": 0, "xgboost": 0}, settings=QUIET)
    assert "keras" in parts(run)
    assert not {"argparse", "xgboost"} & set(parts(run))
    run.finish()
    assert len(told) == 1


OPTIONS = [
    ({"magic": {"keras": {"log_frq": 5}}}, "keras", "magic: keras has no option 'log_frq': did you mean 'log_freq'"),
    ({"magic": {"log_freq": 5}}, "argparse", "magic has no part 'log_freq': .*its parts are absl, argparse, "),
    ({"magic": {"argparse": {"every": 5}}}, "argparse", "magic: argparse has no option 'every': it takes none"),
    (
        {"magic": {"stable_baselines3": {"log_modl": 1}}},
        "stable_baselines3",
        "magic: stable_baselines3 has no option 'log_modl': did you mean 'log_model'",
    ),
    (
        {"sync_tensorboard": {"root_log_dir": "logs"}},
        "tensorboardX",
        "sync_tensorboard: tensorboard.* has no option 'root_log_dir': did you mean 'root_logdir'.* exclude, root_",
    ),
    ({"monitor_gym": {"video_length": 5}}, "gymnasium", "monitor_gym: .* has no option 'video_length': it takes none"),
]


@pytest.mark.parametrize(("given", "module", "message"), OPTIONS, ids=lambda value: str(value)[:40])
def test_unknown_option_is_told_once_with_the_known_ones(given, module, message):
    importlib.import_module(module)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        tracker.init(settings=QUIET, **given).finish()
        tracker.init(settings=QUIET, **given).finish()  # its parts are known from before
    ours = [str(warning.message) for warning in told if issubclass(warning.category, UserWarning)]
    assert len(ours) == 2
    assert all(re.match(message, text) for text in ours), ours
    assert told[0].filename == __file__


def test_known_options_are_not_spoken_of():
    importlib.import_module("stable_baselines3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = {"stable_baselines3": {"log_model": False}, "keras": {"log_freq": 5}, "tensorboard": {"exclude": []}}
        tracker.init(magic=parts, monitor_gym={"gymnasium": False}, settings=QUIET).finish()


def test_unknown_option_is_told_when_its_module_is_imported():
    script = (
        "import tracker_core as tracker\n"
        "tracker.init(mode='offline', sync_tensorboard={'rootlogdir': 'x'}, settings={'silent': True})\n"
        "import tensorboardX\n"
        "tensorboardX.SummaryWriter('logs').add_scalar('a', 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr.count("has no option 'rootlogdir': did you mean 'root_logdir'") == 1


@pytest.mark.parametrize("switch", ["magic", "sync_tensorboard", "monitor_gym"])
def test_switch_that_is_neither_on_nor_off_is_told(switch):
    with pytest.raises(tracker.UsageError, match=f"{switch}=.* must be true, false or a mapping of options"):
        tracker.init(settings=QUIET, **{switch: ["keras"]})


def test_metadata_of_the_run_tell_what_was_attached():
    import torch

    with tracker.init(magic={"torch": True, "keras": False}, settings=QUIET) as run:
        live = run.magic
    assert run.magic == live  # also after it
    kept = {part["module"]: part for part in tracker.Api().run(run.id).metadata["magic"]}
    assert kept["torch"] == {
        "switch": "magic",
        "module": "torch",
        "state": "attached",
        "version": torch.__version__,
        "functions": [
            "torch.optim.Optimizer.step",
            "torch.Tensor.backward",
            "torch.amp.grad_scaler.GradScaler.scale",
            "torch.amp.grad_scaler.GradScaler.update",
        ],
        "error": "",
    }
    assert "argparse.ArgumentParser.parse_known_args" in kept["argparse"]["functions"]
    assert "keras" not in kept
    with tracker.init(settings=QUIET) as run:
        assert run.magic == ()
    assert "magic" not in tracker.Api().run(run.id).metadata


@pytest.mark.parametrize(
    ("switches", "on"),
    [
        ({"magic": True}, ["gymnasium", "tensorboardX.event_file_writer"]),
        ({"magic": {"keras": False}}, ["gymnasium", "tensorboardX.event_file_writer"]),
        ({"magic": {"tensorboardX": False}}, ["gymnasium"]),
        ({"magic": True, "monitor_gym": False}, ["tensorboardX.event_file_writer"]),
        ({"magic": {"gymnasium": False}, "monitor_gym": True}, ["gymnasium", "tensorboardX.event_file_writer"]),
        ({"magic": False}, []),
    ],
    ids=repr,
)
def test_tensorboard_and_gymnasium_belong_to_magic_unless_they_are_set(switches, on):
    with tracker.init(settings=QUIET, **switches) as run:
        names = [part.module for part in run.magic]
        assert on == sorted({"tensorboardX.event_file_writer", "gymnasium"}.intersection(names))
        assert len(names) == len(set(names))


LATE = """
import tracker_core as tracker
tracker.init(magic=True, sync_tensorboard=True)
import tensorboardX
"""


def test_what_is_imported_later_is_told_too():
    Path("train.py").write_text(LATE)
    subprocess.run([sys.executable, "train.py"], check=True, timeout=300)
    (run,) = tracker.Api().runs()
    (part,) = [part for part in run.metadata["magic"] if part["module"] == "tensorboardX.event_file_writer"]
    assert (part["switch"], part["state"]) == ("sync_tensorboard", "attached")
    assert part["functions"] == ["tensorboardX.event_file_writer.EventFileWriter.__init__"]
    assert part["version"]


RANKS = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
args = parser.parse_args()
import torch
import torch.distributed as dist
dist.init_process_group("gloo")
torch.manual_seed(0)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
for step in range(4):
    optimizer.zero_grad()
    model(torch.full((1, 2), float(dist.get_rank()))).sum().backward()
    optimizer.step()
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_torchrun_makes_one_run(distributed, read):
    Path("train.py").write_text(RANKS)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    words = ["--rdzv-endpoint", "localhost:0", "-m", "tracker_core", "run", "train.py", "--lr", "0.5"]
    done = distributed(*launch, *words, TRACKER_MAGIC='{"torch": {"log_freq": 1}}')
    assert done.returncode == 0, done.stderr
    recorded = read()  # which reads the only run
    assert recorded.state == "finished"
    assert recorded.config["lr"] == 0.5
    assert recorded.series("optimizer/lr") == [(step, 0.5) for step in (1, 2, 3, 4)]
    # Gradients are averaged over the ranks: (0.5, 0.5) of the weights, 1 of the bias.
    assert recorded.series("optimizer/gradient_norm") == [
        (step, pytest.approx(1.5**0.5, rel=1e-6)) for step in (1, 2, 3, 4)
    ]
