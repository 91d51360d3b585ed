"""Files that `run.save()` keeps in the run's folder and `run.restore()` takes out of it."""

from __future__ import annotations

import fnmatch
import glob
import os
import shutil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

from tracker_core import _notice, _past
from tracker_core import _records as records
from tracker_core._errors import UsageError
from tracker_core._file_tree import FileTree, draft_path, portable_name, printable
from tracker_core._folder import is_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tracker_core._folder import RunFolder

_WILDCARDS = frozenset("*?[")


class Wanted(NamedTuple):
    """Files to be kept, as `asked` for; `base` is the folder that their paths begin below."""

    asked: str
    base: Path
    files: Iterable[Path]
    pattern: bool = False


def by_name(name: str) -> Wanted:
    """The one file that is called so, whatever signs are in its name; all files below a folder."""
    path = Path(name).absolute()
    return Wanted(name, _base(Path(name), Path(name).parent), _files(name, [path]))


def by_pattern(pattern: str) -> Wanted:
    """The files that a glob matches; all files below a folder that it matches.

    A file or folder that exists under a name with wildcards in it is meant itself. So is a folder at the start of a
    pattern.
    """
    literal, rest = _literal_start(Path(pattern))
    if not rest.parts or not _WILDCARDS & set(str(rest)):
        return by_name(pattern)
    matches = _matches(literal, str(rest)) or _matches(literal, str(rest).replace("[", "[[]"))
    base = _base(Path(pattern), literal)
    return Wanted(pattern, base, _files(pattern, matches), pattern=True)


def _literal_start(path: Path) -> tuple[Path, Path]:
    """`path` in two: the parts at its start that exist or have no wildcards, and the rest."""
    for count in range(len(path.parts), 0, -1):
        start = Path(*path.parts[:count])
        if os.path.lexists(start) or not _WILDCARDS & set(str(start)):
            return start, Path(*path.parts[count:])
    return Path(), path


def _matches(literal: Path, pattern: str) -> list[Path]:
    """The paths below `literal` that `pattern` matches, without the tracker's own files."""
    parts = Path(pattern).parts
    if "**" in parts:
        first = parts.index("**")
        start, rest = Path(*parts[:first]), parts[first:]
        folders = [path for path in _glob(literal, str(start)) if path.is_dir()] if first else [literal.absolute()]
        return [path for folder in folders for path in _below_folder(folder, rest)]
    return [path for path in _glob(literal, pattern) if not _is_own(path, literal.absolute())]


def _glob(literal: Path, pattern: str) -> list[Path]:
    return [literal.absolute() / name for name in sorted(glob.glob(pattern, root_dir=literal))]  # noqa: PTH207 - hides hidden files


def _below_folder(folder: Path, pattern: tuple[str, ...]) -> Iterator[Path]:
    """The files below `folder` that a pattern with `**` matches. `glob` would follow links in circles."""
    for path, name in FileTree(folder, is_own):
        if _fits(tuple(name.split("/")), pattern):
            yield path


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path, or a folder that it is in, matches a pattern. As in shells, `*` matches no leading dot."""
    if not pattern:
        return True
    if not parts:
        return False
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or (not parts[0].startswith(".") and _fits(parts[1:], pattern))
    is_hidden = parts[0].startswith(".") and not pattern[0].startswith(".")
    return not is_hidden and fnmatch.fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _is_own(path: Path, start: Path) -> bool:
    """Whether `path`, or a folder between it and `start`, is written by the tracker."""
    folders = [path, *path.parents]
    return any(is_own(folder) for folder in folders[: folders.index(start)] if folder.is_dir())


def _base(asked: Path, fixed: Path) -> Path:
    """Below the current folder a file keeps its path; from elsewhere it comes without what is not its own."""
    return fixed if asked.is_absolute() or ".." in asked.parts else Path()


def _files(asked: str, paths: Iterable[Path]) -> Iterator[Path]:
    """Each path, a folder's files for the folder, without repeats."""
    seen = set()
    for path in paths:
        tree = FileTree(path, is_own) if path.is_dir() else None
        for file in (path,) if tree is None else [file for file, _ in tree]:
            if file not in seen:
                seen.add(file)
                yield file
        if tree is not None:
            tree.warn(f"save({printable(asked)!r})")


def keep(
    files: Path,
    wanted: Wanted,
    base_path: str | os.PathLike[str] | None,
    policy: Literal["now", "live", "end"],
    time: float,
) -> list[records.File]:
    """Copies what is wanted below `files` and returns a record for each.

    With the policies `live` and `end` the background process copies again later; a first copy is made all the same,
    so that a killed run has one. A file that cannot be read is left out with a warning.
    """
    if policy not in ("now", "live", "end"):
        raise UsageError(f"policy={policy!r} must be 'now', 'live' or 'end'")
    if "://" in wanted.asked and not os.path.lexists(wanted.asked):
        _notice.warn(f"save({wanted.asked!r}) keeps nothing: see Artifact.add_reference() for addresses")
        return []
    base = Path(base_path) if base_path is not None else wanted.base
    if base_path is None and files in (base.absolute(), *base.absolute().parents):
        base = files  # it was made where it is kept
    kept = []
    for source in wanted.files:
        path = _below(source, base.absolute(), wanted.asked)
        try:
            record = _copy(source, files / path, path, policy, time)
        except OSError as error:
            _notice.mention(f"{printable(source)} could not be saved: {error.strerror or error}")
            continue
        kept.append(record)
    if not kept and wanted.pattern:
        _notice.mention(f"save({wanted.asked!r}) found no file; a pattern is looked up once, when save() is called")
    return kept


def folder_of(root: Path, run_path: str, project: str) -> RunFolder | None:
    """Where the run "[[entity/]project/]id" below `root` lies; `project` is meant where none is named."""
    *place, run_id = run_path.strip("/").split("/")
    return next((folder for folder, _ in _past.occupants(root, place[-1] if place else project, run_id)), None)


def restore(files: Path, name: str, root: Path, *, replace: bool) -> IO[str] | None:
    """Opens a copy below `root` of the file `name` in `files`. A file that is there already is opened as it is, unless
    `replace`."""
    source, target = files / name, root / name
    if not source.is_file() or files.resolve() not in source.resolve().parents:
        return None
    if replace or not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    return target.open(encoding="utf-8")


def _below(source: Path, base: Path, pattern: str) -> Path:
    normal = Path(os.path.normpath(source))
    try:
        return Path(portable_name(str(normal.relative_to(os.path.normpath(base)))))
    except ValueError:
        raise UsageError(f"save({pattern!r}): {source} does not lie below base_path={str(base)!r}") from None


def _copy(source: Path, target: Path, path: Path, policy: Literal["now", "live", "end"], time: float) -> records.File:
    if not os.path.lexists(target) or not source.samefile(target):  # a file may be saved from where it is kept
        if source.exists() and not source.is_file():
            raise OSError("not a regular file")
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_path(target)
        try:
            shutil.copy2(source, draft)
            draft.replace(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    return records.File(
        time=time,
        path=path.as_posix(),
        policy=policy,
        source=None if policy == "now" else _source(source),
        size=target.stat().st_size,
    )


def _source(path: Path) -> str:
    """As the record holds it: an absolute path, or a file: address where the path is not UTF-8."""
    return str(path) if portable_name(str(path)) == str(path) else path.as_uri()
