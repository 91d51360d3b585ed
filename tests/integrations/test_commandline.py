"""Scripts with parsers of every kind are run; their arguments stand in the config, and nobody else's."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker


def script(text, *words, tracked=False):
    Path("train.py").write_text(text)
    start = [sys.executable, "-m", "tracker_core", "run"] if tracked else [sys.executable]
    done = subprocess.run([*start, "train.py", *words], capture_output=True, text=True, timeout=300, check=False)
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


TWICE = """
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int, default=1)
early, rest = parser.parse_known_args()
parser.set_defaults(depth=early.depth + 1)
parser.add_argument("--width", type=int, default=early.depth)
late = parser.parse_args()
"""
OTHER = """
first = argparse.ArgumentParser(add_help=False)
first.add_argument("--preset")
chosen, rest = first.parse_known_args()
second = argparse.ArgumentParser()
second.add_argument("--width", type=int)
options = second.parse_args(rest)
"""
NONE = "plain = parser.parse_args([])\n"
FAILED = """
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int)
try:
    parser.parse_args()
except SystemExit:
    parser.add_argument("--depth")
    options = parser.parse_args()
"""
MIXED = """
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int)
parser.add_argument("names", nargs="*")
options = parser.parse_intermixed_args()
"""
INNER = """
def read():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=3)
    return parser.parse_known_args()[0], parser.parse_args()
one, two = read()
del one
"""


@pytest.mark.parametrize("order", ["parse first", "init first"])
@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        (TWICE, "--width 8", {"depth": 2, "width": 8}),
        (OTHER, "--preset big --width 8", {"preset": "big", "width": 8}),
        (PARSER + "given = parser.parse_args()\n" + NONE, "--lr 3", {"lr": 3.0, "layers": [1]}),
        (PARSER + NONE + "given = parser.parse_args()\n", "--lr 3", {"lr": 3.0, "layers": [1]}),
        (FAILED, "--depth 7", {"width": None, "depth": "7"}),
        (MIXED, "a --width 8 b", {"width": 8, "names": ["a", "b"]}),
        (INNER, "--width 5", {"width": 5}),
    ],
    ids=["more arguments", "two parsers", "other words last", "other words first", "failed", "intermixed", "function"],
)
def test_last_result_of_each_parser_counts(text, words, expected, order, read):
    script(IMPORTS + (text + INIT if order == "parse first" else INIT + text), *words.split())
    assert read().config == expected


def test_value_that_the_script_has_set_since_stands(read):
    text = PARSER + "args = parser.parse_args()\nrun = " + INIT
    text += (
        "run.config.update({'lr': 7}, allow_val_change=True)\nparser.set_defaults(layers=[9])\nparser.parse_args()\n"
    )
    script(IMPORTS + text, "--lr", "0.5")
    assert read().config == {"lr": 7, "layers": [9]}


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


def test_names_that_only_sound_like_secrets_are_kept(read):
    text = "parser = argparse.ArgumentParser()\nfor name in ('--tokenizer', '--max_tokens', '--hf-token', '--url'):\n"
    text += "    parser.add_argument(name)\nparser.parse_args()\n"
    words = ("--tokenizer", "bert", "--max_tokens", "8", "--hf-token", "x", "--url", "https://me:sesame@host/a")
    script(IMPORTS + INIT + text, *words)
    assert read().config == {"tokenizer": "bert", "max_tokens": "8", "url": "https://***@host/a"}


def test_parser_of_a_library_that_stands_on_argparse(read):
    pytest.importorskip("transformers")
    text = """
from dataclasses import dataclass
from transformers import HfArgumentParser
@dataclass
class Arguments:
    lr: float = 0.1
    password: str = ""
(args,) = HfArgumentParser(Arguments).parse_args_into_dataclasses()
"""
    script(IMPORTS + INIT + text, "--lr", "0.5", "--password", "sesame")
    assert read().config == {"lr": 0.5}


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages", "lib"])
def test_parser_of_an_installed_module_is_none_of_the_scripts(folder, read):
    """Installed for the user only, or by the system, it lies in none of this interpreter's own folders."""
    Path(folder).mkdir()
    Path(folder, "tool.py").write_text("import argparse\n" + PARSER + "parser.parse_known_args()\n")
    script(f"sys.path.insert(0, {folder!r})\n".join((IMPORTS, INIT)) + "import tool\n", "--lr", "0.5")
    assert ("lr" in read().config) == (folder == "lib")


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


CLICK = """
import click, sys
import tracker_core as tracker
settings = {'silent': True}
FIRST

@click.group()
@click.option("--seed", type=int, default=1)
@click.option("--lr", type=float, default=9.0)
def cli(seed, lr):
    pass

@cli.command()
@click.option("--lr", type=float, default=0.1)
@click.option("--log", type=click.File("w"), default="log.txt")
@click.option("--api-key")
@click.option("--pin", hide_input=True, default="4711")
@click.argument("files", nargs=-1)
@click.pass_context
def train(context, **options):
    WITHIN

LAST
"""


