"""`run.watch(model)`: gradients and parameters as histograms and norms while a model trains."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn.parameter import is_lazy
from torch.optim.optimizer import register_optimizer_step_post_hook

import tracker_core as tracker
from tracker_core.integration import guard, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracker_core.integration import Sink

_BINS = 64
_LOGS = ("gradients", "parameters", "all", None)


@contextmanager
def watch(
    models: Sequence[torch.nn.Module],
    sink: Sink,
    *,
    log: Literal["gradients", "parameters", "all"] | None = "gradients",
    log_freq: int = 1000,
    log_graph: bool = False,
    first: int = 0,
    **_: Any,
) -> Iterator[None]:
    """Every `log_freq`-th step of an optimizer over these models, `gradients/<parameter>` and `parameters/<parameter>`
    as histograms of 64 bins and `gradients/norm`, `parameters/norm` as numbers join the run's current step.

    One hook after the optimizer's step, where the gradients that it used still stand, also when it computed them itself
    in a closure, as Lightning's do; a step that is not logged costs a look at a dict. Nothing is attached to the model,
    so `torch.compile`, pickling and deep copies are as before. The second model's names begin with `model_1/` ...

    Parameters without values yet, as those of lazy modules and on the meta device, are left out until they have some;
    what else cannot be looked at is reported once and never raised into the training.
    """
    if log not in _LOGS:
        raise tracker.UsageError(f"watch(log={log!r}) must be one of {', '.join(map(repr, _LOGS))}")
    if log_freq < 1:
        raise tracker.UsageError(f"watch(log_freq={log_freq!r}) must be at least 1")
    for model in models:
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"watch() takes a torch.nn.Module or a list of them, not {type(model).__name__}")
    prefixes = [f"model_{number}/" if number else "" for number in range(first, first + len(models))]
    if log_graph:
        for prefix, model in zip(prefixes, models, strict=True):
            with guard("the graph of a watched model"):
                sink.log({f"{prefix}graph": _graph(model)}, commit=False)
    if log is None:
        yield
        return
    watched = [_Watched(model, prefix, log, log_freq) for model, prefix in zip(models, prefixes, strict=True)]

    def after_step(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        del args, kwargs
        for one in watched:
            one.after_step(optimizer, sink)

    handle = register_optimizer_step_post_hook(after_step)
    try:
        yield
    finally:
        handle.remove()


class _Watched:
    """One model: which optimizers step it, and when the next look is due."""

    def __init__(self, model: torch.nn.Module, prefix: str, log: str, log_freq: int) -> None:
        self._model = model
        self._prefix = prefix
        self._gradients = log in ("gradients", "all")
        self._parameters = log in ("parameters", "all")
        self._every = log_freq
        self._steps = 0
        self._ours: weakref.WeakKeyDictionary[torch.optim.Optimizer, bool] = weakref.WeakKeyDictionary()

    @unseen
    def after_step(self, optimizer: torch.optim.Optimizer, sink: Sink) -> None:
        ours = self._ours.get(optimizer)
        if ours is None:
            ours = self._ours[optimizer] = self._is_stepped_by(optimizer)
        if not ours:
            return
        self._steps += 1
        if self._steps % self._every and self._steps != 1:
            return
        row = self._look()
        if row:
            sink.log(row, commit=False)

    def _is_stepped_by(self, optimizer: torch.optim.Optimizer) -> bool:
        stepped = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        return any(id(parameter) in stepped for parameter in self._model.parameters())

    @torch.no_grad()
    def _look(self) -> dict[str, Any]:
        row: dict[str, Any] = {}
        squares: dict[str, list[torch.Tensor]] = {"gradients": [], "parameters": []}
        for long_name, parameter in self._model.named_parameters():
            name = long_name.replace("_orig_mod.", "")  # a compiled model's names are those that it had before
            with guard("a tensor of a watched model"):
                if self._gradients and (gradient := _gradient(parameter)) is not None:
                    self._add(row, squares, "gradients", name, gradient)
                if self._parameters:
                    self._add(row, squares, "parameters", name, parameter)
        for kind, parts in squares.items():
            if parts:
                device = parts[0].device
                row[f"{self._prefix}{kind}/norm"] = float(torch.stack([part.to(device) for part in parts]).sum().sqrt())
        return row

    def _add(
        self, row: dict[str, Any], squares: dict[str, list[torch.Tensor]], kind: str, name: str, tensor: torch.Tensor
    ) -> None:
        values = _values(tensor)
        if values is None:
            return
        squares[kind].append(values.square().sum())
        if (histogram := _histogram(values)) is not None:
            row[f"{self._prefix}{kind}/{name}"] = histogram


def _gradient(parameter: torch.Tensor) -> torch.Tensor | None:
    return None if is_lazy(parameter) else parameter.grad


def _values(tensor: torch.Tensor) -> torch.Tensor | None:
    """The numbers that a tensor of any layout and type holds, flat; None where it holds none yet."""
    if is_lazy(tensor) or tensor.is_meta or hasattr(tensor, "to_local"):  # a shard's values take all ranks
        return None
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    elif tensor.is_sparse:
        tensor = tensor.coalesce().values()
    elif tensor.layout is not torch.strided:
        tensor = tensor.values()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    tensor = tensor.flatten().float()
    return tensor if tensor.numel() else None


def _histogram(values: torch.Tensor) -> tracker.Histogram | None:
    """Counted where the tensor is, so that 64 numbers leave the device and not all of it."""
    finite = values[torch.isfinite(values)]
    if not finite.numel():
        return None
    low, high = finite.min(), finite.max()
    if low == high:
        margin = torch.clamp(low.abs() / 1024, min=0.5)  # of a large number half a unit is nothing
        low, high = low - margin, high + margin
    counts = torch.histc(finite, _BINS, low.item(), high.item())
    edges = torch.linspace(low.item(), high.item(), _BINS + 1)
    return tracker.Histogram(np_histogram=(counts.cpu().numpy(), edges.numpy()))


def _graph(model: torch.nn.Module) -> tracker.Graph:
    """The modules of a model, each joined to those it holds."""
    graph = tracker.Graph("torch")
    for name, module in model.named_modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False) if not is_lazy(parameter))
        graph.add_node(id=name or "model", name=name or "model", class_name=type(module).__name__, num_parameters=own)
        if name:
            graph.add_edge(name.rpartition(".")[0] or "model", name)
    return graph
