"""Reads CloudEvents in structured mode, one JSON object a line; a bad line never stops the next."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from fabrique.imports.lines import numbered_lines
from fabrique.imports.rows import Reason, Refusal, Row, refused


def read_ndjson(stream: BinaryIO) -> Iterator[Row]:
    """Yield one row for each line that is not blank; the events' data is judged by intake, not here."""
    for number, line in numbered_lines(stream):
        if line is None:
            yield refused(number, "", Reason.LINE_TOO_LONG)
        elif line.strip():
            yield _row(number, line)


def _row(number: int, line: bytes) -> Row:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return refused(number, "", Reason.NOT_UTF8)
    try:
        event = DECODER.decode(text)
        if "\\u" in text:
            json.dumps(event, ensure_ascii=False).encode()  # half a surrogate pair is no text: refused here
    except (ValueError, RecursionError):
        return refused(number, "", Reason.NOT_JSON)
    refusal = _refusal(event)
    return Row(number, refusal=refusal) if refusal else Row(number, event=event)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members


DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite, object_pairs_hook=_each_name_once)
"""Made once: `json.loads` with these arguments makes a decoder for each line, a quarter of the time of reading it."""


def _refusal(event: object) -> Refusal | None:
    """Say which CloudEvents attribute is missing or of the wrong kind, if any."""
    if not isinstance(event, dict):
        return Refusal("", Reason.NOT_AN_OBJECT)
    if event.get("specversion") != "1.0":
        return Refusal("/specversion", Reason.NOT_A_CLOUDEVENT)
    for name in ("id", "source", "type"):
        if not isinstance(event.get(name), str) or not event[name]:
            return Refusal(f"/{name}", Reason.NOT_A_CLOUDEVENT)
    if not isinstance(event.get("time", ""), str):
        return Refusal("/time", Reason.NOT_A_CLOUDEVENT)
    return None if isinstance(event.get("data"), dict) else Refusal("/data", Reason.NOT_AN_OBJECT)
