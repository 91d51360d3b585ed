"""Saved files, copied by the background process."""

from __future__ import annotations


def test_the_background_process_does_it_even_after_a_kill(train):
    training = train(
        """
from tracker_core import _saved
writer, background = start()
Path("source.txt").write_text("one")
folder = _folder.RunFolder(writer.path.parent)
for record in _saved.keep(folder.files, _saved.by_pattern("source.txt"), None, "end", time.time()):
    writer.write(record)
Path("source.txt").write_text("last")
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    training.wait()
    assert (training.folder.files / "source.txt").read_text() == "last"
