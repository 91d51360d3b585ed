"""The namespace in use: `pytorch_lightning` or `lightning.pytorch`."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def _namespace() -> str:
    """Their base classes are unrelated and their trainers take either's loggers and callbacks, but importing the other
    one than the user did would cost seconds.
    """
    for name in ("pytorch_lightning", "lightning.pytorch"):
        if name in sys.modules:
            return name
    return "pytorch_lightning" if find_spec("pytorch_lightning") else "lightning.pytorch"


NAMESPACE = _namespace()
