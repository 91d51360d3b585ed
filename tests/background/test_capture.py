"""What a run knows of the repository, command line, packages and machine it ran with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracker_core import _records as records
from tracker_core._background import Launch
from tracker_core._folder import RunFolder
from tracker_core.background import command, git, host, packages

TOKEN = "ghp_0123456789abcdef0123"


def run_git(*arguments: str, cwd: Path | str = ".") -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    identity += ["-c", "init.defaultBranch=trunk", "-c", "protocol.file.allow=always"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository() -> Path:
    root = Path("project").absolute()
    root.mkdir()
    run_git("init", "-q", cwd=root)
    (root / "train.py").write_text("print(1)\n")
    run_git("add", ".", cwd=root)
    run_git("commit", "-qm", "first", cwd=root)
    run_git("remote", "add", "origin", f"https://me:{TOKEN}@example.org/team/project.git", cwd=root)
    return root


def make_launch(**fields) -> Launch:
    values = {
        "folder": str(Path("tracker/run-1").absolute()),
        "run": "r1",
        "attempt": 1,
        "journal": "001-main.0000.journal",
        "pid": os.getpid(),
        "pidfd": False,
        "arguments": ["python", "train.py"],
        "own_arguments": [],
        "cwd": str(Path.cwd()),
        "program": None,
        "executable": sys.executable,
        "python": "3.11",
        "path": sys.path,
        "buffered": None,
        "system_interval": 0.0,
        "disable_git": False,
        "save_code": False,
        "alert_webhook": None,
        "alert_mail": None,
        "smtp_url": None,
    }
    return Launch(**{**values, **fields})


def capture_git(root: Path, **fields) -> tuple[dict, Path]:
    files = Path("files").absolute()
    files.mkdir(exist_ok=True)
    launch = make_launch(folder=str(root / "tracker" / "run-1"), program=str(root / "train.py"), **fields)
    return git.capture(launch, files).get("git", {}), files / git.NAME


def test_a_clean_repository(repository):
    facts, patch = capture_git(repository)
    assert facts == {
        "root": str(repository.resolve()),
        "commit": run_git("rev-parse", "HEAD", cwd=repository),
        "branch": "trunk",
        "remote": "https://example.org/team/project.git",
        "dirty": False,
    }
    assert not patch.exists()


def test_changes_become_a_patch_that_applies(repository):
    (repository / "train.py").write_text("print(2)\n")
    (repository / "notes.txt").write_text("new")
    (repository / "tracker").mkdir()
    (repository / "tracker" / "own").write_text("not theirs")
    facts, patch = capture_git(repository)
    assert (facts["dirty"], facts["diff"], facts["untracked"]) == (True, "diff.patch", ["notes.txt"])
    run_git("checkout", "-q", "train.py", cwd=repository)
    run_git("apply", str(patch), cwd=repository)
    assert (repository / "train.py").read_text() == "print(2)\n"


def test_a_patch_shows_what_changed_in_submodules_too(repository):
    library = Path("library").absolute()
    library.mkdir()
    run_git("init", "-q", cwd=library)
    (library / "lib.py").write_text("old\n")
    run_git("add", ".", cwd=library)
    run_git("commit", "-qm", "lib", cwd=library)
    run_git("submodule", "--quiet", "add", str(library), "lib", cwd=repository)
    run_git("commit", "-qm", "with lib", cwd=repository)
    (repository / "lib" / "lib.py").write_text("changed inside\n")
    _, patch = capture_git(repository)
    assert b"+changed inside" in patch.read_bytes()


def test_big_and_binary_changes_stay_bounded(repository, monkeypatch):
    (repository / "data.bin").write_bytes(bytes(range(256)) * 100)
    run_git("add", ".", cwd=repository)
    run_git("commit", "-qm", "data", cwd=repository)
    (repository / "data.bin").write_bytes(os.urandom(100_000))
    (repository / "train.py").write_text("x\n" * 50_000)
    monkeypatch.setattr(git, "DIFF_LIMIT", 10_000)
    facts, patch = capture_git(repository)
    assert facts["diff_cut"]
    assert patch.stat().st_size == 10_000
    assert b"Binary files a/data.bin and b/data.bin differ" in patch.read_bytes()


def test_the_repositorys_own_programs_do_not_run(repository):
    (repository / "train.py").write_text("print(2)\n")
    run_git("config", "diff.external", f"touch {repository}/ran", cwd=repository)
    run_git("config", "core.fsmonitor", f"touch {repository}/ran", cwd=repository)
    capture_git(repository)
    assert not (repository / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_checkout_of_another_owner_is_read_and_its_programs_do_not_run(repository):
    (repository / ".gitattributes").write_text("*.py filter=own\n")
    run_git("add", ".", cwd=repository)
    run_git("commit", "-qm", "second", cwd=repository)
    commit = run_git("rev-parse", "HEAD", cwd=repository)
    for name in ("clean", "smudge", "process"):
        run_git("config", f"filter.own.{name}", f"touch {repository}/ran; cat", cwd=repository)
    run_git("config", "filter.own.required", "true", cwd=repository)
    run_git("config", "core.fsmonitor", f"touch {repository}/ran", cwd=repository)
    (repository / "train.py").write_text("print(2)\n")
    for path in (repository, *repository.rglob("*")):
        os.lchown(path, 12345, 12345)
    facts, patch = capture_git(repository)
    assert (facts["commit"], facts["dirty"], facts["branch"]) == (commit, True, "trunk")
    assert "+print(2)" in patch.read_text()
    assert not (repository / "ran").exists()


def test_a_detached_head_and_an_empty_repository(repository):
    run_git("checkout", "-q", "--detach", cwd=repository)
    facts, _ = capture_git(repository)
    assert "branch" not in facts
    assert facts["commit"]
    empty = Path("empty").absolute()
    empty.mkdir()
    run_git("init", "-q", cwd=empty)
    facts, _ = capture_git(empty)
    assert (facts["branch"], facts["dirty"]) == ("trunk", False)
    assert "commit" not in facts


def test_the_upstream_remote_is_preferred(repository):
    run_git("remote", "add", "fork", "git@example.org:me/project.git", cwd=repository)
    run_git("config", "branch.trunk.remote", "fork", cwd=repository)
    assert capture_git(repository)[0]["remote"] == "git@example.org:me/project.git"


def test_no_repository_and_no_git_are_no_errors(repository, monkeypatch):
    nowhere = Path("nowhere").absolute()
    nowhere.mkdir()
    assert capture_git(nowhere, cwd=str(nowhere))[0] == {}
    monkeypatch.setenv("PATH", "")
    assert capture_git(repository)[0] == {}


def test_the_working_directory_counts_when_the_script_lies_outside(repository):
    Path("outside.py").touch()
    launch = make_launch(program=str(Path("outside.py").absolute()), cwd=str(repository))
    assert git.capture(launch, Path.cwd())["git"]["branch"] == "trunk"


@pytest.mark.parametrize(
    ("arguments", "program"),
    [
        (["python", "train.py", "--lr", "1"], "train.py"),
        (["python", "-u", "-m", "pkg.train", "--lr", "1"], "-m pkg.train"),
        (["python", "train.py", "-m", "5"], "train.py"),
    ],
)
def test_the_program_is_named_as_it_was_started(arguments, program):
    facts = command.capture(make_launch(arguments=arguments, program=str(Path("train.py").absolute())))
    assert facts["program"] == program
    assert facts["command"] == " ".join(arguments)


def test_packages_are_listed_once_and_sorted():
    for name in ("b/Zeta_Pack-2.0.dist-info", "b/alpha-1.0-py3.11.egg-info", "b/~lpha-1.0.dist-info", "b/plain"):
        Path(name).mkdir(parents=True)
    Path("c/alpha-9.dist-info").mkdir(parents=True)
    assert packages.installed(["missing", "b", "c"]) == ["alpha==1.0", "zeta-pack==2.0"]


def test_the_packages_are_those_that_python_knows():
    from importlib.metadata import version

    found = packages.installed(sys.path)
    for name in ("msgspec", "pytest", "psutil"):
        assert f"{name}=={version(name)}" in found


def test_the_machine_tells_no_environment(monkeypatch):
    monkeypatch.setenv("MY_VALUE", "not-to-be-kept")
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SLURM_JWT", "not-to-be-kept")
    facts = host.capture(RunFolder(Path.cwd()))
    assert facts["slurm"] == {"job_id": "77"}
    assert facts["host"] == os.uname().nodename
    assert facts["cpu"]["count"] == os.cpu_count()
    assert facts["memory"]["total"] > 0
    assert facts["disk"]["free"] > 0
    assert "not-to-be-kept" not in repr(facts)


def test_a_run_is_captured_whole(train, repository, monkeypatch):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("MY_API_KEY", "not-to-be-kept")
    script = "writer, background = start(save_code=True); end(writer, exit_code=0); background.finish(30)"
    training = train(script, arguments=("--api-key", "not-to-be-kept", "--lr", "0.1"))
    training.wait()
    snapshot = training.snapshot()
    metadata = snapshot.metadata
    assert metadata["args"] == ["--api-key", "***", "--lr", "0.1"]
    assert metadata["program"] == "train.py"
    assert metadata["git"]["remote"] == "https://example.org/team/project.git"
    assert metadata["git"]["dirty"] is True
    assert set(snapshot.files) == {"requirements.txt", "diff.patch", "code/train.py"}
    assert (training.folder.files / "code/train.py").read_text() == Path("train.py").read_text()
    everything = b"".join(path.read_bytes() for path in training.folder.path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in everything.replace(Path("train.py").read_bytes(), b"")
    assert b"not-to-be-kept" not in everything
    assert len([record for record in training.records("background") if isinstance(record, records.Metadata)]) <= 3
    assert json.dumps(metadata)


def test_no_secret_of_code_diff_or_console_reaches_the_run(train, repository, monkeypatch):
    secret = "abcd1234efgh5678"
    monkeypatch.chdir(repository)
    monkeypatch.setenv("SECRET", secret)
    (repository / "own.py").write_text(f"token = {secret!r}\n")
    training = train(
        f"""
import tracker_core as tracker
api_key = {secret!r}
run = tracker.init(project="p", id="r", save_code=True, settings={{"silent": True, "console": "wrap"}})
run.log_code(".")
print("api_key=" + os.environ["SECRET"])
run.finish()
"""
    )
    training.wait()
    kept = {path.name: path.read_bytes() for path in training.folder.path.rglob("*") if path.is_file()}
    assert {"own.py", "train.py", "diff.patch", "requirements.txt"} <= set(kept)
    assert [name for name, data in kept.items() if secret.encode() in data] == []
    assert b"+api_key = '***'" in kept["diff.patch"]


def test_what_is_disabled_is_not_captured(train, repository, monkeypatch):
    monkeypatch.chdir(repository)
    script = "writer, background = start(save_code=True, disable_code=True, disable_git=True)\n"
    training = train(script + "end(writer, exit_code=0); background.finish(30)")
    training.wait()
    assert "git" not in training.snapshot().metadata
    assert set(training.snapshot().files) == {"requirements.txt"}
