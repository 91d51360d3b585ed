"""`tracker artifact`: versions of files, from the terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker_core import _folder, _settings
from tracker_core._file_tree import portable_name
from tracker_core.cli._options import dir_option, json_option

if TYPE_CHECKING:
    from tracker_core._artifacts.artifact import Artifact
    from tracker_core._artifacts.collection import Collection


@click.group("artifact")
def artifact_command() -> None:
    """Keep, get and check versions of files."""


@artifact_command.command("put")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("-n", "--name", metavar="[PROJECT/]NAME", help="By default the name of the file or folder.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True)
@click.option("-d", "--description")
@click.option("-a", "--alias", "aliases", multiple=True, help="May be given several times; `latest` always is.")
@dir_option
def _put(
    path: Path, name: str | None, kind: str, description: str | None, aliases: tuple[str, ...], folder: str
) -> None:
    """Keep a file or folder as a new version, outside of any run."""
    from tracker_core._artifacts.artifact import Artifact
    from tracker_core._artifacts.collection import Collection

    *place, short = (name or portable_name(path.resolve().name).replace(":", "-")).split("/")
    artifact = Artifact(short, kind, description)
    _folder.working_root = _root(folder)
    if path.is_dir():
        artifact.add_dir(path)
    else:
        artifact.add_file(path)
    collection = Collection(_root(folder), place[-1] if place else _project(), short)
    artifact.commit(collection, aliases=aliases, run="", created=time.time(), base=Path(folder))
    click.echo(f"{artifact.qualified_name}  {_files(artifact)}  {_size(artifact.size)}")


@artifact_command.command("get")
@click.argument("name", metavar="[PROJECT/]NAME[:ALIAS]")
@click.option("--root", type=click.Path(path_type=Path), help="Where its files go.")
@dir_option
def _get(name: str, root: Path | None, folder: str) -> None:
    """Put the files of a version into a folder; the path of that is printed."""
    click.echo(_find(name, folder).download(root))


@artifact_command.command("ls")
@click.argument("place", metavar="[PROJECT[/NAME]]", default="")
@click.option("-t", "--type", "kind", help="Of one type only.")
@dir_option
@json_option
def _ls(place: str, kind: str | None, folder: str, as_json: bool) -> None:
    """List all artifacts with their newest versions, or all versions of one."""
    from tracker_core._artifacts.collection import collections
    from tracker_core.cli._text import moment, print_json

    project, _, name = place.rpartition("/") if "/" in place else (place, "", "")
    found: list[dict[str, Any]] = []
    for collection in collections(_root(folder), project or None):
        if not name or collection.name == name:
            numbers = collection.numbers()
            shown = numbers[::-1] if name else numbers[-1:]
            found += [_entry(collection, number, len(numbers)) for number in shown]
    found = [entry for entry in found if kind in (None, entry["type"])]
    if place and not found:
        raise click.ClickException(f"there is no artifact of {place!r} below {_root(folder)}")
    if as_json:
        print_json(found)
        return
    for entry in found:
        size, when = _size(entry["size"]), moment(entry["created"])
        click.echo(f"{entry['name']}  {entry['type']}  {size}  {when}  {', '.join(entry['aliases'])}")


def _entry(collection: Collection, number: int, versions: int) -> dict[str, Any]:
    head = collection.head(number)
    return {
        "name": f"{collection.project}/{collection.name}:v{number}",
        "type": head.type,
        "aliases": sorted(alias for alias, at in collection.aliases().items() if at == number),
        "size": head.size,
        "created": head.created,
        "versions": versions,
    }


@artifact_command.command("verify")
@click.argument("name", metavar="[PROJECT/]NAME[:ALIAS]")
@click.option("--root", type=click.Path(path_type=Path), help="A folder to compare; what is kept by default.")
@dir_option
def _verify(name: str, root: Path | None, folder: str) -> None:
    """Check that every file of a version is there and unchanged."""
    artifact = _find(name, folder)
    try:
        artifact.verify(root) if root is not None else artifact.verify_kept()
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{artifact.qualified_name}  {_files(artifact)} checked")


@artifact_command.group("cache")
def _cache() -> None:
    """What artifacts take on the disk."""


@_cache.command("cleanup")
@click.argument("size", required=False)
@dir_option
def _cleanup(size: str | None, folder: str) -> None:
    """Remove what artifacts need no longer.

    Versions whose time to live is over, contents that no version names, and of what was fetched of references all but
    SIZE, like 2GB (by default the setting cache_size), the longest unused first.
    """
    from tracker_core._artifacts import cache
    from tracker_core._artifacts.collection import clean

    fetched = cache.of_user()
    most = fetched.bound if size is None else cache.bytes_of(size)
    count, gone = map(sum, zip(clean(_root(folder)), fetched.clean(most), strict=True))
    click.echo(f"{count} files of {_size(gone)} removed")


def _files(artifact: Artifact) -> str:
    return f"{artifact.file_count} file{'' if artifact.file_count == 1 else 's'}"


def _root(folder: str) -> Path:
    return Path(folder).absolute() / _folder.ROOT_NAME


def _project() -> str:
    return _settings.gather({}).project or "uncategorized"


def _find(name: str, folder: str) -> Artifact:
    from tracker_core._artifacts.ledger import find

    return find(_root(folder), name, _project(), Path(folder).absolute())


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} TiB"
