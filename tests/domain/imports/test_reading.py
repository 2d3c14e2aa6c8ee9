"""A file's format is recognised before it is read."""

from pathlib import Path

import pytest

from fabrique.imports import Reason, read_rows
from fabrique.imports.grants import GRANT_COLUMNS

HEADER = ",".join(GRANT_COLUMNS)
GOOD = "adulte-relais,2020,06212R000802,39231384700015,ASSOC CTRE SOCIALE ECLATE,19875.06,CV222,62,32,ci-ville"
EVENT = b'{"specversion": "1.0", "id": "1", "source": "/town", "type": "PathEnded", "data": {}}'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["grants.csv", "grants.CSV", "no-suffix"])
def test_the_grants_are_known_by_their_header_whatever_the_name(tmp_path: Path, name: str, mark: str) -> None:
    path = tmp_path / name
    path.write_text(f"{mark}{HEADER}\r\n{GOOD}\r\n", encoding="utf-8")
    [row] = read_rows(path)
    assert row.event
    assert row.event["data"]["contract"] == "CV222"


def test_another_csv_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    [row] = read_rows(path)
    assert row.refusal
    assert (row.line, row.refusal.reason) == (1, Reason.HEADER_UNKNOWN)


def test_anything_else_is_read_as_ndjson(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"oops\n" + EVENT + b"\n")
    first, second = read_rows(path)
    assert first.refusal
    assert second.event


def test_a_file_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_rows(tmp_path / "missing"))
