"""Makes the runs that the tests look at, as a training script would. `python site_runs.py FOLDER`."""

from __future__ import annotations

import math
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
                "page": tracker.Html(EVIL_PAGE),
            }
        )
    run.log({"report": tracker.Table(columns=["n", "text"], data=[[number, EVIL] for number in (3, 1, 2)])})
    run.finish()


if __name__ == "__main__":
    pictures(sys.argv[1])
    vision(sys.argv[1])
    console(sys.argv[1])
    hostile(sys.argv[1])
