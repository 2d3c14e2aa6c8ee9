"""Managers command by HTTP: refusals point to their field and say the remedy; large amounts need four eyes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.funding.domain.manager import Manager
from services.funding.routes.commands import command_routes
from services.funding.routes.scores import score_routes
from services.funding.use_cases import managers
from shared.kernel.funders import Funder
from shared.web.application import application
from tests.support.commands import CDC, CDC_2017, CDC_NEXT_DOOR, STATE, desk, opened_with
from tests.support.commitment_events import event, named, records
from tests.support.ledger import Ledger, fixed_clock

OPERATOR_KEY = "the operator's"
FOUR_EYES_FROM = 1000
Json = dict[str, Any]
PEOPLE = {
    "anne": ("cdc", [Funder.CDC], None),
    "brahim": ("cdc", [Funder.CDC], None),
    "chloe": ("prefecture", [Funder.STATE], None),
    "driss": ("cdc", [Funder.CDC], ["CV221"]),
}


class Office:
    """The managers of a test, each with a key, at one funding."""

    def __init__(self, ledger: Ledger, client: httpx.AsyncClient) -> None:
        self.ledger = ledger
        self.client = client
        self.keys = {"operator": OPERATOR_KEY}

    async def employ(self) -> None:
        for name, (role, funders, contracts) in PEOPLE.items():
            whose = managers.manager(name, role, funders=funders, contracts=contracts)
            _, self.keys[name] = await managers.create_key(self.ledger.engine, whose, clock=fixed_clock)

    async def ask(self, method: str, path: str, *, by: str = "anne", **more: Any) -> httpx.Response:
        return await self.client.request(
            method, f"/v1/commands{path}", headers={"authorization": f"Bearer {self.keys.get(by, by)}"}, **more
        )

    async def post(self, order: Json, *, by: str = "anne", query: str = "") -> httpx.Response:
        return await self.ask("POST", query, by=by, json=order)


def order(kind: str = "increase", amount: int = 5, **more: Any) -> Json:
    terms = {"command_id": str(uuid4()), "kind": kind, "envelope": CDC, "amount_cents": amount,
             "reason": "reprogramming", "effective_on": "2016-10-01"}  # fmt: skip
    return {name: value for name, value in (terms | more).items() if value is not None}


@asynccontextmanager
async def an_office(ledger: Ledger) -> AsyncIterator[Office]:
    app = application("Fabrique funding", summary="A test's.")

    async def whose(key: str) -> Manager | None:
        return await managers.recognised(ledger.engine, key, operator_key=OPERATOR_KEY)

    app.include_router(
        command_routes(lambda: desk(ledger, four_eyes_from=FOUR_EYES_FROM), whose=whose, announce=lambda: None)
    )
    app.include_router(score_routes(lambda: desk(ledger), whose=whose, announce=lambda: None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield Office(ledger, client)


@pytest.fixture
async def office(ledger: Ledger) -> AsyncIterator[Office]:
    await opened_with(ledger, {CDC: 100, CDC_NEXT_DOOR: 50, STATE: 80, CDC_2017: 0}, payments={STATE: 80})
    async with an_office(ledger) as opened:
        await opened.employ()
        yield opened


async def test_an_order_is_applied_and_answered_with_what_was_announced(office: Office) -> None:
    said = order()
    answer = await office.post(said)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["state"], found["proposed_by"], found["by"], found["approved_by"]) == ("applied", "anne", "cdc", None)
    assert [fact["type"] for fact in found["outcome"]["facts"]] == ["EnvelopeIncreased"]
    [envelope] = found["outcome"]["envelopes"]
    assert (envelope["before"]["room_cents"], envelope["after"]["room_cents"]) == (100, 105)
    assert (await office.post(said)).json() == found
    assert (await office.ask("GET", f"/{said['command_id']}")).json() == found


MISTAKES = {
    "a kind that there is not": (order("enlarge"), "/kind"),
    "no kind": (order() | {"kind": None}, "/kind"),
    "an amount below zero": (order(amount=-1), "/amount_cents"),
    "an amount that is text": (order(amount_cents="5"), "/amount_cents"),
    "no reason": (order(reason=None), "/reason"),
    "a reason that is a sentence": (order(reason="Because we must."), "/reason"),
    "an envelope that cannot be": (order(envelope="CV219"), "/envelope"),
    "no receiver": (order("transfer"), "/to"),
    "a receiver of an increase": (order(to=CDC_NEXT_DOOR), "/to"),
    "an amount of a close": (order("close"), "/amount_cents"),
    "a day that is not": (order(effective_on="2016-02-30"), "/effective_on"),
    "no identifier": (order(command_id=None), "/command_id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_is_answered_with_its_field(office: Office, mistake: str) -> None:
    said, pointer = MISTAKES[mistake]
    answer = await office.post(said)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["type"] == "urn:fabrique:problem:command-invalid"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_is_no_json_is_said_to_be_none(office: Office) -> None:
    answer = await office.client.post(
        "/v1/commands", content=b"{", headers={"authorization": f"Bearer {office.keys['anne']}"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "")


REFUSALS = {
    "same-envelope": (order("transfer", to=CDC), "/to"),
    "not-the-same-funder": (order("transfer", to=CDC_2017), "/to"),
    "not-the-next-exercise": (order("carry-over", to="CV219.CDC.2018"), "/to"),
    "envelope-unknown": (order(envelope="CV219.CDC.2030"), "/envelope"),
    "no-amount": (order(amount=0), "/amount_cents"),
    "no-payment-credits": (order(payment_cents=1), "/payment_cents"),
    "not-frozen": (order("unfreeze", 1), "/amount_cents"),
    "no-room": (order("reduce", 101), "/amount_cents"),
}


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_refusal_says_its_reason_its_field_and_the_remedy(office: Office, reason: str) -> None:
    said, pointer = REFUSALS[reason]
    answer = await office.post(said)
    found = answer.json()
    assert (answer.status_code, found["type"]) == (422, f"urn:fabrique:problem:{reason}")
    assert found["detail"]
    assert [error["pointer"] for error in found["errors"]] == [pointer]
    again = (await office.post(said)).json()
    assert again == found


async def test_who_stands_in_the_way_is_named_with_who_would_be_sent_back(office: Office) -> None:
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": 40, "state_cents": 0, "cost_cents": 40}
    log = [event("CommitmentDeclared", f"c{n}", contract="CV219", number=n, **terms) for n in range(2)]
    await office.ledger.decide(records(log), [2])
    tried = (await office.post(order("reduce", 30), query="?dry_run=true")).json()
    assert [(c["commitment_id"], c["sent_back"]) for c in tried["in_the_way"]] == [
        (named("c1"), True), (named("c0"), False),
    ]  # fmt: skip
    assert tried["dry_run"]
    done = (await office.post(order("reduce", 30, displace=True))).json()
    assert [fact["type"] for fact in done["outcome"]["facts"]] == ["AllocationDisplaced", "EnvelopeReduced"]


async def test_a_large_amount_waits_until_another_manager_approves_it(office: Office) -> None:
    said = order(amount=FOUR_EYES_FROM)
    tried = await office.post(said, query="?dry_run=true")
    assert (tried.status_code, tried.json()["state"], tried.json()["needs_approval"]) == (200, "applied", True)
    proposed = await office.post(said)
    assert (proposed.status_code, proposed.json()["state"], proposed.json()["outcome"]) == (202, "proposed", None)
    assert await office.ledger.rows("SELECT 1 FROM outbox WHERE type = 'EnvelopeIncreased'") == []
    approval = f"/{said['command_id']}/approve"
    for by, status, reason in (("anne", 403, "own-proposal"), ("chloe", 403, "not-allowed"),
                               ("driss", 403, "not-allowed"), ("nobody", 401, "manager-unknown")):  # fmt: skip
        answer = await office.ask("POST", approval, by=by)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:fabrique:problem:{reason}")
    tried = await office.ask("POST", f"{approval}?dry_run=true", by="brahim")
    assert (tried.json()["state"], tried.json()["dry_run"]) == ("applied", True)
    approved = await office.ask("POST", approval, by="brahim")
    assert (approved.json()["state"], approved.json()["approved_by"]) == ("applied", "brahim")
    assert approved.json()["outcome"]["envelopes"][0]["after"]["authorised_cents"] == 100 + FOUR_EYES_FROM
    assert (await office.ask("POST", approval, by="brahim")).json() == approved.json()
    again = await office.ask("POST", approval, by="operator")
    assert (again.status_code, again.json()["type"]) == (409, "urn:fabrique:problem:already-answered")


async def test_a_proposal_is_decided_as_of_when_it_is_approved(office: Office) -> None:
    await office.post(order(amount=FOUR_EYES_FROM - 1))
    said = order("reduce", FOUR_EYES_FROM + 50)
    assert (await office.post(said)).status_code == 202
    await office.post(order("reduce", 100))
    answer = await office.ask("POST", f"/{said['command_id']}/approve", by="operator")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:fabrique:problem:no-room")
    kept = (await office.ask("GET", f"/{said['command_id']}")).json()
    assert (kept["state"], kept["approved_by"], kept["outcome"]["refusal"]) == ("refused", "operator", "no-room")


async def test_nobody_approves_its_own_proposal_not_even_the_operator(office: Office) -> None:
    said = order(amount=FOUR_EYES_FROM)
    await office.post(said, by="operator")
    answer = await office.ask("POST", f"/{said['command_id']}/approve", by="operator")
    assert answer.json()["type"] == "urn:fabrique:problem:own-proposal"


async def test_a_proposal_is_rejected_once_with_a_reason(office: Office) -> None:
    said = order(amount=FOUR_EYES_FROM)
    await office.post(said)
    refusal = f"/{said['command_id']}/reject"
    for _ in range(2):
        answer = await office.ask("POST", refusal, by="brahim", json={"reason": "not-now"})
        assert (answer.json()["state"], answer.json()["rejection_reason"]) == ("rejected", "not-now")
    late = await office.ask("POST", f"/{said['command_id']}/approve", by="operator")
    assert late.json()["type"] == "urn:fabrique:problem:already-answered"


async def test_a_close_weighs_all_that_it_could_take(office: Office) -> None:
    await office.post(order(amount=FOUR_EYES_FROM - 1))
    said = order("close", amount_cents=None)
    assert (await office.post(said)).status_code == 202


async def test_a_manager_commands_its_own_funder_and_contracts_only(office: Office) -> None:
    for by, envelope, status in (("chloe", CDC, 403), ("chloe", STATE, 200), ("driss", CDC, 403),
                                 ("driss", CDC_NEXT_DOOR, 200), ("operator", CDC, 200)):  # fmt: skip
        assert (await office.post(order(envelope=envelope), by=by)).status_code == status
    both = order("transfer", envelope=CDC_NEXT_DOOR, to=CDC)
    assert (await office.post(both, by="driss")).status_code == 403


async def test_a_revoked_key_commands_nothing(office: Office) -> None:
    prefix = office.keys["anne"].split("_")[1]
    assert await managers.revoke_key(office.ledger.engine, prefix, clock=fixed_clock)
    assert not await managers.revoke_key(office.ledger.engine, prefix, clock=fixed_clock)
    assert (await office.post(order())).status_code == 401
    [row] = [each for each in await managers.list_keys(office.ledger.engine) if each.name == "anne"]
    assert row.hash not in office.keys["anne"].encode()


async def test_commands_are_listed_by_state_envelope_and_page(office: Office) -> None:
    for amount in (1, 2, FOUR_EYES_FROM):
        await office.post(order(amount=amount))
    await office.post(order("transfer", 3, to=CDC_NEXT_DOOR))
    await office.post(order("reduce", 100_0))

    async def listed(query: str) -> list[int]:
        found = (await office.ask("GET", query)).json()["commands"]
        return [each["content"].get("amount_cents") for each in found if each["kind"] != "open-envelopes"]

    assert await listed("") == [1000, 3, 1000, 2, 1]
    assert await listed("?state=proposed") == [1000, 1000]
    assert await listed("?kind=transfer&contract=CV221") == [3]
    assert await listed(f"?envelope={CDC_NEXT_DOOR}") == [3]
    first = (await office.ask("GET", "?limit=2")).json()
    second = (await office.ask("GET", f"?limit=2&before={first['before']}")).json()
    assert [c["content"]["amount_cents"] for c in first["commands"] + second["commands"]] == [1000, 3, 1000, 2]
    assert (await office.ask("GET", "?state=lost")).status_code == 422
    assert (await office.ask("GET", f"/{uuid4()}")).status_code == 404


async def test_a_score_is_kept_once_and_each_mistake_names_its_field(office: Office) -> None:
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": 40, "state_cents": 0, "cost_cents": 40}
    await office.ledger.decide(records([event("CommitmentDeclared", "c", contract="CV219", number=1, **terms)]), [1])
    said = {"command_id": str(uuid4()), "score": 80, "reason": "committee", "effective_on": "2016-10-01"}

    async def score(order: Json, name: str = "c", *, by: str = "anne") -> httpx.Response:
        headers = {"authorization": f"Bearer {office.keys.get(by, by)}"}
        return await office.client.post(f"/v1/commitments/{named(name)}/score", json=order, headers=headers)

    given = await score(said)
    assert (given.status_code, given.json()["kind"], given.json()["state"]) == (200, "score", "applied")
    assert (await score(said)).json() == given.json()
    assert (await office.ask("GET", f"/{said['command_id']}")).json() == given.json()
    listed = (await office.ask("GET", "?kind=score&contract=CV219")).json()["commands"]
    assert [(each["content"]["score"], each["proposed_by"]) for each in listed] == [(80, "anne")]
    assert (await office.ask("GET", "?contract=CV221&kind=score")).json()["commands"] == []
    for wrong in ({"score": 1001}, {"score": -1}, {"score": "80"}, {"reason": "By all."}, {"effective_on": "soon"}):
        answer = await score(said | wrong)
        assert (answer.status_code, [e["pointer"] for e in answer.json()["errors"]]) == (
            422,
            [f"/body/{field}" for field in wrong],
        )
    for answer, status, reason in (
        (await score(said | {"score": 81}), 409, "command-conflict"),
        (await score(said, "nobody"), 404, "commitment-unknown"),
        (await score(said | {"command_id": str(uuid4())}, by="chloe"), 403, "not-allowed"),
        (await score(said, by="nobody"), 401, "manager-unknown"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:fabrique:problem:{reason}")
