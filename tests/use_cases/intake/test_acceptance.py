"""Acceptance on a real PostgreSQL: once, in order, by its owner, and without a partner's word in any table."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.app import keyring_of
from services.intake.domain.answer import Accepted, Answer, Reason, Refusal
from services.intake.domain.keyring import Keyring
from services.intake.domain.scope import EVERY_TYPE, Scope
from services.intake.domain.telling import Telling
from services.intake.store.writes import Raced
from services.intake.use_cases.acceptance import accept
from services.intake.use_cases.door import read_structured
from shared.contracts.topics import COMMITMENT, ENTREPRENEUR
from shared.database.outbox import Outbox
from shared.database.transaction import transaction
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.kernel.funders import Funder
from tests.services.intake.world import NOW, TABLES, Event, World, declared, fixed_clock, settings_of, told, welcomed
from tests.support.spine_checks import outbox_breaches, snapshot

CDC = frozenset({Funder.CDC})
SIRET = "12345678200010"


def tellings(events: Iterable[Event], *, funders: frozenset[Funder] = frozenset()) -> list[Telling]:
    """Events as each one's platform tells them, all types allowed."""
    scopes = (Scope(event["source"].split("/")[1], frozenset({EVERY_TYPE}), funders) for event in events)
    return [
        Telling(scope, read_structured(json.dumps(event).encode()), NOW)
        for scope, event in zip(scopes, events, strict=True)
    ]


async def tell(
    world: World, *events: Event, funders: frozenset[Funder] = frozenset(), clock: Clock = fixed_clock,
    keyring: Keyring | None = None,
) -> list[Answer]:  # fmt: skip
    """Accept events in one transaction."""
    engine: AsyncEngine = world.spine.engine
    async with transaction(engine) as session:
        outbox = Outbox(session, world.spine.router)
        answers = await accept(
            session, outbox, tellings(events, funders=funders), keyring=keyring or keyring_of(settings_of(world.url)),
            clock=clock,
        )  # fmt: skip
        await outbox.flush()
    return answers


def reasons(answers: Sequence[Answer]) -> list[str]:
    """Say `accepted`, `again`, or why not."""
    return [
        answer.reason.value if isinstance(answer, Refusal) else "again" if answer.duplicate else "accepted"
        for answer in answers
    ]


async def facts(world: World, topic: str) -> list[dict[str, Any]]:
    """Read the facts announced on a topic, by partition and in order."""
    rows = await world.rows(f"SELECT value FROM outbox WHERE topic = '{topic}' ORDER BY partition, sequence")  # noqa: S608
    return [json.loads(row["value"]) for row in rows]


async def test_the_same_event_is_accepted_once_and_gets_the_same_answer(world: World) -> None:
    event = declared(id="1")
    first = await tell(world, event)
    again = await tell(world, event | {"time": "2020-01-01T00:00:00Z"}, event)
    assert reasons(first) == ["accepted"]
    assert reasons(again) == ["again", "again"]
    assert {answer.event_id for answer in [*first, *again] if isinstance(answer, Accepted)} == {first[0].event_id}
    assert len(await facts(world, COMMITMENT.name)) == 1


async def test_other_content_under_the_same_id_is_a_conflict_and_changes_nothing(world: World) -> None:
    await tell(world, declared(id="1"))
    before = await world.rows("SELECT * FROM received_event")
    answers = await tell(world, declared(id="1", cost_cents=99_999), declared(id="1", subject="x"), welcomed(id="1"))
    assert reasons(answers) == ["event-conflict"] * 3
    assert await world.rows("SELECT * FROM received_event") == before


async def test_the_same_id_of_another_source_or_platform_is_another_event(world: World) -> None:
    elsewhere = declared("R-2", id="1") | {"source": "/citeslab/arras"}
    answers = await tell(world, declared("R-1", id="1"), elsewhere, declared("R-3", id="1", platform="adie"))
    assert reasons(answers) == ["accepted"] * 3


async def test_a_refused_event_is_not_kept_and_may_be_mended_under_the_same_id(world: World) -> None:
    assert reasons(await tell(world, declared(id="1", contract="CV999"))) == ["contract-unknown"]
    assert await world.rows("SELECT FROM received_event UNION ALL SELECT FROM outbox") == []
    assert reasons(await tell(world, declared(id="1"))) == ["accepted"]


async def test_a_duplicate_within_one_batch_is_one_event_and_a_contradiction_a_conflict(world: World) -> None:
    event = declared(id="1")
    answers = await tell(world, event, event, declared(id="1", cost_cents=99_999))
    assert reasons(answers) == ["accepted", "again", "event-conflict"]


