"""The journal as PostgreSQL keeps it: read in one snapshot, in order, whole, and examined without being fooled."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fabrique.ledger.examination import examine
from fabrique.ledger.export import Format, export
from services.funding.domain.audit import Audit, Rule
from services.funding.domain.journal import statement, trial_balance
from services.funding.domain.published import life
from services.funding.store.journal import Journal, open_journal
from shared.database.transaction import reading
from shared.kernel.funders import Funder
from tests.support.commitment_events import Scribe, opened, records
from tests.support.ledger import Ledger

CDC = "CV219.CDC.2016"
DOUBLED = (
    "INSERT INTO posting SELECT partition, sequence, 7, envelope_id, commitment_id, credit, debit, amount_cents"
    " FROM posting WHERE sequence = @first AND line = 0"
)
WORDS = {
    "@cdc": CDC,
    "@first": "(SELECT min(sequence) FROM posting WHERE credit = 'available')",
    "@raised": r"""convert_to(replace(convert_from(value, 'UTF8'), '_cents"\:', '_cents"\:9'), 'UTF8')""",
    "@one": "(SELECT commitment_id FROM commitment WHERE state = 'reserved' LIMIT 1)",
}
SPOILT = {
    "a cent leaves a balance": (
        "UPDATE envelope SET reserved_cents = reserved_cents - 1 WHERE envelope_id = '@cdc'",
        Rule.BALANCES, "@cdc reserved: expected", "no posting: each is what its fact says",
    ),
    "a cent is added to a posting": (
        "UPDATE posting SET amount_cents = amount_cents + 1 WHERE sequence = @first AND line = 0",
        Rule.POSTINGS, "available to reserved: expected", "line 0 (AllocationReserved",
    ),
    "a posting is taken away": (
        "DELETE FROM posting WHERE sequence = @first AND line = 0",
        Rule.POSTINGS, "found nothing", "line 0 (AllocationReserved",
    ),
    "a posting is doubled": (
        DOUBLED,
        Rule.POSTINGS, "expected nothing", "line 7 (AllocationReserved",
    ),
    "a posting is for nobody": (
        "UPDATE posting SET commitment_id = NULL WHERE sequence = @first AND line = 0",
        Rule.POSTINGS, "found None", "line 0 (AllocationReserved",
    ),
    "a fact is lost": (
        "DELETE FROM outbox WHERE topic = 'funding.allocation.v1' AND sequence = @first",
        Rule.POSTINGS, "expected nothing", "(no fact is there)",
    ),
    "the last fact is lost": (
        "DELETE FROM outbox WHERE topic = 'funding.allocation.v1' AND sequence = (SELECT max(sequence) FROM outbox)",
        Rule.FACTS, "allocation 0 last sequence: expected", "",
    ),
    "a fact says another amount": (
        "UPDATE outbox SET value = @raised WHERE sequence = @first",
        Rule.POSTINGS, "available to reserved: expected", "line 0 (AllocationReserved",
    ),
    "a fact is not JSON": (
        "UPDATE outbox SET value = '{' WHERE sequence = @first",
        Rule.FACTS, "expected a fact that can be read", "",
    ),
    "an envelope is missing": (
        "DELETE FROM envelope WHERE envelope_id = '@cdc'", Rule.BALANCES, "@cdc reserved: expected", "",
    ),
    "one more is said to wait": (
        "UPDATE envelope SET waiting_count = waiting_count + 1 WHERE waitlisted_cents > 0",
        Rule.COUNTS, " waiting count: expected", "",
    ),
    "a version is skipped": (
        "UPDATE envelope SET version = version + 1 WHERE envelope_id = '@cdc'",
        Rule.COUNTS, "@cdc version: expected", "",
    ),
    "somebody is released in silence": (
        "UPDATE commitment SET state = 'released' WHERE commitment_id = @one",
        Rule.COMMITMENTS, "found released", "",
    ),
    "somebody is forgotten": (
        "DELETE FROM commitment WHERE commitment_id = (SELECT min(commitment_id::text)::uuid FROM commitment)",
        Rule.COMMITMENTS, "found nothing", "",
    ),
    "a payment is booked that nobody told": (
        "INSERT INTO payment SELECT @one, 'CDC', 2016, 1",
        Rule.PAYMENTS, "CDC paid by 2016: expected 0.00, found 0.01", "",
    ),
    "a score is given in silence": (
        "UPDATE commitment SET score = 7 WHERE commitment_id = @one",
        Rule.SCORES, " score: expected None, found 7", "",
    ),
    "more is said to be engaged": (
        "UPDATE engagement SET engaged_cents = engaged_cents + 1",
        Rule.COMMITMENTS, "engaged CDC", "",
    ),
}  # fmt: skip


def spelt(text: str) -> str:
    """A text with its words spelt out."""
    for word, meaning in WORDS.items():
        text = text.replace(word, meaning)
    return text


@asynccontextmanager
async def books(ledger: Ledger) -> AsyncIterator[Journal]:
    """The books as they stand."""
    async with reading(ledger.engine) as session:
        yield await open_journal(session)


async def examined(ledger: Ledger) -> Audit:
    async with books(ledger) as journal:
        return await examine(journal)


@pytest.fixture
async def decided(ledger: Ledger) -> Ledger:
    """Two tight envelopes and sixty events, in one partition."""
    scribe = Scribe(random.Random(2017), ["CV219"], exercises=(2016,))
    await ledger.open([opened("CV219", "CDC", 2016, 90), opened("CV219", "STATE", 2016, 90)], partition=0)
    await ledger.decide(records(scribe.events(60)), [60])
    return ledger


async def test_an_empty_ledger_balances(ledger: Ledger) -> None:
    audit = await examined(ledger)
    assert (audit.differences, audit.facts, audit.postings) == ([], 0, 0)


@pytest.mark.parametrize("change", SPOILT)
async def test_whatever_is_changed_behind_the_ledgers_back_is_named(decided: Ledger, change: str) -> None:
    assert (await examined(decided)).differences == []
    statement_, rule, said, first = SPOILT[change]
    await decided.execute(spelt(statement_))
    found = (await examined(decided)).differences
    assert any(d.rule is rule and spelt(said) in str(d) and first in d.first for d in found), [str(d) for d in found]


async def test_a_lost_fact_leaves_its_own_postings_without_one_and_no_others(decided: Ledger) -> None:
    [lost] = await decided.rows(spelt("SELECT @first AS sequence"))
    await decided.execute(spelt("DELETE FROM outbox WHERE topic = 'funding.allocation.v1' AND sequence = @first"))
    orphans = [d.first for d in (await examined(decided)).differences if d.rule is Rule.POSTINGS]
    assert orphans
    assert all(first.startswith(f"allocation 0/{lost['sequence']} line ") for first in orphans)


async def test_books_in_several_partitions_are_read_whole_and_balance(ledger: Ledger) -> None:
    for partition in range(3):
        scribe = Scribe(random.Random(partition), [f"CV21{partition}", f"CV22{partition}"])
        await ledger.open(scribe.openings(), partition=partition)
        await ledger.decide(records(scribe.events(120), partition=partition), [17])
    audit = await examined(ledger)
    assert audit.differences == []
    counted = await ledger.rows(
        "SELECT (SELECT count(*) FROM posting) AS postings, (SELECT count(*) FROM envelope) AS envelopes,"
        " (SELECT count(*) FROM commitment) AS commitments,"
        " (SELECT count(*) FROM outbox WHERE topic = 'funding.allocation.v1') AS facts"
    )
    assert counted == [
        {name: getattr(audit, name) for name in ("postings", "envelopes", "commitments", "facts")}
    ]  # fmt: skip
    async with books(ledger) as journal:
        places = [record.place async for record in journal.records()]
    assert places == sorted(places)
    assert {partition for partition, _ in places} == {0, 1, 2}


async def test_the_database_adds_up_as_a_plain_fold_does(decided: Ledger) -> None:
    async with books(decided) as journal:
        balance = trial_balance(await journal.sums(contract="CV219", exercise=2016))
        nobody = [await journal.sums(contract="CV2"), await journal.sums(exercise=2017)]
    folded: Counter[tuple[str, str]] = Counter()
    for row in await decided.rows("SELECT * FROM posting"):
        folded[(row["envelope_id"], row["debit"])] += row["amount_cents"]
        folded[(row["envelope_id"], row["credit"])] -= row["amount_cents"]
    assert {(row.of, row.account): row.balance for row in balance.rows} == dict(folded)
    assert balance.debits == balance.credits > 0
    assert nobody == [[], []]


async def test_a_statement_and_a_life_end_on_what_the_rows_say(decided: Ledger) -> None:
    [envelope] = await decided.rows("SELECT * FROM envelope WHERE envelope_id = :name", name=CDC)
    async with books(decided) as journal:
        entries = [*statement([record async for record in journal.of_envelope(CDC)], "reserved")]
        assert entries[-1].balance == envelope["reserved_cents"] > 0
        assert all(entry.fact is not None and entry.line.envelope_id == CDC for entry in entries)
        acts = await decided.rows("SELECT * FROM engagement")
        assert acts
        for row in await decided.rows("SELECT * FROM commitment"):
            *_, end = life([record async for record in journal.of_commitment(row["commitment_id"])])
            assert end.stand is not None
            assert (end.stand.state, *end.stand.asked) == (row["state"], row["cdc_cents"], row["state_cents"])
            mine = {act["funder"]: act for act in acts if act["commitment_id"] == row["commitment_id"]}
            for amount in ("engaged", "certified", "paid"):
                kept = [mine[funder][f"{amount}_cents"] if funder in mine else 0 for funder in Funder]
                assert [*getattr(end.stand, amount)] == kept


@pytest.mark.parametrize("form", Format)
async def test_the_same_events_in_another_batching_are_the_same_bytes(
    ledger: Ledger, form: Format, tmp_path: Path
) -> None:
    log = records(Scribe(random.Random(2018), ["CV219", "CV220"], exercises=(2016,)).events(120))
    written = []
    for sizes in ([120], [1], [7, 50, 3]):
        await ledger.empty()
        await ledger.open([opened(c, f, 2016, 90) for c in ("CV219", "CV220") for f in ("CDC", "STATE")], partition=0)
        await ledger.decide(log, sizes)
        async with books(ledger) as journal:
            written.append(await export(journal, form, tmp_path / "books"))
    assert len(set(written)) == 1
    assert written[0].length > 10_000


async def test_what_is_decided_meanwhile_is_not_seen(decided: Ledger) -> None:
    async with books(decided) as journal:
        before = await journal.sums()
        await decided.open([opened("CV220", "CDC", 2016, 70)], partition=0)
        assert await journal.sums() == before
        assert (await examine(journal)).differences == []
    assert (await examined(decided)).differences == []
