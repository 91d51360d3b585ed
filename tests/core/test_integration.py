"""`patched`: the framework keeps its results, exceptions, signatures and pickles, whatever a wrapper does."""

from __future__ import annotations

import inspect
import pickle
import sys
import types
from fractions import Fraction

import pytest

from tracker_core.integration import Unsupported, patched


class Model:
    def fit(self, epochs: int = 1) -> str:
        if epochs < 0:
            raise ValueError("negative")
        return f"fitted {epochs}"

    @classmethod
    def build(cls, name: str) -> str:
        return f"{cls.__name__} {name}"

    @staticmethod
    def scale(factor: int) -> int:
        return factor * 2


class Child(Model):
    pass


def test_wrapper_stands_around_the_call_and_the_result_is_the_frameworks():
    seen = []

    def wrapper(call, instance, args, kwargs):
        seen.append((type(instance).__name__, args, kwargs))
        seen.append(call(*args, **kwargs))
        return "ignored"

    original = Model.__dict__["fit"]
    with patched(Model, "fit", wrapper):
        assert Child().fit(3) == "fitted 3"
        assert Model().fit(epochs=2) == "fitted 2"
    assert seen == [("Child", (3,), {}), "fitted 3", ("Model", (), {"epochs": 2}), "fitted 2"]
    assert Model.__dict__["fit"] is original


def test_wrapper_may_change_the_arguments():
    with patched(Model, "fit", lambda call, _, __, kwargs: call(**{**kwargs, "epochs": 9})):
        assert Model().fit(epochs=1) == "fitted 9"


@pytest.mark.parametrize("moment", ["before", "after", "never calls"])
def test_failing_wrapper_is_unseen_and_the_function_runs_once(moment, caplog):
    calls = []

    class Counted:
        def fit(self, x):
            calls.append(x)
            return x

    def wrapper(call, instance, args, kwargs):
        if moment == "never calls":
            return
        if moment == "after":
            call(*args, **kwargs)
        raise RuntimeError("tracker is broken")

    with patched(Counted, "fit", wrapper):
        assert Counted().fit(1) == 1
        assert Counted().fit(2) == 2
    assert calls == [1, 2]
    assert caplog.text.count("tracker is broken") == (0 if moment == "never calls" else 1)


@pytest.mark.parametrize("swallow", [True, False])
def test_the_frameworks_exception_goes_on_as_it_is(swallow, caplog):
    def wrapper(call, instance, args, kwargs):
        try:
            call(*args, **kwargs)
        except ValueError:
            if not swallow:
                raise RuntimeError("of the wrapper") from None

    with patched(Model, "fit", wrapper), pytest.raises(ValueError, match="negative"):
        Model().fit(-1)
    assert not caplog.text


def test_interrupt_inside_the_framework_passes_through():
    class Slow:
        def fit(self):
            raise KeyboardInterrupt

    with patched(Slow, "fit", lambda call, *_: call()), pytest.raises(KeyboardInterrupt):
        Slow().fit()


def test_class_and_static_methods():
    seen = []

    def wrapper(call, instance, args, kwargs):
        seen.append((instance, args))
        call(*args, **kwargs)

    kinds = Model.__dict__["build"], Model.__dict__["scale"]
    with patched(Model, "build", wrapper), patched(Model, "scale", wrapper):
        assert Child.build("a") == "Child a"
        assert Model().scale(4) == 8
    assert seen == [(Child, ("a",)), (None, (4,))]
    assert (Model.__dict__["build"], Model.__dict__["scale"]) == kinds


def test_inherited_and_missing_names_are_refused():
    for name in ("fit", "nothing", "__doc__"):
        with pytest.raises(Unsupported, match=name), patched(Child, name, lambda *_: None):
            pass
    assert "fit" not in vars(Child)


def test_signature_and_pickling_stay():
    def wrapper(call, instance, args, kwargs):
        call(*args, **kwargs)

    signature = inspect.signature(Fraction.limit_denominator)
    with patched(Fraction, "limit_denominator", wrapper):
        assert inspect.signature(Fraction.limit_denominator) == signature
        assert inspect.isfunction(Fraction.limit_denominator)
        assert pickle.loads(pickle.dumps(Fraction.limit_denominator)) is Fraction.limit_denominator
        assert pickle.loads(pickle.dumps(Fraction(7, 20).limit_denominator))(2) == Fraction(1, 2)


def test_stranger_on_top_keeps_his_wrapper_and_ours_goes_inert():
    seen = []
    original = Model.__dict__["fit"]
    try:
        with patched(Model, "fit", lambda call, _, args, kwargs: seen.append(call(*args, **kwargs))):
            ours = Model.fit

            def stranger(self, *args, **kwargs):
                return "stranger " + ours(self, *args, **kwargs)

            Model.fit = stranger
            assert Model().fit(1) == "stranger fitted 1"
        assert Model.fit is stranger
        assert Model().fit(2) == "stranger fitted 2"
        assert seen == ["fitted 1"]
    finally:
        Model.fit = original


def test_module_function_is_replaced_wherever_its_package_holds_it(monkeypatch):
    package, inner, other = (types.ModuleType(name) for name in ("frame", "frame.train", "elsewhere"))

    def train(x):
        return x

    train.__module__ = "frame.train"
    train.__qualname__ = "train"
    package.train = inner.train = other.train = train
    for module in (package, inner, other):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    seen = []
    with patched(inner, "train", lambda call, _, args, kwargs: seen.append(call(*args, **kwargs))):
        assert package.train is inner.train is not train
        assert other.train is train
        assert package.train(1) == 1
        assert pickle.loads(pickle.dumps(package.train)) is package.train
    assert package.train is inner.train is train
    assert seen == [1]
