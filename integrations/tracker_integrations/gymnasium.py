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
import numpy as np

import tracker_core as tracker
from tracker_core.integration import Unsupported, patched, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_NAME = re.compile(r"(.*?)-(?:episode|step)-(\d+)(?:-to-step-\d+)?")
"""How recorders call a file: their prefix, where it begins, and with Stable-Baselines3 where it ends."""


@takes()
@contextmanager
def monitor_gym(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Videos under `videos`, at the episode or step they begin with; `episode/return`, `episode/length` and
    `episode/time` (seconds) at the number of the episode in this process; what was made in the config.

    Videos of a second recorder, with a prefix of its own or else a folder, are `videos/<prefix>`.
    """
    major, minor, *_ = map(int, re.findall(r"\d+", module.__version__))
    if (major, minor) < (0, 29):
        raise Unsupported(f"gymnasium {module.__version__} is too old: 0.29 or newer is needed")
    episodes, made = _Episodes(sink), _Made(sink)
    with ExitStack() as stack:
        for target, name, wrapper in [*(_hooks if major else _hooks_before_1)(_Videos(sink), episodes)]:
            stack.enter_context(patched(target, name, wrapper))
        for function in ("make", "make_vec"):
            stack.enter_context(patched(gymnasium.envs.registration, function, made.after_make))
        yield
        episodes.flush()


@takes()
@contextmanager
def monitor_stable_baselines3(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Videos of `VecVideoRecorder`, which `module` defines."""
    if not hasattr(module.VecVideoRecorder, "_stop_recording"):
        raise Unsupported("Stable-Baselines3 before 2.4 records through gymnasium, whose videos are kept")
    with patched(module.VecVideoRecorder, "_stop_recording", _Videos(sink).around(lambda one: one.video_path)):
        yield


def _hooks(videos: _Videos, episodes: _Episodes) -> Iterator[tuple[type, str, Any]]:
    wrappers = gymnasium.wrappers
    for recorder in (wrappers.RecordVideo, getattr(wrappers.vector, "RecordVideo", None)):
        if recorder is not None:  # the vector form is younger than 1.2
            yield recorder, "stop_recording", videos.around(_path)
    for counter in (wrappers.RecordEpisodeStatistics, wrappers.vector.RecordEpisodeStatistics):
        yield counter, "reset", episodes.before_reset
    yield wrappers.vector.RecordEpisodeStatistics, "step", episodes.after_vector_step


def _hooks_before_1(videos: _Videos, episodes: _Episodes) -> Iterator[tuple[type, str, Any]]:
    """One wrapper served single and vector environments; what was to come in 1.0 had a V0 in its name."""
    from importlib import import_module

    recorder = import_module("gymnasium.wrappers.monitoring.video_recorder").VideoRecorder
    yield recorder, "close", videos.around(lambda one: None if one._closed else one.path)  # noqa: SLF001 - no public form
    experimental = import_module("gymnasium.experimental.wrappers")
    yield experimental.RecordVideoV0, "stop_recording", videos.around(_path)
    vector = import_module("gymnasium.experimental.wrappers.vector")
    for counter in (experimental.RecordEpisodeStatisticsV0, vector.RecordEpisodeStatisticsV0):
        yield counter, "step", episodes.after_step
    yield gymnasium.wrappers.RecordEpisodeStatistics, "step", episodes.after_step


def _path(recorder: Any) -> str:
    return os.path.join(recorder.video_folder, f"{recorder._video_name}.mp4")  # noqa: PTH118, SLF001 - its own formula


class _Videos:
    """What recorders write. Their names begin to count anew with each recorder, so each has a key."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._keys: dict[tuple[Path, str], str] = {}
        self._unnumbered = itertools.count()

    def around(self, path_of: Callable[[Any], str | None]) -> Any:
        """A wrapper of a recorder's end: the name is gone after it, the file there only then."""

        def stop(call: Any, recorder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            # One that is switched off has no frames at all.
            path = path_of(recorder) if getattr(recorder, "recorded_frames", None) else None
            call(*args, **kwargs)
            if path is not None and Path(path).is_file():
                self._log(Path(path))

        return stop

    def _log(self, path: Path) -> None:
        found = _NAME.fullmatch(path.stem)
        prefix, number = (found[1], int(found[2])) if found else ("", next(self._unnumbered))
        source = (path.parent, prefix)
        if source not in self._keys:
            taken = self._keys.values()
            names = ["videos", *(f"videos/{name}" for name in (prefix, path.parent.name) if name)]
            numbered = (f"videos/{number}" for number in itertools.count(len(taken)))
            self._keys[source] = next(key for key in itertools.chain(names, numbered) if key not in taken)
        video = tracker.Video(str(path), caption=path.stem)
        self._sink.row({f"{_here()}{self._keys[source]}": video}, number)


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

    def after_step(self, call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Before 1.0 nothing but the step itself tells how long an episode took."""
        infos = call(*args, **kwargs)[-1]
        if (told := infos.get("episode")) is None:
            return
        over = np.flatnonzero(infos.get("_episode", True))
        for values in zip(*(np.atleast_1d(told[letter])[over] for letter in "rlt"), strict=True):
            self._add(values)

    def _log(self, wrapper: Any) -> None:
        count = int(wrapper.episode_count)
        # Met for the first time: what it counted before was before the run.
        new = min(count - self._seen.get(wrapper, count), len(wrapper.return_queue))
        self._seen[wrapper] = count
        queues = (wrapper.return_queue, wrapper.length_queue, wrapper.time_queue)
        for values in zip(*(list(queue)[len(queue) - new :] for queue in queues), strict=True):
            self._add(values)

    def _add(self, values: tuple[Any, ...]) -> None:
        row = zip(("return", "length", "time"), map(float, values), strict=True)
        self._sink.row({f"{_here()}episode/{name}": value for name, value in row}, next(self._number))


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
