"""Cuts a binary file into numbered lines without ever holding one that is too long."""

from collections.abc import Iterator
from typing import BinaryIO

LINE_BYTES_MAX = 1024 * 1024
"""The size limit of an event on Kafka."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line number from 1, bytes with their end of line), or None for the bytes of a line that is too long."""
    number = 0
    while line := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        whole = len(line) <= LINE_BYTES_MAX
        yield number, line.removeprefix(BYTE_ORDER_MARK if number == 1 else b"") if whole else None
        while not line.endswith(b"\n") and (line := stream.readline(LINE_BYTES_MAX)):
            pass
