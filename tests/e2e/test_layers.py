"""Pictures with boxes and masks over them."""

from __future__ import annotations

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
