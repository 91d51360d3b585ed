"""One entry point through every order of import, attach and detach, each order in a process of its own.

Run by `test_contract.py`: imports what frameworks share, then forks per order, since an import happens once a process.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import traceback
from collections import OrderedDict
from types import FunctionType, ModuleType

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from tracker_core import _switches, integration


class Raising:
    """A run whose every verb fails."""

    def __getattr__(self, name):
        raise OSError(f"{name}: the disk is full")


def places(package):
    """Every function that the package's modules and classes hold, with where it stands."""
    found = {}
    for path, module in list(sys.modules.items()):
        if (path != package and not path.startswith(f"{package}.")) or not isinstance(module, ModuleType):
            continue
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType):
                found[module.__name__, name] = (module, name, value)
            elif isinstance(value, type) and value.__module__.partition(".")[0] == package:
                for own, function in list(vars(value).items()):
                    if isinstance(function, (FunctionType, classmethod, staticmethod)):
                        found[value.__module__, value.__qualname__, own] = (value, own, function)
    return found


def ours(found):
    return {where: place for where, place in found.items() if is_ours(place[2])}


def inner(function):
    """What a class method or static method holds."""
    return getattr(function, "__func__", function)


def is_ours(function):
    code = getattr(inner(function), "__code__", None)
    return code is not None and code.co_filename == integration.__file__


def hooked(package, leaf):
    """The framework's own registers of hooks that hold one of the leaf's functions."""
    return [
        f"{path}.{name}"
        for path, module in list(sys.modules.items())
        if (path == package or path.startswith(f"{package}.")) and isinstance(module, ModuleType)
        for name, value in list(vars(module).items())
        if type(value) in (dict, OrderedDict)
        and any(getattr(each, "__module__", "") == leaf and not isinstance(each, type) for each in list(value.values()))
    ]


def picklable(function):
    try:
        return pickle.loads(pickle.dumps(function)) == function
    except (pickle.PicklingError, AttributeError, TypeError):
        return False


def same(before, after):
    changed = [where for where, (*_, function) in before.items() if where in after and after[where][2] is not function]
    assert not changed, f"not restored: {changed}"


def attach_then_import(switch, module, leaf):
    package = module.partition(".")[0]
    already = package in sys.modules  # a module of the standard library
    hold = _switches.attach({switch: True}, Raising())
    assert already or package not in sys.modules, f"{package} was imported on nobody's behalf"
    assert already or leaf not in sys.modules, f"{leaf} was imported before its framework"
    importlib.import_module(module)
    assert f"{switch}: {module}" in hold.opened(), "not opened at the import"
    patched = ours(places(package))
    assert patched or hooked(package, leaf), "nothing was patched"
    (part,) = [part for part in hold.report() if part.module == module]
    assert part.functions, "the report names no function"
    originals = {where: inner(place[2]).__wrapped__ for where, place in patched.items()}
    for where, (owner, name, function) in patched.items():
        reached = getattr(owner, name) if isinstance(function, classmethod) else function
        assert picklable(reached), f"{where} can no longer be pickled"
    hold.close()
    after = places(package)
    assert not ours(after), f"still patched: {sorted(ours(after))}"
    assert not hooked(package, leaf), f"still in {hooked(package, leaf)}"
    for where, original in originals.items():
        assert inner(after[where][2]) is original, f"{where} is not the original"


def detached_before_the_import(switch, module, leaf):
    package = module.partition(".")[0]
    already = package in sys.modules
    _switches.attach({switch: False}, Raising()).close()
    assert leaf not in sys.modules, f"{leaf} was imported without its switch"
    _switches.attach({switch: True}, Raising()).close()
    importlib.import_module(module)
    assert already or leaf not in sys.modules, f"{leaf} was imported though nobody listened"
    before = places(package)
    assert not ours(before), "patched though nobody listened"
    for _ in range(2):
        first, second = (_switches.attach({switch: True}, Raising()) for _ in range(2))
        assert ours(places(package)) or hooked(package, leaf), "nothing was patched"
        first.close()
        assert ours(places(package)) or hooked(package, leaf), "undone though a run still listened"
        second.close()
        assert not hooked(package, leaf), f"still in {hooked(package, leaf)}"
        same(before, places(package))
    # All of them, since another part may patch this package, too: scikit-learn's does so with every estimator.
    off = _switches.attach(
        {switch: dict.fromkeys((each.name for each in _switches.entry_points(switch)), False)}, Raising()
    )
    assert not ours(places(package)), "patched though it was left out"
    off.close()


def in_a_process_of_its_own(order, *arguments):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        order(*arguments)
    except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main():
    # What frameworks share is imported once. None of it is waited for by an entry point.
    for shared in ("numpy", "torch"):
        importlib.import_module(shared)
    failed = [
        f"{argument}: {order.__name__}"
        for argument in sys.argv[1:]
        for order in (attach_then_import, detached_before_the_import)
        if in_a_process_of_its_own(order, *argument.split("="))
    ]
    sys.exit("\n".join(failed) or 0)


if __name__ == "__main__":
    main()
