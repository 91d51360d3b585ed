"""What can be asked of line charts, seen in what they would draw (their download)."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect


@pytest.fixture
def csv(page):
    """The table behind a chart: its head, and its rows as numbers with None for nothing."""

    def read(panel: str) -> tuple[list[str], list[list[float | None]]]:
        page.get_by_role("region", name=panel, exact=True).hover()
        page.get_by_role("button", name=f"Download {panel}").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV", exact=True).click()
        head, *rows = [line.split(",") for line in download.value.path().read_text().splitlines()]
        return head, [[float(cell) if cell else None for cell in row] for row in rows]

    return read


def _drawn(page, label: str):
    expect(page.get_by_role("img", name=label)).to_be_visible()


def test_smoothing_keeps_the_raw_values_behind_the_line(page, site, csv):
    page.goto(f"{site}/project/vision?panels=train/loss&filter=amber")
    _drawn(page, "train/loss, 1 lines")
    _, raw = csv("train/loss")
    ink = (
        "it => { const c = it.getContext('2d').getImageData(0, 0, it.width, it.height).data; let n = 0;"
        " for (let i = 3; i < c.length; i += 4) n += c[i] > 0; return n }"
    )
    for kind, amount in (("ema", 0.6), ("gaussian", 3), ("mean", 10)):
        page.get_by_label("Smoothing", exact=True).select_option(kind)
        expect(page.get_by_text(str(amount), exact=True)).to_be_visible()
        _, smooth = csv("train/loss")
        assert len(smooth) == len(raw)
        assert _wobble(smooth) < _wobble(raw) / 2
    assert smooth[0][1] == raw[0][1]  # debiased: the first point is not drawn towards zero
    canvas = page.locator("canvas")
    with_raw = canvas.evaluate(ink)
    page.get_by_role("button", name="Raw").click()
    page.wait_for_function(
        f"([it, more]) => ({ink})(it.querySelector('canvas')) < more",
        arg=[page.locator(".plot").element_handle(), with_raw],
    )


def _wobble(rows) -> float:
    values = [row[1] for row in rows]
    steps = [b - a for a, b in itertools.pairwise(values)]
    return sum(abs(b - a) for a, b in itertools.pairwise(steps))


def test_a_spike_stays_visible_however_many_points_there_are(page, site):
    page.goto(f"{site}/project/talk?panels=spiky")
    _drawn(page, "spiky, 1 lines")
    # One of 20,000 points is 100, the others are below 1: the axis reaches up to it, and the line's colour is there.
    dot = page.locator(".run i").first.evaluate("it => getComputedStyle(it).backgroundColor")
    page.wait_for_function(
        """color => {
            const it = document.querySelector('.plot canvas');
            const c = it.getContext('2d').getImageData(0, 0, it.width, it.height * 0.4).data;
            const near = (i, k) => Math.abs(c[i + k] - color[k]) < 16;
            for (let i = 0; i < c.length; i += 4)
                if (c[i + 3] > 40 && near(i, 0) && near(i, 1) && near(i, 2)) return true;
            return false;
        }""",
        arg=[int(part) for part in re.findall(r"\d+", dot)[:3]],
    )


@pytest.mark.parametrize(("x", "first"), [("Step", 0), ("Relative time", 0), ("reward", 0)])
def test_the_x_axis_is_chosen(page, site, csv, x, first):
    page.goto(f"{site}/project/vision?panels=train/loss&filter=amber")
    page.get_by_label("x-axis").select_option(label=x)
    _drawn(page, "train/loss, 1 lines")
    head, rows = csv("train/loss")
    assert head[0] == {"Step": "step", "Relative time": "relative"}.get(x, x)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert rows[0][0] == pytest.approx(first, abs=5)


def test_wall_time_is_told_as_a_time(page, site):
    page.goto(f"{site}/project/vision?panels=reward&x=wall")
    _drawn(page, "reward, 5 lines")
    # The runs come one after the other, and no line has a point between them: the axis ends at the last point.
    over = page.locator(".u-over")
    over.hover(position={"x": over.bounding_box()["width"] - 1, "y": 20})
    expect(page.locator(".tip .at").first).to_have_text(re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d"))
    expect(page.locator(".tip .row")).to_contain_text([re.compile(r"elm step \d+")])


def test_one_cursor_for_all_charts(page, site):
    page.goto(f"{site}/project/vision")
    _drawn(page, "train/accuracy, 5 lines")
    page.get_by_role("img", name="reward, 5 lines").hover()
    lines = page.locator(".u-cursor-x:not(.u-off)")
    expect(lines).not_to_have_count(0)
    places = lines.evaluate_all("all => all.map(it => new DOMMatrix(it.style.transform).e)")
    assert len(places) > 1
    assert max(places) - min(places) < 20  # the same step: axes with longer labels are a little shorter


def test_a_stretch_is_dragged_along_and_typed(page, site):
    page.goto(f"{site}/project/vision?range=10:30")
    chart = page.get_by_role("img", name="reward, 5 lines")
    box = chart.bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.get_by_label("x from")).not_to_have_value("10")
    low, high = (float(page.get_by_label(f"x {end}").input_value()) for end in ("from", "to"))
    assert low > 12
    assert high - low == pytest.approx(20, rel=0.01)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function("old => Number(document.querySelector('[aria-label=\"x from\"]').value) > old", arg=low)
    page.get_by_label("x from").fill("5")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("range=5%3A"))


def test_a_group_has_a_band_and_its_members(page, site, csv):
    page.goto(f"{site}/project/vision?panels=train/loss")
    _drawn(page, "train/loss, 5 lines")
    _, single = csv("train/loss")
    page.get_by_label("Group by").select_option("config.model.name")
    _drawn(page, "train/loss, 2 lines")
    head, grouped = csv("train/loss")
    assert sorted(head[1:]) == ["cnn (2)", "vit (3)"]
    assert grouped[10][1 + head[1:].index("cnn (2)")] == pytest.approx(sum(single[10][-2:]) / 2)
    page.get_by_label("Band").select_option("deviation")
    expect(page).to_have_url(re.compile("band=deviation"))
    page.get_by_role("button", name="Members").click()
    _drawn(page, "train/loss, 7 lines")
    page.get_by_label("Group by").select_option("state")  # and by: nested
    _drawn(page, "train/loss, 8 lines")


def test_the_baseline_is_drawn_whatever_the_filter_says(page, site):
    page.goto(f"{site}/project/vision?panels=train/loss")
    _drawn(page, "train/loss, 5 lines")
    page.get_by_role("listitem").filter(has_text="amber").hover()
    page.get_by_role("button", name="Baseline amber").click()
    page.get_by_label("Filter runs").fill("model.name = vit")
    _drawn(page, "train/loss, 4 lines")
    page.get_by_label("Group by").select_option("config.model.name")
    _drawn(page, "train/loss, 2 lines")
    page.reload()
    _drawn(page, "train/loss, 2 lines")


def test_a_tooltip_tells_how_far_the_baseline_is(page, site):
    page.goto(f"{site}/project/vision?panels=train/loss")
    _drawn(page, "train/loss, 5 lines")
    page.get_by_role("listitem").filter(has_text="amber").hover()
    page.get_by_role("button", name="Baseline amber").click()
    box = page.get_by_role("img", name="train/loss, 5 lines").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    rows = page.locator(".tip .row")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("amber")  # the slowest has the largest loss
    expect(rows.first.locator(".away")).to_have_count(0)
    base = float(rows.first.locator("b").inner_text())
    for row in rows.all()[1:]:
        away = float(row.locator(".away").inner_text().replace("\N{MINUS SIGN}", "-"))
        assert away < 0
        assert base + away == pytest.approx(float(row.locator("b").inner_text()), abs=0.01)


def test_outliers_are_clipped_and_axes_are_logarithmic(page, site):
    page.goto(f"{site}/project/vision?panels=train/loss")
    _drawn(page, "train/loss, 5 lines")
    picture = "document.querySelector('.plot canvas').toDataURL()"
    seen = {page.evaluate(picture)}
    for name in ("Log y", "Log x", "Clip outliers"):
        page.get_by_role("button", name=name).click()
        page.wait_for_function(f"seen => !seen.includes({picture})", arg=list(seen))
        seen.add(page.evaluate(picture))
    expect(page).to_have_url(re.compile("logx=1&logy=1&clip=1"))


def test_nested_names_stand_in_sections(page, make_site):
    page.goto(f"{make_site('nest')}/project/p")
    expect(page.get_by_role("region", name="deep", exact=True).get_by_role("heading", level=3)).to_have_text(
        ["inner.a", "inner.b"]
    )


@pytest.fixture
def live(environment, tmp_path):
    """A run that logs a row of each line that it is told, and says when it is done."""
    code = (
        "import json, sys, tracker_core as t\n"
        "run = t.init(dir=sys.argv[1], name='live', project='p', settings={'silent': True, 'system_interval': 0})\n"
        "for line in sys.stdin: run.log(json.loads(line)); print(flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def log(row: str) -> None:
            print(row, file=process.stdin, flush=True)
            process.stdout.readline()

        yield log
        process.stdin.close()


def test_an_open_chart_asks_only_for_what_is_new(page, live, serve, tmp_path, csv):
    for _ in range(3):
        live('{"loss": 0.5}')
    page.goto(f"{serve(tmp_path)}/project/p")
    _drawn(page, "loss, 1 lines")
    asked = []
    page.on("request", lambda request: "/series?" in request.url and asked.append(request.url))
    for step in range(3, 8):
        with page.expect_response(re.compile("/series.*after=")):
            live(f'{{"loss": {step}}}')
    assert [url for url in asked if "after=" not in url] == []
    live('{"accuracy": 0.9}')
    _drawn(page, "accuracy, 1 lines")  # a name that came later has its panel without a reload
    assert csv("loss")[1][-1] == [7.0, 7.0]


def test_an_open_chart_follows_a_run(page, live, serve, tmp_path):
    for step in range(3):
        live(f'{{"loss": {step}}}')
    page.goto(f"{serve(tmp_path)}/project/p")
    _drawn(page, "loss, 1 lines")
    page.get_by_role("img", name="loss, 1 lines").hover()
    for step in range(3, 8):
        live(f'{{"loss": {step}}}')
    page.keyboard.press("t")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Search columns").fill("steps")
    page.get_by_label("steps", exact=True).check()
    expect(page.get_by_role("cell", name="7", exact=True).first).to_be_visible()
