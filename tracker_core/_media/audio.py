"""Sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core._errors import UsageError
from tracker_core._media.array import Array, owned
from tracker_core._media.base import Media, described, require
from tracker_core._media.source import is_path, path_of, read_bytes
from tracker_core._media.spool import defer

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._media.place import Place

_SUFFIXES = ("wav", "mp3", "flac", "ogg", "opus", "m4a", "aac")
_MOST_CHANNELS = 8


class Audio(Media):
    """Sound from a path, bytes or an open file, or from an array and its `sample_rate` in samples a second.

    Arrays are (N,), (N, channels) or (channels, N) with at most 8 channels. Floats are within [-1, 1] and kept
    as 16-bit WAV; integers of 16 and 32 bits are kept exactly. Floats beyond are clipped.
    """

    kind: ClassVar[str] = "audio-file"

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        self.caption = caption
        self.sample_rate = None if sample_rate is None else int(sample_rate)
        if self.sample_rate is not None and self.sample_rate < 1:
            raise UsageError(f"sample_rate is {sample_rate}; samples a second are wanted")
        self._path: Path | None = None
        self._encoded: bytes | None = None
        self._samples: Array | None = None
        self.format = "wav"
        if is_path(data_or_path):
            self._path, self.format = path_of(data_or_path, _SUFFIXES, "sound")
        elif (data := read_bytes(data_or_path)) is not None:
            self._encoded, self.format = data, _sniffed(data)
        else:
            self._samples = self._take_array(data_or_path)

    def _take_array(self, data: Any) -> Array:
        require("soundfile", "media", "Audio of an array")
        if self.sample_rate is None:
            raise UsageError("Audio of an array needs sample_rate, in samples a second")
        samples = owned(data)
        if samples.ndim == 2 and samples.shape[0] <= _MOST_CHANNELS < samples.shape[1]:
            samples = samples.T
        if samples.ndim not in (1, 2) or not samples.size or samples.shape[1:] > (_MOST_CHANNELS,):
            raise UsageError(f"sound is (N,), (N, channels) or (channels, N), not the shape {samples.shape}")
        if samples.dtype.kind in "bu" or samples.dtype.itemsize == 1:
            raise UsageError(f"samples of {samples.dtype} have no known loudness; give int16, int32 or floats")
        return samples

    @property
    def duration(self) -> float | None:
        """Seconds; None for a file, which is not opened."""
        if self._samples is None or not self.sample_rate:
            return None
        return len(self._samples) / self.sample_rate

    def _store(self, place: Place) -> dict[str, Any]:
        if self._path is not None:
            reference = place.copy("audio", self.format, self._path)
        elif self._encoded is not None:
            reference = place.write("audio", self.format, self._encoded)
        else:
            assert self._samples is not None
            reference = defer(place, "audio", "wav", "audio", self._samples, rate=self.sample_rate)
        return described(
            {**reference, "format": self.format},
            caption=self.caption,
            sample_rate=self.sample_rate,
            duration=self.duration,
        )


def _sniffed(data: bytes) -> str:
    """The format by the first bytes."""
    for start, name in ((b"RIFF", "wav"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3")):
        if data.startswith(start):
            return name
    if data[4:8] == b"ftyp":
        return "m4a"
    if data[:1] == b"\xff" and len(data) > 1 and data[1] & 0xE0 == 0xE0:
        return "mp3" if data[1] & 0x06 else "aac"
    raise UsageError("these bytes are no wav, mp3, flac, ogg, m4a or aac sound")


def encode(array: Array, options: dict[str, Any], target: Path) -> None:
    """Writes the samples of `array` to `target` as WAV."""
    import numpy as np
    import soundfile

    if array.dtype.kind == "f":
        samples = np.nan_to_num(array.astype(np.float64, copy=False))
    else:
        samples = array.astype(np.int16 if array.dtype.itemsize <= 2 else np.int32, copy=False)
    subtype = "PCM_32" if samples.dtype == np.int32 else "PCM_16"
    soundfile.write(target, samples, int(options["rate"]), format="WAV", subtype=subtype)
