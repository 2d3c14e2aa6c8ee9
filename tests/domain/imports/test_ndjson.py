"""NDJSON of CloudEvents: each line is read or refused on its own."""

import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from fabrique.imports.lines import LINE_BYTES_MAX
from fabrique.imports.ndjson import read_ndjson
from fabrique.imports.rows import REMEDIES, Reason, Row

GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/town", "type": "PathEnded", "time": "2016-04-04T09:00:00Z", "data": {},
}  # fmt: skip


def read(*lines: bytes) -> list[Row]:
    return list(read_ndjson(io.BytesIO(b"\n".join(lines))))


def line(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_good_line_is_an_event_as_it_stands() -> None:
    assert read(line(extension="kept")) == [Row(1, event={**GOOD, "extension": "kept"})]


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        (b"{", "", Reason.NOT_JSON),
        (b"not json", "", Reason.NOT_JSON),
        (line() + line(), "", Reason.NOT_JSON),
        (b'{"data": {"cost_cents": NaN}}', "", Reason.NOT_JSON),
        (b'{"data": {"cost_cents": 1e400}}', "", Reason.NOT_JSON),
        (b'{"data": {"cost_cents": ' + b"9" * 5000 + b"}}", "", Reason.NOT_JSON),
        (b'{"data": {"cost_cents": 1, "cost_cents": 2}}', "", Reason.NOT_JSON),
        (b"[" * 100_000, "", Reason.NOT_JSON),
        (line(id="\ud800"), "", Reason.NOT_JSON),
        (b'{"id": "\xe9"}', "", Reason.NOT_UTF8),
        (b"\x00", "", Reason.NOT_JSON),
        (b"[]", "", Reason.NOT_AN_OBJECT),
        (b"null", "", Reason.NOT_AN_OBJECT),
        (b"{}", "/specversion", Reason.NOT_A_CLOUDEVENT),
        (line(specversion="0.3"), "/specversion", Reason.NOT_A_CLOUDEVENT),
        (line(id=""), "/id", Reason.NOT_A_CLOUDEVENT),
        (line(id=7), "/id", Reason.NOT_A_CLOUDEVENT),
        (line(source=None), "/source", Reason.NOT_A_CLOUDEVENT),
        (line(type=[]), "/type", Reason.NOT_A_CLOUDEVENT),
        (line(time=2016), "/time", Reason.NOT_A_CLOUDEVENT),
        (line(data=[]), "/data", Reason.NOT_AN_OBJECT),
        (line(data="text"), "/data", Reason.NOT_AN_OBJECT),
        (b" " * (LINE_BYTES_MAX + 1), "", Reason.LINE_TOO_LONG),
        (b"x" * (5 * LINE_BYTES_MAX), "", Reason.LINE_TOO_LONG),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_stops_nothing(bad: bytes, field: str, reason: Reason) -> None:
    first, second, third = read(line(id="before"), bad, line(id="after"))
    assert first.event
    assert second.refusal
    assert (second.line, second.event, second.refusal.field, second.refusal.reason) == (2, None, field, reason)
    assert third == Row(3, event={**GOOD, "id": "after"})


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert [row.line for row in read(b"", line(), b"  \r", line())] == [2, 4]


def test_a_byte_order_mark_windows_line_ends_and_a_last_line_without_end_are_read() -> None:
    assert [row.line for row in read(b"\xef\xbb\xbf" + line() + b"\r", line()) if row.event] == [1, 2]


def test_a_line_of_just_the_greatest_size_is_read() -> None:
    padding = LINE_BYTES_MAX - len(line(id=""))
    rows = read(line(id="x" * padding), line(id="x" * (padding - 1)), line())
    assert [row.event is not None for row in rows] == [False, True, True]


def test_an_empty_file_has_no_rows() -> None:
    assert read() == []


class EndlessFile(io.RawIOBase):
    """A file without an end: reading it whole would never return."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[: len(self.text)] = self.text
        return len(self.text)


def endless(text: bytes) -> io.BufferedReader:
    return io.BufferedReader(EndlessFile(text))


def test_a_file_is_never_held_in_memory() -> None:
    rows: Iterator[Row] = read_ndjson(endless(line() + b"\n"))
    assert sum(row.event is not None for row in islice(rows, 1000)) == 1000


def test_each_reason_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Reason)
    assert all(remedy.endswith(".") for remedy in REMEDIES.values())
