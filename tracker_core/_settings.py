"""What a run is started with, gathered anew at every `init`.

Low to high: built-in defaults, the user's file, the workspace's file, `TRACKER_*` variables, `init(settings=)`,
the arguments of `init`. Both files are INI with the section `[default]`; the user's is in `$TRACKER_CONFIG_DIR` (or the
platform's folder for configuration), the workspace's is `<dir>/tracker/settings`. The user's file has a section for
each server that this user logged in to, named by its address, with the key that the server issued.

An API key goes to the server that issued it and to no other: see `_server`.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec

from tracker_core import _home, _notice, _texts
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "settings"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting with its default. None means: not said, the tracker decides.

    A setting's variable is `TRACKER_` and its name in capitals, but for `id` and `group`, which are
    `TRACKER_RUN_ID` and `TRACKER_RUN_GROUP`.
    """

    project: str | None = None
    entity: str | None = None
    name: str | None = None
    id: str | None = None
    group: str | None = None
    job_type: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    dir: str | None = None
    """Folder in which `tracker/` is made; the current one by default."""
    mode: Literal["online", "offline", "disabled", "dryrun", "run"] | None = None
    resume: bool | str | None = None
    reinit: bool | str | None = None
    anonymous: Literal["allow", "never", "must"] | None = None
    force: bool | None = None
    ranks: Literal["join", "own", "main"] = "join"
    """Where the ranks of a launch record: in the run of rank 0, each in a run of its own, or rank 0 only."""
    allow_val_change: bool | None = None
    config_paths: tuple[str, ...] = ()
    """Config files that are read below `init(config=)`, later ones winning."""
    save_code: bool | None = None
    disable_code: bool = False
    """Never save code, whatever `save_code` says."""
    disable_git: bool = False
    sync_tensorboard: bool | dict[str, Any] | None = None
    monitor_gym: bool | dict[str, Any] | None = None
    magic: bool | str | dict[str, Any] | None = None
    console: Literal["wrap", "off"] = "wrap"
    """`off` leaves stdout and stderr alone."""
    system_interval: float = 10.0
    """Seconds between two samples of CPU, memory, disk, network and GPU; 0 switches them off."""
    finish_timeout: float = 30.0
    """Seconds that `finish` waits for what is left to be uploaded or mirrored; the rest goes on after it."""
    alert_webhook: str | None = None
    """Address that alerts are posted to: of Slack, Discord, Teams, or of anything that takes JSON."""
    alert_mail: str | None = None
    """Where alerts are mailed to; several addresses with commas between them."""
    smtp_url: str | None = None
    """Mail server for that, like `smtps://user:password@host:465`; the machine's own by default."""
    cache_dir: str | None = None
    """Folder for what was fetched of artifacts' references; the platform's place for caches by default."""
    cache_size: str = "10GB"
    """How much of that is kept; what was used longest ago goes first."""
    silent: bool = False
    """Print nothing but warnings."""
    buffered: bool | None = None
    """Write through a buffer and a thread instead of a memory map; None: only where a map is unsafe."""
    host: str | None = None
    base_url: str | None = None
    """Address of the team's server, as `tracker login --host` keeps it."""
    api_key: str | None = None


_RENAMED = {"id": "TRACKER_RUN_ID", "group": "TRACKER_RUN_GROUP"}

VARIABLES: dict[str, str] = {
    field: _RENAMED.get(field, f"TRACKER_{field.upper()}") for field in Settings.__struct_fields__
}
"""Setting -> environment variable."""

_LISTS = ("tags", "config_paths")
_TEXTS = ("project", "entity", "name", "id", "group", "job_type", "notes")


