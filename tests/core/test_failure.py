"""Runs that nobody finished, whose training raised: they are failed, and the others are not."""

from __future__ import annotations

import numpy as np
import pytest

import tracker_core as tracker

BEGIN = """
import sys
from concurrent.futures import ThreadPoolExecutor

def begin(name):
    return tracker.init(id=f"{name}", project=PROJECT, reinit=True, settings={"system_interval": 0})

def train(number):
    run = begin(number)
    run.log({"x": number})
    if number in BAD:
        raise ValueError(f"no {number}")
"""


def states(script, code, bad="()", *, check=True):
    done = script(f"PROJECT, BAD = 'p', {bad}\n{BEGIN}\n{code}", check=check, TRACKER_SILENT="true")
    return done.returncode, states_of("p")


def states_of(project):
    return {run.id: (run.state, run.exit_code) for run in tracker.Api().runs(project)}


GOOD, FAILED = ("finished", 0), ("failed", 1)

LOOPS = {
    "printed": """
for number in range(3):
    try:
        train(number)
    except ValueError as error:
        print(error)
""",
    "printed in the loop of init": """
for number in range(3):
    try:
        begin(number)
        if number in BAD:
            raise ValueError
    except ValueError as error:
        print("failed")
""",
    "kept by the script": """
errors = []
for number in range(3):
    try:
        train(number)
    except ValueError as error:
        errors.append(error)
""",
    "kept by the loop of init": """
errors = []
for number in range(3):
    try:
        begin(number)
        if number in BAD:
            raise ValueError
    except ValueError as error:
        errors.append(error)
""",
    "kept by futures": """
with ThreadPoolExecutor(1) as pool:
    futures = [pool.submit(train, number) for number in range(3)]
    for future in futures:
        future.exception()
""",
    "handled while the next begins": """
def attempt(number):
    try:
        train(number)
    except ValueError:
        if number < 2:
            attempt(number + 1)
    else:
        if number < 2:
            attempt(number + 1)
attempt(0)
""",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_caught_exceptions_fail_the_run_that_raised(script, loop):
    sets = [(0,), (1,), (0, 1), ()]
    code = f"""
for PROJECT, BAD in enumerate({sets!r}):
    PROJECT = f"p{{PROJECT}}"
    exec({LOOPS[loop]!r})
    tracker.finish()
"""
    script(BEGIN + code, TRACKER_SILENT="true")
    for index, bad in enumerate(sets):
        expected = {str(number): FAILED if number in bad else GOOD for number in range(3)}
        assert states_of(f"p{index}") == expected, bad


@pytest.mark.parametrize(
    ("bad", "end"),
    [
        ((0,), "raise errors[0]"),
        ((0, 1), "raise errors[0]"),
        ((2,), "raise errors[0]"),
        ((1, 2), "raise errors[0]"),
        ((1,), "try:\n    raise errors[0]\nexcept ValueError:\n    sys.exit(1)"),
        ((0, 2), "try:\n    raise errors[0]\nexcept ValueError:\n    sys.exit(1)"),
    ],
)
def test_a_good_last_run_does_not_fail_with_the_process(script, bad, end):
    """As Hydra does: it raises the first job's exception again after the last job."""
    code, found = states(script, f"{LOOPS['kept by the script']}\n{end}\n", repr(bad), check=False)
    assert code == 1
    assert found == {str(number): FAILED if number in bad else GOOD for number in range(3)}


RECOVERED = {
    "inside of the training": """
def train(number):
    begin(number)
    try:
        {}["missing"]
    except KeyError as error:
        print("went on without", error)
    tracker.log({"x": 1})
for number in range(3):
    train(number)
""",
    "beside init": """
for number in range(3):
    begin(number)
    try:
        {}["missing"]
    except KeyError as error:
        print("went on without", error)
    tracker.log({"x": 1})
""",
    "before the first": """
try:
    import no_such_module
except ImportError as error:
    missing = error
for number in range(3):
    begin(number)
""",
    "kept, and the script went on": """
begin(0)
try:
    {}["missing"]
except KeyError as error:
    kept = error
tracker.log({"x": 1})
begin(1)
begin(2)
""",
    "in a handler": """
try:
    {}["missing"]
except KeyError:
    for number in range(3):
        begin(number)
        print("in the handler")
""",
    "exit with 0": """
for number in range(3):
    try:
        begin(number)
        sys.exit(0)
    except SystemExit:
        print("ended")
""",
}


@pytest.mark.parametrize("case", RECOVERED)
def test_a_run_whose_script_went_on_is_finished(script, case):
    _, found = states(script, RECOVERED[case])
    assert found == dict.fromkeys("012", GOOD)


def test_an_interrupt_that_is_caught_is_a_killed_run(script):
    code = """
begin(0)
try:
    raise KeyboardInterrupt
except KeyboardInterrupt:
    begin(1)
"""
    assert states(script, code)[1] == {"0": ("killed", 255), "1": GOOD}


def test_an_outer_run_fails_with_the_inner_one(script):
    code = """
outer = begin("outer")
with tracker.init(id="inner", project=PROJECT, reinit="create_new"):
    raise ValueError
"""
    assert states(script, code, check=False)[1] == {"outer": FAILED, "inner": FAILED}


def test_the_reason_is_kept(past):
    run = tracker.init()
    with pytest.raises(ValueError, match="large"), run:
        raise ValueError("too large")
    assert past(run).snapshot.last.reason == "ValueError: too large"


@pytest.mark.parametrize(
    ("given", "code", "state"),
    [
        (None, 0, "finished"),
        (False, 0, "finished"),
        (True, 1, "failed"),
        (np.int64(3), 3, "failed"),
        (np.uint8(0), 0, "finished"),
        (np.bool_(True), 1, "failed"),
        (-9, -9, "failed"),
        (2**32 - 1, 2**32 - 1, "failed"),
    ],
)
@pytest.mark.parametrize("finish", [lambda run, code: run.finish(code), lambda _, code: tracker.finish(exit_code=code)])
def test_exit_codes(given, code, state, finish):
    run = tracker.init()
    finish(run, given)
    read = tracker.Api().run(run.path)
    assert (read.state, read.exit_code) == (state, code)


@pytest.mark.parametrize("wrong", ["1", 1.0, b"1", [1], object(), np.float32(1), 2**32, -(2**40)])
def test_exit_codes_that_are_none(wrong):
    run = tracker.init()
    with pytest.raises((TypeError, ValueError), match="exit_code"):
        run.finish(exit_code=wrong)
    run.log({"x": 1})
    with pytest.raises((TypeError, ValueError), match="exit_code"):
        tracker.finish(wrong)
