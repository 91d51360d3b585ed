"""Images in and out, read back by Pillow from the file alone."""

from __future__ import annotations

import enum
import hashlib
import io
import json
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

import tracker_core as tracker

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)


def opened(path: Path) -> np.ndarray:
    with Pillow.open(path) as picture:
        return np.array(picture)


def pixels(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (7, 5, 4), (7, 5, 2)])
def test_bytes_come_back_exactly(kept, shape):
    data = pixels(*shape)
    reference, path = kept(tracker.Image(data))
    assert (opened(path) == data).all()
    assert reference["_type"] == "image-file"
    assert (reference["width"], reference["height"], reference["format"]) == (5, 7, "png")


def test_path_is_known_before_the_file_is_made_and_then_holds_it(files, drain):
    reference = tracker.Image(pixels(4, 4, 3)).store("train/sample", 12, files)
    assert reference["path"].startswith("media/images/train/sample_12_")
    assert not (files / reference["path"]).exists()
    [report] = drain()
    data = (files / reference["path"]).read_bytes()
    assert (report.path, report.size) == (reference["path"], len(data))
    assert report.sha256 == hashlib.sha256(data).hexdigest()
    assert list((files.parent / "spool").iterdir()) == []


def test_torch_is_channels_first_and_numpy_channels_last(kept):
    data = pixels(3, 4, 3)  # both readings fit
    assert (opened(kept(tracker.Image(data))[1]) == data).all()
    assert (opened(kept(tracker.Image(torch.from_numpy(data)))[1]) == data.transpose(1, 2, 0)).all()
    clear = pixels(3, 8, 9)
    reference, path = kept(tracker.Image(clear))
    assert (opened(path) == clear.transpose(1, 2, 0)).all()
    assert (reference["width"], reference["height"]) == (9, 8)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 128.0, 255.0], [0, 128, 255]),
        ([-7.0, 100.0, 300.0], [0, 100, 255]),
        ([0.0, float("nan"), 1.0], [0, 0, 255]),
    ],
)
def test_floats_are_stretched_by_their_range(kept, given, shown):
    assert opened(kept(tracker.Image(np.array([given])))[1]).tolist() == [shown]


def test_integers_are_clipped_and_booleans_are_black_and_white(kept):
    assert opened(kept(tracker.Image(np.array([[-5, 7, 999]])))[1]).tolist() == [[0, 7, 255]]
    assert opened(kept(tracker.Image(np.array([[True, False]])))[1]).tolist() == [[255, 0]]


def test_normalize_false_only_clips(kept):
    assert opened(kept(tracker.Image(np.array([[0.0, 1.0, 300.0]]), normalize=False))[1]).tolist() == [[0, 1, 255]]


def test_sixteen_bit_grey_is_exact(kept):
    data = RNG.integers(0, 65536, (5, 6), np.uint16)
    assert (opened(kept(tracker.Image(data))[1]) == data).all()


def test_bfloat16_tensor_with_gradient(kept):
    data = torch.full((1, 2, 2), 1.0, dtype=torch.bfloat16, requires_grad=True)
    assert (opened(kept(tracker.Image(data))[1]) == 255).all()


def test_batch_is_a_grid(kept):
    data = pixels(3, 4, 5, 3)
    reference, path = kept(tracker.Image(data))
    grid = opened(path)
    assert grid.shape == (8, 10, 3) == (reference["height"], reference["width"], 3)
    assert (grid[:4, 5:] == data[1]).all()
    assert (grid[4:, :5] == data[2]).all()
    assert (grid[4:, 5:] == 0).all()


def test_later_changes_of_the_array_do_not_reach_it(files, drain):
    data = pixels(4, 4, 3)
    before = data.copy()
    image = tracker.Image(data)
    data[:] = 0
    path = files / image.store("key", 0, files)["path"]
    drain()
    assert (opened(path) == before).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "YCbCr", "I;16", "I"])