def click_script(first="", within="pass", last="cli()"):
    return CLICK.replace("FIRST", first).replace("WITHIN", within).replace("LAST", last)


CLICK_WORDS = ("--seed", "3", "train", "--lr", "0.5", "--api-key", "sesame", "a", "b")
CLICK_CONFIG = {"seed": 3, "lr": 0.5, "log": "log.txt", "files": ["a", "b"]}


@pytest.mark.parametrize(
    ("text", "tracked"),
    [
        (click_script(first=INIT), False),
        (click_script(within=INIT), False),
        (click_script().replace("import tracker_core as tracker\n", ""), True),
    ],
    ids=["init first", "init within", "tracker run"],
)
def test_click(text, tracked, read):
    script(text, *CLICK_WORDS, tracked=tracked)
    assert read().config == CLICK_CONFIG


NESTED = """
@cli.group()
@click.option("--lr", type=float, default=8.0)
@click.option("--depth", type=int, default=1)
def deep(lr, depth):
    WITHIN

@deep.command()
@click.option("--lr", type=float, default=0.1)
def inner(lr):
    pass

LAST
"""


@pytest.mark.parametrize("where", ["FIRST", "WITHIN"])
def test_click_nested_groups_and_a_second_call(where, read):
    text = CLICK.replace("FIRST", INIT if where == "FIRST" else "").replace("WITHIN", "pass").replace("LAST", NESTED)
    again = "cli(standalone_mode=False)\ninner.params[0].default = 0.7\ncli(standalone_mode=False)\n"
    text = text.replace("WITHIN", INIT if where == "WITHIN" else "pass").replace("LAST", again)
    script(text, "--seed", "3", "deep", "--depth", "2", "inner")
    assert read().config == {"seed": 3, "depth": 2, "lr": 0.7}


def test_click_with_other_words_is_left_alone(read):
    script(click_script(first=INIT, last="cli(['train', '--lr', '9'], standalone_mode=False)"), *CLICK_WORDS)
    assert read().config == {}


ABSL = """
from absl import app, flags
import tracker_core as tracker
settings = {'silent': True}
import other
flags.DEFINE_float("lr", 0.1, "")
flags.DEFINE_list("layers", ["1"], "")
flags.DEFINE_string("password", "hunter2", "")
FIRST

def main(argv):
    WITHIN

app.run(main)
"""


@pytest.mark.parametrize("where", ["FIRST", "WITHIN", "tracker run"])
def test_absl_tells_the_flags_of_the_scripts_modules(where, read):
    Path("other.py").write_text("from absl import flags\nflags.DEFINE_integer('seed', 0, '')\n")
    text = ABSL.replace(where, INIT).replace("FIRST", "").replace("WITHIN", "pass")
    if where == "tracker run":
        text = text.replace("import tracker_core as tracker\n", "")
    script(text, "--lr=0.5", "--layers=2,3", "--seed=7", "--verbosity=1", tracked=where == "tracker run")
    assert read().config == {"lr": 0.5, "layers": ["2", "3"], "seed": 7}


def test_absl_flags_that_are_parsed_twice(read):
    text = """
import sys
from absl import flags
import tracker_core as tracker
settings = {'silent': True}
flags.DEFINE_float("lr", 0.1, "")
flags.FLAGS(sys.argv)
INIT
flags.DEFINE_integer("seed", 1, "")
flags.FLAGS.set_default("lr", 0.3)
flags.FLAGS(sys.argv)
"""
    script(text.replace("INIT", INIT), "--undefok=seed", "--seed=4")
    assert read().config == {"lr": 0.3, "seed": 4}


TYRO = """
from dataclasses import dataclass, field
import tyro
from tyro import cli
import tracker_core as tracker
settings = {'silent': True}

@dataclass
class Optimizer:
    lr: float = 0.1
    api_key: str = "hunter2"

@dataclass
class Args:
    optimizer: Optimizer = field(default_factory=Optimizer)
    layers: tuple[int, ...] = (1,)

@dataclass
class State:
    step: int = 0

def train(optimizer: Optimizer, layers: tuple[int, ...] = (1,)):
    WITHIN
"""


@pytest.mark.parametrize(
    "text",
    [
        TYRO + INIT + "args = tyro.cli(Args)\n",
        TYRO + INIT + "args = cli(Args, description='as imported early')\n",
        TYRO + "state = State()\nargs = tyro.cli(Args)\n" + INIT,
        TYRO + f"def main(state, args):\n    {INIT}\nmain(State(), cli(Args))\n",
        TYRO + INIT + "tyro.cli(train)\n",
        TYRO.replace("WITHIN", INIT) + "tyro.cli(train)\n",
        TYRO + INIT + "tyro.cli(Args | State, config=(tyro.conf.ConsolidateSubcommandArgs,))\n",
    ],
    ids=["after", "after, bound early", "before", "argument", "function", "within function", "sub-command"],
)
def test_tyro(text, read):
    words = ["--optimizer.lr", "0.5", "--layers", "2", "3"]
    script(text.replace("WITHIN", "pass"), *(["args"] if "|" in text else []), *words)
    assert read().config == {"optimizer": {"lr": 0.5}, "layers": [2, 3]}


