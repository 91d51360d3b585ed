"""Makes the runs that the tests look at, as a training script would. `python site_runs.py FOLDER`."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import tracker_core as tracker

SETTINGS = {"silent": True, "system_interval": 0, "disable_git": True}
EVIL = "<img src=x onerror=\"parent.postMessage('owned','*')\">"
EVIL_CODE = "parent.postMessage('owned','*');document.title=top.document.title='taken'"
EVIL_PAGE = f"<title>report</title><h1>report</h1><script>{EVIL_CODE}</script>"


def train(
    folder: str, name: str, *, rows: int = 60, exit_code: int = 0, console: str = "off", **options
) -> tracker.Run:
    run = tracker.init(dir=folder, name=name, reinit="create_new", settings={**SETTINGS, "console": console}, **options)
    rate = run.config.get("lr", 0.01)
    for step in range(rows):
        decay = math.exp(-step * rate * 10)
        run.log(
            {
                "train/loss": decay + 0.01 * (step % 3),
                "train/accuracy": 1 - decay,
                "val/loss": decay * 1.2,
                "reward": step,
                **({"deep": {"inner": {"a": step, "b": step}}} if name == "nest" else {}),
            }
        )
    run.finish(exit_code=exit_code)
    return run


def vision(folder: str) -> None:
    for number, (name, lr, model) in enumerate(
        [
            ("amber", 0.001, "cnn"),
            ("birch", 0.003, "cnn"),
            ("cedar", 0.01, "vit"),
            ("dune", 0.03, "vit"),
            ("elm", 0.1, "vit"),
        ]
    ):
        train(
            folder,
            name,
            project="vision",
            config={"lr": lr, "model": {"name": model}, "epochs": 3},
            tags=["baseline"] if number == 0 else [],
            exit_code=1 if name == "dune" else 0,
        )


def console(folder: str) -> None:
    run = tracker.init(dir=folder, name="talker", project="talk", settings={**SETTINGS, "console": "wrap"})
    for number in range(300):
        print(f"\x1b[3{number % 8}mline {number}\x1b[0m")
    run.define_metric("late", step_metric="epoch")
    for number in range(3):
        run.log({"loss": 1.0, "late": number, "epoch": 10 * number})
    for step in range(20_000):
        run.log({"spiky": 100.0 if step == 12_345 else step % 7 / 10}, step=step + 10)
    files = Path(run.folder.files)
    (files / "notes.md").write_text("# What it is\n")
    run.finish()


def hostile(folder: str) -> None:
    run = tracker.init(
        dir=folder,
        name=EVIL,
        project="hostile",
        notes=EVIL,
        tags=[EVIL],
        group=EVIL,
        config={"key": EVIL, "nested": {EVIL: "javascript:alert(1)"}},
        settings={**SETTINGS, "console": "wrap"},
    )
    print(f"\x1b]8;;javascript:alert(1)\x07{EVIL}\x1b]8;;\x07 \x1b]0;owned\x07")
    run.log({EVIL: 1.0, f"{EVIL}/loss": 2.0})
    run.log({EVIL: 2.0, f"{EVIL}/loss": 1.0})
    files = Path(run.folder.files)
    (files / "report.html").write_text(EVIL_PAGE)
    (files / "picture.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'><script>{EVIL_CODE}</script></svg>")
    (files / "script.js").write_text(EVIL_CODE)
    run.finish()


def pictures(folder: str) -> None:
    import numpy as np

    run = tracker.init(dir=folder, name="album", project="pictures", settings={**SETTINGS, "console": "off"})
    for step in range(4):
        picture = np.full((8, 8, 3), 60 * step, np.uint8)
        run.log(
            {
                "sample": tracker.Image(picture, caption=f"picture {step}"),
                "weights": tracker.Histogram(list(range(step + 2))),
                "page": tracker.Html("<h1>report</h1>"),
            }
        )
    run.log({"report": tracker.Table(columns=["n", "text"], data=[[number, EVIL] for number in (3, 1, 2)])})
    rows = [[number * 7 % 250, f"name {number}"] for number in range(250)]
    run.log({"ledger": tracker.Table(columns=["place", "name"], data=rows)})
    run.finish()


SCRIPT = """
import sys
import tracker_core as tracker
from tracker_core import _records as records

