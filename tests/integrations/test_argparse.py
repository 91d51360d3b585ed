"""Scripts with parsers of their own are run; their arguments stand in the config, and nobody else's."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker


def script(text, *words):
    Path("train.py").write_text(text)
    done = subprocess.run([sys.executable, "train.py", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done


IMPORTS = "import argparse, sys\nimport tracker_core as tracker\nsettings = {'silent': True}\n"
PARSER = """
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--layers", type=int, nargs="+", default=[1])
parser.add_argument("--api-key")
parser.add_argument("--db_password", default="hunter2")
"""
INIT = "tracker.init(magic=True, settings=settings)\n"
WORDS = ("--lr", "0.5", "--layers", "2", "3", "--api-key", "sesame")


@pytest.mark.parametrize(
    "text",
    [
        IMPORTS + PARSER + INIT + "args = parser.parse_args()\n",
        IMPORTS + PARSER + "args = parser.parse_args()\n" + INIT,
        IMPORTS + PARSER + INIT + "args = parser.parse_args(sys.argv[1:])\n",
        IMPORTS + PARSER + INIT + "args, rest = parser.parse_known_args()\n",
        IMPORTS + PARSER + f"def main():\n    options = parser.parse_args()\n    {INIT}\nmain()\n",
        IMPORTS + PARSER + f"def main(options):\n    {INIT}\nmain(parser.parse_args())\n",
    ],
    ids=["after", "before", "words given", "known", "local", "argument"],
)
def test_arguments_become_config_without_secrets(text, read):
    script(text, *WORDS)
    assert read().config == {"lr": 0.5, "layers": [2, 3]}
    files = [path for path in Path("tracker").rglob("*") if path.suffix == ".journal"]
    assert not any(b"hunter2" in path.read_bytes() for path in files)


def test_config_of_the_user_stands(read):
    script(
        IMPORTS + PARSER + "tracker.init(magic=True, config={'lr': 'mine'}, settings=settings)\nparser.parse_args()\n",
        *WORDS,
    )
    assert read().config == {"lr": "mine", "layers": [2, 3]}


def test_sub_commands(read):
    text = """
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int)
train = parser.add_subparsers(dest="command").add_parser("train")
train.add_argument("--epochs", type=int)
parser.parse_args()
"""
    script(IMPORTS + INIT + text, "--seed", "3", "train", "--epochs", "5")
    assert read().config == {"seed": 3, "command": "train", "epochs": 5}


def test_other_words_and_other_parsers_are_left_alone(read):
    other = 'parser.parse_args(["--lr", "9"])\nimport timeit, doctest\n'
    script(IMPORTS + PARSER + INIT + other, *WORDS)
    assert read().config == {}


def test_wrong_arguments_end_the_script_as_before():
    Path("train.py").write_text(IMPORTS + PARSER + INIT + "parser.parse_args()\n")
    done = subprocess.run([sys.executable, "train.py", "--lr", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid float value" in done.stderr


def test_it_can_be_left_out_and_is_undone():
    before = vars(argparse.ArgumentParser)["parse_known_args"]
    with tracker.init(magic={"argparse": False}, settings={"silent": True}):
        assert vars(argparse.ArgumentParser)["parse_known_args"] is before
    with tracker.init(magic=True, settings={"silent": True}):
        assert vars(argparse.ArgumentParser)["parse_known_args"] is not before
    assert vars(argparse.ArgumentParser)["parse_known_args"] is before
