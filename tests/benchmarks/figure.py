"""What is measured, in the order of the table, with what we want to reach."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    key: str
    label: str
    unit: str
    target: float | None
    """Ours is to be at most this; at least this where `higher`."""
    higher: bool = False


FIGURES = (
    Figure("import", "import, over bare python", "ms", 50),
    Figure("init", "init()", "ms", 9),
    Figure("log5", "log(5 floats), hot loop, median", "µs", 3),
    Figure("log5_p99", "log(5 floats), hot loop, p99", "µs", 10),
    Figure("log100", "log(100 floats), hot loop, median", "µs", 10),
    Figure("log100_p99", "log(100 floats), hot loop, p99", "µs", None),
    Figure("busy", "log(5 floats), another thread busy, median", "µs", None),
    Figure("busy_p99", "log(5 floats), another thread busy, p99", "µs", 20),
    Figure("step", "log(5 floats) between 1 ms steps, median", "µs", 12),
    Figure("step_p99", "log(5 floats) between 1 ms steps, p99", "µs", None),
    Figure("slowdown", "slowdown of that training", "%", 2),
    Figure("finish", "finish() after 20,000 rows", "ms", 20),
    Figure("memory", "peak memory over bare python", "MB", 12),
    Figure("cpu", "CPU of the process tree per row", "µs", 15),
    Figure("bytes5", "bytes a point, 5 keys", "B", 14),
    Figure("bytes100", "bytes a point, 100 keys", "B", 8.5),
    Figure("lost", "rows lost on SIGKILL, full speed", "%", 0),
    Figure("lost_paced", "rows lost on SIGKILL, one a ms", "%", 0),
    Figure("ingest", "first open of a 1 M-point series", "Mpt/s", 2, higher=True),
    Figure("index", "index, bytes a point", "B", 4.5),
    Figure("read", "all of a 1 M-point series", "ms", 100),
    Figure("sample", "1,000 buckets of it", "ms", 15),
    Figure("overview", "opening the index, and 1,000 buckets of it", "ms", None),
    Figure("listing", "listing 1,000 runs, config and summary", "ms", 60),
    Figure("image", "log() of an image, 512 x 512", "ms", None),
    Figure("video", "log() of a video, 3 s of 256 x 256", "ms", None),
    Figure("table", "log() of a table, 10,000 x 5", "ms", None),
    Figure("histogram", "log() of a histogram of 1,000,000 values", "ms", None),
    Figure("large_time", "artifact of one file of 2 GiB", "s", None),
    Figure("large_again", "the same again", "s", None),
    Figure("large_disk", "what it takes on the disk", "MiB", None),
    Figure("large_memory", "peak memory meanwhile", "MiB", None),
    Figure("large_download", "its download", "s", None),
    Figure("large_rest", "the rest of one that was killed half-way", "s", None),
    Figure("large_download_memory", "peak memory meanwhile", "MiB", None),
    Figure("many_time", "artifact of 20,000 files of 2 kB", "s", None),
    Figure("many_again", "the same again", "s", None),
    Figure("many_disk", "what it takes on the disk", "MiB", None),
    Figure("many_memory", "peak memory meanwhile", "MiB", None),
    Figure("many_download", "their download", "s", None),
    Figure("many_rest", "the rest of one that was killed half-way", "s", None),
    Figure("many_download_memory", "peak memory meanwhile", "MiB", None),
)
