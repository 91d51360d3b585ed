"""`resume="auto"` with several jobs, notebooks and deleted runs: each resumes its own run or none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core._auto import Job

JOB = """
import os, sys
import tracker_core as tracker
run = tracker.init(project="p", resume=True, config={CONFIG}, settings={"silent": True, "system_interval": 0})
run.log({"seed": SEED})
print(run.id, run.step, flush=True)
sys.stdin.readline()
if "--die" in sys.argv:
    os.kill(os.getpid(), 9)
"""


def together(code, jobs):
    """Run the jobs (arguments, variables) at once; each ends when all have begun. Return what each printed."""
    Path("job.py").write_text(code)
    processes = [
        subprocess.Popen(
            [sys.executable, "job.py", *arguments],
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for arguments, variables in jobs
    ]
    printed = [process.stdout.readline().split() for process in processes]
    for process in processes:
        process.communicate("\n")
    return printed


WAYS = {
    "arguments": ("int(sys.argv[1])", "", lambda seed: ([str(seed)], {})),
    "config": ("int(sys.argv[1])", '"seed": int(sys.argv[1])', lambda seed: ([str(seed)], {})),
    "variable": ("int(os.environ['SEED'])", "", lambda seed: ([], {"SEED": str(seed)})),
    "array": ("int(os.environ['SLURM_ARRAY_TASK_ID'])", "", lambda seed: ([], {"SLURM_ARRAY_TASK_ID": str(seed)})),
}


@pytest.mark.parametrize("way", WAYS)
def test_jobs_that_are_restarted_together_resume_their_own_runs(way):
    seed, config, job = WAYS[way]
    code = JOB.replace("{CONFIG}", f"{{{config}}}").replace("SEED}", f"{seed}}}")
    first = together(code, [(["--die", *job(n)[0]][::-1], job(n)[1]) for n in range(4)])
    second = together(code, [job(n) for n in range(4)])
    assert [run_id for run_id, _ in second] == [run_id for run_id, _ in first]
    assert {step for _, step in second} == {"2"}
    for number, (run_id, _) in enumerate(first):
        seeds = [row["seed"] for row in tracker.Api().run(f"p/{run_id}").scan_history(keys=["seed"])]
        assert seeds == [number, number]


def test_one_run_is_claimed_by_one_of_equal_jobs():
    code = JOB.replace("{CONFIG}", "{}").replace("SEED}", "0}")
    [[run_id, _]] = together(code, [(["--die"], {})])
    printed = together(code, [([], {})] * 4)
    assert len({each for each, _ in printed}) == 4
    assert [run_id, "2"] in printed


def test_a_deleted_run_is_no_obstacle():
    tracker.init(id="gone", project="p", resume=True).finish(1)
    tracker.Api().run("p/gone").delete()
    with tracker.init(project="p", resume=True) as run:
        assert run.id != "gone"
        assert not run.resumed
    assert not Path("tracker/.resume/gone.json").exists()
    with pytest.raises(tracker.UsageError, match="deleted"):
        tracker.init(id="gone", project="p", resume=True)


def test_an_archived_or_removed_run_is_no_obstacle():
    import shutil

    tracker.init(id="twice", resume=True).finish(1)
    with pytest.warns(UserWarning, match="archived"):
        tracker.init(id="twice").finish()
    run = tracker.init(resume=True)
    assert run.id != "twice"
    run.finish(1)
    shutil.rmtree(run.folder.path)
    assert tracker.init(resume=True).id != run.id


BASE = Job(project="p", program="a.py", arguments=["--lr", "1"], name="n", config=7)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"project": "q"}, None),
        ({"program": "b.py"}, None),
        ({"index": "3"}, None),
        ({"arguments": ["--lr", "1", "--resume"]}, 0),
        ({"arguments": ["1", "--lr"]}, 0),
        ({"arguments": []}, 0),
        ({"arguments": None}, 0),
        ({"arguments": ["--lr", "2"]}, 1),
        ({"arguments": ["--lr", "1", "--lr", "1"]}, 0),
        ({"name": None}, 1),
        ({"config": None}, 0),
        ({"config": 8, "name": "m", "call": 2}, 3),
    ],
)
def test_differences_of_jobs(changes, expected):
    import msgspec

    other = msgspec.structs.replace(BASE, **changes)
    assert BASE.differences(other) == other.differences(BASE) == expected


def test_a_job_that_differs_twice_begins_a_run_of_its_own():
    tracker.init(name="fold0", config={"fold": 0}, resume=True).finish(1)
    assert not tracker.init(name="fold1", config={"fold": 1}, resume=True, reinit=True).resumed


def test_notes_hold_no_secrets(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["a.py", "--api-key", "s3cret-value"])
    monkeypatch.setenv("PASSWORD_OF_MINE", "another-secret")
    run = tracker.init(resume=True, config={"token": "third-secret"})
    note = Path("tracker/.resume", f"{run.id}.json").read_text()
    assert "secret" not in note
    assert "s3cret" not in note
    assert "PASSWORD" not in note


def test_a_note_of_an_older_version(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["old.py", "--any"])
    run = tracker.init(id="old", project="p")
    run.finish(1)
    Path("tracker/.resume").mkdir()
    Path("tracker/.resume/old.json").write_text('{"id": "old", "project": "p", "program": "old.py"}')
    Path("tracker/.resume/half.json").write_text('{"id": ')
    assert tracker.init(project="p", resume=True).id == "old"


def test_programs_without_a_file():
    """All are called `-c`; their code tells them apart."""
    codes = [
        f"import tracker_core as t; r = t.init(resume=True); print(r.id, r.resumed); r.finish({n})" for n in (1, 2, 1)
    ]
    printed = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for code in codes
    ]
    assert printed[1][0] != printed[0][0]
    assert printed[2] == [printed[0][0], "True"]


@pytest.mark.filterwarnings("ignore")
def test_notebooks_resume_their_own_runs():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")

    def execute(notebook):
        kernel = manager.KernelManager()
        variables = {"JPY_SESSION_NAME": str(Path(notebook).absolute())} if notebook else {}
        kernel.start_kernel(env={**os.environ, **variables})
        client = kernel.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=240)
            texts = []
            client.execute_interactive(
                "import tracker_core as tracker\n"
                "run = tracker.init(resume=True, settings={'silent': True}); run.log({'x': 1})\n"
                "print(run.id, run.resumed)",
                timeout=240,
                output_hook=lambda message: texts.append(message["content"].get("text", "")),
            )
        finally:
            client.stop_channels()
            kernel.shutdown_kernel(now=True)
        return "".join(texts).split()

    one, two, unknown = execute("one.ipynb"), execute("two.ipynb"), execute(None)
    assert [one[1], two[1], unknown[1]] == ["False"] * 3
    assert len({one[0], two[0], unknown[0]}) == 3
    assert execute("one.ipynb") == [one[0], "True"]
    assert execute(None)[1] == "False"
