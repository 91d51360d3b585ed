"""Takes secrets out of what is captured: they never reach a run folder, a log or a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tracker_core._secret_hints import may_hold_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MASK = "***"

_CODE_LIMIT = 16 << 20
"""Bytes beyond which a file is no source code that somebody wrote."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_LAST_WORDS = frozenset(
    "apikey auth authorization bearer credential credentials passphrase passwd password pwd secret token".split()
)
_LAST_PAIRS = frozenset({("access", "key"), ("api", "key"), ("private", "key"), ("secret", "key"), ("auth", "key")})

# Keys that tell by their look what they are, wherever they stand.
_LOOKS = re.compile(
    r"""\b(?:
        sk-[A-Za-z0-9_-]{16,}                       # OpenAI, Anthropic
        | tk-[a-z0-9_-]+-[0-9a-f]{40}               # a tracker server's
    | hf_[A-Za-z0-9]{16,}                       # Hugging Face
        | gh[opsur]_[A-Za-z0-9]{16,}                # GitHub
        | github_pat_[A-Za-z0-9_]{16,}
        | glpat-[A-Za-z0-9_-]{16,}                  # GitLab
        | xox[abeprs]-[A-Za-z0-9-]{10,}             # Slack
        | (?:AKIA|ASIA)[A-Z0-9]{16}                 # AWS
        | AIza[A-Za-z0-9_-]{30,}                    # Google
        | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,}  # a JSON web token
    )""",
    re.VERBOSE,
)
_USER_IN_URL = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s/@'\"]+)@")
_HEADER = re.compile(r"(?i)\b(?P<name>bearer|authorization:\s*basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z][\w.-]*)(?P<sign>\s*[=:]\s*)(?P<value>[^\s&;,'\"]+|'[^']*'|\"[^\"]*\")")


