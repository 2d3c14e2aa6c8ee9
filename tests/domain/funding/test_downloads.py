"""Tables as files: whichever form is read back, the values are the same, and the dictionary is that of the columns."""

import csv
import importlib.util
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from services.funding.downloads.csv_file import BEGINS_FORMULA, harmless
from services.funding.downloads.fields import Both, Download, Field, Kind
from services.funding.downloads.forms import Form, written
from services.funding.downloads.parquet import ParquetMissing
from services.funding.downloads.xlsx import DICTIONARY, SheetTooSmall
from tests.support.read_back import from_csv, from_parquet, from_xlsx, sheets

NOW = datetime(2016, 12, 1, 12, 0, tzinfo=UTC)
LARGEST = 10**15 - 1
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: TEXTS | st.sampled_from(["=1+1", "+33", "-2", "@SUM(A1)", "'quoted", "=HYPERLINK(\"http://x\")"]),
    Kind.WHOLE: st.integers(-(10**12), 10**12),
    Kind.CENTS: st.integers(-LARGEST, LARGEST),
    Kind.EUROS: st.integers(-(10**13), 10**13),
    Kind.DAY: st.dates(date(1900, 3, 1), date(2100, 12, 31)),
    Kind.INSTANT: st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  UTC is given beside
}  # fmt: skip


def field_of(number: int, kind: Kind) -> Field:
    name = f"column {number}"
    return Field(
        f"column_{number}", kind, Both(f"{name} fr", f"{name} en"), Both(f"sens {number}", f"meaning {number}")
    )


@st.composite
def tables(draw: st.DrawFn) -> Download:
    fields = [
        field_of(n, kind) for n, kind in enumerate(draw(st.lists(st.sampled_from([*Kind]), min_size=1, max_size=7)))
    ]
    named, *others = (VALUES[field.kind] for field in fields)
    cells = st.tuples(named, *(st.none() | each for each in others))
    return Download("table", fields, draw(st.lists(cells, max_size=12)), NOW)


def content(download: Download, form: Form, language: str = "fr") -> bytes:
    with written(download, form, language) as file:
        return file.read()


def as_a_sheet_holds_them(sheet: Sequence[Sequence[Any]], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows, with the sheet's instants where those are the rows' to the millisecond: a sheet holds no more."""
    return [
        tuple(
            found if isinstance(value, datetime) and abs(found - value) < timedelta(milliseconds=1) else value
            for found, value in zip(*pair, strict=True)
        )
        for pair in zip(sheet, rows, strict=True)
    ]


@settings(deadline=None, max_examples=60)
@given(tables())
@example(Download("table", [field_of(0, Kind.INSTANT)], [(datetime(2000, 1, 1, 0, 0, 1, 500, UTC),)], NOW))
def test_all_three_forms_read_back_to_the_same_values(download: Download) -> None:
    fields, rows = [*download.fields], [*download.rows]
    assert from_csv(content(download, Form.CSV), fields) == rows
    assert from_parquet(content(download, Form.PARQUET), fields) == rows
    sheet = from_xlsx(content(download, Form.XLSX), fields)
    assert sheet == as_a_sheet_holds_them(sheet, rows)


@pytest.mark.parametrize("language", ["fr", "en"])
@settings(deadline=None, max_examples=25)
@given(download=tables())
def test_the_dictionary_describes_the_columns_of_all_three_forms(download: Download, language: str) -> None:
    data, (header, *dictionary), _ = sheets(content(download, Form.XLSX, language))
    assert header == tuple(each.of(language) for each in DICTIONARY)
    assert tuple(row[0] for row in dictionary) == data[0]
    names = next(csv.reader(StringIO(content(download, Form.CSV).decode())))
    assert [row[1] for row in dictionary] == names
    schema = parquet.read_schema(BytesIO(content(download, Form.PARQUET)))
    for row, column in zip(dictionary, schema, strict=True):
        said = {name.decode(): text.decode() for name, text in column.metadata.items()}
        title, name, type_, unit_here, unit, french, english = ("" if cell is None else cell for cell in row)
        assert (column.name, said[f"title_{language}"], said[f"type_{language}"]) == (name, title, type_)
        assert (said[f"unit_{language}"], said["meaning_fr"], said["meaning_en"]) == (unit, french, english)
        assert (unit_here == "euros") == name.endswith(("_cents", "_eur"))


@given(TEXTS)
def test_no_text_of_a_csv_is_taken_for_a_formula_and_none_is_lost(text: str) -> None:
    for each in (text, *(f"{begin}{text}" for begin in BEGINS_FORMULA), f"'{text}"):
        assert not harmless(each).startswith(BEGINS_FORMULA)
        assert harmless(each) in (each, f"'{each}")
        assert harmless(each).removeprefix("'") == each


def test_the_same_table_is_the_same_bytes() -> None:
    fields = [field_of(0, Kind.CENTS), field_of(1, Kind.TEXT)]
    for form in Form:
        once, again = (content(Download("t", fields, [(1, "a"), (None, None)], NOW), form) for _ in range(2))
        assert once == again, form


def test_a_code_is_explained_in_both_languages() -> None:
    field = Field(
        "state", Kind.TEXT, Both("État", "State"), Both("", ""), lambda code: Both(f"{code} fr", f"{code} en")
    )
    book = content(Download("t", [field], [("reserved",), ("engaged",), (None,), ("reserved",)], NOW), Form.XLSX)
    _, _, codes = sheets(book)
    assert codes[1:] == [
        ("État", "engaged", "engaged fr", "engaged en"),
        ("État", "reserved", "reserved fr", "reserved en"),
    ]


@pytest.mark.parametrize(("kind", "value"), [(Kind.CENTS, 10**15), (Kind.TEXT, "x" * 32_768)])
def test_what_a_sheet_cannot_hold_exactly_is_refused_and_the_other_forms_take_it(kind: Kind, value: Any) -> None:
    fields = [field_of(0, kind)]
    with pytest.raises(SheetTooSmall, match="CSV or Parquet"):
        content(Download("t", fields, [(value,)], NOW), Form.XLSX)
    assert from_csv(content(Download("t", fields, [(value,)], NOW), Form.CSV), fields) == [(value,)]
    assert from_parquet(content(Download("t", fields, [(value,)], NOW), Form.PARQUET), fields) == [(value,)]


def test_parquet_that_is_not_installed_names_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr("services.funding.downloads.parquet.find_spec", lambda _: None)
    with pytest.raises(ParquetMissing, match=r"pip install 'fabrique\[parquet\]'"):
        content(Download("t", [], [], NOW), Form.PARQUET)


def many(count: int) -> Iterator[tuple[Any, ...]]:
    for number in range(count):
        yield f"{number:032x}", number, number * 101, date(2016, 4, 4), NOW


@pytest.mark.parametrize("form", [*Form])
def test_a_large_table_is_written_in_the_memory_of_a_small_one(form: Form) -> None:
    """Rows are made as they are written; ten times the rows take no more memory, but for what is held for a group."""
    fields = [field_of(n, kind) for n, kind in enumerate((Kind.TEXT, Kind.WHOLE, Kind.CENTS, Kind.DAY, Kind.INSTANT))]
    content(Download("warm", fields, many(1), NOW), form)
    peaks = []
    for count in (10_000, 40_000):
        tracemalloc.start()
        with written(Download("t", fields, many(count), NOW), form, "fr"):
            peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000, peaks
