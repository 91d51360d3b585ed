"""Everything that `init(config=)` can read a config from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tracker_core import _notice, _texts, _values
from tracker_core._errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULTS_FILE = "config-defaults.yaml"


def load(source: Any) -> dict[str, Any]:
    """The config in `source`, shallowly: its keys are texts, its values are still as they came.

    `source` is None, a mapping, an argparse.Namespace, absl flags (those of the script), a dataclass or pydantic
    object, any object, class or module with attributes, or the path of a YAML, JSON or TOML file (plain, or in the
    described form `key: {desc:, value:}`).
    Raises ConfigError for a file that cannot be read, TypeError for anything else. An object of a known kind whose own
    code fails is an empty config, with a warning.
    """
    if source is None:
        return {}
    if isinstance(source, (str, os.PathLike)):
        return read_file(Path(source))
    try:
        held = _held(source)
        if held is not None:
            return _texts.named(_values.items(held))
    except Exception as error:  # noqa: BLE001 - a foreign object may fail in any way
        _notice.mention(f"config: a {type(source).__name__} could not be read: {_notice.reason(error)}")
        return {}
    raise TypeError(
        f"config must be a mapping, an object with attributes or a file's path, not {_texts.represented(source)}"
    )


def _held(source: Any) -> Any:
    """The mapping that `source` is or holds; None where it is neither."""
    if isinstance(source, Mapping):
        return source
    if callable(getattr(source, "flag_values_dict", None)):
        return _flags(source)
    for method in ("model_dump", "_asdict"):  # pydantic, namedtuple
        if callable(convert := getattr(source, method, None)) and isinstance(converted := convert(), Mapping):
            return converted
    if callable(getattr(source, "keys", None)) and hasattr(source, "__getitem__") and not isinstance(source, type):
        return _Keyed(source)
    held = _values.fields(source)
    return _attributes(source) if held is None else held


class _Keyed:
    """The items of an object that has `keys` and `[]` only."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return iter(self._source.keys())

    def __getitem__(self, key: Any) -> Any:
        return self._source[key]


def _flags(source: Any) -> dict[str, Any]:
    """The values of absl's flags, but for those that absl and other installed packages define."""
    modules = {id(module): module for module in list(sys.modules.values())}
    program = getattr(getattr(modules.get(id(sys.modules.get("__main__"))), "__spec__", None), "name", "")
    values: dict[str, Any] = {}
    for number, flags in source.flags_by_module_id_dict().items():
        if number not in modules or _is_own(modules[number], program.partition(".")[0]):
            values |= {flag.name: flag.value for flag in flags}
    return values


def _is_own(module: Any, program: str) -> bool:
    """Whether a module belongs to the user's program: it is not installed, or its package is the one that runs."""
    package = module.__name__.partition(".")[0]
    if package in (program, "__main__"):
        return True
    path = Path(getattr(module, "__file__", None) or "")
    return package != "absl" and not {"site-packages", "dist-packages"} & set(path.parts)


def _attributes(source: Any) -> dict[str, Any] | None:
    """What an object was given and its class declares, as `class CFG: lr = 0.1` does; None for what holds nothing."""
    if isinstance(source, type):
        return _declared(source) or None
    if isinstance(source, ModuleType):
        return _plain_names(vars(source))
    if not hasattr(source, "__dict__"):
        return None
    given = {name: value for name, value in vars(source).items() if not name.startswith("_")}
    return {**_declared(type(source)), **given}


def _declared(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        found |= _plain_names(vars(base))
    return found


def _plain_names(names: Mapping[str, Any]) -> dict[str, Any]:
    """Without methods, properties and imported modules."""
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and not hasattr(type(value), "__get__") and not isinstance(value, ModuleType)
    }


def read_file(path: Path) -> dict[str, Any]:
    """The config in a file, by its ending: .json, .toml, else YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # the latter: no UTF-8, or a path with a zero byte
        raise ConfigError(f"cannot read the config file {path}: {error}") from error
    return _mapping(f"the config file {path}", path.suffix.lower(), text)


def read_text(text: str) -> dict[str, Any]:
    """The config in a text, which is JSON or YAML."""
    return _mapping(f"the config {text!r}", ".json" if text.lstrip().startswith('{"') else ".yaml", text)


def _mapping(name: str, suffix: str, text: str) -> dict[str, Any]:
    try:
        content = _parse(name, suffix, text)
    except ValueError as error:
        raise ConfigError(f"{name} cannot be understood: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{name} must hold a mapping of names to values, not {type(content).__name__}")
    return _undescribe(_texts.named(content.items()))


def _parse(name: str, suffix: str, text: str) -> Any:
    if suffix == ".json":
        import json

        return json.loads(text)
    if suffix == ".toml":
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        return tomllib.loads(text)
    try:
        import yaml
    except ModuleNotFoundError:
        raise UsageError(f"reading {name} needs PyYAML: pip install pyyaml") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _undescribe(content: dict[str, Any]) -> dict[str, Any]:
    """The described form, where every value is a map with `value` and perhaps `desc`, becomes the plain one."""
    content = {key: value for key, value in content.items() if key not in ("wandb_version", "_wandb")}
    described = content and all(
        isinstance(value, dict) and "value" in value and value.keys() <= {"value", "desc"} for value in content.values()
    )
    return {key: value["value"] for key, value in content.items()} if described else content
