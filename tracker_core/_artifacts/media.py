"""Media in artifacts: the files that they are, and a small JSON file that tells how they belong together."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core._artifacts.storage import storing
from tracker_core._errors import Error, UsageError
from tracker_core._media import Media, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core import _records as records
    from tracker_core._artifacts.contents import Contents
    from tracker_core._artifacts.version import Entry
    from tracker_core._media.table import Table


def add(contents: Contents, value: Any, name: str, *, overwrite: bool) -> Entry:
    """Adds media under `name`, encoded at once. Raises UsageError for what is no media."""
    media = wrap(value)
    if media is None:
        raise UsageError(f"add() takes media, figures and dataframes, not {type(value).__name__}; see add_file()")
    from tracker_core._media import spool

    with storing(f"{name!r} cannot be kept"), tempfile.TemporaryDirectory(prefix="tracker-artifact-") as folder:
        files = Path(folder) / "files"
        reference = media.store(name, 0, files)
        failed: list[records.File] = []
        spool.drain(files.parent, failed.append)
        problem = reference.get("error") or next((record.error for record in failed if record.error), None)
        if problem:
            raise Error(f"{name!r} could not be kept: {problem}")
        for path in sorted(files.rglob("*")):
            if path.is_file():
                contents.add_file(path, path.relative_to(files).as_posix(), link=False, overwrite=True)
        target = Path(folder) / "description.json"
        target.write_bytes(msgspec.json.encode(reference))
        return contents.add_file(target, f"{name}.{reference['_type']}.json", link=False, overwrite=overwrite)


def names(name: str) -> list[str]:
    """The paths under which `add` may have put the description of `name`."""
    own = [name] if name.endswith(".json") else []
    bare = name.removesuffix(".table.json")
    return [*own, *(f"{bare}.{kind}.json" for kind in _KINDS)]


def get(root: Path, description: Path) -> Any:
    """The media that a description below `root` tells of; the map itself for kinds that are not read back."""
    reference = msgspec.json.decode(description.read_bytes())
    return made(reference, root) if isinstance(reference, dict) else None


def made(reference: dict[str, Any], root: Path) -> Any:
    """The media that `reference` describes, of files below `root`; the map itself for kinds that are not read back."""
    reader = _READERS.get(reference.get("_type", ""))
    return reader(reference, root) if reader is not None else reference


def _image(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.image import Image

    masks = {
        name: {"path": root / mask["path"], "class_labels": mask["class_labels"]}
        for name, mask in reference.get("masks", {}).items()
    }
    boxes = reference.get("boxes")
    sets = msgspec.json.decode((root / boxes["path"]).read_bytes()) if boxes else None
    classes = [{"id": int(number), "name": name} for number, name in reference.get("classes", {}).items()]
    caption = reference.get("caption")
    return Image(root / reference["path"], caption=caption, classes=classes or None, boxes=sets, masks=masks)


def _video(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.video import Video

    return Video(root / reference["path"], caption=reference.get("caption"))


def _audio(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.audio import Audio

    return Audio(root / reference["path"], caption=reference.get("caption"))


def _html(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.html import Html

    return Html(root / reference["path"], inject=False, caption=reference.get("caption"))


def _object3d(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.object3d import Object3D

    path, caption = root / reference["path"], reference.get("caption")
    if reference["format"] != "npy":
        return Object3D(path, caption)
    import numpy as np

    points = np.load(path, allow_pickle=False)
    scene = reference.get("scene")
    if scene is None:
        return Object3D(points, caption)
    return Object3D({"points": points, **msgspec.json.decode((root / scene["path"]).read_bytes())}, caption)


def _molecule(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.molecule import Molecule

    return Molecule(root / reference["path"], reference.get("caption"))


def _plotly(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.plotly import Plotly

    return Plotly.from_json((root / reference["path"]).read_bytes())


def _histogram(reference: dict[str, Any], root: Path) -> Media:
    del root
    from tracker_core._media.histogram import Histogram

    packed = reference.get("packedBins")
    edges = [packed["min"] + packed["size"] * at for at in range(packed["count"] + 1)] if packed else reference["bins"]
    return Histogram(np_histogram=(reference["values"], edges))


def _text(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.text import Markdown, Text

    text = reference["text"] if "text" in reference else (root / reference["path"]).read_text(encoding="utf-8")
    kind = Markdown if reference["_type"] == Markdown.kind else Text
    return kind(text, reference.get("caption"))


def _group(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.group import Group

    return Group([made(item, root) for item in reference["items"]])


def _joined(reference: dict[str, Any], root: Path) -> Media:
    from tracker_core._media.table import JoinedTable

    return JoinedTable(_table(reference["table1"], root), _table(reference["table2"], root), reference["join_key"])


def _table(reference: dict[str, Any], root: Path) -> Table:
    from tracker_core._media import table_file
    from tracker_core._media.table import Table

    rows = table_file.read(root, reference)
    cells = [[made(cell, root) if isinstance(cell, dict) else cell for cell in row] for row in rows]
    return Table(columns=reference["columns"], data=cells, allow_mixed_types=True)


_KINDS = (
    "audio-file chart graph-file group histogram html-file image-file joined-table markdown molecule-file object3D-file"
    " plotly-file table-file text video-file"
).split()

_READERS: dict[str, Callable[[dict[str, Any], Path], Media]] = {
    "chart": lambda reference, root: _table(reference["table"], root),
    "image-file": _image,
    "video-file": _video,
    "audio-file": _audio,
    "group": _group,
    "histogram": _histogram,
    "html-file": _html,
    "joined-table": _joined,
    "markdown": _text,
    "molecule-file": _molecule,
    "object3D-file": _object3d,
    "plotly-file": _plotly,
    "table-file": _table,
    "text": _text,
}
