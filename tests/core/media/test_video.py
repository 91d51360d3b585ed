"""Videos in and out, decoded by ffmpeg from the file alone."""

from __future__ import annotations

import io
import re
import subprocess
from typing import TYPE_CHECKING

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

import tracker_core as tracker

if TYPE_CHECKING:
    from pathlib import Path

# Two colours that move: a codec that mixes up frames, channels or axes cannot come near it.
FRAMES = np.zeros((6, 32, 48, 3), np.uint8)
for index in range(6):
    FRAMES[index, :16, index * 8 : index * 8 + 8] = (250, 20, 20)
    FRAMES[index, 16:] = (10, 40 * index, 200)


def decoded(path: Path) -> np.ndarray:
    return played(path)[0]


def played(path: Path) -> tuple[np.ndarray, float]:
    """The frames and how many there are a second, as ffmpeg says them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode"]
    done = subprocess.run([*command, "passthrough", "-"], capture_output=True, check=True)
    told = re.search(r"Video: .*? (\d{2,5})x(\d+).*? ([\d.]+) fps", done.stderr.decode())
    width, height, rate = int(told[1]), int(told[2]), float(told[3])
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3), rate


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Within what chroma subsampling and quantisation cost."""
    return found.shape == wanted.shape and np.abs(found.astype(int) - wanted).mean() < 6


@pytest.mark.parametrize("suffix", ["mp4", "webm", "ogg", "gif"])
def test_formats(kept, suffix):
    reference, path = kept(tracker.Video(FRAMES.transpose(0, 3, 1, 2), fps=5, format=suffix, caption="moving"))
    assert path.suffix == f".{suffix}"
    frames, rate = played(path)
    assert close(frames, FRAMES)
    assert rate == 5
    assert reference.items() >= {"_type": "video-file", "format": suffix, "fps": 5.0, "caption": "moving"}.items()
    assert (reference["width"], reference["height"], reference["frames"]) == (48, 32, 6)


def test_default_is_mp4_at_four_frames_a_second(kept):
    _, path = kept(tracker.Video(FRAMES))
    assert path.suffix == ".mp4"
    assert played(path)[1] == 4


@pytest.mark.parametrize(
    "data",
    [
        FRAMES,
        FRAMES.transpose(0, 3, 1, 2),
        FRAMES[np.newaxis],
        FRAMES.transpose(0, 3, 1, 2)[np.newaxis],
        FRAMES / 255,
        (FRAMES / 255).astype(np.float16),
        torch.from_numpy(FRAMES.transpose(0, 3, 1, 2).copy()),
        list(FRAMES),
        np.concatenate([FRAMES, np.full((6, 32, 48, 1), 255, np.uint8)], axis=3),
    ],
    ids=["THWC", "TCHW", "BTHWC", "BTCHW", "float64", "float16", "torch", "list", "RGBA"],
)
def test_layouts_and_types(kept, data):
    assert close(decoded(kept(tracker.Video(data))[1]), FRAMES)


def test_grey(kept):
    grey = FRAMES[..., 0]
    wanted = np.repeat(grey[..., np.newaxis], 3, axis=3)
    assert close(decoded(kept(tracker.Video(grey))[1]), wanted)
    assert close(decoded(kept(tracker.Video(grey[:, np.newaxis]))[1]), wanted)


def test_batch_plays_as_a_grid(kept):
    reference, path = kept(tracker.Video(np.stack([FRAMES, FRAMES[::-1], FRAMES])))
    found = decoded(path)
    assert found.shape == (6, 64, 96, 3)
    assert (reference["width"], reference["height"], reference["frames"]) == (96, 64, 6)
    assert close(found[:, :32, 48:], FRAMES[::-1])
    assert close(found[:, 32:, 48:], np.zeros_like(FRAMES))


def test_odd_sides_are_extended(kept):
    assert decoded(kept(tracker.Video(FRAMES[:, :31, :47]))[1]).shape == (6, 32, 48, 3)


def test_bytes_files_and_paths_are_kept_as_they_are(kept, tmp_path):
    source = tmp_path / "clip.gif"
    pictures = [Pillow.fromarray(frame) for frame in FRAMES]
    pictures[0].save(source, save_all=True, append_images=pictures[1:])
    data = source.read_bytes()
    with source.open("rb") as opened:
        opened.read(10)
        for value in (str(source), source, data, io.BytesIO(data), opened):
            reference, path = kept(tracker.Video(value))
            assert path.read_bytes() == data
            assert path.suffix == ".gif"
            assert reference["size"] == len(data)


@pytest.mark.parametrize("suffix", ["mp4", "webm", "ogg"])
def test_bytes_tell_their_format(tmp_path, suffix):
    target = tmp_path / f"clip.{suffix}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=d=0.2:s=32x32"]
    subprocess.run([*command, str(target)], check=True)
    assert tracker.Video(target.read_bytes()).format == suffix


def test_fps_of_an_encoded_video_is_not_changed(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.warns(UserWarning, match="keeps its own"):
        tracker.Video(tmp_path / "a.mp4", fps=3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data_or_path": np.zeros((2, 8, 8, 7))}, "colour channels"),
        ({"data_or_path": np.zeros((8, 8))}, "frames are"),
        ({"data_or_path": np.zeros((0, 8, 8, 3))}, "no frame"),
        ({"data_or_path": FRAMES, "fps": 0}, "fps"),
        ({"data_or_path": FRAMES, "format": "mpeg"}, "format"),
        ({"data_or_path": b"nothing"}, "format="),
        ({"data_or_path": "clip.txt"}, "files of type"),
    ],
)
def test_what_cannot_be_a_video_is_refused_at_once(arguments, said):
    with pytest.raises(tracker.UsageError, match=said):
        tracker.Video(**arguments)


def test_missing_file():
    with pytest.raises(FileNotFoundError):
        tracker.Video("none.mp4")
