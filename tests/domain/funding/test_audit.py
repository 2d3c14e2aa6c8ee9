"""The audit finds nothing in books that agree, and names whatever is changed in them."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint

from services.funding.domain.audit import Rule
from services.funding.domain.commitment import Asked, Engagement
from services.funding.domain.journal import Line, Payment, Record, euros
from services.funding.domain.row_checks import (
    COMMITMENT_CHECKS,
    ENGAGEMENT_CHECKS,
    ENVELOPE_CHECKS,
    PAYMENT_CHECKS,
    POSTING_CHECKS,
)
from services.funding.store.tables import CommitmentRow, EngagementRow, EnvelopeRow, PaymentRow, PostingRow
from shared.kernel.funders import Funder
from tests.support.journal import Kept, kept

books = st.integers(0, 10**6).map(kept)
quick = settings(deadline=None, max_examples=60)


def with_lines(found: Kept, place: int, lines: tuple[Line, ...]) -> list[Record]:
    """The records, one of them with other lines."""
    return [*found.records[:place], replace(found.records[place], lines=lines), *found.records[place + 1 :]]


def chosen(found: Kept, data: st.DataObject) -> tuple[int, int]:
    """A record that posted something, and one of its lines."""
    moving = [place for place, record in enumerate(found.records) if record.lines]
    assume(moving)
    place = data.draw(st.sampled_from(moving))
    return place, data.draw(st.integers(0, len(found.records[place].lines) - 1))


def seen(found: Kept, records: list[Record], line: Line) -> bool:
    """Whether the audit names the envelope, as a posting, at the very line."""
    where = f"allocation 0/{line.sequence} line {line.line} "
    return any(
        d.rule is Rule.POSTINGS and d.of == line.envelope_id and where in d.first for d in found.audited(records)
    )


@quick
@given(books)
def test_books_that_agree_show_no_difference(found: Kept) -> None:
    assert found.audited() == []


@quick
@given(books, st.data(), st.sampled_from((-1, 1, 100)))
def test_a_changed_cent_is_named_where_it_was_changed(found: Kept, data: st.DataObject, cents: int) -> None:
    place, number = chosen(found, data)
    lines = found.records[place].lines
    wrong = lines[number]._replace(amount_cents=lines[number].amount_cents + cents)
    spoilt = with_lines(found, place, (*lines[:number], wrong, *lines[number + 1 :]))
    assert seen(found, spoilt, wrong)
    accounts = {(d.of, d.account) for d in found.audited(spoilt) if d.rule is Rule.BALANCES}
    assert accounts == {(wrong.envelope_id, wrong.credit), (wrong.envelope_id, wrong.debit)}


@quick
@given(books, st.data())
def test_a_missing_posting_is_named_where_it_is_missing(found: Kept, data: st.DataObject) -> None:
    place, number = chosen(found, data)
    lines = found.records[place].lines
    assert seen(found, with_lines(found, place, lines[:number] + lines[number + 1 :]), lines[number])


@quick
@given(books, st.data(), st.booleans())
def test_a_doubled_posting_is_named_where_it_is_doubled(found: Kept, data: st.DataObject, behind: bool) -> None:
    place, number = chosen(found, data)
    lines = found.records[place].lines
    twin = lines[number]._replace(line=len(lines)) if behind else lines[number]
    assert seen(found, with_lines(found, place, (*lines, twin)), twin)


@quick
@given(books, st.data())
def test_a_posting_on_other_accounts_or_for_another_commitment_is_named(found: Kept, data: st.DataObject) -> None:
    place, number = chosen(found, data)
    lines = found.records[place].lines
    line = lines[number]
    turned = line._replace(credit=line.debit, debit=line.credit)
    for wrong in (turned, line._replace(debit="till"), line._replace(commitment_id=line.envelope_id)):
        assert seen(found, with_lines(found, place, (*lines[:number], wrong, *lines[number + 1 :])), wrong)


@quick
@given(books, st.data())
def test_a_lost_fact_is_named_and_so_are_the_postings_that_it_leaves(found: Kept, data: st.DataObject) -> None:
    place, number = chosen(found, data)
    lost = found.records[place].lines[number]
    spoilt = [*found.records[:place], Record(None, found.records[place].lines), *found.records[place + 1 :]]
    assert seen(found, spoilt, lost)
    assert any(d.rule is Rule.FACTS for d in found.audited(spoilt))


@quick
@given(books, st.data(), st.sampled_from(("authorised", "frozen", "reserved", "waitlisted", "engaged", "paid")))
def test_a_cent_on_a_balance_is_named_and_no_posting_is_blamed(found: Kept, data: st.DataObject, what: str) -> None:
    assume(found.envelopes)
    envelope = data.draw(st.sampled_from(found.envelopes))
    setattr(envelope, what, getattr(envelope, what) + 1)
    differences = [d for d in found.audited() if d.rule is Rule.BALANCES]
    assert {d.of for d in differences} == {envelope.envelope_id}
    assert all(d.first.startswith("no posting") for d in differences)
    assert what == "authorised" or what in {d.account for d in differences}


@quick
@given(books, st.data(), st.sampled_from(("version", "waiting_count")))
def test_a_count_too_many_is_named(found: Kept, data: st.DataObject, what: str) -> None:
    assume(found.envelopes)
    envelope = data.draw(st.sampled_from(found.envelopes))
    setattr(envelope, what, getattr(envelope, what) + 1)
    assert [(d.of, d.account) for d in found.audited() if d.rule is Rule.COUNTS] == [
        (envelope.envelope_id, what.replace("_", " "))
    ]


@quick
@given(books, st.data())
def test_a_commitment_that_stands_otherwise_is_named(found: Kept, data: st.DataObject) -> None:
    assume(found.commitments)
    commitment = data.draw(st.sampled_from(found.commitments))
    commitment.asked = Asked(commitment.asked.cdc + 1, commitment.asked.state)
    assert [d.of for d in found.audited() if d.rule is Rule.COMMITMENTS] == [f"commitment {commitment.commitment_id}"]


PAID = 39
"""A log in which something is paid."""


def test_a_payment_that_no_fact_made_is_named_and_so_is_one_that_is_gone() -> None:
    found = kept(PAID)
    [payment] = found.payments
    of, account = f"commitment {payment.commitment_id}", f"{payment.funder} paid by {payment.exercise}"
    larger, later = payment._replace(paid_cents=payment.paid_cents + 1), payment._replace(exercise=2017)
    for kept_, named in (
        ([larger], {(of, account, euros(payment.paid_cents), euros(larger.paid_cents))}),
        ([later], {(of, account, euros(payment.paid_cents), "nothing"),
                   (of, f"{payment.funder} paid by 2017", "0.00", euros(payment.paid_cents))}),
        ([], {(of, account, euros(payment.paid_cents), "nothing")}),
    ):  # fmt: skip
        said = {
            (d.of, d.account, d.expected, d.found) for d in found.audited(payments=kept_) if d.rule is Rule.PAYMENTS
        }
        assert said == named


def test_rows_that_are_gone_are_named() -> None:
    found = kept(2016)
    envelope, commitment = found.envelopes.pop(), found.commitments.pop()
    named = {(d.of, d.found) for d in found.audited()}
    assert (envelope.envelope_id, "nothing") in named
    assert (f"commitment {commitment.commitment_id}", "nothing") in named


def spoilt_fact(found: Kept, **terms: Any) -> list[Record]:
    """The records; the first decision says other terms, or is of another type."""
    place, fact = next((p, r.fact) for p, r in enumerate(found.records) if r.fact and r.fact.cause and r.lines)
    changed = fact._replace(type=terms.pop("type", fact.type), value=terms.pop("value", fact.value))
    if terms:
        changed = changed._replace(value=json.dumps(msgspec.json.decode(fact.value) | terms).encode())
    return [*found.records[:place], replace(found.records[place], fact=changed), *found.records[place + 1 :]]


def test_a_fact_that_cannot_be_read_or_posted_is_named() -> None:
    found = kept(2016)
    for terms, said in (
        ({"value": b"{"}, "truncated"),
        ({"type": "MoneyBurnt"}, "MoneyBurnt is not understood here"),
        ({"type": "AllocationReleased"}, "does not say how its amounts stood"),
        ({"exercise": None}, "of which exercise"),
    ):
        differences = found.audited(spoilt_fact(found, **terms))
        assert any(d.rule is Rule.FACTS and said in d.found for d in differences), (terms, differences)


def test_a_fact_that_says_another_amount_is_named() -> None:
    found = kept(2016)
    differences = found.audited(spoilt_fact(found, cdc_cents=987_654))
    assert any("expected 9876.54" in str(d) for d in differences if d.rule is Rule.POSTINGS)


def test_an_account_that_falls_below_zero_is_named_once_where_it_first_did() -> None:
    found = kept(2016)
    place = next(p for p, r in enumerate(found.records) if r.lines and r.lines[0].credit == "available")
    line = found.records[place].lines[0]
    spoilt = with_lines(found, place, (line._replace(amount_cents=10**6), *found.records[place].lines[1:]))
    overdrawn = [d for d in found.audited(spoilt) if d.rule is Rule.OVERDRAWN]
    assert [(d.of, d.account) for d in overdrawn][:1] == [(line.envelope_id, "available")]
    assert f"allocation 0/{line.sequence} " in overdrawn[0].first


def test_rows_that_break_the_rules_of_their_table_are_named() -> None:
    found = kept(2016)
    envelope, commitment = found.envelopes[0], found.commitments[0]
    envelope.frozen, envelope.paid, envelope.waitlisted, envelope.waiting_count = 10**6, -1, 1, -1
    envelope.contract, commitment.state = "CV1", "lost"  # type: ignore[assignment]
    commitment.asked, commitment.cost = Asked(-1, 1), -1
    commitment.engagements = {Funder.CDC: Engagement(1, 2, {2016: 3}), Funder.STATE: Engagement(1, -1, {})}
    posted = next(p for p, r in enumerate(found.records) if r.lines)
    line = found.records[posted].lines[0]._replace(debit="voted", credit="voted", amount_cents=0)
    below = Payment(commitment.commitment_id, Funder.CDC, 2017, -1)
    differences = found.audited(with_lines(found, posted, (line,)), payments=[below])
    broken = {d.account for d in differences if d.rule is Rule.CHECKS}
    assert broken == {
        "ck_envelope_room", "ck_envelope_not_negative", "ck_envelope_waiting_count", "name", "ck_commitment_asks",
        "ck_commitment_cost", "ck_commitment_state", "ck_engagement_not_negative", "ck_engagement_paid",
        "ck_engagement_certified", "ck_payment_not_negative", "ck_posting_amount", "ck_posting_accounts",
    }  # fmt: skip


def test_the_audit_knows_each_check_of_the_tables_that_it_reads() -> None:
    known = {*ENVELOPE_CHECKS, *COMMITMENT_CHECKS, *ENGAGEMENT_CHECKS, *PAYMENT_CHECKS, *POSTING_CHECKS} - {"name"}
    tables = (EnvelopeRow, CommitmentRow, EngagementRow, PaymentRow, PostingRow)
    checks = {c.name for table in tables for c in table.__table_args__ if isinstance(c, CheckConstraint)}
    assert known == checks


@pytest.mark.parametrize(("last", "has"), [(None, None), (7, 7), (7, 8), (7, None), (None, 7)])
def test_a_score_is_the_last_that_was_given(last: int | None, has: int | None) -> None:
    found = kept(2016)
    one = found.commitments[0]
    one.score = has
    said = [str(d) for d in found.audited(scores={one.commitment_id: last}) if d.rule is Rule.SCORES]
    assert said == (
        [] if last == has else [f"commitment {one.commitment_id} score: expected {last}, found {has}"]
    )  # fmt: skip
