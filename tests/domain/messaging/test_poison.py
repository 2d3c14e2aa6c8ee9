"""One bad record stops nothing and hides nothing: it is in quarantine and on the DLQ, its neighbours are applied."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord

from shared.database.quarantine import KEPT_BYTES, StoredRecord
from tests.support.books import assert_books_balance
from tests.support.commitment_events import event, opened, record
from tests.support.ledger import DEAD_LETTERS, NOW, Ledger

Spoil = Callable[[ConsumerRecord], ConsumerRecord]


def good(offset: int) -> ConsumerRecord:
    terms: dict[str, Any] = {"exercise": 2016, "priority": 5, "cdc_cents": 10, "state_cents": 0, "cost_cents": 10}
    return record(event("CommitmentDeclared", f"at {offset}", contract="CV219", number=offset, **terms), offset=offset)


def value(content: bytes | None) -> Spoil:
    return lambda told: replace(told, value=content)


def swap(right: bytes, wrong: bytes) -> Spoil:
    def spoil(told: ConsumerRecord) -> ConsumerRecord:
        assert right in told.value
        return replace(told, value=told.value.replace(right, wrong))

    return spoil


def header(name: str, content: bytes | None) -> Spoil:
    return lambda told: replace(told, headers=(*(h for h in told.headers if h[0] != name), (name, content)))


def without(name: str) -> Spoil:
    return lambda told: replace(told, headers=tuple(h for h in told.headers if h[0] != name))


def twice(name: str, content: bytes) -> Spoil:
    return lambda told: replace(told, headers=(*told.headers, (name, content)))


POISONS: dict[str, tuple[Spoil, str, str]] = {
    "not JSON": (value(b'{"commitment_id": '), "json-invalid", ""),
    "nothing": (value(b""), "json-invalid", ""),
    "no value": (value(None), "value-null", ""),
    "not UTF-8": (swap(b"citeslab", b"\xff\xfe"), "json-invalid", ""),
    "half a surrogate": (swap(b"citeslab", b"\\ud800"), "json-invalid", ""),
    "a NUL": (swap(b"citeslab", b"cites\\u0000lab"), "field-invalid", "/platform"),
    "a list": (value(b"[]"), "field-invalid", ""),
    "brackets without an end": (value(b"[" * 100_000 + b"]" * 100_000), "json-invalid", ""),
    "over 256 KiB": (value(b" " * (256 * 1024 + 1)), "too-large", ""),
    "a whole MiB": (value(b"x" * 1024 * 1024), "too-large", ""),
    "NaN": (swap(b'"cdc_cents": 10', b'"cdc_cents": NaN'), "field-invalid", "/cdc_cents"),
    "1e400": (swap(b'"cdc_cents": 10', b'"cdc_cents": 1e400'), "field-invalid", "/cdc_cents"),
    "a float": (swap(b'"cdc_cents": 10', b'"cdc_cents": 10.0'), "field-invalid", "/cdc_cents"),
    "a text": (swap(b'"cdc_cents": 10', b'"cdc_cents": "10"'), "field-invalid", "/cdc_cents"),
    "less than nothing": (swap(b'"cdc_cents": 10', b'"cdc_cents": -10'), "field-invalid", "/cdc_cents"),
    "more than 64 bits": (
        swap(b'"cdc_cents": 10', b'"cdc_cents": 99999999999999999999'),
        "field-invalid",
        "/cdc_cents",
    ),
    "asks more than it costs": (swap(b'"cost_cents": 10', b'"cost_cents": 9'), "field-invalid", ""),
    "asks nothing": (swap(b'"cdc_cents": 10', b'"cdc_cents": 0'), "field-invalid", ""),
    "a day that is not": (swap(b"2016-10-02", b"2016-02-30"), "field-invalid", "/occurred_on"),
    "no contract": (swap(b'"CV219"', b'"Lens"'), "field-invalid", "/contract"),
    "a field is missing": (swap(b'"exercise"', b'"exercice"'), "field-invalid", "/exercise"),
    "a type that nobody knows": (header("ce_type", b"CommitmentDreamt"), "type-unknown", "/headers/ce_type"),
    "a type of another topic": (header("ce_type", b"AllocationReserved"), "type-unknown", "/headers/ce_type"),
    "a type that is not UTF-8": (header("ce_type", b"\xff"), "type-unknown", "/headers/ce_type"),
    "a null type": (header("ce_type", None), "type-unknown", "/headers/ce_type"),
    "no type": (without("ce_type"), "type-unknown", "/headers/ce_type"),
    "another type after the right one": (twice("ce_type", b"Nothing"), "type-unknown", "/headers/ce_type"),
    "no id": (without("ce_id"), "header-missing", "/headers/ce_id"),
    "a null id": (header("ce_id", None), "header-missing", "/headers/ce_id"),
    "an id that is not UTF-8": (header("ce_id", b"\xc3\x28"), "header-not-utf8", "/headers/ce_id"),
    "an id that is no UUID": (header("ce_id", b"42"), "header-not-uuid", "/headers/ce_id"),
    "a bad id after the right one": (twice("ce_id", b"42"), "header-not-uuid", "/headers/ce_id"),
    "a cause that is no UUID": (header("ce_causationid", b"x"), "header-not-uuid", "/headers/ce_causationid"),
}
HARMLESS: dict[str, Spoil] = {
    "a header of somebody else that is not UTF-8": twice("x-note", b"\xff\xfe"),
    "a null header of somebody else": lambda told: replace(told, headers=(*told.headers, ("x-note", None))),
    "the same id twice": lambda told: replace(told, headers=(*told.headers, ("ce_id", dict(told.headers)["ce_id"]))),
    "a field that a later version adds": swap(b'"cdc_cents"', b'"colour": "blue", "cdc_cents"'),
    "no key": lambda told: replace(told, key=None),
    "no source": without("ce_source"),
    "a sequence that no relay gives": header("ce_sequence", b"9" * 20),
}


def spoilt_log() -> tuple[list[ConsumerRecord], dict[int, str]]:
    """Each poison between two good records; and which poison lies where."""
    log, where = [good(0)], {}
    for name, (spoil, _, _) in POISONS.items():
        where[len(log)] = name
        log += [spoil(good(len(log))), good(len(log) + 1)]
    return log, where


async def test_each_poison_is_in_quarantine_for_its_reason_and_its_neighbours_are_decided(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100_000)], partition=0)
    log, where = spoilt_log()
    assert await ledger.micro_batch().apply(log)
    rows = await ledger.rows('SELECT "offset", reason, pointer, state, attempts FROM quarantine ORDER BY "offset"')
    assert {where[row["offset"]]: (row["reason"], row["pointer"]) for row in rows} == {
        name: (reason, pointer) for name, (_, reason, pointer) in POISONS.items()
    }
    assert {(row["state"], row["attempts"]) for row in rows} == {("open", 0)}
    decided = await ledger.rows("SELECT count(*) AS number FROM outbox WHERE type = 'AllocationReserved'")
    assert decided[0]["number"] == len(log) - len(POISONS)
    await assert_books_balance(ledger.url, log={0: log})


async def test_a_dead_letter_says_where_the_record_lies_and_never_what_is_in_it(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100_000)], partition=0)
    log, where = spoilt_log()
    await ledger.decide(log, [7])
    letters = await ledger.rows("SELECT * FROM outbox WHERE topic = :topic ORDER BY sequence", topic=DEAD_LETTERS)
    assert [row["sequence"] for row in letters] == list(range(1, len(POISONS) + 1))
    for row, (offset, name) in zip(letters, where.items(), strict=True):
        said = json.loads(row["value"])
        assert bytes(row["key"]).decode() == row["subject"] == f"intake.commitment.v1/0/{offset}"
        assert said == {
            "reader": "funding", "topic": "intake.commitment.v1", "partition": 0, "offset": offset,
            "reason": POISONS[name][1], "pointer": POISONS[name][2], "length": len(log[offset].value or b""),
            "quarantined_at": NOW.isoformat().replace("+00:00", "Z"),
        }  # fmt: skip


async def test_the_quarantine_keeps_the_record_as_it_came_but_for_what_is_over_64_kib(ledger: Ledger) -> None:
    log = [value(b"x" * (KEPT_BYTES + 1))(good(0)), header("ce_id", b"\xff")(good(1)), value(None)(good(2))]
    await ledger.micro_batch().apply(log)
    rows = await ledger.rows('SELECT * FROM quarantine ORDER BY "offset"')
    assert [(row["length"], row["truncated"]) for row in rows] == [
        (KEPT_BYTES + 1, True), (len(log[1].value), False), (0, False),
    ]  # fmt: skip
    for row, told in zip(rows, log, strict=True):
        kept = StoredRecord.unpack(row["record"])
        assert (kept.key, kept.timestamp_ms) == (told.key, told.timestamp)
        assert kept.value == (None if told.value is None else told.value[:KEPT_BYTES])
        assert [*map(tuple, kept.headers)] == [*told.headers]


async def test_what_is_kept_is_sealed_where_the_service_says_so(ledger: Ledger) -> None:
    await ledger.micro_batch(seal=lambda packed: bytes(255 - byte for byte in packed)).apply([value(b"{")(good(0))])
    [row] = await ledger.rows("SELECT record FROM quarantine")
    assert StoredRecord.unpack(bytes(255 - byte for byte in row["record"])).value == b"{"


async def test_a_poison_that_is_handed_over_again_is_in_quarantine_once(ledger: Ledger) -> None:
    log = [value(b"{")(good(0)), value(b"{")(good(1))]
    for batch in (log[:1], log, log):
        await ledger.micro_batch().apply(batch)
    assert len(await ledger.rows("SELECT id FROM quarantine")) == 2
    assert len(await ledger.rows("SELECT event_id FROM outbox")) == 2


async def test_what_is_merely_odd_is_applied(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100_000)], partition=0)
    log = [spoil(good(offset)) for offset, spoil in enumerate(HARMLESS.values())]
    await ledger.decide([*log, good(len(log))], [3])
    assert await ledger.rows("SELECT reason FROM quarantine") == []
    [row] = await ledger.rows("SELECT count(*) AS number FROM outbox WHERE type = 'AllocationReserved'")
    assert row["number"] == len(HARMLESS) + 1
