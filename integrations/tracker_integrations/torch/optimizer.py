"""With `magic={"torch": True}`: what the optimizers of any training loop tell, by torch's hook after their steps."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parameter import is_lazy
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tracker_core.integration import guard, note, takes, unseen
from tracker_integrations.torch.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_EVERY = 50
_MOST = 0.02
"""The share of the time that looks may take. Where they would take more they come less often, unless asked for."""


@takes("log_freq", "batch_size")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Every `log_freq`-th step of an optimizer (50), at the number of that step: the loss, the learning rate of each
    group, the norm of all gradients, steps per second, and samples per second where `batch_size` says how many a step
    takes.

    Nothing waits for an accelerator: a norm is computed there, and the run reads it once it has arrived. Not seen are
    steps that are compiled or captured as a whole, other ranks, and the norm of sharded gradients, which would take all
    ranks.
    """
    del module
    seen = _Optimizers(sink)
    before = register_optimizer_step_pre_hook(seen.before_step)
    after = register_optimizer_step_post_hook(seen.after_step)
    note("torch.optim.Optimizer.step")
    try:
        with seen.loss.listening():
            yield
    finally:
        before.remove()
        after.remove()
        seen.close()


class _Optimizers:
    """All optimizers of the process. The first one's metrics are `optimizer/...`, the next one's `optimizer_1/...`."""

    def __init__(self, sink: SwitchSink) -> None:
        self.loss = Loss()
        self._sink = sink
        self._known: weakref.WeakKeyDictionary[torch.optim.Optimizer, _Steps] = weakref.WeakKeyDictionary()
        self._all: list[_Steps] = []

    @unseen
    def before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        del optimizer, args, kwargs
        if not torch.compiler.is_compiling():
            self.loss.before_step()

    @unseen
    def after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        del args, kwargs
        if torch.compiler.is_compiling():  # nothing of this belongs into a graph
            return
        steps = self._known.get(optimizer)
        if steps is None:
            steps = self._known[optimizer] = self._begin(optimizer)
        steps.after_step(optimizer)
        self.loss.after_step()

    def close(self) -> None:
        for steps in self._all:
            steps.close()

    def _begin(self, optimizer: torch.optim.Optimizer) -> _Steps:
        name = f"optimizer_{len(self._all)}" if self._all else "optimizer"
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        size = sum(parameter.numel() for parameter in parameters if not is_lazy(parameter))
        facts = {key: value for key, value in optimizer.defaults.items() if value is not None}
        steps = _Steps(name, self._sink, self.loss)
        self._all.append(steps)
        if not steps.silent:
            self._sink.config.setdefaults({name: {"class": type(optimizer).__name__, **facts, "parameters": size}})
        return steps


class _Steps:
    """The steps of one optimizer, and when to look at it again."""

    def __init__(self, name: str, sink: SwitchSink, loss: Loss) -> None:
        self._name = name
        self._loss = loss
        self._told: torch.Tensor | None = None
        self._sink = sink
        self._asked = "log_freq" in sink.options
        self._every = max(1, int(sink.options.get("log_freq", _EVERY)))
        self._samples = sink.options.get("batch_size")
        self._process = os.getpid()
        # A new optimizer of a resumed run counts from 0: its steps continue after those that the run has.
        self._offset = max(0, sink.next_count(f"{name}/step") - 1, sink.next_count(f"{name}/steps") - 1)
        self._count = 0
        self._due = 1
        self._last: tuple[int, float] | None = None
        self.silent = _is_other_rank()

    def after_step(self, optimizer: torch.optim.Optimizer) -> None:
        self._count += 1
        if self._count >= self._due:
            self._look(optimizer)

    def _look(self, optimizer: torch.optim.Optimizer) -> None:
        start = time.perf_counter()
        self._due = self._count + self._every
        if self.silent or self._process != os.getpid() or _is_captured():
            return
        row: dict[str, Any] = {"step": self._count + self._offset}
        with guard("the learning rates of an optimizer"):
            row |= _learning_rates(optimizer)
        with guard("the norm of an optimizer's gradients"):
            if (norm := _norm(optimizer)) is not None:
                row["gradient_norm"] = norm
        if (loss := self._loss.of_step()) is not self._told:  # else gradients came without a `backward` this time
            row["loss"] = self._told = loss
        each = 0.0
        if self._last is not None:
            each = (start - self._last[1]) / (self._count - self._last[0])
            row["steps_per_second"] = 1 / each
            if self._samples:
                row["samples_per_second"] = self._samples / each
        self._last = (self._count, start)
        self._sink.row({f"{self._name}/{name}": value for name, value in row.items()}, row["step"])
        if each and not self._asked:
            self._due = self._count + max(self._every, int((time.perf_counter() - start) / (_MOST * each)))

    def close(self) -> None:
        if not self.silent:
            self._sink.summary.update({f"{self._name}/steps": self._count + self._offset})


@torch.no_grad()
def _norm(optimizer: torch.optim.Optimizer) -> torch.Tensor | None:
    """Of what the step used: torch's scaler has unscaled it, and `zero_grad` comes later."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    found = [parameter.grad for parameter in parameters if not is_lazy(parameter)]
    gradients = [gradient for gradient in found if gradient is not None]
    if not gradients or any(hasattr(gradient, "to_local") for gradient in gradients):
        return None
    dense = [gradient.coalesce().values() if gradient.is_sparse else gradient for gradient in gradients]
    parts = [torch.linalg.vector_norm(gradient.detach(), dtype=_wide(gradient.dtype)) for gradient in dense]
    device = parts[0].device
    together = torch.stack([part.to(device, non_blocking=True) for part in parts])
    norm: torch.Tensor = torch.linalg.vector_norm(together)
    return norm


def _wide(dtype: torch.dtype) -> torch.dtype:
    """Half precision would overflow."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def _learning_rates(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """As they are in the groups: a capturable optimizer's is a tensor, perhaps on the device."""
    groups = optimizer.param_groups
    names = [f"lr/{group.get('name', index)}" for index, group in enumerate(groups)] if len(groups) > 1 else ["lr"]
    return {name: group["lr"] for name, group in zip(names, groups, strict=True) if group.get("lr") is not None}


def _is_other_rank() -> bool:
    distributed = torch.distributed
    return distributed.is_available() and distributed.is_initialized() and distributed.get_rank() != 0


def _is_captured() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()
