"""Tooltips and downloads of charts beside the values that the Api reads."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import expect

import tracker_core as tracker
from tracker_core import Api

ROWS = 20_000
SETTINGS = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}


def _noise(step: int) -> float:
    return math.nan if 4000 <= step < 9000 else math.sin(step * 12.9898) * 10


@pytest.fixture
def site(tmp_path, serve):
    """A long run, one with every tenth step, and one that ends early; `project/p` shows them."""
    runs = {
        "long": [(step, {"noise": _noise(step), "level": 0.9}) for step in range(ROWS)],
        "sparse": [(step, {"short": step / 7, "level": 0.9}) for step in range(0, 200, 10)],
        "early": [(step, {"short": 3.0, "level": 0.9}) for step in range(60)],
    }
    for name, rows in runs.items():
        with tracker.init(project="p", dir=str(tmp_path), name=name, reinit="create_new", settings=SETTINGS) as run:
            for step, row in rows:
                run.log(row, step=step)
    return f"{serve(tmp_path)}/project/p"


@pytest.fixture
def point_at(page):
    """Moves the pointer to a share of a chart's width; gives the tooltip's head and rows: name, value, rest."""

    def move(panel: str, share: float) -> tuple[str, dict[str, str]]:
        over = page.get_by_role("region", name=panel, exact=True).locator(".u-over")
        expect(over).to_be_visible()
        box = over.bounding_box()
        page.mouse.move(box["x"] + box["width"] * share - 2, box["y"] + box["height"] / 2)
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        expect(page.locator(".tip")).to_be_visible()
        rows = page.locator(".tip .row").all()
        names = [row.locator(".cut").evaluate("it => it.firstChild.textContent") for row in rows]
        return page.locator(".tip .at").first.inner_text(), {
            name.strip(): row.inner_text() for name, row in zip(names, rows, strict=True)
        }

    return move


def _number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", "").replace("NaN", "nan"))


def _values(folder, name: str, key: str) -> dict[int, float]:
    (run,) = [run for run in Api(folder).runs("p") if run.name == name]
    return {row["_step"]: row[key] for row in run.scan_history(keys=[key])}


def test_each_run_has_its_own_point(page, site, tmp_path, point_at):
    page.goto(f"{site}?panels=short")
    head, rows = point_at("short", 0.2)
    assert set(rows) == {"sparse", "early"}
    found = re.search(r"step ([\d,]+)", rows["sparse"])
    step = int(_number(found[1] if found else head))
    assert _number(re.split(r"\s", rows["sparse"])[-1]) == pytest.approx(
        _values(tmp_path, "sparse", "short")[step], rel=1e-4
    )
    assert head.isdigit()
    head, rows = point_at("short", 0.8)
    assert set(rows) == {"sparse"}  # the other one ended before
    assert int(head) % 10 == 0  # a step that was logged


@pytest.mark.parametrize("share", [0.05, 0.3, 0.97])
def test_a_pixel_of_many_points_has_their_extremes(page, site, tmp_path, point_at, share):
    page.goto(f"{site}?panels=noise")
    head, rows = point_at("noise", share)
    first, last = (int(_number(part)) for part in head.split(" \N{EN DASH} "))
    logged = [value for step, value in _values(tmp_path, "long", "noise").items() if first <= step <= last]
    assert f"of {len(logged)} points" in rows["long"]
    finite = [value for value in logged if not math.isnan(value)]
    text = rows["long"].removeprefix("long").strip().split("of ")[0]
    if finite:
        assert [_number(part) for part in text.split(" \N{EN DASH} ")] == pytest.approx(
            [min(finite), max(finite)], abs=0.05
        )
    else:
        assert text.strip() == "NaN"


def test_a_constant_stays_one_under_smoothing(page, site, point_at):
    for smoothing in ("ema&amount=0.97", "gaussian&amount=7", "mean&amount=30"):
        page.goto(f"{site}?panels=level&smooth={smoothing}")
        _, rows = point_at("level", 0.5)
        assert rows["long"].split()[1] == "0.9"
        assert rows["long"].endswith("smoothed 0.9")
    page.goto(f"{site}?panels=level&group=state")
    _, rows = point_at("level", 0.002)
    assert "mean of" in rows["finished (3)"]
    assert rows["finished (3)"].split()[2] == "0.9"
