"""The database itself refuses books that do not balance: each CHECK, violated by plain SQL."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.support.commitment_events import opened
from tests.support.constraints import QUARANTINED, SPINE, Violation, assert_refused, checks
from tests.support.ledger import Ledger

ENVELOPE = "UPDATE envelope SET {} WHERE envelope_id = 'CV219.CDC.2016'"
COMMITMENT = (
    "INSERT INTO commitment (commitment_id, contract, exercise, cdc_cents, state_cents, cost_cents, priority, place,"
    " state) VALUES (gen_random_uuid(), 'CV219', 2016, {})"
)
POSTING = (
    "INSERT INTO posting (partition, sequence, line, envelope_id, credit, debit, amount_cents)"
    " VALUES (0, 99, 0, 'CV219.CDC.2016', {})"
)
ENGAGEMENT = (
    "INSERT INTO engagement (commitment_id, funder, engaged_cents, certified_cents, paid_cents)"
    " VALUES (gen_random_uuid(), 'CDC', {})"
)
COMMAND = (
    "INSERT INTO command (command_id, kind, by, content, reason, effective_on, content_hash, proposed_by, proposed_at,"
    " applied_at, state, partition, next_offset, step, to_partition, approved_by, rejected_by)"
    " VALUES (gen_random_uuid(), 'freeze', 'cdc', '{{}}', 'reserve', now(), '', 'cdc', now(), now(), {})"
)
TERRITORY = (
    "INSERT INTO territory_change VALUES ({}, gen_random_uuid(), '{}', 'x', '{{}}', '[]', 'operator', 'operator', 'r',"
    " now())"
)
VIOLATIONS: list[Violation] = [
    ("ck_contract_weight_not_negative", "INSERT INTO contract_weight VALUES ('CV219', -1, 0)"),
    ("ck_contract_weight_not_negative", "INSERT INTO contract_weight VALUES ('CV219', 0, -1)"),
    ("ck_envelope_room", ENVELOPE.format("reserved_cents = 60, lapsed_cents = 41")),
    ("ck_envelope_not_negative", ENVELOPE.format("lapsed_cents = -1")),
    ("ck_envelope_not_negative", ENVELOPE.format("payments_frozen_cents = -1")),
    ("ck_envelope_paid", ENVELOPE.format("engaged_cents = 90, payment_credits_cents = 50, paid_cents = 51")),
    (
        "ck_envelope_paid",
        ENVELOPE.format("engaged_cents = 90, payment_credits_cents = 50, payments_frozen_cents = 10, paid_cents = 41"),
    ),
    ("ck_envelope_paid", ENVELOPE.format("payment_credits_cents = 50, payments_frozen_cents = 51")),
    ("ck_engagement_not_negative", ENGAGEMENT.format("-1, -1, -1")),
    ("ck_engagement_not_negative", ENGAGEMENT.format("5, -1, 0")),
    ("ck_engagement_paid", ENGAGEMENT.format("5, 0, 6")),
    ("ck_engagement_certified", ENGAGEMENT.format("5, 6, 0")),
    ("ck_payment_not_negative", "INSERT INTO payment VALUES (gen_random_uuid(), 'CDC', 2016, -1)"),
    ("ck_commitment_asks", COMMITMENT.format("-1, 1, 10, 5, 1, 'closed'")),
    ("ck_envelope_room", ENVELOPE.format("reserved_cents = 101")),
    ("ck_envelope_room", ENVELOPE.format("reserved_cents = 60, engaged_cents = 41")),
    ("ck_envelope_room", ENVELOPE.format("reserved_cents = 60, frozen_cents = 41")),
    ("ck_envelope_room", ENVELOPE.format("frozen_cents = 101")),
    ("ck_envelope_not_negative", ENVELOPE.format("authorised_cents = 0, frozen_cents = -1")),
    ("ck_envelope_not_negative", ENVELOPE.format("reserved_cents = -1")),
    ("ck_envelope_not_negative", ENVELOPE.format("waitlisted_cents = -1, waiting_count = 1")),
    ("ck_envelope_not_negative", ENVELOPE.format("engaged_cents = -1, paid_cents = -1")),
    ("ck_envelope_not_negative", ENVELOPE.format("paid_cents = -1")),
    ("ck_envelope_paid", ENVELOPE.format("engaged_cents = 10, paid_cents = 11")),
    ("ck_envelope_waiting_count", ENVELOPE.format("waiting_count = -1, waitlisted_cents = 1")),
    ("ck_envelope_waiting", ENVELOPE.format("waiting_count = 1")),
    ("ck_envelope_waiting", ENVELOPE.format("waitlisted_cents = 1")),
    ("ck_commitment_asks", COMMITMENT.format("0, 0, 10, 5, 1, 'reserved'")),
    ("ck_commitment_asks", COMMITMENT.format("11, -1, 10, 5, 1, 'reserved'")),
    ("ck_commitment_cost", COMMITMENT.format("6, 5, 10, 5, 1, 'reserved'")),
    ("ck_commitment_state", COMMITMENT.format("5, 5, 10, 5, 1, 'lost'")),
    (
        "ck_commitment_score",
        COMMITMENT.replace("state)", "state, score)").format("5, 5, 10, 5, 1, 'reserved', 1001"),
    ),
    ("ck_commitment_score", COMMITMENT.replace("state)", "state, score)").format("5, 5, 10, 5, 1, 'reserved', -1")),
    (
        "ck_commitment_waits",
        COMMITMENT.replace("state)", "state, waits)").format("5, 5, 10, 5, 1, 'waitlisted', 'CDC'"),
    ),
    ("ck_commitment_waits", COMMITMENT.replace("state)", "state, waits)").format("5, 5, 10, 5, 1, 'closed', 'STATE'")),
    ("ck_commitment_waits", COMMITMENT.replace("state)", "state, waits)").format("5, 5, 10, 5, 1, 'reserved', 'EPCI'")),
    (
        "ck_commitment_waits_for",
        COMMITMENT.replace("state)", "state, waits)").format("5, 0, 10, 5, 1, 'reserved', 'STATE'"),
    ),
    (
        "ck_commitment_waits_for",
        COMMITMENT.replace("state)", "state, waits)").format("0, 5, 10, 5, 1, 'engaged', 'CDC'"),
    ),
    ("ck_posting_amount", POSTING.format("'available', 'reserved', 0")),
    ("ck_posting_accounts", POSTING.format("'reserved', 'reserved', 1")),
    ("ck_command_state", COMMAND.format("'lost', NULL, NULL, NULL, NULL, NULL, NULL")),
    ("ck_command_place", COMMAND.format("'applied', 0, 0, NULL, NULL, NULL, NULL")),
    ("ck_command_place", COMMAND.format("'proposed', 0, 0, 1, NULL, NULL, NULL")),
    ("ck_command_second_place", COMMAND.format("'applied', 0, 0, 1, 2, NULL, NULL")),
    ("ck_command_four_eyes", COMMAND.format("'applied', 0, 0, 1, NULL, 'cdc', NULL")),
    ("ck_command_rejected", COMMAND.format("'rejected', NULL, NULL, NULL, NULL, NULL, NULL")),
    ("ck_command_rejected", COMMAND.format("'applied', 0, 0, 1, NULL, NULL, 'prefecture'")),
    ("ck_rule_set_version", "INSERT INTO rule_set VALUES ('CV219', 2016, 0, '{}', '', gen_random_uuid(), 0, 0, 1)"),
    ("ck_territory_change_number", TERRITORY.format("0", "merge")),
    ("ck_territory_change_kind", TERRITORY.format("9", "dream")),
    *SPINE,
]


@pytest.fixture
async def opened_ledger(ledger: Ledger) -> Ledger:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    return ledger


async def test_each_check_refuses_what_breaks_it(opened_ledger: Ledger) -> None:
    await assert_refused(opened_ledger.url, VIOLATIONS)


async def test_no_check_is_left_untried(opened_ledger: Ledger) -> None:
    assert await checks(opened_ledger.url) == {name for name, _ in VIOLATIONS}


async def test_what_an_envelope_may_hold_is_taken_to_the_last_cent(opened_ledger: Ledger) -> None:
    for values in (
        "reserved_cents = 100",
        "reserved_cents = 30, engaged_cents = 50, frozen_cents = 20, paid_cents = 50",
        "reserved_cents = 0, engaged_cents = 0, frozen_cents = 100, paid_cents = 0",
        "waiting_count = 2, waitlisted_cents = 5",
        "payment_credits_cents = 70, payments_frozen_cents = 20, paid_cents = 50, engaged_cents = 0, lapsed_cents = 0",
    ):
        await opened_ledger.execute(ENVELOPE.format(values))


async def test_a_record_is_in_quarantine_once(opened_ledger: Ledger) -> None:
    row = QUARANTINED.format("open")
    await opened_ledger.execute(row)
    with pytest.raises(IntegrityError, match="uq_quarantine_origin"):
        await opened_ledger.execute(row)