async def test_fifty_who_tell_the_same_at_once_get_one_event_and_one_answer(world: World) -> None:
    raced = Counter[str]()

    async def tell_until_it_is_judged(event: Any) -> Answer:
        while True:
            try:
                return (await tell(world, event))[0]
            except Raced:
                raced["times"] += 1

    rounds = 0
    while not raced and rounds < 30:  # on a busy machine one may be through before the others come
        rounds += 1
        event = declared(id=str(rounds), reference=f"dossier-{rounds}")
        answers = await asyncio.gather(*(tell_until_it_is_judged(event) for _ in range(50)))
        assert Counter(reasons(answers)) == {"accepted": 1, "again": 49}
        assert len({answer.event_id for answer in answers if isinstance(answer, Accepted)}) == 1
        assert len(await facts(world, COMMITMENT.name)) == rounds
    assert raced["times"] > 0, "nobody met anybody: the test shows nothing"


async def test_two_who_declare_the_same_commitment_at_once_do_not_both_succeed(world: World) -> None:
    async def tell_until_it_is_judged(number: int) -> Answer:
        while True:
            try:
                return (await tell(world, declared(id=str(number))))[0]
            except Raced:
                continue

    answers = await asyncio.gather(*(tell_until_it_is_judged(number) for number in range(8)))
    assert Counter(reasons(answers)) == {"accepted": 1, "commitment-already-declared": 7}
    assert len(await facts(world, COMMITMENT.name)) == 1


async def test_a_declaration_then_its_amendment_then_its_engagement_work_in_one_batch(world: World) -> None:
    amended = told("CommitmentAmended", {"reference": "R-1", "cost_cents": 90_000, "cdc_cents": 1})
    engaged = told("CommitmentEngaged", {"reference": "R-1", "funder": "CDC", "exercise": 2016, "amount_cents": 1})
    answers = await tell(world, amended, declared("R-1"), amended, engaged, funders=CDC)
    assert reasons(answers) == ["commitment-unknown", "accepted", "accepted", "accepted"]
    told_in_order = await facts(world, COMMITMENT.name)
    assert [fact["contract"] for fact in told_in_order] == ["CV219"] * 3
    assert len({fact["commitment_id"] for fact in told_in_order}) == 1
    assert "cost_cents" in told_in_order[1]
    assert "funder" in told_in_order[2]


async def test_only_the_declarer_amends_and_only_who_speaks_for_a_funder_engages(world: World) -> None:
    (first,) = await tell(world, declared("R-1"))
    assert isinstance(first, Accepted)
    named = {"commitment_id": str(first.commitment_id)}
    amend = told("CommitmentAmended", named | {"cost_cents": 1, "state_cents": 1}, platform="adie")
    engage = named | {"funder": "CDC", "exercise": 2016, "amount_cents": 1}
    assert reasons(await tell(world, amend)) == [Reason.NOT_THE_DECLARER]
    assert reasons(await tell(world, told("CommitmentEngaged", engage))) == [Reason.FUNDER_NOT_ALLOWED]
    by_the_funder = told("CommitmentEngaged", engage, platform="caisse")
    assert reasons(await tell(world, by_the_funder, funders=CDC)) == ["accepted"]
    assert (await facts(world, COMMITMENT.name))[-1]["platform"] == "caisse"


async def test_pseudonyms_are_stable_within_a_platform_and_differ_between_platforms(world: World) -> None:
    await tell(world, welcomed("P-1"), welcomed("P-2"), welcomed("P-1", platform="adie"))
    await tell(
        world, told("SupportStarted", {"entrepreneur_reference": "P-1", "contract": "CV219", "support": "coaching"})
    )
    known = await facts(world, ENTREPRENEUR.name)
    by_platform = Counter((fact["platform"], fact["entrepreneur_id"]) for fact in known)
    assert sorted(by_platform.values()) == [1, 1, 2]
    assert all(UUID(fact["entrepreneur_id"]).version == 7 for fact in known)


async def test_a_beneficiary_is_the_same_for_all_platforms_and_a_business_is_not_a_person(world: World) -> None:
    business = told("BusinessCreated", {"entrepreneur_reference": "X", "business_reference": "X", "contract": "CV219"})
    await tell(
        world, declared("R-1", beneficiary_siret=SIRET), declared("R-1", platform="adie", beneficiary_siret=SIRET),
        business,
    )  # fmt: skip
    one, other = await facts(world, COMMITMENT.name)
    assert one["beneficiary_id"] == other["beneficiary_id"] is not None
    (created,) = await facts(world, ENTREPRENEUR.name)
    assert created["entrepreneur_id"] != created["business_id"]


