"""What the audit says, to the letter: an accountant reads it when the books do not balance."""

from dataclasses import replace
from uuid import UUID

from services.funding.domain.audit import Audit, Difference, Rule
from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.envelope import Account, Envelope
from services.funding.domain.journal import Fact, Line, Payment, Record
from shared.kernel.funders import Funder
from tests.support.commitment_events import NAMES, START

NAME, ONE = "CV219.CDC.2016", UUID(int=1)
OPENED = b'{"envelope_id":"CV219.CDC.2016","contract":"CV219","amount_cents":10000}'
RESERVED = (b'{"commitment_id":"00000000-0000-0000-0000-000000000001","contract":"CV219","exercise":2016,'
            b'"cdc_cents":6000,"state_cents":0}')  # fmt: skip
AT_2 = f"allocation 0/2 (AllocationReserved {NAMES})"
AT_2_LINE_0 = f"allocation 0/2 line 0 (AllocationReserved {NAMES})"


def line(sequence: int, credit: str, debit: str, cents: int, whose: UUID | None = None) -> Line:
    return Line(0, sequence, 0, NAME, whose, credit, debit, cents)


def records() -> list[Record]:
    """An envelope of 100 €, of which 60 are reserved."""
    return [
        Record(Fact(0, 1, NAMES, "EnvelopeOpened", None, START, OPENED),
               (line(1, Account.VOTED, Account.AVAILABLE, 10_000),)),
        Record(Fact(0, 2, NAMES, "AllocationReserved", NAMES, START, RESERVED),
               (line(2, Account.AVAILABLE, Account.RESERVED, 6_000, ONE),)),
    ]  # fmt: skip


def envelope(**more: int) -> Envelope:
    found = Envelope(NAME, "CV219", Funder.CDC, 2016, 10_000, reserved=6_000, version=2)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def commitment() -> Commitment:
    return Commitment(ONE, "CV219", 2016, Asked(6_000, 0), 6_000, 5, 2, State.RESERVED)


def audited(
    told: list[Record] | None = None, row: Envelope | None = None, kept: Commitment | None = None, *, rows: bool = True
) -> list[tuple[Rule, str]]:
    audit = Audit()
    for record in told or records():
        audit.take(record)
    if rows:
        audit.envelope(row or envelope())
        audit.commitment(kept or commitment())
    return [(each.rule, str(each)) for each in audit.close()]


def spoilt(number: int, **more: object) -> list[Record]:
    """The records; the second has a line that is otherwise."""
    first, second = records()
    return [first, replace(second, lines=(second.lines[0]._replace(**more),))][: number + 1]


def test_it_counts_what_it_looks_at() -> None:
    audit = Audit()
    for record in records():
        audit.take(record)
    for _ in range(2):
        audit.envelope(envelope())
        audit.commitment(commitment())
    assert (audit.facts, audit.postings, audit.envelopes, audit.commitments) == (2, 2, 2, 2)
    assert audited() == []


def test_a_partition_ends_where_its_last_fact_is() -> None:
    audit = Audit()
    audit.end(3, 0)
    assert audit.differences == []
    audit.end(3, 2)
    audit.take(records()[0])
    audit.end(0, 4)
    assert audit.differences == [
        Difference(Rule.FACTS, "allocation 3", "last sequence", "2", "0"),
        Difference(Rule.FACTS, "allocation 0", "last sequence", "4", "1"),
    ]


def test_a_fact_that_is_missing_or_cannot_be_read_is_named_where_it_is() -> None:
    first, second = records()
    assert second.fact is not None
    later = audited([replace(first, fact=None), replace(second, fact=second.fact._replace(sequence=3))])
    assert (Rule.FACTS, "allocation 0 sequence: expected 1, found 3") in later
    burnt = audited([first, Record(second.fact._replace(type="MoneyBurnt"), ())], rows=False)
    where, why = f"allocation 0/2 (MoneyBurnt {NAMES})", "MoneyBurnt is not understood here"
    assert burnt[0] == (Rule.FACTS, f"{where} : expected a fact that can be read, found {why}")


def test_a_posting_that_is_otherwise_is_named_with_both() -> None:
    posted = f"{NAME} available to reserved: expected 60.00, found"
    first = f"; first at {AT_2_LINE_0}"
    assert audited(spoilt(1, amount_cents=5_000), envelope(reserved=5_000)) == [
        (Rule.POSTINGS, f"{posted} 50.00{first}"),
    ]
    assert audited(spoilt(1, debit="engaged"), envelope(reserved=0, engaged=6_000))[0] == (
        Rule.POSTINGS, f"{posted} 60.00 of {NAME} available to engaged{first}",
    )  # fmt: skip
    assert audited(spoilt(1, commitment_id=UUID(int=2))) == [
        (Rule.POSTINGS, f"{NAME} commitment: expected {ONE}, found {UUID(int=2)}{first}"),
    ]
    assert audited([records()[0], replace(records()[1], lines=())], envelope(reserved=0)) == [
        (Rule.POSTINGS, f"{posted} nothing{first}"),
    ]


def test_a_posting_that_no_fact_made_is_named() -> None:
    stray = Record(None, (line(3, "available", "reserved", 1_000),))
    nowhere = "allocation 0/3 line 0 (no fact is there)"
    assert audited([*records(), stray], envelope(reserved=7_000)) == [
        (Rule.POSTINGS, f"{NAME} available to reserved: expected nothing, found 10.00; first at {nowhere}"),
    ]


