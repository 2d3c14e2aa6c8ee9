"""Tables as Parquet: typed columns that carry their own description; amounts are whole cents, or exact decimals."""

from collections.abc import Sequence
from decimal import Decimal
from importlib.util import find_spec
from io import BufferedIOBase
from types import TracebackType
from typing import IO, Any, Self

from services.funding.downloads.fields import Download, Field, Kind, Value
from shared.kernel.errors import ProgrammeError

ROWS_IN_A_GROUP = 10_000
"""Rows that are held until they are written."""


class ParquetMissing(ProgrammeError):
    """What writes Parquet is not installed."""

    def __init__(self) -> None:
        super().__init__("Parquet needs pyarrow, which is not installed: pip install 'fabrique[parquet]'.")


class ParquetFile:
    """Writes rows to an open file, in groups of always the same size, so that the same rows are the same bytes."""

    def __init__(self, file: IO[bytes] | BufferedIOBase, fields: Sequence[Field], about: dict[str, str]) -> None:
        if find_spec("pyarrow") is None:
            raise ParquetMissing
        from pyarrow import parquet  # noqa: PLC0415  170 MB, loaded when somebody asks for Parquet

        self._fields = fields
        self._schema = schema(fields, about)
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._held: list[Sequence[Value]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None and self._held:
            self._write()
        self._writer.close()

    def add(self, row: Sequence[Value]) -> None:
        """Take one row."""
        self._held.append(row)
        if len(self._held) >= ROWS_IN_A_GROUP:
            self._write()

    def _write(self) -> None:
        import pyarrow  # noqa: PLC0415  as above

        columns = [
            pyarrow.array([_typed(field, row[place]) for row in self._held], self._schema.field(place).type)
            for place, field in enumerate(self._fields)
        ]
        self._writer.write_batch(pyarrow.record_batch(columns, schema=self._schema))
        self._held.clear()


def write_parquet(download: Download, file: IO[bytes]) -> None:
    """Write a table. Raises ParquetMissing."""
    about = {"table": download.name, "written_at": download.written_at.isoformat()}
    with ParquetFile(file, download.fields, about) as out:
        for row in download.rows:
            out.add(row)


def schema(fields: Sequence[Field], about: dict[str, str]) -> Any:
    """Describe columns to Parquet: name, type, and in each field's metadata title, unit and meaning."""
    import pyarrow  # noqa: PLC0415  as above

    types = {
        Kind.TEXT: pyarrow.string(), Kind.WHOLE: pyarrow.int64(), Kind.CENTS: pyarrow.int64(),
        Kind.EUROS: pyarrow.decimal128(18, 2), Kind.DAY: pyarrow.date32(), Kind.INSTANT: pyarrow.timestamp("us", "UTC"),
    }  # fmt: skip
    return pyarrow.schema(
        [pyarrow.field(each.column, types[each.kind], metadata=_described(each)) for each in fields], metadata=about
    )


def _described(field: Field) -> dict[str, str]:
    said = {"title": field.title, "type": field.type, "unit": field.unit, "meaning": field.meaning}
    return {f"{name}_{language}": both.of(language) for name, both in said.items() for language in both._fields}


def _typed(field: Field, value: Value) -> object:
    return Decimal(value).scaleb(-2) if field.kind is Kind.EUROS and isinstance(value, int) else value
