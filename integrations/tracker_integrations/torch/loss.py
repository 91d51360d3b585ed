"""The loss that a step of an optimizer goes down: what `backward` was called on since the step before it."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

from tracker_core.integration import patched

if TYPE_CHECKING:
    from collections.abc import Iterator


class Loss(threading.local):
    """Their sum, since that is what the gradients of the step are of, whether or not its parts were divided before.

    Of losses that the step's own closure computes it is the last, as LBFGS evaluates many. Each thread has its own.
    """

    def __init__(self) -> None:
        self._sum: torch.Tensor | None = None
        self._unscaled: tuple[torch.Tensor, torch.Tensor] | None = None
        self._over = False
        self._in_step = False
        self._in_backward = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        scaler = torch.amp.GradScaler
        with ExitStack() as stack:
            stack.enter_context(patched(torch.Tensor, "backward", self._backward))
            stack.enter_context(patched(scaler, "scale", self._scale))
            stack.enter_context(patched(scaler, "update", self._update))
            yield

    def before_step(self) -> None:
        self._in_step = True

    def after_step(self) -> None:
        """The sum stays for the next optimizer, which may step down the same loss, until there is another."""
        self._in_step, self._over = False, True

    def of_step(self) -> torch.Tensor | None:
        """None where `torch.autograd.backward` was called, or something that knows its own gradients."""
        return self._sum

    def _backward(self, call: Any, root: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Within one of a tensor's subclass, or in a hook of the outer one; and in what is compiled as a whole.
        if self._in_backward or torch.compiler.is_compiling():
            call(*args, **kwargs)
            return
        # Before the call, since some optimizers step within it.
        self._add(root)
        self._in_backward = True
        try:
            call(*args, **kwargs)
        finally:
            self._in_backward = False

    def _add(self, root: torch.Tensor) -> None:
        scaled, self._unscaled = self._unscaled, None
        if scaled is not None and scaled[0] is root:
            root = scaled[1]
        if root.numel() != 1 or root.is_complex():
            return
        loss = root.detach()
        self._sum = loss if self._sum is None or self._over or self._in_step else self._sum + loss
        self._over = False

    def _scale(self, call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        scaled = call(*args, **kwargs)
        given = args[0] if args else kwargs.get("outputs")
        if isinstance(given, torch.Tensor):
            self._unscaled = (scaled, given.detach())

    def _update(self, call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Said after every step, also after one that was left out because of what overflowed."""
        self._over = True
        call(*args, **kwargs)
