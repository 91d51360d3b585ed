"""Gymnasium: `tracker.init(monitor_gym=True)` keeps the videos and episode statistics that the script records.

Nothing is recorded that the script does not record: wrap the environment in `RecordVideo` and
`RecordEpisodeStatistics` (their vector forms, or Stable-Baselines3's `VecVideoRecorder`) as usual.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import weakref
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

import tracker_core as tracker
from tracker_core.integration import Unsupported, patched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_NUMBER = re.compile(r"(?:episode|step)-(\d+)")


@contextmanager
def monitor_gym(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Videos under `videos`, at the episode or step they begin with; `episode/return`, `episode/length` and
    `episode/time` (seconds) at the number of the episode in this process; what was made in the config.
    """
    if int(module.__version__.split(".")[0]) < 1:
        raise Unsupported(f"gymnasium {module.__version__} is too old: 1.0 or newer is needed")
    wrappers, registration = gymnasium.wrappers, gymnasium.envs.registration
    episodes, made = _Episodes(sink), _Made(sink)
    with ExitStack() as stack:
        for recorder in (wrappers.RecordVideo, wrappers.vector.RecordVideo):
            stack.enter_context(patched(recorder, "stop_recording", _recorded(sink, _gymnasium_path)))
        for counter in (wrappers.RecordEpisodeStatistics, wrappers.vector.RecordEpisodeStatistics):
            stack.enter_context(patched(counter, "reset", episodes.before_reset))
        stack.enter_context(patched(wrappers.vector.RecordEpisodeStatistics, "step", episodes.after_vector_step))
        for function in ("make", "make_vec"):
            stack.enter_context(patched(registration, function, made.after_make))
        yield
        episodes.flush()


@contextmanager
def monitor_stable_baselines3(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Videos of `VecVideoRecorder`, which `module` defines."""
    with patched(module.VecVideoRecorder, "_stop_recording", _recorded(sink, lambda recorder: recorder.video_path)):
        yield


def _gymnasium_path(recorder: Any) -> str:
    return os.path.join(recorder.video_folder, f"{recorder._video_name}.mp4")  # noqa: PTH118, SLF001 - its own formula


def _recorded(sink: SwitchSink, path_of: Any) -> Any:
    """A wrapper of a recorder's end: the name is gone after it, the file there only then."""

    def stop(call: Any, recorder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        path, frames = Path(path_of(recorder)), len(recorder.recorded_frames)
        call(*args, **kwargs)
        if frames and path.is_file():
            found = _NUMBER.search(path.stem)
            video = tracker.Video(str(path), caption=path.stem)
            sink.row({f"{_here()}videos": video}, int(found[1]) if found else 0)

    return stop


class _Episodes:
    """Reads what the statistics wrappers counted: when the next episode begins, not in every step."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._number = itertools.count()
        self._seen: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def before_reset(self, call: Any, wrapper: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._log(wrapper)
        call(*args, **kwargs)

    def after_vector_step(self, call: Any, wrapper: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        if self._seen.get(wrapper) != wrapper.episode_count:  # nearly always equal: no more than this in a step
            self._log(wrapper)

    def flush(self) -> None:
        """The last episode of an environment has no reset after it."""
        for wrapper in list(self._seen):
            self._log(wrapper)

    def _log(self, wrapper: Any) -> None:
        count = int(wrapper.episode_count)
        # Met for the first time: what it counted before was before the run.
        new = min(count - self._seen.get(wrapper, count), len(wrapper.return_queue))
        self._seen[wrapper] = count
        queues = (wrapper.return_queue, wrapper.length_queue, wrapper.time_queue)
        for values in zip(*(list(queue)[len(queue) - new :] for queue in queues), strict=True):
            row = dict(zip(("return", "length", "time"), map(float, values), strict=True))
            self._sink.row({f"{_here()}episode/{name}": value for name, value in row.items()}, next(self._number))


class _Made:
    """Tells the config which environments were made, each once."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._specs: dict[str, Any] = {}

    def after_make(self, call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        spec = call(*args, **kwargs).spec
        if spec is None or spec.id in self._specs:
            return
        try:
            described = json.loads(spec.to_json())
        except (TypeError, ValueError):  # an environment made with live objects
            described = {"id": spec.id, "kwargs": {name: repr(value) for name, value in spec.kwargs.items()}}
        self._specs[spec.id] = described
        self._sink.config.update({"gymnasium": dict(self._specs)}, allow_val_change=True)


_main = os.getpid()


def _here() -> str:
    """Nothing in the process that was patched; in a forked worker, whose episodes count from 0 too, its number."""
    if os.getpid() == _main:
        return ""
    import multiprocessing

    identity = multiprocessing.current_process()._identity  # noqa: SLF001 - no public form
    return f"worker-{identity[-1] if identity else os.getpid()}/"
