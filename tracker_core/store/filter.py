"""Filters as MongoDB writes them: `{"config.lr": {"$lt": 0.1}, "$or": [{"state": "finished"}, {"tags": "keep"}]}`.

A list (tags, a list in the config) matches where one of its entries does. A missing key equals None and is neither
less nor greater than anything; values of different kinds neither. Times are compared with seconds since the epoch,
`datetime`, `date`, pandas and numpy times, or text ("2026-11-23", "2026-11-23T12:00:00Z"; UTC where nothing else is
said). A day equals every time of that day; for `$lt` and the like it is its first moment.
"""

from __future__ import annotations

import contextlib
import math
import operator
import re
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from tracker_core import _texts
from tracker_core._errors import UsageError
from tracker_core._values import plain
from tracker_core.store import field
from tracker_core.store.field import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core.store.run import Run

    Test: TypeAlias = Callable[[Run], bool]
    Check: TypeAlias = Callable[[Any], bool]

_DAY_SECONDS = 86_400
_ORDERS = {"$lt": operator.lt, "$lte": operator.le, "$gt": operator.gt, "$gte": operator.ge}
_OPERATORS = ("$eq", "$ne", *_ORDERS, "$in", "$nin", "$exists", "$regex", "$not", "$all", "$size", "$elemMatch", "$mod")


