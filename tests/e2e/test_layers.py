"""Pictures with boxes and masks over them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import tracker_core as tracker

EVIL = "<img src=x onerror=\"parent.postMessage('owned','*')\">"
PAINTED = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((_, i) => i % 4 === 3 && data[i] > 0).length;
}"""

PLACE = """box => {
  const [inner, outer] = [box.getBoundingClientRect(), box.closest(".picture").getBoundingClientRect()];
  return [(inner.x - outer.x) / outer.width, inner.height / outer.height];
}"""


@pytest.fixture
def picture(page, tmp_path, serve):
    """The part of a run's media page with a picture of 40 by 20 pixels, a mask and two sets of boxes."""
    settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
    classes = {0: "sky", 1: "cat", 2: EVIL}
    mask = np.zeros((20, 40), np.uint8)
    mask[10:, :20] = 1
    mask[:5, 30:] = 2
    boxes = {
        "truth": {
            "box_data": [
                {"position": {"minX": 10, "maxX": 20, "minY": 5, "maxY": 15}, "domain": "pixel", "class_id": 1}
            ],
            "class_labels": classes,
        },
        "found": {
            "box_data": [
                {
                    "position": {"middle": [0.5, 0.5], "width": 0.5, "height": 0.5},
                    "class_id": 1,
                    "scores": {"sure": 0.9},
                },
                {"position": {"middle": [0.8, 0.2], "width": 0.1, "height": 0.1}, "class_id": 2, "box_caption": EVIL},
            ],
            "class_labels": classes,
        },
    }
    with tracker.init(project="seen", dir=str(tmp_path), settings=settings) as run:
        pixels = np.full((20, 40, 3), 200, np.uint8)
        masks = {"ground": {"mask_data": mask, "class_labels": classes}}
        run.log({"street": tracker.Image(pixels, boxes=boxes, masks=masks)})
    page.goto(f"{serve(tmp_path)}/embed/run/{run.folder.path.name}?view=media")
    return page.get_by_role("region", name="street")


def test_boxes_and_masks_are_drawn_and_taken_off(page, picture):
    drawn = picture.locator(".box")
    expect(drawn).to_have_count(3)
    expect(picture.get_by_text("cat 0.90")).to_be_visible()
    left, tall = drawn.first.evaluate(PLACE)  # one look, since the page may still grow
    assert left == pytest.approx(1 / 4, abs=0.01)
    assert tall == pytest.approx(1 / 2, abs=0.01)
    mask = picture.locator("canvas")
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === 800", arg=mask.element_handle())  # class 0 has a name
    picture.get_by_role("button", name="sky").click()
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === 250", arg=mask.element_handle())
    picture.get_by_role("button", name="cat").click()
    expect(drawn).to_have_count(1)
    picture.get_by_role("button", name="found").click()
    expect(drawn).to_have_count(0)
    picture.get_by_role("button", name="ground").click()
    expect(mask).to_have_count(0)


def test_hostile_classes_stay_text(page, picture):
    expect(picture.get_by_role("button", name="<img src=x")).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.fixture
def namesakes(page, tmp_path, serve):
    """The part of a run's media page with boxes and a mask of one name, which name class 1 differently."""
    settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
    mask = np.zeros((20, 40), np.uint8)
    mask[:10] = 1
    box = {"position": {"minX": 0, "maxX": 0.5, "minY": 0.5, "maxY": 1}, "class_id": 1}
    with tracker.init(
        project="names", dir=str(tmp_path), tags=["same", "same"], config={"a.b": 1, "a": {"b": 2}}, settings=settings
    ) as run:
        pixels = np.full((20, 40, 3), 200, np.uint8)
        boxes = {"lanes": {"box_data": [box, box], "class_labels": {1: "car"}}}
        masks = {"lanes": {"mask_data": mask, "class_labels": {1: "road"}}}
        run.log({"street": tracker.Image(pixels, boxes=boxes, masks=masks)})
    page.goto(f"{serve(tmp_path)}/embed/run/{run.folder.path.name}?view=media")
    return page.get_by_role("region", name="street")


def test_boxes_and_masks_of_one_name_are_both_drawn(page, namesakes):
    drawn, mask = namesakes.locator(".box"), namesakes.locator("canvas")
    expect(drawn).to_have_count(2)
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === 400", arg=mask.element_handle())
    expect(namesakes.get_by_role("button", name="lanes")).to_have_count(2)
    namesakes.get_by_role("button", name="car").click()
    expect(drawn).to_have_count(0)
    expect(mask).to_have_count(1)
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === 400", arg=mask.element_handle())
    namesakes.get_by_role("button", name="road").click()
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === 0", arg=mask.element_handle())
    namesakes.get_by_role("button", name=re.compile(r"lanes\s*2")).click()  # with the number of its boxes
    expect(mask).to_have_count(1)


def test_config_keys_of_one_path_are_both_shown(page, namesakes):
    page.goto(page.url.replace("view=media", "view=overview"))
    values = page.get_by_role("group", name="Config values")
    expect(values.locator(".leaf")).to_have_count(2)
