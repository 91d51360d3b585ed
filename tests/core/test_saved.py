"""Which files save() keeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tracker_core as tracker


def write(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(os.fsencode(name))


def kept(run, *arguments, **options):
    paths = [Path(path).relative_to(run.folder.files).as_posix() for path in run.save(*arguments, **options)]
    for path in paths:
        assert (run.folder.files / path).is_file()
    return paths


@pytest.fixture
def run():
    with tracker.init(project="p") as run:
        yield run


@pytest.mark.parametrize("name", ["fold[0]", "what?", "star*", "**", "[", "a[!b]c", "lr=[0.1,0.2]"])
def test_a_name_with_wildcards_is_that_file(run, name):
    write(f"{name}.pt", f"{name}/deep[2].pt", f"{name}/other.pt", "fold0.pt", "whatx.pt", "starfish.pt", "axc.pt")
    assert kept(run, f"{name}.pt") == [f"{name}.pt"]
    assert kept(run, f"{name}/deep[2].pt") == [f"{name}/deep[2].pt"]
    assert sorted(kept(run, f"{name}/*.pt")) == [f"{name}/deep[2].pt", f"{name}/other.pt"]
    assert sorted(kept(run, Path(name).absolute() / "*.pt")) == ["deep[2].pt", "other.pt"]
    assert sorted(kept(run, name)) == [f"{name}/deep[2].pt", f"{name}/other.pt"]


def test_a_bracket_in_the_middle_of_a_pattern(run):
    write("epoch[7]-a.pt", "epoch[7]-b.pt")
    assert kept(run, "epoch[7]-*.pt") == ["epoch[7]-a.pt", "epoch[7]-b.pt"]
    write("epoch7-c.pt")
    assert kept(run, "epoch[7]-*.pt") == ["epoch7-c.pt"]


def test_links_are_followed_once(run, tmp_path):
    write("out/own.txt", tmp_path / "disk/best.txt")
    Path("out/disk").symlink_to(tmp_path / "disk")
    Path("out/loop").symlink_to(".")
    Path("out/gone").symlink_to("nowhere")
    (tmp_path / "disk/back").symlink_to(Path("out").absolute())
    with pytest.warns(UserWarning, match=r"save.* left out .*out/gone \(broken symbolic link\)"):
        assert sorted(kept(run, "out")) == ["out/disk/best.txt", "out/own.txt"]
    assert sorted(kept(run, "out/**/*.txt")) == ["out/disk/best.txt", "out/own.txt"]


def test_the_root_directory_is_left_out(run):
    write("a.txt", "b/c.txt")
    run.save("a.txt", policy="now")
    expected = ["a.txt", "b/c.txt"]
    assert sorted(kept(run, ".")) == expected
    assert sorted(kept(run, "*")) == expected
    assert sorted(kept(run, "**/*.txt")) == expected
    assert sorted(kept(run, Path.cwd())) == [f"{Path.cwd().name}/{path}" for path in expected]


def test_what_is_no_file_is_named(run):
    os.mkfifo("pipe")
    with pytest.warns(UserWarning, match="pipe could not be saved: not a regular file"):
        assert kept(run, "pipe") == []
    with pytest.warns(UserWarning, match="zero could not be saved"):
        assert kept(run, "/dev/zero") == []


def test_names_that_are_not_text(run, past):
    name = os.fsdecode(b"caf\xe9.txt")
    write(name)
    assert kept(run, name, policy="live") == ["caf%E9.txt"]
    record = past(run).snapshot.files["caf%E9.txt"]
    assert record.source == Path(name).absolute().as_uri()


def test_a_long_name(run):
    name = "n" * 251 + ".txt"
    write(name)
    assert kept(run, name) == [name]
