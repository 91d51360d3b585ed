"""The cheap question before the expensive one: may a text hold a secret at all? `_secret` has the patterns."""

from __future__ import annotations

_HINTS = (
    "key token secret passw passphrase pwd credential auth bearer :// sk- tk- hf_ gho_ ghp_ ghs_ ghu_ ghr_ github_pat "
    "glpat- xox akia asia aiza eyj"
).split()
"""Every text with a secret holds one of these. All others are let through at the cost of these searches."""


def may_hold_secrets(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)