@pytest.mark.parametrize("order", ["parse first", "init first"])
def test_last_result_of_tyro_counts(order, read):
    calls = "args = tyro.cli(Args)\nargs = tyro.cli(Args, default=Args(layers=(5,)))\n"
    text = TYRO.replace("WITHIN", "pass") + (calls + INIT if order == "parse first" else INIT + calls)
    script(text, "--optimizer.lr", "0.5")
    assert read().config == {"optimizer": {"lr": 0.5}, "layers": [5]}


def test_tyro_under_tracker_run_and_with_other_words(read):
    other = "tyro.cli(State, args=['--step', '3'])\ntyro.cli(Args)\n"
    text = (TYRO.replace("WITHIN", "pass") + other).replace("import tracker_core as tracker\n", "")
    script(text, "--layers", "7", tracked=True)
    assert read().config == {"optimizer": {"lr": 0.1}, "layers": [7]}


HYDRA = """
import hydra
import tracker_core as tracker
settings = {'silent': True}
FIRST

def start(model):
    WITHIN

@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    start(cfg.model)

main()
"""


@pytest.fixture
def composed():
    Path("conf/model").mkdir(parents=True)
    Path("conf/config.yaml").write_text(
        "defaults:\n  - model: small\n  - _self_\nlr: 0.1\ndouble: ${lr}\ndb:\n  password: hunter2\n  host: here\n"
        "hydra:\n  run:\n    dir: out/${now:%f}\n"
    )
    Path("conf/model/small.yaml").write_text("layers: 1\n")
    Path("conf/model/large.yaml").write_text("layers: 9\n")


def values(config):
    return {key: value for key, value in config.items() if key != "hydra"}


@pytest.mark.parametrize("where", ["FIRST", "WITHIN", "tracker run"])
def test_hydra_tells_the_composed_config(where, composed, read):
    text = HYDRA.replace(where, INIT).replace("FIRST", "").replace("WITHIN", "pass")
    if where == "tracker run":
        text = text.replace("import tracker_core as tracker\n", "")
    script(text, "lr=0.5", "model=large", "db.password=sesame", tracked=where == "tracker run")
    config = read().config
    assert values(config) == {"model": {"layers": 9}, "lr": 0.5, "double": 0.5, "db": {"host": "here"}}
    assert config["hydra"]["overrides"] == ["lr=0.5", "model=large", "db.password=***"]
    assert config["hydra"]["choices"] == {"model": "large"}
    assert (config["hydra"]["name"], Path(config["hydra"]["output_dir"]).parent.name) == ("train", "out")


def test_hydra_multirun_with_a_run_a_job(composed):
    text = HYDRA.replace("FIRST", "").replace("WITHIN", INIT + "    tracker.finish()")
    script(text, "-m", "lr=0.5,0.7")
    configs = [run.config for run in tracker.Api(Path("tracker")).runs()]
    assert sorted((config["lr"], config["hydra"]["overrides"]) for config in configs) == [
        (0.5, ["lr=0.5"]),
        (0.7, ["lr=0.7"]),
    ]


def test_hydra_multirun_in_one_run_lists_the_jobs(composed, read):
    script(HYDRA.replace("FIRST", INIT).replace("WITHIN", "pass"), "-m", "lr=0.5,0.7")
    config = read().config
    assert config["lr"] == 0.5
    assert config["hydra"]["jobs"] == [["lr=0.5"], ["lr=0.7"]]


def test_hydra_multirun_ends_the_run_of_each_job_as_it_went(composed):
    text = HYDRA.replace("FIRST", "").replace(
        "WITHIN", INIT.replace("magic=True", "magic=True, reinit=True") + "    assert model.layers < 9, 'too large'"
    )
    Path("train.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "train.py", "-m", "model=small,large,small"], capture_output=True, text=True, check=False
    )
    assert "too large" in done.stderr
    states = [(run.config["model"]["layers"], run.state) for run in tracker.Api(Path("tracker")).runs()]
    assert sorted(states) == [(1, "finished"), (1, "finished"), (9, "failed")]


@pytest.mark.parametrize("order", ["compose first", "init first"])
def test_hydra_config_that_the_script_composes_itself(order, composed, read):
    text = "from hydra import compose, initialize\nimport tracker_core as tracker\nsettings = {'silent': True}\n"
    calls = "with initialize(version_base=None, config_path='conf'):\n    draft = compose('config')\n"
    calls += "    config = compose('config', overrides=['model=large', 'lr=???'])\n"
    script(text + (calls + INIT if order == "compose first" else INIT + calls))
    config = read().config
    assert (config["model"], config["db"]) == ({"layers": 9}, {"host": "here"})