def test_pillow_images_of_every_mode(kept, mode):
    picture = Pillow.fromarray(pixels(6, 5, 3)).convert("L" if mode.startswith("I") else mode)
    picture = picture.convert(mode) if mode.startswith("I") else picture
    _, path = kept(tracker.Image(picture))
    with Pillow.open(path) as back:
        wanted = picture.convert("RGB") if mode in ("CMYK", "HSV", "YCbCr") else picture
        assert back.size == (5, 6)
        assert np.array_equal(np.array(back.convert("RGBA")), np.array(wanted.convert("RGBA")))


def test_file_is_kept_byte_for_byte(kept, tmp_path):
    source = tmp_path / "photo.jpeg"
    Pillow.fromarray(pixels(20, 30, 3)).save(source, quality=60)
    reference, path = kept(tracker.Image(source, caption="a photo"))
    assert path.read_bytes() == source.read_bytes()
    assert path.suffix == ".jpg"
    assert reference["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert reference["size"] == source.stat().st_size
    assert (reference["width"], reference["height"], reference["caption"]) == (30, 20, "a photo")


def test_bytes_and_open_files(kept, tmp_path):
    source = tmp_path / "photo.jpg"
    Pillow.fromarray(pixels(20, 30, 3)).save(source)
    with source.open("rb") as file:
        for data in (source.read_bytes(), io.BytesIO(source.read_bytes()), file):
            reference, path = kept(tracker.Image(data))
            assert path.read_bytes() == source.read_bytes()
            assert (path.suffix, reference["width"], reference["height"]) == (".jpg", 30, 20)
    _, path = kept(tracker.Image(source.read_bytes(), file_type="png"))
    assert (opened(path) == opened(source)).all()


def test_file_that_browsers_do_not_show_is_converted(kept, tmp_path):
    data = pixels(6, 5, 3)
    Pillow.fromarray(data).save(tmp_path / "scan.tiff")
    _, path = kept(tracker.Image(str(tmp_path / "scan.tiff")))
    assert path.suffix == ".png"
    assert (opened(path) == data).all()


@pytest.mark.parametrize(
    ("file_type", "format_name"), [("jpg", "JPEG"), ("jpeg", "JPEG"), ("bmp", "BMP"), ("webp", "WEBP")]
)
def test_file_types(kept, file_type, format_name):
    smooth = np.full((16, 16, 4), 200, np.uint8)
    _, path = kept(tracker.Image(smooth, file_type=file_type))
    with Pillow.open(path) as picture:
        assert picture.format == format_name
        assert abs(int(np.array(picture.convert("RGB"))[3, 3, 0]) - 200) < 20


def test_mode_converts(kept):
    _, path = kept(tracker.Image(pixels(4, 4, 3), mode="L"))
    assert opened(path).shape == (4, 4)


def test_matplotlib(kept, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.plot([1, 2])
    expected = io.BytesIO()
    figure.savefig(expected, format="png")
    for value in (figure, axes, plt):
        reference, path = kept(tracker.Image(value))
        assert (opened(path) == np.array(Pillow.open(expected))).all()
        assert (reference["width"], reference["height"]) == (100, 50)
    plt.close(figure)


def test_masks_boxes_and_classes(kept, files):
    mask = np.array([[0, 1], [2, 1]])
    image = tracker.Image(
        pixels(2, 2, 3),
        classes=tracker.Classes([{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]),
        masks={"truth": {"mask_data": mask}, "guess": {"mask_data": mask > 0, "class_labels": {0: "no", 1: "yes"}}},
        boxes={
            "found": {
                "box_data": [
                    {
                        "position": {"minX": 0.1, "maxX": np.float32(0.5), "minY": 0, "maxY": 1},
                        "class_id": np.int64(2),
                        "box_caption": "dog 0.9",
                        "scores": {"conf": 0.9},
                    },
                    {"position": {"middle": (10, 20), "width": 4, "height": 6}, "domain": "pixel"},
                ]
            }
        },
    )
    reference, _ = kept(image)
    assert reference["classes"] == {"1": "cat", "2": "dog"}
    assert (opened(files / reference["masks"]["truth"]["path"]) == mask).all()
    assert opened(files / reference["masks"]["guess"]["path"]).tolist() == [[0, 1], [1, 1]]
    assert reference["masks"]["truth"]["class_labels"] == {"1": "cat", "2": "dog"}
    assert reference["masks"]["guess"]["class_labels"] == {"0": "no", "1": "yes"}
    assert reference["boxes"]["counts"] == {"found": 2}
    boxes = json.loads((files / reference["boxes"]["path"]).read_text())["found"]["box_data"]
    assert boxes[0]["class_id"] == 2
    assert boxes[0]["position"] == {"minX": pytest.approx(0.1), "maxX": 0.5, "minY": 0, "maxY": 1}
    assert boxes[1] == {"position": {"middle": [10, 20], "width": 4, "height": 6}, "domain": "pixel"}


def test_mask_ids_beyond_a_byte_are_exact(kept, files):
    mask = np.array([[0, 40_000]])
    reference, _ = kept(tracker.Image(pixels(1, 2, 3), masks={"big": {"mask_data": mask}}))
    assert (opened(files / reference["masks"]["big"]["path"]) == mask).all()


def test_image_of_an_image_takes_the_pixels_and_a_new_caption(kept):
    first = tracker.Image(pixels(4, 4, 3), caption="old")
    reference, path = kept(tracker.Image(first, caption="new"))
    assert reference["caption"] == "new"
    assert (opened(path) == opened(kept(first)[1])).all()


def test_captions_and_names_can_always_be_written_down(files):
    labels = {0: "half \ud800"}
    masks = {"layer": {"mask_data": [[0]], "class_labels": labels}}
    reference = tracker.Image(pixels(1, 1, 3), caption="half \ud800", masks=masks).store("key", 0, files)
    assert reference["caption"] == "half \\ud800"
    assert reference["masks"]["layer"]["class_labels"] == {"0": "half \\ud800"}


def test_the_same_content_is_written_once(files, drain):
    image = tracker.Image(pixels(4, 4, 3))
    first = image.store("key", 0, files)
    assert len(drain()) == 1
    assert image.store("key", 0, files) == first
    assert drain() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data_or_path": np.zeros((9, 8, 5))}, "colour channels"),
        ({"data_or_path": np.zeros(4)}, "no image"),
        ({"data_or_path": np.zeros((0, 4, 3))}, "no image"),
        ({"data_or_path": np.zeros((2, 2)), "file_type": "tga"}, "file_type"),
        ({"data_or_path": np.zeros((2, 2)), "masks": {"m": {"mask_data": [[-1]]}}}, "class ids"),
        ({"data_or_path": np.zeros((2, 2)), "masks": {"m": {}}}, "mask_data"),
        ({"data_or_path": np.zeros((2, 2)), "boxes": {"b": {"box_data": [{"position": {"x": 1}}]}}}, "position"),
        ({"data_or_path": "https://example.org/a.png"}, "address https://example.org/a.png"),
    ],
)
def test_what_cannot_be_an_image_is_refused_at_once(arguments, said):
    with pytest.raises((tracker.UsageError, ValueError), match=said):
        tracker.Image(**arguments)


def test_array_of_objects_is_refused():
    with pytest.raises(TypeError, match="numbers"):
        tracker.Image(np.array([["a", "b"]]))


def test_picture_for_pillow(tmp_path):
    pixels = np.arange(90, dtype=np.uint8).reshape(5, 6, 3)
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    for value in (pixels, np.moveaxis(pixels, -1, 0), Pillow.fromarray(pixels), tmp_path / "a.png"):
        assert (np.asarray(tracker.Image(value).image) == pixels).all()


def _stored(image):
    return np.asarray(image.image).astype(float)


def _laid(array, form):
    """`array`, of values in [0, 1] or [-1, 1], in the form that a script would hand over."""
    if form == "torch":
        return torch.from_numpy(array)
    if form == "float16":
        return array.astype(np.float16)
    if form == "bfloat16":
        return array.astype(ml_dtypes.bfloat16)
    if form == "jax":
        return pytest.importorskip("jax.numpy").asarray(array)
    if form == "pil":
        return Pillow.fromarray(array)
    if form == "first":
        return np.stack([array] * 3)
    if form == "batch":
        return np.stack([array, array])[..., np.newaxis]
    return array


@pytest.mark.parametrize("form", ["numpy", "torch", "float16", "bfloat16", "jax", "pil", "first", "batch"])
@pytest.mark.parametrize("low", [0.0, -1.0])
@pytest.mark.parametrize("beyond", [1e-6, 0.004])
def test_floats_that_overshoot_look_like_those_that_do_not(form, low, beyond):
    span = np.linspace(low, 1, 400, dtype=np.float32).reshape(20, 20)
    over = (span - (1 + low) / 2) * np.float32(1 + beyond) + (1 + low) / 2
    inside = _stored(tracker.Image(_laid(span, form)))
    outside = _stored(tracker.Image(_laid(over, form)))
    assert np.abs(inside - outside).max() <= 2
    assert outside.max() >= 253


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 2), 1.0), 255),
        (np.full((2, 2), 1.0000001, np.float32), 255),
        (np.zeros((2, 2)), 0),
        (np.full((2, 2), 0.2), 51),
        (np.full((2, 2), 40.0), 40),
        (np.array([[np.nan, 1.0]]), [[0, 255]]),
        (np.array([[np.nan, -1.0, 1.0]]), [[0, 0, 255]]),
        (np.array([[np.inf, -np.inf, 0.5]]), [[255, 0, 128]]),
        (np.ma.masked_greater(np.array([[0.5, 0.9]]), 0.7), [[128, 0]]),
        (np.ones((2, 2), bool), 255),
    ],
)
def test_odd_pixels(array, expected):
    assert (_stored(tracker.Image(array)) == expected).all()