async def test_everybody_who_meets_a_new_person_at_once_gets_the_same_identifier(world: World) -> None:
    await asyncio.gather(*(tell(world, welcomed("P-1", id=str(number))) for number in range(30)))
    assert len({fact["entrepreneur_id"] for fact in await facts(world, ENTREPRENEUR.name)}) == 1


async def test_who_is_erased_is_somebody_new_afterwards_even_within_a_batch(world: World) -> None:
    erased = {"entrepreneur_reference": "P-1", "contract": "CV219"}
    await tell(world, welcomed("P-1"), told("EntrepreneurErased", erased), welcomed("P-1"), welcomed("P-1"))
    await tell(world, welcomed("P-1"), told("EntrepreneurErased", erased))
    assert await world.rows("SELECT FROM pseudonym") == []
    await tell(world, welcomed("P-1"))
    rows = await world.rows("SELECT subject, type FROM outbox ORDER BY time, sequence, event_id")
    people = Counter(row["subject"] for row in rows)
    assert sorted(people.values()) == [1, 2, 4]
    erasures = [row["subject"] for row in rows if row["type"] == "EntrepreneurErased"]
    assert sorted(people[subject] for subject in erasures) == [2, 4]


async def test_no_word_of_a_partner_is_in_any_table(world: World) -> None:
    canary = "Canary-Jeanne-Dupont"
    named = {"entrepreneur_reference": canary, "contract": "CV219"}
    siren = SIRET[:9]
    await tell(
        world,
        declared(canary, id=canary, subject=canary, beneficiary_siret=SIRET) | {"source": f"/citeslab/{canary}"},
        welcomed(canary, id=canary + "2"),
        told("BusinessCreated", named | {"business_reference": canary, "siren": siren}, extension=canary),
        told("EntrepreneursMerged", named | {"merged_entrepreneur_reference": canary + "3"}),
    )
    tables = await world.rows(TABLES)
    assert len(tables) > 10
    for table in tables:
        for row in await world.rows(f'SELECT * FROM "{table["relname"]}"'):  # noqa: S608
            stored = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
            for word in (canary, SIRET, siren):
                assert word.encode() not in stored, table["relname"]
                assert word.encode().hex().encode() not in stored, table["relname"]


async def test_sequences_are_dense_and_what_is_known_never_goes_back_though_clocks_do(world: World) -> None:
    steps = count()

    def unsteady_clock() -> datetime:
        return NOW + timedelta(seconds=(-1) ** next(steps) * 30)

    async def someone(platform: str) -> None:
        for number in range(15):
            events = [declared(f"R-{number}", platform=platform), welcomed(f"P-{number}", platform=platform)]
            await tell(world, *events, clock=unsteady_clock)

    await asyncio.gather(*(someone(platform) for platform in ("adie", "bge", "citeslab")))
    found = await snapshot(world.url)
    assert list(outbox_breaches(found)) == []
    assert len(found["outbox"]) == 90
    received = {(r["topic"], r["partition"], r["sequence"], r["event_id"], r["accepted_at"])
                for r in await world.rows("SELECT * FROM received_event")}  # fmt: skip
    announced = {(r["topic"], r["partition"], r["sequence"], r["event_id"], r["time"]) for r in found["outbox"]}
    assert received == announced


async def test_facts_go_to_the_partition_of_their_key(world: World) -> None:
    await tell(world, declared(), welcomed("P-1"), welcomed("P-2"), declared("R-2", contract="CV220"))
    for row in await world.rows("SELECT topic, partition, key, subject FROM outbox"):
        assert row["partition"] == world.spine.router(row["topic"], row["key"])
        if row["topic"] == ENTREPRENEUR.name:
            assert row["key"].decode() == row["subject"]
        else:
            assert row["key"] in (b"CV219", b"CV220")


async def test_a_trace_is_passed_on(world: World) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await tell(world, declared() | {"traceparent": trace})
    assert (await world.rows("SELECT traceparent FROM outbox"))[0]["traceparent"] == trace


async def test_a_database_begun_with_another_secret_is_refused(world: World) -> None:
    await tell(world, welcomed("P-1"))
    with pytest.raises(Unavailable, match="INTAKE_SECRET"):
        await tell(world, welcomed("P-1"), keyring=Keyring(b"another secret of thirty-two characters."))
    assert len(await facts(world, ENTREPRENEUR.name)) == 1


async def test_a_clock_that_is_late_still_refuses_what_has_not_come(world: World) -> None:
    late = datetime(2016, 10, 4, 8, 36, 59, tzinfo=UTC)
    assert reasons(await tell(world, declared(), clock=lambda: late)) == [Reason.DECLARED_IN_FUTURE]
    assert reasons(await tell(world, declared(), clock=lambda: late + timedelta(seconds=1))) == ["accepted"]
