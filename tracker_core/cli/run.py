"""`tracker run`: a script with every switch on, and no line of its own changed."""

from __future__ import annotations

import ast
import importlib.util
import os
import pkgutil
import sys
import zipfile
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    import tracker_core as tracker


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--project", "-p", envvar="TRACKER_PROJECT", help="The run's project.")
@click.option("--name", "-n", envvar="TRACKER_NAME", help="The run's name.")
@click.option("-m", "module", metavar="MODULE", help="Run a module, as python -m does, instead of a script.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="SCRIPT [ARGUMENT]...")
def run_command(project: str | None, name: str | None, module: str | None, words: tuple[str, ...]) -> None:
    """Run a Python script and track what it does: tracker run train.py --lr 0.1

    SCRIPT is what python would run: a file, a directory or zip file with a __main__.py, or - for standard input. It
    needs no line for it: the run keeps what integrations recognize, and in any case its console output, system
    metrics, code and exit code. A script that starts runs of its own keeps them, and they get the switch magic.
    TRACKER_ variables say more, such as TRACKER_MAGIC='{"keras": false}'.
    """
    if module is None and not words:
        raise click.UsageError("Name a script, or a module with -m.")
    os.environ.setdefault("TRACKER_MAGIC", "true")
    for variable, value in (("TRACKER_PROJECT", project), ("TRACKER_NAME", name)):
        if value is not None:
            os.environ[variable] = value
    program = _module(module, words) if module is not None else _script(words)
    sys.modules["__main__"] = program.main
    run = None if program.starts_runs else _start_run()
    _execute(program, run)


class _Program(NamedTuple):
    """What to run, as the interpreter would. `starts_runs`: it calls the tracker's `init`."""

    main: ModuleType
    code: CodeType
    starts_runs: bool
    name: str


def _start_run() -> tracker.Run:
    import tracker_core as tracker
    from tracker_core import _settings

    return tracker.init(save_code=True if _settings.gather({}).save_code is None else None)


def _script(words: tuple[str, ...]) -> _Program:
    path = Path(words[0])
    sys.argv = list(words)
    if path.is_dir() or zipfile.is_zipfile(path):
        return _archive(path)
    main = ModuleType("__main__")
    try:
        source = sys.stdin.buffer.read() if words[0] == "-" else path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"cannot read the script: {error}") from error
    if path.suffix == ".ipynb":
        raise click.ClickException(
            f"{path} is a notebook: call tracker.init(magic=True) in its first cell, and run it with"
            " `jupyter execute`, or convert it with `jupyter nbconvert --to script`"
        )
    if words[0] == "-":
        sys.path[0] = ""
    else:
        sys.path[0] = str(path.resolve().parent)
        main.__file__ = str(path.resolve())
    try:
        code = compile(source, "<stdin>" if words[0] == "-" else str(path), "exec")
    except SyntaxError as error:
        sys.excepthook(SyntaxError, error.with_traceback(None), None)
        sys.exit(1)
    except ValueError as error:  # null bytes
        raise click.ClickException(f"{path} is not a Python script: {error}") from error
    return _Program(main, code, _starts_runs(source), path.name)


def _archive(path: Path) -> _Program:
    """The `__main__` of a directory or zip file."""
    finder = pkgutil.get_importer(str(path.resolve()))
    spec = finder.find_spec("__main__") if finder is not None else None
    if spec is None:
        raise click.ClickException(f"cannot find __main__.py in {path}")
    sys.path[0] = str(path.resolve())
    return _of_spec(spec, path.name)


def _module(name: str, words: tuple[str, ...]) -> _Program:
    sys.path[0] = str(Path.cwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None or not hasattr(spec.loader, "get_code"):
        raise click.ClickException(f"there is no module {name!r} that could be run")
    sys.argv = [spec.origin, *words]
    return _of_spec(spec, name)


def _of_spec(spec: ModuleSpec, name: str) -> _Program:
    code = getattr(spec.loader, "get_code", lambda _: None)(spec.name)
    if not isinstance(code, CodeType):
        raise click.ClickException(f"{name} has no code that could be run")
    source = getattr(spec.loader, "get_source", lambda _: None)(spec.name) or ""
    main = ModuleType("__main__")
    main.__file__, main.__spec__, main.__package__, main.__loader__ = spec.origin, spec, spec.parent, spec.loader
    return _Program(main, code, _starts_runs(source.encode()), name)


def _starts_runs(source: bytes) -> bool:
    """Whether the script calls the tracker's `init`, which would be given a run started before, config and all.

    One that only logs waits for the run of `tracker run`.
    """
    if b"tracker_core" not in source:
        return False
    nodes = list(ast.walk(ast.parse(source)))
    named = (
        any(isinstance(node, ast.Import) and any(_is_ours(each.name) for each in node.names) for node in nodes)
        or any(isinstance(node, ast.ImportFrom) and _is_ours(node.module) for node in nodes)
        or any(isinstance(node, ast.Constant) and node.value == "tracker_core" for node in nodes)
    )
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return named and any(getattr(call, "attr", getattr(call, "id", "")) == "init" for call in calls)


def _is_ours(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] == "tracker_core"


def _report(program: _Program, run: tracker.Run | None) -> None:
    """Say so where nothing was logged, or nothing was recorded at all."""
    from tracker_core import _exit
    from tracker_core._companions import say
    from tracker_core.integration import is_finished

    if run is None:
        if not _exit.watching():
            say(f"{program.name} calls init() but started no run, so nothing was recorded")
    elif not is_finished(run) and not run.quiet and not run.awaited and not dict(run.summary):
        say(
            f"no integration recognized what {program.name} does, and it logged nothing itself: run {run.name} has its"
            " console output, system metrics, code and exit code. `tracker integrations` lists what is recognized;"
            " tracker.log({...}) records anything else"
        )


def _execute(program: _Program, run: tracker.Run | None) -> None:
    try:
        exec(program.code, program.main.__dict__)  # noqa: S102 - it is the user's script
        _report(program, run)
    except SystemExit as error:
        _report(program, run)
        sys.exit(error.code)  # noted on its way, which a raised SystemExit is not
    except BaseException as error:  # noqa: BLE001 - as the interpreter does, whose hook ends the run as failed
        # The traceback as the script alone would show it, without this function's frame.
        trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        _report(program, run)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)
