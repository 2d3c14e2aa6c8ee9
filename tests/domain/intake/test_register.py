"""Each reason for which a valid event is refused, and what is accepted beside it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.intake.domain.answer import Accepted, Answer, Reason, Refusal
from services.intake.domain.keyring import Keyring
from services.intake.domain.register import Ownership, Receipt, Register, named_commitment, source_agrees
from services.intake.domain.scope import EVERY_TYPE, Scope
from services.intake.domain.telling import CloudEvent, Stamped, Telling
from shared.contracts.told import TOLD
from shared.kernel.funders import Funder
from shared.kernel.ids import commitment_id, new_id

NOW = datetime(2020, 6, 1, 12, 0, tzinfo=UTC)
KEYRING = Keyring(b"a secret of at least thirty-two characters")
ALL = frozenset({EVERY_TYPE})
CITESLAB = Scope("citeslab", ALL, frozenset())
CDC = Scope("caisse", ALL, frozenset({Funder.CDC}))
KNOWN = commitment_id("citeslab", "R-1")
TIMES = {"occurred_on": "2020-05-30", "declared_at": "2020-06-01T10:00:00Z"}
ASKED = {"cost_cents": 1000, "state_cents": 400}
DECLARED = ASKED | {"reference": "R-2", "contract": "CV219", "exercise": 2020}
PERSON = {"entrepreneur_reference": "P-1", "contract": "CV219"}
ACT = {"funder": "CDC", "exercise": 2020, "amount_cents": 400, "commitment_id": str(KNOWN)}


def stamped(scope: Scope, type_: str, data: dict[str, Any], *, id: str = "1", source: str = "") -> Stamped:  # noqa: A002
    told = TOLD[type_].model_validate_json(msgspec.json.encode(TIMES | data))
    event = CloudEvent(id, source or f"/{scope.platform}", told)
    key = KEYRING.door_key(scope.platform, event.source, id)
    return Stamped(
        Telling(scope, event, NOW), new_id(), key, KEYRING.content(event), named_commitment(told, scope.platform)
    )


def register(**more: Any) -> Register:
    owner = Ownership("citeslab", "CV219", 2020, UUID(int=1))
    return Register(**({"received": {}, "contracts": frozenset({"CV219"}), "owners": {KNOWN: owner}} | more))


def judged(scope: Scope, type_: str, data: dict[str, Any], **more: Any) -> Answer:
    return register().judge(stamped(scope, type_, data, **more), NOW)


REFUSED: list[tuple[str, Scope, str, dict[str, Any], Reason, str]] = [
    ("a contract without an envelope", CITESLAB, "CommitmentDeclared", DECLARED | {"contract": "CV999"},
     Reason.CONTRACT_UNKNOWN, "/data/contract"),
    ("a person of a contract without an envelope", CITESLAB, "EntrepreneurWelcomed", PERSON | {"contract": "CV999"},
     Reason.CONTRACT_UNKNOWN, "/data/contract"),
    ("a commitment declared by another event", CITESLAB, "CommitmentDeclared", DECLARED | {"reference": "R-1"},
     Reason.COMMITMENT_ALREADY_DECLARED, "/data/reference"),
    ("an amendment of what was never declared", CITESLAB, "CommitmentAmended", ASKED | {"reference": "R-9"},
     Reason.COMMITMENT_UNKNOWN, "/data/reference"),
    ("an engagement of what was never declared", CDC, "CommitmentEngaged",
     ACT | {"commitment_id": str(UUID(int=9))}, Reason.COMMITMENT_UNKNOWN, "/data/commitment_id"),
    ("an amendment by another platform", CDC, "CommitmentAmended", ASKED | {"commitment_id": str(KNOWN)},
     Reason.NOT_THE_DECLARER, "/data/commitment_id"),
    ("a withdrawal by another platform", CDC, "CommitmentWithdrawn",
     {"reason": "abandoned", "commitment_id": str(KNOWN)}, Reason.NOT_THE_DECLARER, "/data/commitment_id"),
    ("a reference of another platform", CDC, "CommitmentWithdrawn", {"reason": "abandoned", "reference": "R-1"},
     Reason.COMMITMENT_UNKNOWN, "/data/reference"),
    ("a closing by a platform that neither declared nor funds", Scope("adie", ALL, frozenset()), "CommitmentClosed",
     {"commitment_id": str(KNOWN)}, Reason.NOT_THE_DECLARER, "/data/commitment_id"),
    ("an engagement without the funder's scope", CITESLAB, "CommitmentEngaged", ACT,
     Reason.FUNDER_NOT_ALLOWED, "/data/funder"),
    ("a service certified without the funder's scope", CITESLAB, "ServiceCertified", ACT,
     Reason.FUNDER_NOT_ALLOWED, "/data/funder"),
    ("a payment without the funder's scope", CITESLAB, "PaymentMade", ACT | {"kind": "advance"},
     Reason.FUNDER_NOT_ALLOWED, "/data/funder"),
    ("a return without the funder's scope", CITESLAB, "PaymentReturned", ACT, Reason.FUNDER_NOT_ALLOWED,
     "/data/funder"),
    ("a decommitment without the funder's scope", CITESLAB, "CommitmentDecommitted", ACT, Reason.FUNDER_NOT_ALLOWED,
     "/data/funder"),
    ("an act of the other funder", CDC, "PaymentMade", ACT | {"kind": "advance", "funder": "STATE"},
     Reason.FUNDER_NOT_ALLOWED, "/data/funder"),
    ("a type that the key may not tell", Scope("citeslab", frozenset({"SupportStarted"}), frozenset()),
     "CommitmentDeclared", DECLARED, Reason.EVENT_TYPE_NOT_ALLOWED, "/type"),
    ("a thing that happens after it is told", CITESLAB, "CommitmentDeclared", DECLARED | {"occurred_on": "2020-06-02"},
     Reason.OCCURRED_AFTER_DECLARED, "/data/occurred_on"),
    ("a thing told in the future", CITESLAB, "CommitmentDeclared",
     DECLARED | {"declared_at": "2020-06-01T12:05:01Z"}, Reason.DECLARED_IN_FUTURE, "/data/declared_at"),
    ("a person merged with themselves", CITESLAB, "EntrepreneursMerged",
     PERSON | {"merged_entrepreneur_reference": "P-1"}, Reason.SAME_PERSON, "/data/merged_entrepreneur_reference"),
    ("a person told from themselves", CITESLAB, "EntrepreneursSeparated",
     PERSON | {"separated_entrepreneur_reference": "P-1"}, Reason.SAME_PERSON,
     "/data/separated_entrepreneur_reference"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "scope", "type_", "data", "reason", "pointer"), REFUSED, ids=[r[0] for r in REFUSED])
def test_it_is_refused_with_the_field_at_fault(
    _: str, scope: Scope, type_: str, data: dict[str, Any], reason: Reason, pointer: str
) -> None:
    answer = judged(scope, type_, data)
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.pointer) == (reason, pointer)


def test_every_reason_but_two_is_in_the_table() -> None:
    assert {r[4] for r in REFUSED} | {Reason.EVENT_CONFLICT, Reason.SOURCE_OF_ANOTHER} == set(Reason)


@pytest.mark.parametrize(
    ("scope", "type_", "data"),
    [
        (CITESLAB, "CommitmentDeclared", DECLARED),
        (CITESLAB, "CommitmentDeclared", DECLARED | {"declared_at": "2020-06-01T12:05:00Z"}),
        (CITESLAB, "CommitmentDeclared", DECLARED | {"occurred_on": "2020-06-01"}),
        (CITESLAB, "CommitmentAmended", ASKED | {"reference": "R-1"}),
        (CITESLAB, "CommitmentAmended", ASKED | {"commitment_id": str(KNOWN)}),
        (CITESLAB, "CommitmentClosed", {"reference": "R-1"}),
        (CDC, "CommitmentClosed", {"commitment_id": str(KNOWN)}),
        (CDC, "CommitmentEngaged", ACT),
        (CDC, "PaymentMade", ACT | {"kind": "balance"}),
        (CITESLAB, "EntrepreneurErased", PERSON),
        (CITESLAB, "EntrepreneursMerged", PERSON | {"merged_entrepreneur_reference": "P-2"}),
        (Scope("citeslab", frozenset({"EntrepreneurErased"}), frozenset()), "EntrepreneurErased", PERSON),
    ],
)
def test_it_is_accepted(scope: Scope, type_: str, data: dict[str, Any]) -> None:
    assert isinstance(judged(scope, type_, data), Accepted)


@pytest.mark.parametrize(
    ("source", "agrees"),
    [
        ("/citeslab", True), ("/citeslab/lens", True), ("citeslab/lens", True), ("/simulation/citeslab", True),
        ("/adie", False), ("/citeslab2", False), ("/simulation/adie", False), ("/simulation", False), ("/", False),
        ("//citeslab", False), ("https://citeslab", False), ("/lens/citeslab", False),
    ],
)  # fmt: skip
def test_a_source_begins_with_the_platform_that_tells(source: str, *, agrees: bool) -> None:
    assert source_agrees(source, "citeslab") is agrees
    answer = judged(CITESLAB, "CommitmentDeclared", DECLARED, source=source)
    assert isinstance(answer, Accepted) is agrees
    assert agrees or (isinstance(answer, Refusal) and answer.reason is Reason.SOURCE_OF_ANOTHER)


def test_the_same_content_gives_the_same_answer_and_another_is_a_conflict() -> None:
    first = stamped(CITESLAB, "CommitmentDeclared", DECLARED)
    book = register(received={first.door_key: Receipt(UUID(int=7), first.content)})
    assert book.judge(first, NOW) == Accepted(UUID(int=7), "CommitmentDeclared", first.commitment_id, duplicate=True)
    other = stamped(CITESLAB, "CommitmentDeclared", DECLARED | {"cost_cents": 1001})
    refusal = book.judge(other, NOW)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.pointer) == (Reason.EVENT_CONFLICT, "/id")


def test_what_was_accepted_once_is_accepted_again_whatever_changed_since() -> None:
    first = stamped(CITESLAB, "CommitmentDeclared", DECLARED)
    book = register(received={first.door_key: Receipt(UUID(int=7), first.content)}, contracts=frozenset())
    nothing = Scope("citeslab", frozenset(), frozenset())
    again = replace(first, telling=replace(first.telling, scope=nothing))
    assert isinstance(book.judge(again, NOW), Accepted)


def test_events_of_one_batch_stand_on_those_before_them() -> None:
    book = register(owners={})
    amended = stamped(CITESLAB, "CommitmentAmended", ASKED | {"reference": "R-2"}, id="2")
    assert isinstance(book.judge(amended, NOW), Refusal)
    assert isinstance(book.judge(stamped(CITESLAB, "CommitmentDeclared", DECLARED), NOW), Accepted)
    assert isinstance(book.judge(amended, NOW), Accepted)
    twice = book.judge(stamped(CITESLAB, "CommitmentDeclared", DECLARED, id="3"), NOW)
    assert isinstance(twice, Refusal)
    assert twice.reason is Reason.COMMITMENT_ALREADY_DECLARED
    assert book.declared == [amended.commitment_id]


def test_a_refusal_never_quotes_what_was_sent() -> None:
    for _, scope, type_, data, *_ in REFUSED:
        answer = judged(scope, type_, data)
        assert isinstance(answer, Refusal)
        for value in map(str, data.values()):
            assert len(value) < 4 or value not in answer.detail