def compile_filter(filters: Mapping[str, Any] | None) -> Test:
    """The test that `filters` stand for. Raises UsageError, naming what is wrong, before any run is tested."""
    if filters is None:
        return lambda _run: True
    if not isinstance(filters, Mapping):
        raise UsageError(f"filters must be a dict such as {{'state': 'finished'}}, not {filters!r}")
    tests = [_clause(_texts.name(name), condition) for name, condition in filters.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda run: all(test(run) for test in tests)


def _clause(name: str, condition: Any) -> Test:
    if name in ("$and", "$or", "$nor"):
        if not isinstance(condition, list | tuple):
            raise UsageError(f"{name} takes a list of filters, not {condition!r}")
        tests = [compile_filter(each) for each in condition]
        if name == "$and":
            return lambda run: all(test(run) for test in tests)
        if name == "$or":
            return lambda run: any(test(run) for test in tests)
        return lambda run: not any(test(run) for test in tests)
    if name == "$not":
        test = compile_filter(condition)
        return lambda run: not test(run)
    if name.startswith("$"):
        raise UsageError(f"{name} is no operator between filters: $and, $or, $nor and $not are")
    name = field.resolve(name)
    read = field.getter(name)
    check = _condition(condition, _moment if name in field.TIMES else _as_it_is)
    return lambda run: check(read(run))


def _condition(condition: Any, convert: Callable[[Any], Any]) -> Check:
    """The check of one field's value. `convert` makes what is compared with comparable."""
    if not isinstance(condition, Mapping) or not any(str(name).startswith("$") for name in condition):
        return _value_or_pattern(convert(condition))
    checks = [
        _operator(str(name), operand, convert, condition) for name, operand in condition.items() if name != "$options"
    ]
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _operator(  # noqa: C901 - one case an operator
    name: str, operand: Any, convert: Callable[[Any], Any], condition: Mapping[str, Any]
) -> Check:
    if name == "$eq":
        return _equals(convert(operand))
    if name == "$ne":
        return _negated(_equals(convert(operand)))
    if name in _ORDERS:
        return _compares(_ORDERS[name], convert(operand))
    if name in ("$in", "$nin", "$all"):
        if not isinstance(operand, list | tuple | set | frozenset):
            raise UsageError(f"{name} takes a list, not {operand!r}")
        checks = [_value_or_pattern(convert(each)) for each in operand]
        if name == "$all":
            return lambda value: bool(checks) and all(check(value) for check in checks)
        found: Check = lambda value: any(check(value) for check in checks)  # noqa: E731 - returned either way
        return found if name == "$in" else _negated(found)
    if name == "$exists":
        return lambda value: (value is not MISSING) == bool(operand)
    if name == "$regex":
        return _matches(operand, str(condition.get("$options", "")))
    if name == "$not":
        return _negated(_condition(operand, convert))
    if name == "$elemMatch":
        check = _condition(operand, convert)
        return lambda value: isinstance(value, list) and any(check(each) for each in value)
    if name == "$size":
        return lambda value: isinstance(value, list) and len(value) == operand
    if name == "$mod":
        return _divides(operand)
    raise UsageError(f"{name!r} is no operator: {', '.join(_OPERATORS)} are")


def _equals(wanted: Any) -> Check:
    def check(value: Any) -> bool:
        if value is MISSING:
            return wanted is None
        if isinstance(value, list) and not isinstance(wanted, list):
            return any(_same(each, wanted) for each in value)
        return _same(value, wanted)

    return check


def _same(value: Any, wanted: Any) -> bool:
    # True == 1 in Python, but nobody who asks for a batch size of 1 means it.
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _compares(compare: Callable[[Any, Any], bool], wanted: Any) -> Check:
    numeric = isinstance(wanted, int | float)

    def check(value: Any) -> bool:
        if isinstance(value, list):
            return any(check(each) for each in value)
        if isinstance(value, int | float) if numeric else isinstance(value, str) and isinstance(wanted, str):
            return bool(compare(value, wanted))
        return False

    return check


def _matches(pattern: Any, options: str) -> Check:
    try:
        flags = re.IGNORECASE if "i" in options else 0
        compiled = re.compile(pattern, flags) if isinstance(pattern, str) else pattern
        search = compiled.search
    except (re.error, AttributeError) as error:
        raise UsageError(f"$regex cannot use {pattern!r}: {error}") from error

    def check(value: Any) -> bool:
        if isinstance(value, list):
            return any(check(each) for each in value)
        return isinstance(value, str) and search(value) is not None

    return check


def _divides(operand: Any) -> Check:
    if not (isinstance(operand, list | tuple) and len(operand) == 2 and all(type(each) is int for each in operand)):
        raise UsageError(f"$mod takes [divisor, remainder], not {operand!r}")
    divisor, remainder = operand
    if divisor == 0:
        raise UsageError("$mod cannot divide by 0")

    def check(value: Any) -> bool:
        if isinstance(value, list):
            return any(check(each) for each in value)
        return isinstance(value, int | float) and math.isfinite(value) and value % divisor == remainder

    return check


def _value_or_pattern(wanted: Any) -> Check:
    return _matches(wanted, "") if isinstance(wanted, re.Pattern) else _equals(wanted)


def _negated(check: Check) -> Check:
    return lambda value: not check(value)


def _as_it_is(value: Any) -> Any:
    """As the records hold it: numpy scalars are numbers, dates and paths texts."""
    return value if isinstance(value, re.Pattern) else plain(value)


def _moment(value: Any) -> Any:
    """Seconds since the epoch; the two ends of a day that is named alone."""
    if value is None or isinstance(value, re.Pattern):
        return value
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return _Day(datetime(value.year, value.month, value.day, tzinfo=timezone.utc).timestamp())
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":  # numpy.datetime64
        return float(value.astype("datetime64[us]").astype("int64")) / 1e6
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()  # NaN for pandas.NaT
    if not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise UsageError(
        f"{value!r} is not a time: write it as 2026-11-23, 2026-11-23T12:00:00Z or seconds since the epoch"
    )


class _Day(float):
    """The beginning of a day in UTC, as seconds since the epoch. Equals every time of that day."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (int, float)) and 0 <= other - float(self) < _DAY_SECONDS

    __hash__ = float.__hash__


def _parsed(text: str) -> date | datetime | float:
    text = text.strip()
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text)
    with contextlib.suppress(ValueError):
        # Python 3.10 knows no Z.
        return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    with contextlib.suppress(ValueError):
        return float(text)
    raise UsageError(f"{text!r} is not a time: write it as 2026-11-23, 2026-11-23T12:00:00Z or seconds since the epoch")