@pytest.mark.parametrize("shape", [(4, 5), (6, 4), (1, 1), (4, 6, 1), (12, 8)])
def test_a_mask_is_as_large_as_its_image(shape):
    if shape == (4, 6, 1):
        tracker.Image(np.zeros((4, 6, 3)), masks={"m": {"mask_data": np.zeros(shape, int)}})
        return
    with pytest.raises(tracker.UsageError, match=r"mask 'm' has the shape .*its image has \(4, 6\)"):
        tracker.Image(np.zeros((4, 6, 3)), masks={"m": {"mask_data": np.zeros(shape, int)}})
    with pytest.raises(tracker.UsageError, match="resize"):
        tracker.Image(tracker.Image(np.zeros((4, 6))), masks={"m": {"mask_data": np.zeros(shape, int)}})


class Kind(enum.IntEnum):
    CAR = 4


class Word(str, enum.Enum):
    CAR = "car"


def test_classes_and_boxes_of_enums():
    position = {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}
    boxes = {"set": {"box_data": [{"position": position, "class_id": Kind.CAR, "box_caption": Word.CAR}]}}
    boxes["set"]["class_labels"] = {Kind.CAR: Word.CAR, 5.0: Kind.CAR, np.int64(6): "bike"}
    [kept] = tracker.Image(np.zeros((2, 2)), boxes=boxes)._boxes.values()
    assert kept.labels == {"4": "car", "5": "CAR", "6": "bike"}
    assert kept.boxes[0]["class_id"] == 4
    assert kept.boxes[0]["box_caption"] == "car"


def test_boxes_with_wrong_keys_are_reported():
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "clas_id": 3}
    with pytest.warns(UserWarning, match="clas_id is left out"):
        tracker.Image(np.zeros((2, 2)), boxes={"set": {"box_data": [box]}})
    with pytest.raises(tracker.UsageError, match="class_id"):
        tracker.Image(np.zeros((2, 2)), boxes={"set": {"box_data": [{**box, "class_id": "car"}]}})
