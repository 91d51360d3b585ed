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
from collections import deque
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import gymnasium
import numpy as np

import tracker_core as tracker
from tracker_core.integration import Unsupported, guard, patched, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

T = TypeVar("T")

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
    yield wrappers.RecordEpisodeStatistics, "reset", episodes.before_reset
    yield gymnasium.Wrapper, "close", episodes.before_close
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
    """What recorders write: a key for each prefix and folder, at steps that only rise.

    The numbers in file names begin at 0 with each recorder. One that is made later with the same prefix and folder
    continues after the last step of its key; of several that record at a time each video has a step of its own.
    """

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._keys: dict[tuple[Path, str], str] = {}
        self._unnumbered = itertools.count()
        self._offsets: _PerObject[dict[str, int]] = _PerObject()

    def around(self, path_of: Callable[[Any], str | None]) -> Any:
        """A wrapper of a recorder's end: the name is gone after it, the file there only then."""

        def stop(call: Any, recorder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            # One that is switched off has no frames at all.
            path = path_of(recorder) if getattr(recorder, "recorded_frames", None) else None
            call(*args, **kwargs)
            if path is not None and Path(path).is_file():
                self._log(recorder, Path(path))

        return stop

    def _log(self, recorder: Any, path: Path) -> None:
        found = _NAME.fullmatch(path.stem)
        prefix, number = (found[1], int(found[2])) if found else ("", next(self._unnumbered))
        key = f"{_here()}{self._key(path.parent, prefix)}"
        after = _next_step(self._sink, key)
        offsets = self._offsets.get(recorder)
        if offsets is None:
            offsets = self._offsets.set(recorder, {})
        offset = offsets.setdefault(key, after)
        video = tracker.Video(str(path), caption=path.stem)
        self._sink.row({key: video}, max(number + offset, after))

    def _key(self, folder: Path, prefix: str) -> str:
        source = (folder, prefix)
        if source not in self._keys:
            taken = self._keys.values()
            names = ["videos", *(f"videos/{name}" for name in (prefix, folder.name) if name)]
            numbered = (f"videos/{number}" for number in itertools.count(len(taken)))
            self._keys[source] = next(key for key in itertools.chain(names, numbered) if key not in taken)
        return self._keys[source]


class _Statistics:
    """The queues of a wrapper of a single environment, and how far they were read.

    It does not keep the wrapper alive: when that is gone, its last episode is still in the queues.
    """

    def __init__(self, wrapper: Any) -> None:
        self.queues = (wrapper.return_queue, wrapper.length_queue, wrapper.time_queue)
        self.count = int(wrapper.episode_count)
        self._last = self._newest()

    def new(self, count: int | None = None) -> list[tuple[Any, ...]]:
        """The episodes since the last call, as far as the queues hold them; `count` is that of all episodes.

        Without it, which only the wrapper knows, what follows the newest time of the last call is new: each time is
        an object of its own.
        """
        times = self.queues[2]
        if count is None:
            fresh = next((index for index, time in enumerate(reversed(times)) if time is self._last), len(times))
        else:
            fresh = min(count - self.count, len(times))
            self.count = count
        self._last = self._newest()
        return list(zip(*(list(queue)[len(queue) - fresh :] for queue in self.queues), strict=True))

    def _newest(self) -> Any:
        times = self.queues[2]
        return times[-1] if times else None


class _Episodes:
    """Reads what the statistics wrappers counted: when the next episode begins, not in every step."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._known: _PerObject[_Statistics] = _PerObject()
        self._gone: deque[_Statistics] = deque()

    def before_reset(self, call: Any, wrapper: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._log_gone()
        statistics = self._known.get(wrapper)
        if statistics is not None:
            self._log(statistics.new(int(wrapper.episode_count)))
        else:
            # Met for the first time: what it counted before was before the run.
            statistics = self._known.set(wrapper, _Statistics(wrapper))
            # Not logged by the finalizer itself, which may run inside of anything.
            weakref.finalize(wrapper, self._gone.append, statistics).atexit = False
        call(*args, **kwargs)

    def before_close(self, call: Any, wrapper: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Nothing comes after it in a worker process, and in a script perhaps not for hours."""
        if (statistics := self._known.get(wrapper)) is not None:
            self._log(statistics.new(int(wrapper.episode_count)))
        call(*args, **kwargs)

    def after_vector_step(self, call: Any, wrapper: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        before = wrapper.episode_count
        infos = call(*args, **kwargs)[-1]
        if before != wrapper.episode_count:  # nearly always equal: no more than this in a step
            # Not from the queues, which may be shorter than the number of environments.
            self._log_infos(infos, getattr(wrapper, "_stats_key", "episode"))

    def after_step(self, call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Before 1.0 nothing but the step itself tells how long an episode took."""
        self._log_infos(call(*args, **kwargs)[-1], "episode")

    def flush(self) -> None:
        """Log the last episodes of environments that were not reset afterwards."""
        for statistics in self._known.values():
            with guard("the last episode of an environment"):
                self._log(statistics.new())
        self._log_gone()

    def _log_gone(self) -> None:
        while self._gone:
            self._log(self._gone.popleft().new())

    def _log_infos(self, infos: Any, key: str) -> None:
        if (told := infos.get(key)) is None:
            return
        over = np.flatnonzero(infos.get(f"_{key}", True))
        self._log(zip(*(np.atleast_1d(told[letter])[over] for letter in "rlt"), strict=True))

    def _log(self, episodes: Iterable[tuple[Any, ...]]) -> None:
        names = [f"{_here()}episode/{name}" for name in ("return", "length", "time")]
        for values in episodes:
            row = {name: _number(value) for name, value in zip(names, values, strict=True)}
            self._sink.row(row, _next_step(self._sink, names[0]))


class _PerObject(Generic[T]):
    """One value for each object, by identity, for as long as that lives: a user's class may define any `__eq__`."""

    def __init__(self) -> None:
        self._values: dict[int, T] = {}

    def get(self, owner: object) -> T | None:
        return self._values.get(id(owner))

    def set(self, owner: object, value: T) -> T:
        if id(owner) not in self._values:
            weakref.finalize(owner, self._values.pop, id(owner), None).atexit = False
        self._values[id(owner)] = value
        return value

    def values(self) -> list[T]:
        return list(self._values.values())


def _number(value: Any) -> Any:
    """A reward may be an array of one element; one of several is kept as it is."""
    return float(np.squeeze(value)) if np.size(value) == 1 else value


def _next_step(sink: SwitchSink, key: str) -> int:
    last = sink.last_step(key)
    return 0 if last is None else last + 1


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
        except Exception:  # noqa: BLE001 - an environment made with live objects, which may fail in any way
            described = {"id": spec.id, "kwargs": dict(spec.kwargs)}
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
