"""Opens a partner's file, recognises its format and hands it to the right reader."""

from collections.abc import Iterator
from pathlib import Path

from fabrique.imports.grants import is_grants_header, read_grants
from fabrique.imports.ndjson import read_ndjson
from fabrique.imports.rows import Reason, Row, refused

HEADER_BYTES_MAX = 4096


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, one in memory at a time; OSError when it cannot be opened.

    The grants' CSV is known by its header; any other file named `.csv` is refused whole; the rest is read as NDJSON.
    """
    with path.open("rb") as stream:
        header = stream.readline(HEADER_BYTES_MAX)
        stream.seek(0)
        if is_grants_header(header):
            yield from read_grants(stream)
        elif path.suffix.lower() == ".csv":
            yield refused(1, "", Reason.HEADER_UNKNOWN)
        else:
            yield from read_ndjson(stream)