run = tracker.init(
    dir=sys.argv[1], project="lab", name="careful", id="careful", resume="allow", save_code=True,
    config={"lr": 0.1, "model": {"depth": 3, "blocks": [{"kind": "conv"}, {"kind": "pool"}]},
            **{f"option_{number}": number for number in range(20)}},
    settings={"silent": True, "system_interval": 0},
)
for percent in range(0, 101, 10):
    print(f"\\r{percent}%|{'#' * (percent // 10):10}|", end="", file=sys.stderr)
print(file=sys.stderr)
run.log({"loss": 0.5, "scores": {"top": 0.9}})
magic = {"switch": "magic", "module": "keras", "state": "attached", "version": "3.15", "functions": ["fit"]}
facts = {"magic": [magic, {**magic, "module": "optuna", "state": "waiting", "version": "", "functions": []}]}
run._logbook.write(records.Metadata(time=run._logbook.now(), data=facts))
run.finish()
"""


def careful(folder: str) -> None:
    """A run of a script in a repository with changes, begun twice."""
    place = Path(folder, "repository")
    place.mkdir()
    (place / "train.py").write_text(SCRIPT)
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["remote", "add", "origin", "git@gitlab.com:someone/lab.git"],
        ["add", "train.py"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message", "Begin"],
    ):
        subprocess.run(["git", *command], cwd=place, check=True)
    (place / "train.py").write_text(SCRIPT.replace("0.5", "0.25"))
    (place / "notes.txt").write_text("not tracked")
    for _ in range(2):
        subprocess.run([sys.executable, "train.py", folder], cwd=place, check=True)


def files(folder: str) -> None:
    """A run with a file of every kind."""
    import numpy as np

    run = tracker.init(dir=folder, name="shelf", project="files", settings={**SETTINGS, "console": "off"})
    place = Path(run.folder.files)
    (place / "table.csv").write_text('name,score\n"amber, dark",0.5\nbirch,0.75\n')
    (place / "data.json").write_text('{"answer": 42}')
    (place / "train.py").write_text("# learns\ndef train(rate=0.1):\n    return rate * 2\n")
    (place / "long.log").write_text("0123456789abcde\n" * 100_000)
    (place / "weights.bin").write_bytes(b"\0" * 2000)
    (place / "paper.pdf").write_bytes(PDF)
    (place / "empty.txt").touch()
    run.log({"picture": tracker.Image(np.zeros((8, 8, 3), np.uint8))})
    run.log({"sound": tracker.Audio(np.zeros(800, np.float32), sample_rate=8000)})
    run.log({"film": tracker.Video(np.zeros((8, 3, 16, 16), np.uint8), fps=4)})
    run.finish()


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
"""


def artifacts(folder: str) -> None:
    """data, made by one run and used by two; a model of each, the first of which a third run judges."""

    def start(name: str) -> tracker.Run:
        return tracker.init(
            dir=folder, name=name, project="chain", reinit="create_new", settings={**SETTINGS, "console": "off"}
        )

    def keep(run: tracker.Run, name: str, kind: str, content: str, **options) -> None:
        artifact = tracker.Artifact(name, kind, description=EVIL, metadata={"rows": len(content), "note": EVIL})
        with artifact.new_file("part/readme.md") as file:
            file.write(content)
        with artifact.new_file("page.html") as file:
            file.write(EVIL_PAGE)
        artifact.add_reference("s3://bucket/weights", "weights")
        run.log_artifact(artifact, **options)

    collector = start("collector")
    keep(collector, "data", "dataset", "one")
    keep(collector, "data", "dataset", "one and two", aliases=["clean"])
    collector.finish()
    for name in ("first", "second"):
        learner = start(name)
        learner.use_artifact("data:clean")
        keep(learner, "model", "model", f"of {name}")
        learner.finish()
    judge = start("judge")
    judge.use_artifact("model:v0")
    judge.finish()