def gather(arguments: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Settings:
    """The settings of one `init`: `arguments` are its keywords, `given` its `settings=`.

    None stands for "not given" in both. Raises UsageError, naming the setting and where it came from, for a
    value or a name that is none.
    """
    merged: dict[str, Any] = {}
    environment = from_environment(os.environ)
    own = {name: value for name, value in arguments.items() if value is not None}
    more = {name: value for name, value in (given or {}).items() if value is not None}
    folder = _expanded(own.get("dir") or more.get("dir") or environment.get("dir") or ".")
    user, workspace = read_file(user_file()), read_file(workspace_file(folder))
    for source, values in (
        (str(user_file()), user),
        (str(workspace_file(folder)), workspace),
        ("the environment", environment),
        ("init(settings=)", more),
        ("init()", own),
    ):
        merged.update(_convert(values, source))
    if "base_url" in merged or "api_key" in merged:
        address, key = _server(user, workspace, {**environment, **more, **own}, workspace_file(folder))
        merged.update(base_url=address, api_key=key)
    return Settings(**merged)


def address_of(text: str) -> str:
    """The address of a server in the form in which two can be compared."""
    scheme, separator, rest = text.strip().partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}".rstrip("/")


def stored_key(address: str) -> str | None:
    """The key that `tracker login` keeps for the server at `address`."""
    values = read_file(user_file())
    if address_of(values.get("base_url", "")) == address_of(address) and "api_key" in values:
        return values["api_key"]
    return read_file(user_file(), section=address_of(address)).get("api_key")


def _server(
    user: Mapping[str, str], workspace: Mapping[str, str], explicit: Mapping[str, Any], file: Path
) -> tuple[str | None, str | None]:
    """The server's address, and the key for it if one is known.

    A key in the user's file belongs to the server beside it. A key that is given explicitly (`TRACKER_API_KEY`,
    `init(settings=)`) goes to an address that is explicit too, or else to the user's server. The workspace's file may
    come with a cloned repository: its address counts only with a key of its own beside it, and gets no other key.
    """
    address, key = explicit.get("base_url"), explicit.get("api_key")
    if address is None and "base_url" in workspace:
        if key is None and "api_key" in workspace:
            return workspace["base_url"], workspace["api_key"]
        if address_of(workspace["base_url"]) != address_of(user.get("base_url", "")):
            cause = "whose own API key is overridden" if "api_key" in workspace else "which has no API key of its own"
            _notice.mention(
                f"ignoring base_url={workspace['base_url']!r} of {file}, {cause}: "
                f"`tracker login --host {workspace['base_url']}` uses that server"
            )
    address = address or user.get("base_url")
    if key is None and address is not None:
        key = stored_key(address)
    return address, key


def user_file() -> Path:
    """The file of this user's settings, whether or not it exists; below the temporary folder for a home that cannot be
    written and holds none."""
    folder = os.environ.get("TRACKER_CONFIG_DIR")
    if folder:
        return Path(folder) / FILE_NAME
    if "linux" in sys.platform:  # the same answer without an import that takes half of the time of `init`
        base = os.environ.get("XDG_CONFIG_HOME", "").strip()
        # Not Path.home(), which raises for a user without a home, as containers have.
        wanted = Path(base or os.path.expanduser("~/.config"), "tracker")  # noqa: PTH111
    else:
        import platformdirs

        wanted = platformdirs.user_config_path("tracker")
    if _home.is_writable(wanted):
        return wanted / FILE_NAME
    fallback = _home.temporary("config") / FILE_NAME
    return wanted / FILE_NAME if os.path.exists(wanted / FILE_NAME) and not fallback.exists() else fallback  # noqa: PTH110 - never raises


def write_user_file(changes: Mapping[str, str | None], keys: Mapping[str, str] | None = None) -> None:
    """Set settings of this user, and the `keys` of servers by address; below the temporary folder where the home cannot
    be written.

    Raises UsageError when no file can be written.
    """
    path = user_file()
    target = path
    if not os.environ.get("TRACKER_CONFIG_DIR") and not _home.is_writable(path.parent):
        target = _home.temporary("config") / FILE_NAME
        _notice.warn(f"{path} cannot be written: the settings are kept in {target}")
    try:
        write_file(target, {**(read_file(path) if target != path else {}), **changes})
        for address, key in (keys or {}).items():
            write_file(target, {"api_key": key}, section=address_of(address))
    except OSError as error:
        raise UsageError(f"cannot write the settings to {target}: {error.strerror}") from error


