"""Reads records that have a header whose name is not UTF-8: aiokafka raises on it, for ever, and reads no further."""

import struct
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH = struct.Struct(">i")
_LENGTH_AT, _OVERHEAD = 8, 12


class _Text(bytearray):
    """Bytes whose slices decode whatever they hold: what is not UTF-8 becomes its escape."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _Text(found) if isinstance(index, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:  # noqa: ARG002
        """Decode, never raising."""
        return super().decode(encoding, "backslashreplace")


class LenientBatch:
    """A batch of records as aiokafka reads it, and its bytes to read them once more where it cannot."""

    def __init__(self, batch: Any, content: memoryview) -> None:
        self._batch = batch
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except (UnicodeDecodeError, CorruptRecordException):
            again: Any = _DefaultRecordBatchPy(self._content)
            again._maybe_uncompress()
            again._buffer = _Text(again._buffer)
            return iter(list(again))


class LenientRecords:
    """The batches of one fetched partition."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._records = MemoryRecords(content)
        self._position = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> LenientBatch | None:
        """Return the next batch; None after the last."""
        batch = self._records.next_batch()
        if batch is None:
            return None
        start = self._position
        self._position += _OVERHEAD + _LENGTH.unpack_from(self._content, start + _LENGTH_AT)[0]
        return LenientBatch(batch, self._content[start : self._position])


def install() -> None:
    """Let every consumer of this process read so."""
    fetcher.MemoryRecords = LenientRecords
