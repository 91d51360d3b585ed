"""`tracker run`: a script with every switch on, and no line of its own changed."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from types import CodeType, ModuleType

import click


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--project", "-p", envvar="TRACKER_PROJECT", help="The run's project.")
@click.option("--name", "-n", envvar="TRACKER_NAME", help="The run's name.")
@click.option("-m", "module", metavar="MODULE", help="Run a module, as python -m does, instead of a script.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="SCRIPT [ARGUMENT]...")
def run_command(project: str | None, name: str | None, module: str | None, words: tuple[str, ...]) -> None:
    """Run a Python script and track what it does: tracker run train.py --lr 0.1

    The script needs no line for it. A script that starts runs of its own keeps them, and they get the switch magic.
    TRACKER_ variables say more, such as TRACKER_MAGIC='{"keras": false}'.
    """
    if module is None and not words:
        raise click.UsageError("Name a script, or a module with -m.")
    os.environ.setdefault("TRACKER_MAGIC", "true")
    for variable, value in (("TRACKER_PROJECT", project), ("TRACKER_NAME", name)):
        if value is not None:
            os.environ[variable] = value
    main, code, own = _module(module, words) if module is not None else _script(words)
    sys.modules["__main__"] = main
    if not own:
        import tracker_core as tracker

        tracker.init()
    _execute(main, code)


def _script(words: tuple[str, ...]) -> tuple[ModuleType, CodeType, bool]:
    path = Path(words[0])
    try:
        source = path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"cannot read the script: {error}") from error
    sys.argv = list(words)
    sys.path[0] = str(path.resolve().parent)
    main = ModuleType("__main__")
    main.__file__ = str(path.resolve())
    try:
        return main, compile(source, str(path), "exec"), _starts_runs(source)
    except SyntaxError:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)


def _module(name: str, words: tuple[str, ...]) -> tuple[ModuleType, CodeType, bool]:
    sys.path[0] = str(Path.cwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except ModuleNotFoundError:
        spec = None
    code = getattr(spec.loader, "get_code", lambda _: None)(spec.name) if spec is not None else None
    if spec is None or not isinstance(code, CodeType) or spec.origin is None:
        raise click.ClickException(f"there is no module {name!r} that could be run")
    sys.argv = [spec.origin, *words]
    main = ModuleType("__main__")
    main.__file__, main.__spec__, main.__package__, main.__loader__ = spec.origin, spec, spec.parent, spec.loader
    return main, code, _starts_runs(Path(spec.origin).read_bytes())


def _starts_runs(source: bytes) -> bool:
    """Whether the script calls the tracker's `init`, which would be given a run started before, config and all.

    One that only logs waits for the run of `tracker run`.
    """
    return b"tracker_core" in source and re.search(rb"\binit\b", source) is not None


def _execute(main: ModuleType, code: CodeType) -> None:
    try:
        exec(code, main.__dict__)  # noqa: S102 - it is the user's script
    except SystemExit as error:
        sys.exit(error.code)  # noted on its way, which a raised SystemExit is not
    except BaseException as error:  # noqa: BLE001 - as the interpreter does, whose hook ends the run as failed
        # The traceback as the script alone would show it, without this function's frame.
        trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)