def workspace_file(folder: str | os.PathLike[str]) -> Path:
    """Where the settings of the scripts that run in `folder` lie."""
    return Path(folder) / "tracker" / FILE_NAME


def read_file(path: Path, section: str = "default") -> dict[str, str]:
    """The settings in a section of an INI file; none when there is no such file or section."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as error:  # another user's home
        if os.access(path.parent, os.X_OK):
            _notice.warn(f"going on without the settings that cannot be read: {error}")
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the settings in {path}: {error}") from error
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"{path} is no settings file ([default], then name = value lines): {error}") from error
    return dict(parser[section]) if parser.has_section(section) else {}


def write_file(path: Path, changes: Mapping[str, str | None], section: str = "default") -> None:
    """Set settings in a section of a file and keep the others; None removes one. The file is replaced as a whole."""
    import configparser

    for name in changes:
        _known(name, "tracker")
    parser = configparser.ConfigParser(interpolation=None)
    read_file(path)  # raises where it is no settings file
    parser.read(path, encoding="utf-8")
    if not parser.has_section(section):
        parser.add_section(section)
    for name, value in changes.items():
        if value is None:
            parser.remove_option(section, name)
        else:
            parser.set(section, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)  # it may hold a key
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
        parser.write(file)
    draft.replace(path)


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings in `TRACKER_*` variables. An empty variable counts as unset."""
    return {field: value for field, name in VARIABLES.items() if (value := environ.get(name))}


def _convert(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    converted = {}
    for name, value in values.items():
        _known(name, source)
        if name in _LISTS and isinstance(value, str):
            value = tuple(part for item in value.split(",") if (part := item.strip()))  # noqa: PLW2901
        elif name in _SWITCHES and isinstance(value, str):
            value = _WORDS.get(value.lower(), value)  # noqa: PLW2901
        elif name in _TEXTS and isinstance(value, str | Enum):
            value = _texts.shown(value)  # noqa: PLW2901
        elif name in ("dir", "cache_dir"):
            value = _expanded(value, name)  # noqa: PLW2901
        try:
            converted[name] = msgspec.convert(value, _TYPES[name], strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"{name}={_texts.represented(value)} from {source} cannot be used: {_cure(name, error)}"
            ) from error
    return converted


def _expanded(folder: Any, name: str = "dir") -> str:
    """With the home folder for `~`, which a shell leaves alone inside quotes and in files of variables."""
    path = os.fspath(folder) if isinstance(folder, str | os.PathLike) else None
    if not isinstance(path, str) or "\0" in path:
        raise UsageError(f"{name}={folder!r} must be the path of a folder: a string or a pathlib.Path")
    return os.path.expanduser(path)  # noqa: PTH111


def _cure(name: str, error: msgspec.ValidationError) -> str:
    if any(get_origin(part) is dict for part in get_args(_TYPES[name])):
        return "it must be true, false or a mapping of options"
    if name in _SWITCHES:
        return "it must be true or false"
    words = [word for part in (_TYPES[name], *get_args(_TYPES[name])) for word in get_args(part) if type(word) is str]
    return f"it must be one of {', '.join(words)}" if words else str(error)


def _known(name: str, source: str) -> None:
    if name in Settings.__struct_fields__:
        return
    if not isinstance(name, str):
        raise UsageError(f"{name!r} from {source} must be a string: the name of a setting")
    import difflib

    close = difflib.get_close_matches(name, Settings.__struct_fields__, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UsageError(f"{_texts.represented(name)} from {source} is no setting{hint}")


_TYPES = {field.name: field.type for field in msgspec.structs.fields(Settings)}

_SWITCHES = frozenset(
    name for name, kind in _TYPES.items() if bool in (kind, *get_args(kind)) and str not in get_args(kind)
)
"""Settings that are on or off; some take a dict, too."""

_WORDS = {"yes": True, "y": True, "on": True, "no": False, "n": False, "off": False}
"""What a variable or a file may say besides true, false, 1 and 0."""
