"""The experiment tracker that stays on your machine: `import tracker_core as tracker; tracker.init()`."""

from types import FunctionType as _FunctionType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from tracker_core._artifacts import lineage as _lineage
from tracker_core._current import Package as _Package
from tracker_core._current import (
    alert,
    config,
    define_metric,
    link_artifact,
    link_model,
    log,
    log_artifact,
    log_code,
    log_model,
    mark_preempting,
    restore,
    save,
    summary,
    unwatch,
    use_artifact,
    use_model,
    watch,
)
from tracker_core._elsewhere import guide as _guide
from tracker_core._errors import (
    AuthenticationError,
    CommError,
    ConfigError,
    Error,
    LaunchError,
    NotFoundError,
    StorageError,
    UsageError,
)
from tracker_core._login import login
from tracker_core._run import Run
from tracker_core._session import current as _current_run
from tracker_core._session import finish, init
from tracker_core._settings import Settings
from tracker_core._version import __version__

if _TYPE_CHECKING:
    run: Run | None
    """The current run; None before `init()` and after `finish()`."""

    from tracker_core import plot as plot
    from tracker_core._alert import AlertLevel
    from tracker_core._api import Api
    from tracker_core._artifacts.artifact import Artifact
    from tracker_core._media.audio import Audio
    from tracker_core._media.bokeh import Bokeh
    from tracker_core._media.classes import Classes
    from tracker_core._media.graph import Graph
    from tracker_core._media.histogram import Histogram
    from tracker_core._media.html import Html
    from tracker_core._media.image import Image
    from tracker_core._media.molecule import Molecule
    from tracker_core._media.object3d import Object3D
    from tracker_core._media.plotly import Plotly
    from tracker_core._media.table import JoinedTable, Table
    from tracker_core._media.text import Markdown, Text
    from tracker_core._media.video import Video
    from tracker_core.plot import plot_table

__all__ = [
    "AlertLevel",
    "Api",
    "Artifact",
    "Audio",
    "AuthenticationError",
    "Bokeh",
    "Classes",
    "CommError",
    "ConfigError",
    "Error",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "LaunchError",
    "Markdown",
    "Molecule",
    "NotFoundError",
    "Object3D",
    "Plotly",
    "Run",
    "Settings",
    "StorageError",
    "Table",
    "Text",
    "UsageError",
    "Video",
    "__version__",
    "alert",
    "config",
    "define_metric",
    "finish",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "mark_preempting",
    "plot_table",
    "restore",
    "run",
    "save",
    "summary",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]

# Names that only some scripts use, and the modules that load more than the core for them; "": it is a module itself.
_LAZY = {
    "AlertLevel": "_alert",
    "Api": "_api",
    "Artifact": "_artifacts.artifact",
    "Audio": "_media.audio",
    "Bokeh": "_media.bokeh",
    "Classes": "_media.classes",
    "Graph": "_media.graph",
    "Histogram": "_media.histogram",
    "Html": "_media.html",
    "Image": "_media.image",
    "JoinedTable": "_media.table",
    "Markdown": "_media.text",
    "Molecule": "_media.molecule",
    "Object3D": "_media.object3d",
    "Plotly": "_media.plotly",
    "Table": "_media.table",
    "Text": "_media.text",
    "Video": "_media.video",
    "plot": "",
    "plot_table": "plot.chart",
}


def _shown(value: _Any) -> _Any:
    """Users meet these in tracebacks and help(): show where to import them from."""
    if isinstance(value, (type, _FunctionType)) and value.__module__.startswith(f"{__name__}."):
        value.__module__ = __name__
    return value


def __getattr__(name: str) -> _Any:
    if name == "run":
        return _current_run()
    if name.startswith("_"):  # asked for by every import of a module that is not loaded yet
        raise AttributeError(name)
    if name not in _LAZY:
        return _foreign(name)
    from importlib import import_module

    if not _LAZY[name]:
        return import_module(f"{__name__}.{name}")
    value = globals()[name] = _shown(getattr(import_module(f"{__name__}.{_LAZY[name]}"), name))
    return value


def _foreign(name: str) -> _Any:
    from tracker_core._elsewhere import advice, provided

    try:
        return provided(name)
    except AttributeError:
        hint = advice(name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(f"{message}: {hint}" if hint else message, name=name) from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _named(*asked: _Any) -> _Any:
    from tracker_core._api import named

    return named(*asked)


_lineage.named = _named

_guide()
_Package.take(__name__)

for _value in [globals().get(_name) for _name in __all__]:
    _shown(_value)
del _value
