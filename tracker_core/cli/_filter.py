"""Filters as people type them: `config.lr<0.1 and (state=finished or tags=best)`, or a MongoDB filter in JSON."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OPERATORS = {
    "<=": "$lte",
    ">=": "$gte",
    "!=": "$ne",
    "==": "$eq",
    "=": "$eq",
    "<": "$lt",
    ">": "$gt",
    "!~": "$regex",
    "~": "$regex",
}
_WORD = r"[^<>=!~'\"\s(][^<>=!~\s]*"
_FIELD = rf"(?:[a-zA-Z_]+\.\"[^\"]+\"|{_WORD}(?:[ \t]+(?!(?:and|or)\b){_WORD})*)"
_START = rf"(?:not\s+|\(\s*)*{_FIELD}\s*[<>=!~]"
"""What a test begins with: `and` and `or` join two tests only where another test follows."""

_TEST = re.compile(rf"\s*(?P<field>{_FIELD})\s*(?P<operator><=|>=|!=|!~|==|=|<|>|~)(?P<rest>[<>=~]*)\s*", re.IGNORECASE)
_AND = re.compile(rf"(?:\s+and\s+|\s*&&\s*)(?={_START})", re.IGNORECASE)
_OR = re.compile(rf"(?:\s+or\s+|\s*\|\|\s*)(?={_START})", re.IGNORECASE)
_NOT = re.compile(rf"\s*not\s+(?={_START})", re.IGNORECASE)
_DANGLING = re.compile(r".*(?:\s(?:and|or|not)|&&|\|\|)\s*", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'")
_NUMERIC = ("attempts", "duration", "exit_code")
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}


def parse_filter(text: str) -> dict[str, Any]:
    """The MongoDB filter that `text` stands for. Raises click.BadParameter."""
    if text.lstrip().startswith("{"):
        try:
            conditions: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise _bad(f"{text!r} is not JSON: {error}") from error
        return conditions
    return _Parser(text).parse()


def fields(conditions: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every field that a MongoDB filter tests, with its condition."""
    for name, condition in conditions.items():
        if name == "$not":
            yield from fields(condition)
        elif name.startswith("$"):
            for each in condition:
                yield from fields(each)
        else:
            yield name, condition


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> dict[str, Any]:
        conditions = self._any()
        if self._text[self._at :].strip():
            raise _bad(f"{self._text[self._at :].strip()!r} follows a complete test in {self._text!r}")
        return conditions

    def _any(self) -> dict[str, Any]:
        parts = [self._all()]
        while self._take(_OR):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else {"$or": parts}

    def _all(self) -> dict[str, Any]:
        parts = [self._one()]
        while self._take(_AND):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else {"$and": parts}

    def _one(self) -> dict[str, Any]:
        if self._take(_NOT):
            return {"$not": self._one()}
        if not self._take(re.compile(r"\s*\(")):
            return self._test()
        self._depth += 1
        conditions = self._any()
        if not self._take(re.compile(r"\s*\)")):
            raise _bad(f"{self._text!r} has an opening parenthesis without a closing one")
        self._depth -= 1
        return conditions

    def _test(self) -> dict[str, Any]:
        match = self._take(_TEST)
        if match is None:
            raise _bad(f"{self._text[self._at :].strip()!r} is not a test such as config.lr<0.1")
        if match["rest"]:
            raise _bad(f"{match['operator'] + match['rest']} is not an operator: {', '.join(_OPERATORS)} are")
        field, operator = match["field"].replace('"', ""), match["operator"]
        value = self._value()
        if operator == "!~":
            return {field: {"$not": {"$regex": value[0]}}}
        return {field: _condition(field, _OPERATORS[operator], *value)}

    def _value(self) -> tuple[str, bool]:
        """The text to compare with, and whether it was quoted."""
        start = self._at
        quoted = self._take(_QUOTED)
        if quoted is not None:
            after = self._text[self._at :]
            if not after.strip() or (self._depth and after.lstrip().startswith(")")) or self._joint(self._at):
                text = quoted[1] if quoted[1] is not None else quoted[2]
                return text.replace('\\"', '"'), True
            self._at = start
        end = start
        depth = 0
        while end < len(self._text):
            depth += {"(": 1, ")": -1}.get(self._text[end], 0)
            if (self._depth and depth < 0) or self._joint(end):
                break
            end += 1
        self._at = end
        text = self._text[start:end].strip()
        if not text or (end == len(self._text) and _DANGLING.fullmatch(f" {text}")):
            raise _bad(f"{self._text!r} ends where a value or a test is expected; quotes make {text!r} a text")
        return text, False

    def _joint(self, at: int) -> bool:
        return bool(_AND.match(self._text, at) or _OR.match(self._text, at))

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match


def _condition(field: str, operator: str, text: str, quoted: bool) -> dict[str, Any]:
    """Text stays text where a field holds only that: an id may be all digits. A config value may be either."""
    if operator == "$regex" or quoted or ("." not in field and field not in _NUMERIC):
        return {operator: text}
    value = _parsed(text)
    if isinstance(value, str) or operator not in ("$eq", "$ne"):
        return {operator: value}
    return {"$in" if operator == "$eq" else "$nin": [value, text]}


def _parsed(text: str) -> Any:
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    with contextlib.suppress(ValueError):
        return json.loads(text)
    with contextlib.suppress(ValueError):
        return float(text)  # reads .9, +1, inf and nan
    return text


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--filter")
