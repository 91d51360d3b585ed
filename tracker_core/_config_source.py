"""Everything that `init(config=)` can read a config from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tracker_core import _values
from tracker_core._errors import ConfigError, UsageError

DEFAULTS_FILE = "config-defaults.yaml"


def load(source: Any) -> dict[str, Any]:
    """The config in `source`, shallowly: its values are still as they came.

    `source` is None, a mapping, an argparse.Namespace, absl flags, a dataclass or pydantic object, any object, class
    or module with attributes, or the path of a YAML, JSON or TOML file (plain, or in the described form
    `key: {desc:, value:}`).
    Raises ConfigError for a file that cannot be read, TypeError for anything else.
    """
    if source is None:
        return {}
    if isinstance(source, (str, os.PathLike)):
        return read_file(Path(source))
    if isinstance(source, Mapping):
        return {str(key): value for key, value in _values.items(source)}
    for method in ("flag_values_dict", "model_dump", "_asdict"):  # absl flags, pydantic, namedtuple
        if callable(convert := getattr(source, method, None)):
            return dict(convert())
    if callable(getattr(source, "keys", None)) and hasattr(source, "__getitem__"):
        return {str(key): source[key] for key in source.keys()}  # noqa: SIM118 - it need not be iterable
    if (held := _values.fields(source)) is not None:
        return dict(held)
    own = _attributes(source)
    if own is None:
        raise TypeError(f"config must be a mapping, an object with attributes or a file's path, not {source!r}")
    return own


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
    except (OSError, UnicodeDecodeError) as error:
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
    return _undescribe({str(key): value for key, value in content.items()})


def _parse(name: str, suffix: str, text: str) -> Any:
    if suffix == ".json":
        import json

        return json.loads(text)
    if suffix == ".toml":
        import sys

        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        return tomllib.loads(text)
    try:
        import yaml
    except ModuleNotFoundError:
        raise UsageError(f"reading {name} needs PyYAML: pip install 'tracker-core[yaml]'") from None
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