_PASSWORDS = frozenset("credential credentials passphrase passwd password pwd secret".split())
_LITERAL = re.compile(
    r"""(?P<name>[A-Za-z_][\w.-]*)(?P<rest>\\?["']?\]?\s*(?::[^=\n"']{0,40}=|[=:])\s*[rbufRBUF]{0,2})"""
    r"""(?P<quote>\\?["'])(?P<value>[^"'\\\n]+)(?P=quote)"""
)
"""A string literal that is assigned: `api_key = "..."`, `{"token": "..."}`, `password: str = '...'`, as JSON too."""
_PRINTED = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)(?P<rest>\s*[=:]\s*)(?P<value>[^\s&;,'\"()\[\]{}<>]+)")


def is_secret(name: str) -> bool:
    """Does an option or variable of this name hold a secret? `--hf-token` does, `--num-tokens` does not."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    return words[-1] in _LAST_WORDS or tuple(words[-2:]) in _LAST_PAIRS


def mask_text(text: str) -> str:
    """`text` without user parts of URLs, values of telling names (`api_key=...`) and keys known by their look."""
    text = _USER_IN_URL.sub(_mask_user, text)
    text = _HEADER.sub(_mask_header, text)
    text = _ASSIGNED.sub(_mask_assigned, text)
    return _LOOKS.sub(MASK, text)


def mask_code(text: str) -> str:
    """Source code or a patch without secrets: string literals that are assigned to telling names, and keys known by
    their look. What is computed or read from the environment stays, and so do literals that are no secret by their form
    (`pad_token = "<pad>"`)."""
    if not may_hold_secrets(text):
        return text
    text = _LITERAL.sub(_mask_literal, text)
    return _LOOKS.sub(MASK, _HEADER.sub(_mask_header, _USER_IN_URL.sub(_mask_user, text)))


def copy_code(source: Path, target: Path) -> None:
    """Copy a source file, a notebook or a patch without its secrets; what is no text, or long, is copied as it is.

    Raises OSError.
    """
    import shutil  # brings its archive formats along, which most runs have no use for

    if source.stat().st_size <= _CODE_LIMIT:
        data = source.read_bytes()
        text = data.decode("utf-8", "surrogateescape")
        masked = mask_code(text)
        if masked != text:
            target.write_bytes(masked.encode("utf-8", "surrogateescape"))
            shutil.copystat(source, target)
            return
    shutil.copy2(source, target)


def mask_output(text: str) -> str:
    """A printed line without secrets. Numbers and words after a telling name stay (`token: 17`, `auth: ok`)."""
    if not may_hold_secrets(text):
        return text
    text = _PRINTED.sub(_mask_printed, _LITERAL.sub(_mask_literal, text))
    return _LOOKS.sub(MASK, _HEADER.sub(_mask_header, _USER_IN_URL.sub(_mask_user, text)))


def public(value: Any) -> Any:
    """Plain data without the values of telling names, its texts masked."""
    if isinstance(value, dict):
        return {name: public(item) for name, item in value.items() if not is_secret(name)}
    if isinstance(value, list):
        return [public(item) for item in value]
    return mask_text(value) if isinstance(value, str) else value


def mask_arguments(arguments: Iterable[str]) -> list[str]:
    """A command line without secrets: `--api-key X`, `--token=X` and whatever `mask_text` finds."""
    masked = []
    after_secret = False
    for argument in arguments:
        if after_secret and not argument.startswith("--"):
            masked.append(MASK)
            after_secret = False
            continue
        after_secret = argument.startswith("-") and "=" not in argument and is_secret(argument)
        masked.append(mask_text(argument))
    return masked


def mask_remote(url: str) -> str:
    """The address of a git remote, good for a link: over HTTP without user and query, over SSH without a password."""
    match = re.fullmatch(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<user>[^/@]*(?:@[^/@]*)*)@)?(?P<rest>.*)", url)
    if match is None:
        return mask_text(url)
    scheme, user, rest = match["scheme"], match["user"], match["rest"]
    if scheme.lower() in ("http", "https"):
        return f"{scheme}://{re.split('[?#]', rest)[0]}"
    name = (user or "").partition(":")[0]
    return f"{scheme}://{name}@{rest}" if name else f"{scheme}://{rest}"


def _mask_user(match: re.Match[str]) -> str:
    user = match["user"]
    # `ssh://git@host` names an account; a password or an access token makes it a secret.
    return match[0] if ":" not in user and len(user) <= 16 else f"{match['scheme']}{MASK}@"


def _mask_header(match: re.Match[str]) -> str:
    return f"{match['name']} {MASK}"


def _mask_literal(match: re.Match[str]) -> str:
    if not _holds_secret(match["name"], match["value"], literal=True):
        return match[0]
    return f"{match['name']}{match['rest']}{match['quote']}{MASK}{match['quote']}"


def _mask_printed(match: re.Match[str]) -> str:
    if not _holds_secret(match["name"], match["value"], literal=False):
        return match[0]
    return f"{match['name']}{match['rest']}{MASK}"


def _holds_secret(name: str, value: str, *, literal: bool) -> bool:
    """Whether a telling name is given what looks like a secret, and not a number, a word or a special token."""
    last = (_WORD.findall(name) or [""])[-1].lower()
    if not is_secret(name) or any(letter.isspace() for letter in value) or value[0] in "<[{$%" or value == MASK:
        return False
    if re.fullmatch(r"[-+]?[\d.]+(?:e[-+]?\d+)?", value):
        return literal and last in _PASSWORDS
    if last in _PASSWORDS:
        return True
    if last.endswith("key"):
        return len(value) >= 6
    kinds = sum((any(map(str.isdigit, value)), any(map(str.isalpha, value)), any(not x.isalnum() for x in value)))
    return len(value) >= 8 and kinds >= 2


def _mask_assigned(match: re.Match[str]) -> str:
    # A harmless name may have a telling one inside its value: `--url=https://host/?token=...`.
    value = MASK if is_secret(match["name"]) else _ASSIGNED.sub(_mask_assigned, match["value"])
    return f"{match['name']}{match['sign']}{value}"
