"""Where a memory map is not safe, the journal is written through a buffer."""

from __future__ import annotations

import errno
import mmap
import sys
from pathlib import Path

import pytest

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import Reader, mount

_TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:30 / /home/me/cluster\\040share rw - nfs4 server:/share rw,vers=4.2
31 30 0:31 / /home/me/cluster\\040share/fast rw shared:3 master:1 - tmpfs none rw
32 22 0:32 / /bucket rw - fuse.s3fs s3fs rw
33 22 0:33 / /mnt rw - tmpfs none rw
34 33 0:34 / /mnt rw - cifs //server/mnt rw
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(_TABLE)
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/bucketful/of", "ext4"),
        ("/bucket/runs", "fuse.s3fs"),
        ("/home/me/cluster share", "nfs4"),
        ("/home/me/cluster share/run", "nfs4"),
        ("/home/me/cluster share/fast/run", "tmpfs"),
        ("/mnt/run", "cifs"),
    ],
)
def test_the_mount_table_tells_the_file_system(table, folder, kind):
    assert mount.kind_of(Path(folder), table) == kind


def test_without_a_mount_table_maps_are_trusted(tmp_path):
    assert mount.kind_of(tmp_path, tmp_path / "missing") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the mount table is Linux's")
def test_this_machine_knows_its_own_file_system():
    assert mount.kind_of(Path("/proc")) == "proc"
    assert mount.maps_are_safe(Path("/proc"))


@pytest.mark.parametrize(("kind", "buffered"), [("nfs4", True), ("fuse.sshfs", True), ("xfs", False)])
def test_the_file_system_decides_unless_told(tmp_path, monkeypatch, kind, buffered):
    monkeypatch.setattr(mount, "kind_of", lambda folder: kind)
    writer = journal.open_writer(RunFolder(tmp_path), "main", run="r", attempt=1)
    # A mapped file is preallocated; a buffered one holds what was written.
    assert (writer.path.stat().st_size == 0) == buffered
    writer.close()


def test_a_file_system_that_refuses_maps_gets_a_buffer(tmp_path, monkeypatch):
    class Refused(mmap.mmap):
        def __new__(cls, *args, **kwargs):
            raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(mmap, "mmap", Refused)
    writer = journal.open_writer(RunFolder(tmp_path), "main", run="r", attempt=1)
    beat = records.Heartbeat(time=1.0)
    writer.write(beat)
    writer.close()
    assert list(Reader(writer.path).entries()) == [beat]
    with pytest.raises(OSError, match="No such device"):
        journal.open_writer(RunFolder(tmp_path), "forced", run="r", attempt=1, buffered=False)
    assert not list(tmp_path.glob("*forced*"))


def test_space_is_taken_by_zeros_where_it_cannot_be_reserved(tmp_path, monkeypatch):
    """As on macOS, which has no posix_fallocate."""
    monkeypatch.delattr("os.posix_fallocate")
    writer = journal.open_writer(RunFolder(tmp_path), "main", run="r", attempt=1, segment_size=1 << 20)
    lines = [records.Console(time=1.0, stream="stdout", line=line, text="x" * 5000) for line in range(500)]
    for line in lines:
        writer.write(line)
    writer.close()
    assert list(Reader(writer.path).entries()) == lines
