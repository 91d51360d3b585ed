"""Tables in and out, read back from their files by page."""

from __future__ import annotations

import datetime as dt
import enum
import math
from pathlib import Path

import ml_dtypes
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


def _cells(table):
    return dict(zip(table.columns, map(list, zip(*table.data, strict=True)), strict=True))


def test_a_grouped_frame_keeps_its_keys_and_levels():
    frame = pd.DataFrame({"kind": ["b", "a", "b"], "year": [1, 1, 2], "score": [1.0, 2.0, 3.0]})
    table = tracker.Table(dataframe=frame.groupby("kind").agg({"score": ["min", "max"], "year": ["count"]}))
    assert _cells(table) == {
        "kind": ["a", "b"],
        "score.min": [2.0, 1.0],
        "score.max": [2.0, 3.0],
        "year.count": [1, 2],
    }
    table = tracker.Table(dataframe=frame.groupby(["kind", "year"]).mean())
    assert _cells(table) == {"kind": ["a", "b", "b"], "year": [1, 1, 2], "score": [2.0, 1.0, 3.0]}
    wide = frame.pivot_table(index="kind", columns="year", values="score")
    assert tracker.Table(dataframe=wide).columns == ["kind", "1", "2"]
    crossed = pd.crosstab(frame["kind"], frame["year"], margins=True)
    assert _cells(tracker.Table(dataframe=crossed))["kind"] == ["a", "b", "All"]


def test_an_index_called_like_a_column_is_kept():
    frame = pd.DataFrame({"score": [1.0, 2.0]}, index=pd.Index(["x", "y"], name="score"))
    assert _cells(tracker.Table(dataframe=frame)) == {"score (index)": ["x", "y"], "score": [1.0, 2.0]}
    levels = pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["score", None])
    table = tracker.Table(dataframe=frame.set_index(levels))
    assert _cells(table) == {"score (index)": ["x", "y"], "level_1": [1, 2], "score": [1.0, 2.0]}


def test_columns_of_every_kind_of_pandas():
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["low", None, "high"], ["low", "high"], ordered=True),
            "period": pd.period_range("2026-01", periods=3, freq="M"),
            "interval": pd.interval_range(0, 3),
            "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.5]),
            "whole": pd.array([1, None, 2**62], "Int64"),
            "float": pd.array([0.5, None, 1.5], "Float64"),
            "truth": pd.array([True, None, False], "boolean"),
            "text": pd.array(["x", None, "y"], "string"),
            "time": pd.to_datetime(["2026-01-01T00:00:00.000000001", None, "2026-01-02T00:00:00"], format="ISO8601"),
            "zone": pd.to_datetime(["2026-01-01", None, "2026-01-02"]).tz_localize("Asia/Tokyo"),
            "span": pd.to_timedelta([90, None, 1], "s"),
            "object": ["x", math.nan, "y"],
            "flags": [True, math.nan, False],
            "number": [1.0, math.nan, 2.0],
        }
    )
    frame.columns = [*frame.columns[:-1], "flags"]  # twice
    table = tracker.Table(dataframe=frame)
    cells = _cells(table)
    assert list(cells)[-2:] == ["flags", "flags.1"]
    assert cells["category"] == ["low", None, "high"]
    assert cells["period"] == ["2026-01", "2026-02", "2026-03"]
    assert cells["interval"] == ["(0, 1]", "(1, 2]", "(2, 3]"]
    assert cells["sparse"] == [0.0, 0.0, 1.5]
    assert cells["whole"] == [1, None, 2**62]
    assert cells["float"] == [0.5, None, 1.5]
    assert cells["truth"] == [True, None, False]
    assert cells["text"] == cells["object"] == ["x", None, "y"]
    assert cells["flags"] == [True, None, False]
    assert str(cells["time"][0].isoformat()) == "2026-01-01T00:00:00.000000001"
    assert cells["time"][1] is cells["zone"][1] is cells["span"][1] is None
    assert cells["zone"][0].isoformat() == "2026-01-01T00:00:00+09:00"
    assert cells["span"] == ["0:01:30", None, "0:00:01"]
    assert math.isnan(cells["flags.1"][1])


def test_frames_of_other_libraries_keep_every_cell():
    polars = pytest.importorskip("polars")
    data = {"x": [1, None], "t": ["a", None], "c": [dt.timedelta(seconds=1), None], "l": [[1, 2], None]}
    expected = {"x": [1, None], "t": ["a", None], "c": ["0:00:01", None], "l": [[1, 2], None]}
    frame = polars.DataFrame(data).with_columns(polars.col("t").cast(polars.Categorical))
    assert _cells(tracker.Table(dataframe=frame)) == expected
    table = pa.table({**data, "t": pa.array(data["t"]).dictionary_encode()})
    assert _cells(tracker.Table(dataframe=table)) == expected
    assert _cells(tracker.Table(dataframe=pd.Series(["p", "q"], name="only"))) == {"only": ["p", "q"]}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["x", math.nan], "text"),
        ([np.nan, np.float32("nan"), "x"], "text"),
        ([True, np.nan], "boolean"),
        ([np.nan, None, False], "boolean"),
        ([{"a": 1}, np.nan], "map"),
        ([[1], np.nan], "list"),
        ([dt.date(2026, 1, 1), np.nan, pd.NaT], "time"),
        ([np.datetime64("NaT"), np.datetime64("2026-01-01T00:00:00.000000001", "ns")], "time"),
        ([tracker.Text("x"), np.nan], "media"),
        ([np.nan, tracker.Text("x"), pd.NA], "media"),
    ],
)
def test_nan_among_others_is_a_missing_cell(cells, kind, files):
    table = tracker.Table(["c"], [[cell] for cell in cells])
    reference = table.store("key", 0, files)
    assert reference["kinds"] == [kind]
    kept = [row[0] for row in table_file.read(files, reference)]
    gone = [cell is None or (not isinstance(cell, (str, dict, list, tracker.Text)) and pd.isna(cell)) for cell in cells]
    assert [cell is None for cell in kept] == gone
    added = tracker.Table(["n"], [[1]] * len(cells))
    added.add_column("c", cells)
    assert [cell is None for cell in added.get_column("c")] == gone


@pytest.mark.parametrize("cells", [[math.nan, 1.0], [None, math.nan], [np.float64("nan")], [1, math.nan]])
def test_nan_among_numbers_stays_nan(cells, files):
    table = tracker.Table(["c"], [[cell] for cell in cells])
    assert table.store("key", 0, files)["kinds"] == ["number"]
    kept = [row[0] for row in rows_of(files, table)]
    assert [cell is not None and math.isnan(cell) for cell in kept] == [
        cell is not None and np.isnan(cell) for cell in cells
    ]


class Fruit(str, enum.Enum):
    PEAR = "pear"


class Size(enum.Enum):
    BIG = 7


def test_cells_of_enums_times_and_short_floats():
    table = tracker.Table([Fruit.PEAR, "b"], [[Fruit.PEAR, [Fruit.PEAR, Size.BIG]]])
    assert (table.columns, table.data) == (["pear", "b"], [["pear", ["pear", "BIG"]]])
    short = np.array([0.5, 1.5], ml_dtypes.bfloat16)
    row = [short[0], short, np.longdouble(2.5), np.ma.masked, np.datetime64("2026-01-01"), b"x"]
    [kept] = tracker.Table([*"abcdef"], [row]).data
    assert kept[:3] == [0.5, [0.5, 1.5], 2.5]
    assert math.isnan(kept[3])
    assert kept[4:] == [dt.date(2026, 1, 1), "x"]