def test_an_account_below_zero_is_named_once() -> None:
    told = [*spoilt(1, amount_cents=20_000), Record(None, (line(3, "available", "reserved", 1),))]
    below = [said for rule, said in audited(told) if rule is Rule.OVERDRAWN]
    assert below == [f"{NAME} available: expected 0.00 or more, found -100.00; first at {AT_2}"]


def test_a_balance_that_is_no_sum_is_named_with_the_posting_that_is_to_blame_if_there_is_one() -> None:
    none = "first at no posting: each is what its fact says"
    assert audited(row=envelope(engaged=100))[:2] == [
        (Rule.BALANCES, f"{NAME} available: expected 40.00, found 39.00; {none}"),
        (Rule.BALANCES, f"{NAME} engaged: expected 0.00, found 1.00; {none}"),
    ]
    blamed = [said for rule, said in audited(spoilt(1, amount_cents=5_000)) if rule is Rule.BALANCES]
    assert blamed == [
        f"{NAME} available: expected 50.00, found 40.00; first at {AT_2_LINE_0}",
        f"{NAME} reserved: expected 50.00, found 60.00; first at {AT_2_LINE_0}",
    ]


def test_counts_and_checks_are_named() -> None:
    assert audited(row=envelope(version=3, waiting_count=1)) == [
        (Rule.COUNTS, f"{NAME} version: expected 2, found 3"),
        (Rule.COUNTS, f"{NAME} waiting count: expected 0, found 1"),
        (Rule.CHECKS, f"{NAME} ck_envelope_waiting: expected kept, found broken"),
    ]
    dear = commitment()
    dear.cost = 1
    assert audited(kept=dear) == [(Rule.CHECKS, f"commitment {ONE} ck_commitment_cost: expected kept, found broken")]
    for score, broken in ((-1, True), (0, False), (1000, False), (1001, True), (None, False)):
        judged = commitment()
        judged.score = score
        assert [said for _, said in audited(kept=judged) if "ck_commitment_score" in said] == broken * [
            f"commitment {ONE} ck_commitment_score: expected kept, found broken"
        ]
    turned = [said for rule, said in audited(spoilt(1, amount_cents=0)) if rule is Rule.CHECKS]
    assert turned == [f"{AT_2_LINE_0} ck_posting_amount: expected kept, found broken"]
    unknown = Envelope("CV221.CDC.2016", "CV221", Funder.CDC, 2016, version=1)
    audit = Audit()
    audit.envelope(unknown)
    assert [str(each) for each in audit.close()] == ["CV221.CDC.2016 version: expected 0, found 1"]


def test_an_engagement_and_a_payment_that_break_their_checks_are_named() -> None:
    acted = commitment()
    acted.state, acted.engagements = State.ENGAGED, {Funder.STATE: Engagement(-1)}
    broken = [said for rule, said in audited(kept=acted) if rule is Rule.CHECKS]
    assert broken
    assert all(said.startswith(f"commitment {ONE} STATE ck_engagement_") for said in broken)
    audit = Audit()
    audit.payment(Payment(ONE, Funder.STATE, 2016, -1))
    [first, second] = [str(each) for each in audit.close()]
    assert first == f"commitment {ONE} STATE paid by 2016: expected 0.00, found -0.01"
    assert second.startswith(f"commitment {ONE} STATE paid by 2016 ck_")


def test_a_part_that_waits_is_said() -> None:
    waits = commitment()
    waits.asked, waits.waits = Asked(6_000, 100), Funder.STATE
    [(_, said)] = [each for each in audited(kept=waits) if each[0] is Rule.COMMITMENTS]
    assert said.endswith("found reserved for CDC 60.00, STATE 1.00, STATE waits")


def test_a_commitment_that_stands_elsewhere_or_otherwise_is_named() -> None:
    elsewhere = commitment()
    elsewhere.contract, elsewhere.exercise = "CV221", 2017
    assert audited(kept=elsewhere) == [
        (Rule.COMMITMENTS, f"commitment {ONE} asks of: expected CV219 2016, found CV221 2017")
    ]
    acted = commitment()
    acted.state = State.ENGAGED
    acted.engagements = {Funder.CDC: Engagement(3_000, 2_000, {2016: 1_000}), Funder.STATE: Engagement(100)}
    asked = "CDC 60.00, STATE 0.00"
    acts = "engaged CDC 30.00, STATE 1.00, certified CDC 20.00, STATE 0.00, paid CDC 10.00, STATE 0.00"
    assert audited(kept=acted) == [
        (
            Rule.COMMITMENTS,
            f"commitment {ONE} stands: expected reserved for {asked}, found engaged for {asked}, {acts}",
        ),
    ]
    assert audited(records()[:1], envelope(reserved=0, version=1)) == [
        (
            Rule.COMMITMENTS,
            f"commitment {ONE} stands: expected never declared, found reserved for CDC 60.00, STATE 0.00",
        )
    ]


def test_what_the_journal_knows_and_no_row_does_is_named() -> None:
    assert audited(spoilt(1, amount_cents=5_000), rows=False)[1:] == [
        (Rule.BALANCES, f"{NAME} available: expected 50.00, found nothing; first at {AT_2_LINE_0}"),
        (Rule.BALANCES, f"{NAME} reserved: expected 50.00, found nothing; first at {AT_2_LINE_0}"),
        (Rule.BALANCES, f"{NAME} voted: expected -100.00, found nothing"),
        (Rule.COUNTS, f"{NAME} version: expected 2, found nothing"),
        (Rule.COMMITMENTS, f"commitment {ONE} stands: expected reserved for CDC 60.00, STATE 0.00, found nothing"),
    ]
