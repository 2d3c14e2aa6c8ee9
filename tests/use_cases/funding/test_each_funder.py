"""Each funder on its own in a real ledger: the rows say which part waits, however events are batched."""

import json
from typing import Any
from uuid import UUID

import pytest

from fabrique.ledger.examination import examine
from services.funding.domain.explanation import explain
from services.funding.domain.explanation_words import Language
from services.funding.store import explanations, queries
from services.funding.store.journal import open_journal
from shared.database.transaction import reading
from tests.support.books import LEDGER, decision_breaches, envelope_breaches
from tests.support.commands import assert_examined
from tests.support.commitment_events import Json, event, named, opened, records
from tests.support.ledger import Ledger
from tests.support.spine_checks import snapshot

OPENINGS = [opened("CV219", "CDC", 2016, 100), opened("CV219", "STATE", 2016, 50, 50)]


def told(kind: str, who: str, number: int, **terms: Any) -> Json:
    return event(kind, who, contract="CV219", number=number, **terms)


def declared(who: str, number: int, cdc: int, state: int) -> Json:
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": state, "cost_cents": 200}
    return told("CommitmentDeclared", who, number, **terms)


def engaged(who: str, number: int, funder: str, cents: int) -> Json:
    return told("CommitmentEngaged", who, number, funder=funder, amount_cents=cents, exercise=2016)


def amended(who: str, number: int, cdc: int, state: int) -> Json:
    return told("CommitmentAmended", who, number, cdc_cents=cdc, state_cents=state, cost_cents=200)


LIFE = [
    declared("A", 1, 0, 50), declared("B", 2, 30, 20), declared("C", 3, 10, 5), engaged("B", 4, "CDC", 30),
    engaged("B", 5, "STATE", 20), amended("C", 6, 15, 5), amended("A", 7, 0, 30),
]  # fmt: skip
"""B is engaged of the CDC while its State's part waits, and promoted when A asks less; C's waits on."""


async def stands(ledger: Ledger) -> dict[str, tuple[str, str | None, int, int]]:
    rows = await ledger.rows("SELECT * FROM commitment ORDER BY place")
    names = {UUID(named(each)): each for each in "ABC"}
    return {
        names[row["commitment_id"]]: (row["state"], row["waits"], row["cdc_cents"], row["state_cents"]) for row in rows
    }


async def lived(ledger: Ledger, events: list[Json], sizes: list[int]) -> None:
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"funders": "each"})
    await ledger.decide(records(events), sizes)


@pytest.mark.parametrize("sizes", [[1], [2], [4, 1], [100]])
async def test_the_rows_say_which_part_waits_however_events_are_batched(ledger: Ledger, sizes: list[int]) -> None:
    await lived(ledger, LIFE, sizes)
    assert await stands(ledger) == {
        "A": ("reserved", None, 0, 30), "B": ("engaged", None, 30, 20), "C": ("reserved", "STATE", 15, 5),
    }  # fmt: skip
    facts = await ledger.rows("SELECT type, value FROM outbox WHERE type NOT LIKE 'Envelope%' ORDER BY sequence")
    said = [(row["type"], json.loads(row["value"])) for row in facts]
    assert [(type_, value["cdc_cents"], value["state_cents"]) for type_, value in said] == [
        ("AllocationReserved", 0, 50),
        ("AllocationReserved", 30, 0), ("AllocationWaitlisted", 0, 20),
        ("AllocationReserved", 10, 0), ("AllocationWaitlisted", 0, 5),
        ("AllocationEngaged", 30, 0), ("MovementHeld", 0, 0),
        ("AllocationAmended", 15, 5),
        ("AllocationAmended", 0, 30), ("AllocationPromoted", 0, 20), ("AllocationEngaged", 0, 20),
    ]  # fmt: skip
    assert {
        value.get("rules_version")
        for type_, value in said
        if type_ in ("AllocationReserved", "AllocationWaitlisted", "AllocationPromoted")
    } == {1}
    found = await snapshot(ledger.url, LEDGER)
    assert [*envelope_breaches(found), *decision_breaches(found, {0: records(LIFE)})] == []
    await assert_examined(ledger)


async def test_who_waits_in_part_is_on_the_waitlist_in_order_and_read_with_its_engagement(ledger: Ledger) -> None:
    await lived(ledger, LIFE[:5], [100])
    async with reading(ledger.engine) as session:
        waiting = await queries.waitlist(session, contract="CV219", exercise=2016)
        books = await queries.load_books(session, contracts=["CV219"], served=[("CV219", 2016)])
    assert [row.commitment_id for row in waiting] == [UUID(named("B")), UUID(named("C"))]
    assert UUID(named("C")) in books.commitments
    found = books.commitments[UUID(named("B"))]
    assert (found.waits, {f: e.engaged for f, e in (found.engagements or {}).items()}) == ("STATE", {"CDC": 30})


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("waits = NULL", "STATE waits"), ("state = 'waitlisted', waits = NULL", "found waitlisted"),
        ("waits = 'CDC'", "found reserved for CDC 0.10, STATE 0.05, CDC waits"),
    ],
)  # fmt: skip
async def test_a_wrong_part_is_named_by_the_audit(ledger: Ledger, change: str, seen: str) -> None:
    await lived(ledger, LIFE[:3], [100])
    await assert_examined(ledger)
    await ledger.execute(f"UPDATE commitment SET {change} WHERE commitment_id = '{named('C')}'")  # noqa: S608
    async with reading(ledger.engine) as session:
        audit = await examine(await open_journal(session))
    assert any(seen in str(each) for each in audit.differences), [*map(str, audit.differences)]


async def test_each_part_is_explained_and_the_convention_counts_the_whole(ledger: Ledger) -> None:
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"funders": "each", "convention_from_cents": 30})
    await ledger.decide(records(LIFE[:3]), [100])
    async with reading(ledger.engine) as session:
        story = await explanations.story(session, UUID(named("B")))
        small = await explanations.story(session, UUID(named("C")))
    assert story is not None
    assert small is not None
    assert [each["convention_needed"] for each in explain(story, Language.ENGLISH).figures] == [True, True]
    assert [each["convention_needed"] for each in explain(small, Language.ENGLISH).figures] == [False, False]
    french, english = (explain(story, language).sentences for language in Language)
    assert "Chaque financeur sert sa part pour soi : l’une peut attendre pendant que l’autre est réservée." in [
        said.replace("\u00a0", " ") for said in french
    ]
    assert english.count("Each funder serves its part on its own: one may wait while the other is reserved.") == 1


async def test_who_waits_in_part_is_found_by_a_later_batch_that_makes_room(ledger: Ledger) -> None:
    await lived(ledger, [LIFE[0], LIFE[1], amended("A", 3, 0, 30)], [1])
    assert (await stands(ledger))["B"] == ("reserved", None, 30, 20)


async def test_rules_that_serve_both_together_are_not_explained_as_each(ledger: Ledger) -> None:
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"waitlist": "skip"})
    await ledger.decide(records(LIFE[:2]), [100])
    async with reading(ledger.engine) as session:
        story = await explanations.story(session, UUID(named("B")))
    assert story is not None
    assert not any("on its own" in said for said in explain(story, Language.ENGLISH).sentences)
