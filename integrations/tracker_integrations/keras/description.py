"""The description of a training: model, optimizer and parameters of `fit` in the config, layers in a file."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core.integration import guard, report

if TYPE_CHECKING:
    import tracker_core as tracker


def keep_config(model: Any, params: dict[str, Any], run: tracker.Run) -> None:
    """Sets `fit`, `model` and `optimizer` in the config; what one of them cannot tell leaves the others."""
    found: dict[str, Any] = {"fit": {key: value for key, value in params.items() if value is not None}}
    with guard("the model of Keras"):
        found["model"] = {"class": type(model).__name__}
        found["model"]["name"] = model.name
        if model.built:
            found["model"]["parameters"] = model.count_params()
    with guard("the optimizer of Keras"):
        if (optimizer := getattr(model, "optimizer", None)) is not None:
            found["optimizer"] = {"class": type(optimizer).__name__, **_settings(optimizer)}
    for name, value in found.items():
        with guard(f"config {name!r}"):
            run.config.update({name: value}, allow_val_change=True)


def keep_summary(model: Any, run: tracker.Run) -> None:
    """Keeps the model's layers as `model-summary.txt`."""
    with guard("the summary of the Keras model"):
        if not model.built:
            return
        lines: list[str] = []
        model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
        path = Path(run.dir, "model-summary.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8")
        run.save(str(path), base_path=run.dir, policy="now")


def _settings(optimizer: Any) -> dict[str, Any]:
    """As `get_config` has them; where that fails, as with a schedule that has none, the single settings that can be
    read, a schedule by the name of its class.
    """
    try:
        return dict(optimizer.get_config())
    except Exception as error:  # noqa: BLE001 - the user's class may fail in any way
        report("get_config() of the Keras optimizer", error)
    found: dict[str, Any] = {}
    for name in inspect.signature(type(optimizer).__init__).parameters:
        value = vars(optimizer).get(name, vars(optimizer).get(f"_{name}"))
        if name == "learning_rate" and not isinstance(value, (int, float)):
            found[name] = type(value).__name__
        elif isinstance(value, (bool, int, float, str)):
            found[name] = value
    return found
