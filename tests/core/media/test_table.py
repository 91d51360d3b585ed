"""Tables in and out, read back from their files by page."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import zstandard
from PIL import Image as Pillow

import tracker_core as tracker
from tracker_core._media import table_file


def rows_of(files, table, key="key", step=0):
    return table_file.read(files, table.store(key, step, files))


def test_cells_come_back_exactly(files):
    data = [
        [1, 0.1, "naïve", True, None, [1, {"a": 2}], {"k": 1.5}],
        [-(2**62), math.inf, "", False, None, [], {}],
    ]
    table = tracker.Table(columns=["i", "f", "s", "b", "n", "l", "m"], data=data)
    reference = table.store("key", 4, files)
    assert table_file.read(files, reference) == data
    assert reference["_type"] == "table-file"
    assert (reference["rows"], reference["columns"]) == (2, ["i", "f", "s", "b", "n", "l", "m"])
    assert reference["kinds"] == ["number", "number", "text", "boolean", "none", "list", "map"]
    types = [type(cell) for cell in table_file.read(files, reference)[0]]
    assert types[:4] == [int, float, str, bool]


def test_nan_and_dates_survive(files):
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone.utc)
    [[number, time]] = rows_of(files, tracker.Table(["x", "t"], [[math.nan, when]]))
    assert math.isnan(number)
    assert time == when.isoformat()


def test_numbers_of_any_library_become_plain(files):
    table = tracker.Table(["a", "b", "c", "d"])
    table.add_data(np.float32(0.5), np.int64(3), torch.tensor(2.5), np.array([1, 2]))
    assert rows_of(files, table) == [[0.5, 3, 2.5, [1, 2]]]


def test_dataframe_by_either_name(files):
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"], "z": [0.5, math.inf]})
    for table in (tracker.Table(dataframe=frame), tracker.Table(data=frame), tracker.Table(list("pqr"), data=frame)):
        assert rows_of(files, table) == frame.to_numpy().tolist()
    assert tracker.Table(dataframe=frame).columns == ["x", "y", "z"]
    assert tracker.Table(dataframe=frame).get_dataframe().equals(frame)


def test_what_is_missing_in_a_dataframe(files):
    frame = pd.DataFrame(
        {
            "text": ["a", None],
            "float": [0.5, math.nan],
            "int": pd.array([1, None], dtype="Int64"),
            "time": pd.to_datetime(["2026-01-02", None]),
            "class": pd.Categorical(["x", None]),
            "bool": [True, False],
        }
    )
    table = tracker.Table(dataframe=frame)
    first, second = rows_of(files, table)
    assert first == ["a", 0.5, 1, "2026-01-02T00:00:00", "x", True]
    assert math.isnan(second.pop(1))
    assert second == [None, None, None, None, False]
    assert table.store("key", 0, files)["kinds"] == ["text", "number", "number", "time", "text", "boolean"]


def test_index_that_says_something_is_a_column():
    frame = pd.DataFrame({"class": ["cat", "dog", "cat"], "score": [1.0, 2.0, 3.0]})
    assert tracker.Table(dataframe=frame.groupby("class").mean()).columns == ["class", "score"]
    assert tracker.Table(dataframe=frame.describe()).get_column("index")[:2] == ["count", "mean"]
    days = frame.set_index(pd.date_range("2026-01-01", periods=3))
    assert tracker.Table(dataframe=days).columns == ["index", "class", "score"]
    assert tracker.Table(["kind", "points"], data=days).columns == ["kind", "points"]
    assert tracker.Table(dataframe=frame[frame.score > 1]).columns == ["class", "score"]
    taken = frame.set_index("class", drop=False)
    assert tracker.Table(dataframe=taken).columns == ["class", "score"]


def test_repeated_names_of_a_dataframe_are_numbered():
    assert tracker.Table(dataframe=pd.DataFrame([[1, 2, 3]], columns=["a", "a", "a.1"])).columns == [
        "a",
        "a.1",
        "a.1.1",
    ]


def test_pyarrow(files):
    found = pa.table({"number": [1, None], "text": ["a", "b"], "list": [[1.5], []]})
    for table in (tracker.Table(dataframe=found), tracker.Table(data=found.to_batches()[0])):
        assert table.columns == ["number", "text", "list"]
        assert rows_of(files, table) == [[1, "a", [1.5]], [None, "b", []]]


def test_rows_of_arrays(files):
    assert rows_of(files, tracker.Table(["a", "b"], [np.array([1, 2]), torch.tensor([3, 4])])) == [[1, 2], [3, 4]]


def test_broken_texts_and_odd_maps_lose_nothing_else(files):
    loop = []
    loop.append(loop)
    table = tracker.Table(["a", "b"], [["half \ud800", {(1, 2): 3}], ["whole", None]], allow_mixed_types=True)
    table.add_data("loop", loop)
    assert rows_of(files, table) == [["half \\ud800", {"(1, 2)": 3}], ["whole", None], ["loop", ["[[...]]"]]]


def test_array_and_missing_columns(files):
    table = tracker.Table(data=np.eye(2))
    assert table.columns == ["0", "1"]
    assert rows_of(files, table) == [[1, 0], [0, 1]]
    assert tracker.Table().columns == ["Input", "Output", "Expected"]
    assert rows_of(files, tracker.Table()) == []


def test_file_is_readable_from_its_description_alone(files):
    table = tracker.Table(["n", "s"], [[index * 0.5, str(index)] for index in range(2500)])
    data = (files / table.store("key", 0, files)["path"]).read_bytes()
    assert data[:8] == data[-8:] == b"TRKTABL1"
    length = int.from_bytes(data[-12:-8], "little")
    columns, kinds, pages = msgspec.msgpack.decode(
        msgspec.msgpack.encode(msgspec.to_builtins(msgspec.msgpack.decode(data[-12 - length : -12])))
    ).values()
    assert (columns, kinds) == (["n", "s"], ["number", "text"])
    assert [rows for _, _, rows in pages] == [1000, 1000, 500]
    offset, size, _ = pages[2]
    numbers, texts = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data[offset : offset + size]))
    assert np.frombuffer(numbers["data"], "<f8")[0] == 1000.0
    assert texts[0] == "2000"


def test_only_the_pages_asked_for_are_read(files, monkeypatch):
    table = tracker.Table(["n"], [[index] for index in range(5000)])
    reference = table.store("key", 0, files)
    read = []
    page = table_file.TableFile.page
    monkeypatch.setattr(table_file.TableFile, "page", lambda self, number: read.append(number) or page(self, number))
    assert table_file.read(files, reference, 1990, 2010) == [[index] for index in range(1990, 2010)]
    assert read == [1, 2]


def test_cut_file_is_refused(files):
    reference = tracker.Table(["n"], [[1]]).store("key", 0, files)
    path = files / reference["path"]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match="not whole"):
        table_file.read(files, reference)


def test_growing_table_keeps_every_state_and_writes_only_what_is_new(files):
    table = tracker.Table(["step", "text"])
    logged, written = [], 0
    for step in range(200):
        table.add_data(step, "x" * 100)
        reference = table.store("samples", step, files)
        logged.append(reference)
        assert len(reference["parts"]) <= 9
    for step, reference in enumerate(logged):
        found = table_file.read(files, reference)
        assert [row[0] for row in found] == list(range(step + 1))
    written = sum(part.stat().st_size for part in files.rglob("*.table"))
    whole = sum(reference["rows"] for reference in logged)
    parts = sum(table_file.TableFile(part).footer.rows for part in files.rglob("*.table"))
    assert parts < whole / 10
    assert written > 0


def test_unchanged_table_is_not_written_again(files):
    table = tracker.Table(["a"], [[1]])
    first = table.store("key", 0, files)
    assert table.store("key", 1, files) == first


def test_one_table_under_two_keys_and_in_two_runs(files, tmp_path):
    table = tracker.Table(["a"], [[1]])
    table.store("first", 0, files)
    table.add_data(2)
    assert rows_of(files, table, "second") == [[1], [2]]
    other = tmp_path / "other" / "files"
    assert rows_of(other, table, "first") == [[1], [2]]
    assert rows_of(files, table, "first") == [[1], [2]]


def test_rows_changed_in_place_are_seen(files):
    table = tracker.Table(["a"], [[1], [2]])
    table.store("key", 0, files)
    table.data[0][0] = 7
    table.data.append([np.int64(3)])
    assert rows_of(files, table) == [[7], [2], [3]]
    assert table.data == [[7], [2], [3]]


def test_columns_added_after_logging(files):
    table = tracker.Table(["a"], [[1], [2]])
    table.store("key", 0, files)
    table.add_column("b", np.array([0.5, 1.5]))
    table.add_computed_columns(lambda index, row: {"c": row["a"] + row["b"] + index})
    assert rows_of(files, table) == [[1, 0.5, 1.5], [2, 1.5, 4.5]]
    assert table.get_column("b") == [0.5, 1.5]
    assert table.get_column("c", convert_to="numpy").tolist() == [1.5, 4.5]
    assert list(table.iterrows()) == [(0, [1, 0.5, 1.5]), (1, [2, 1.5, 4.5])]
    assert table.get_index() == [0, 1]


def test_first_column_makes_the_rows(files):
    table = tracker.Table()
    table.add_column("a", [1, 2])
    assert table.columns == ["a"]
    assert rows_of(files, table) == [[1], [2]]


def test_media_in_cells(files, drain):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    table = tracker.Table(["image", "pil", "label"])
    table.add_data(tracker.Image(pixels, caption="seen"), Pillow.fromarray(pixels), "cat")
    table.add_data(None, None, "dog")
    [[image, pil, label], empty] = rows_of(files, table, "predictions")
    assert not any(report.error for report in drain())
    assert (label, empty) == ("cat", [None, None, "dog"])
    assert image["caption"] == "seen"
    for cell in (image, pil):
        with Pillow.open(files / cell["path"]) as picture:
            assert (np.array(picture) == pixels).all()
    assert image["path"].startswith("media/images/predictions/image_0_")


def test_list_of_media_in_a_cell(files, drain):
    pictures = [tracker.Image(np.full((2, 2, 3), level, np.uint8)) for level in range(2)]
    [[group, numbers]] = rows_of(files, tracker.Table(["pictures", "numbers"], [[pictures, [1, 2]]]))
    drain()
    assert (group["_type"], group["of"], group["count"], numbers) == ("group", "image-file", 2, [1, 2])
    assert all((files / item["path"]).is_file() for item in group["items"])


def test_media_of_a_growing_table_are_kept_once(files, drain):
    table = tracker.Table(["image"])
    for step in range(8):
        table.add_data(tracker.Image(np.full((2, 2, 3), step, np.uint8)))
        reference = table.store("samples", step, files)
    drain()
    assert len(list(files.rglob("*.png"))) == 8
    found = table_file.read(files, reference)
    for step, [image] in enumerate(found):
        with Pillow.open(files / image["path"]) as picture:
            assert picture.getpixel((0, 0)) == (step, step, step)


def test_kinds_hold_unless_mixed_types_are_allowed(files):
    table = tracker.Table(["a"], [[1]])
    with pytest.raises(tracker.UsageError, match="allow_mixed_types"):
        table.add_data("one")
    with pytest.raises(tracker.UsageError, match="boolean"):
        table.add_data(True)
    table.add_data(None)
    table.add_data(2.5)
    assert rows_of(files, table) == [[1], [None], [2.5]]
    assert rows_of(files, tracker.Table(["a"], [[1], ["one"]], allow_mixed_types=True)) == [[1], ["one"]]


def test_declared_types():
    table = tracker.Table(["a", "b"], dtype=[float, tracker.Image])
    with pytest.raises(tracker.UsageError, match="number"):
        table.add_data("text", None)
    assert tracker.Table(["a", "b"], [[1, "x"]], dtype={"a": int}).get_column("a") == [1]
    with pytest.raises(tracker.UsageError, match="'a' is None"):
        tracker.Table(["a"], [[None]], optional=False)
    assert len(tracker.Table(["a", "b"], [[None, 1]], optional=[True, False])) == 1
    with pytest.raises(tracker.UsageError, match="'b' is None"):
        tracker.Table(["a", "b"], [[1, None]], optional=[True, False])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tracker.Table(["a", "a"]), "one name"),
        (lambda: tracker.Table(["a"], [[1, 2]]), "2 values"),
        (lambda: tracker.Table(["a"], [1, 2]), "list of rows"),
        (lambda: tracker.Table(["a"], [{"a": 1}]), "list of rows"),
        (lambda: tracker.Table(["a"], optional=[True, False]), "of 2 columns"),
        (lambda: tracker.JoinedTable("a", tracker.Table(["a"]), "a"), "of two tables"),
        (lambda: tracker.Table(["a"], [[1]]).add_column("a", [1]), "already"),
        (lambda: tracker.Table(["a"], [[1]]).add_column("b", [1, 2]), "2 values for 1 rows"),
        (lambda: tracker.Table(["a"]).get_column("b"), "no column"),
        (lambda: tracker.Table(["a"], dtype=complex), "dtype"),
    ],
)
def test_wrong_calls_say_what_is_wrong(make, said):
    with pytest.raises(tracker.UsageError, match=said):
        make()


def test_unknown_objects_are_kept_as_text(files):
    class Thing:
        def __repr__(self):
            return "<a thing>"

    assert rows_of(files, tracker.Table(["a", "b"], [[Thing(), [Thing()]]])) == [["<a thing>", ["<a thing>"]]]
    assert rows_of(files, tracker.Table(list("abc"), [[Path("x"), b"y", pd.Interval(0, 1)]])) == [["x", "y", "(0, 1]"]]


def test_numbers_too_wide_for_64_bits_become_floats(files):
    table = tracker.Table(["a", "b"], [[2**70, [2**64, {"deep": -(2**65)}]], [2**64 - 1, [1]]])
    assert rows_of(files, table) == [[float(2**70), [float(2**64), {"deep": -float(2**65)}]], [2**64 - 1, [1]]]


def test_joined_table(files):
    left, right = tracker.Table(["id", "x"], [[1, 2]]), tracker.Table(["id", "y"], [[1, 3]])
    reference = tracker.JoinedTable(left, right, "id").store("both", 0, files)
    assert reference["_type"] == "joined-table"
    assert table_file.read(files, reference["table1"]) == [[1, 2]]
    assert table_file.read(files, reference["table2"]) == [[1, 3]]
    with pytest.raises(tracker.UsageError, match="join on"):
        tracker.JoinedTable(left, right, "y")


def test_kind_of_a_column_said_anew(kept):
    table = tracker.Table(["n", "x"], [[1, "a"], [None, "b"]])
    table.cast("x", str)
    table.cast("n", int)
    assert kept(table)[0]["kinds"] == ["number", "text"]
    with pytest.raises(tracker.UsageError, match="does not fit"):
        table.cast("x", float)
    with pytest.raises(tracker.UsageError, match="not optional"):
        table.cast("n", int, optional=False)
    with pytest.raises(tracker.UsageError, match="no column"):
        table.cast("z", int)
