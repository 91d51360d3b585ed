"""Sound in and out, read back by libsndfile from the file alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import torch

import tracker_core as tracker

TONE = np.sin(np.linspace(0, 440, 8000)).astype(np.float32)


def test_floats_come_back_within_sixteen_bits(kept):
    reference, path = kept(tracker.Audio(TONE, sample_rate=16000, caption="a tone"))
    found, rate = soundfile.read(path)
    assert rate == 16000
    assert np.abs(found - TONE).max() <= 1 / 32767
    assert (
        reference.items() >= {"_type": "audio-file", "sample_rate": 16000, "duration": 0.5, "caption": "a tone"}.items()
    )


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_integers_come_back_exactly(kept, dtype):
    samples = (TONE * np.iinfo(dtype).max * 0.9).astype(dtype)
    assert (soundfile.read(kept(tracker.Audio(samples, 8000))[1], dtype=np.dtype(dtype).name)[0] == samples).all()


def test_channels_first_or_last(kept):
    stereo = np.stack([TONE, -TONE])
    first = soundfile.read(kept(tracker.Audio(stereo, 8000))[1])[0]
    last = soundfile.read(kept(tracker.Audio(stereo.T, 8000))[1])[0]
    tensor = soundfile.read(kept(tracker.Audio(torch.from_numpy(stereo), 8000))[1])[0]
    assert first.shape == (8000, 2)
    assert (first == last).all()
    assert (first == tensor).all()


def test_too_loud_is_clipped_and_nan_is_silence(kept):
    found, _ = soundfile.read(kept(tracker.Audio([3.0, -3.0, float("nan")], 8000))[1])
    assert found.tolist() == [pytest.approx(1, abs=1e-4), -1, 0]


def test_file_is_kept_byte_for_byte(kept, tmp_path):
    source = tmp_path / "tone.flac"
    soundfile.write(source, TONE, 8000)
    reference, path = kept(tracker.Audio(str(source)))
    assert path.read_bytes() == source.read_bytes()
    assert reference["format"] == "flac"


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_bytes_and_open_files_tell_their_format(kept, tmp_path, suffix):
    source = tmp_path / f"tone.{suffix}"
    soundfile.write(source, TONE, 8000)
    for data in (source.read_bytes(), io.BytesIO(source.read_bytes())):
        reference, path = kept(tracker.Audio(data, caption="a tone"))
        assert (reference["format"], path.suffix) == (suffix, f".{suffix}")
        assert path.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("rate", [np.int64(8000), 8000.0])
def test_rate_of_any_library(kept, rate):
    assert kept(tracker.Audio(TONE, sample_rate=rate))[0]["sample_rate"] == 8000


@pytest.mark.parametrize(
    ("data", "rate", "said"),
    [
        (TONE, None, "sample_rate"),
        (np.zeros((9, 9, 9)), 8000, "not the shape"),
        (np.zeros((100, 9)), 8000, "not the shape"),
        ([], 8000, "not the shape"),
        (np.zeros(4, np.uint8), 8000, "loudness"),
        ("tone.txt", None, "files of type"),
        (TONE, 0, "samples a second"),
        (b"neither of them", None, "no wav"),
    ],
)
def test_what_cannot_be_sound_is_refused_at_once(data, rate, said):
    with pytest.raises(tracker.UsageError, match=said):
        tracker.Audio(data, sample_rate=rate)