def twins(folder: str) -> None:
    """Two runs that differ in one value, one package, one line of code of the same length, and their media."""
    import numpy as np

    for name, rate in (("left", 0.1), ("right", 0.2)):
        run = tracker.init(
            dir=folder,
            name=name,
            project="twins",
            reinit="create_new",
            config={"lr": rate, "depth": 3},
            settings={**SETTINGS, "console": "off"},
        )
        for step in range(3):
            picture = tracker.Image(np.full((8, 8, 3), 100 * step, np.uint8), caption=f"{name} {step}")
            film = tracker.Video(np.zeros((8, 3, 16, 16), np.uint8), fps=4)
            run.log({"sample": picture, **({"film": film} if step == 2 else {})})
        code = Path(run.folder.files, "code")
        code.mkdir()
        lines = [f"line_{number} = {number}" for number in range(60)]
        (code / "same.py").write_text("print('same')\n")
        (code / "train.py").write_text("\n".join([*lines, f"rate = {rate}", *lines]))
        if name == "right":
            (code / "extra.py").write_text("print('more')\n")
        run.finish()
        Path(run.folder.files, "requirements.txt").write_text(f"numpy==2.4.0\ntorch==2.{rate * 10:.0f}\n")


def charts(folder: str) -> None:
    """Two runs with a chart of every kind, a plotly figure and a cloud of points."""
    import numpy as np
    import plotly.graph_objects as go

    plot = tracker.plot
    for number, name in enumerate(("first", "second")):
        run = tracker.init(
            dir=folder, name=name, project="charts", reinit="create_new", settings={**SETTINGS, "console": "off"}
        )
        truth = [0, 1, 2, 0, 1, 2, 1, 1]
        likely = np.eye(3)[truth] * 0.5 + 0.2 + np.linspace(0, 0.3, 24).reshape(8, 3)
        likely /= likely.sum(axis=1, keepdims=True)
        losses = tracker.Table(
            ["step", "loss", "split"], [[at, 1 / (at + 1), half] for half in ("train", "val") for at in range(5)]
        )
        counts = tracker.Table(["class", "n"], [["cat", 3], ["dog", 5 + number]])
        run.log(
            {
                "line": plot.line(losses, "step", "loss", "split", "Losses"),
                "scatter": plot.scatter(losses, "step", "loss", "Points"),
                "bar": plot.bar(counts, "class", "n", "Counts"),
                "histogram": plot.histogram(losses, "loss", "Values"),
                "series": plot.line_series([0, 1, 2], [[1, 2, 3], [3, 2, 1]], ["up", "down"], "Two"),
                "heatmap": plot.heatmap(["a", "b"], ["x", "y"], [[1, 2], [3, 4]], show_text=True),
                "confusion": plot.confusion_matrix(probs=likely, y_true=truth, class_names=["a", "b", "c"]),
                "roc": plot.roc_curve(truth, likely, labels=["a", "b", "c"]),
                "pr": plot.pr_curve(truth, likely, labels=["a", "b", "c"]),
                "figure": tracker.Plotly(
                    go.Figure(go.Scatter(x=[1, 2], y=[2, 1], name=EVIL), {"title": {"text": EVIL}})
                ),
                "cloud": tracker.Object3D(np.random.default_rng(number).normal(size=(500, 3))),
                "answers": tracker.Table(["question", "score"], [["what", 0.5 + number], ["why", 0.1]]),
            }
        )
        run.finish()


if __name__ == "__main__":
    charts(sys.argv[1])
    twins(sys.argv[1])
    artifacts(sys.argv[1])
    careful(sys.argv[1])
    files(sys.argv[1])
    pictures(sys.argv[1])
    vision(sys.argv[1])
    console(sys.argv[1])
    hostile(sys.argv[1])
