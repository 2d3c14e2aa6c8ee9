"""In which forms a table is had, and how a file of each is written."""

from enum import StrEnum
from tempfile import TemporaryFile
from typing import IO

from services.funding.downloads.csv_file import csv_lines
from services.funding.downloads.fields import Download
from services.funding.downloads.parquet import write_parquet
from services.funding.downloads.xlsx import write_xlsx


class Form(StrEnum):
    """The forms, by the ending of their files."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def called(self) -> str:
        """What it is called."""
        return "Parquet" if self is Form.PARQUET else self.name


MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PARQUET: "application/vnd.apache.parquet",
}


def written(download: Download, form: Form, language: str) -> IO[bytes]:
    """Write a file and hand it out at its beginning, to be closed. Raises SheetTooSmall, ParquetMissing."""
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115  closed by whoever takes it
    try:
        match form:
            case Form.CSV:
                file.writelines(line.encode() for line in csv_lines(download))
            case Form.XLSX:
                write_xlsx(download, file, language)
            case Form.PARQUET:
                write_parquet(download, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
