"""The public names: one flat list, and it is the truth."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

import tracker_core as tracker


def test_list_is_the_namespace():
    public = {
        name for name in dir(tracker) if not name.startswith("_") and not isinstance(getattr(tracker, name), ModuleType)
    }
    assert public == set(tracker.__all__) - {"__version__"}


def test_list_is_sorted_and_without_repeats():
    assert list(tracker.__all__) == sorted(set(tracker.__all__))


@pytest.mark.parametrize("name", tracker.__all__)
def test_every_name_is_there_and_says_where_it_is_imported_from(name):
    value = getattr(tracker, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__ == "tracker_core"


def test_every_error_has_the_one_root():
    classes = [value for name in tracker.__all__ if inspect.isclass(value := getattr(tracker, name))]
    errors = [value for value in classes if issubclass(value, Exception)]
    assert tracker.UsageError in errors
    assert all(issubclass(error, tracker.Error) for error in errors)


def test_no_module_leaks_into_the_namespace():
    strangers = {
        name
        for name in dir(tracker)
        if isinstance(value := getattr(tracker, name), ModuleType) and not value.__name__.startswith("tracker_core.")
    }
    assert not strangers
