"""The rule of decision, told in tables: each line is an event and what funding answers, or where an envelope stands.

`declare A 60+20` asks 60 cents of the CDC and 20 of the State; the contract has an envelope of each for 2016 unless the
table says otherwise. Every table is put to the service and to the oracle, so the oracle is held to them as well.
"""

from collections.abc import Iterator

import pytest

from tests.support.commitment_events import Json, event, named, opened
from tests.support.decision_tables import SCENARIOS
from tests.support.oracle import Oracle
from tests.support.sequential import balances, books_with, decide_each

CONTRACT = "CV219"


@pytest.mark.parametrize("name", SCENARIOS)
def test_funding_answers_as_the_table_says(name: str) -> None:
    openings, events, expected, standing = _read(SCENARIOS[name])
    books = books_with(openings)
    assert [_told(answers) for answers in decide_each(books, events)] == expected
    assert {e: _only(balances(books)[e], s) for e, s in standing.items()} == standing


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_oracle_answers_as_the_table_says(name: str) -> None:
    openings, events, expected, standing = _read(SCENARIOS[name])
    oracle = Oracle().tell([*openings, *events])
    by_cause: dict[str, list[Json]] = {told["id"]: [] for told in events}
    for decision in oracle.answers:
        by_cause[decision["cause"]].append(decision)
    assert [_told(answers) for answers in by_cause.values()] == expected
    assert {e: _only(oracle.balances()[e], s) for e, s in standing.items()} == standing


def test_the_tables_meet_every_decision_and_every_reason() -> None:
    said = " ".join(SCENARIOS.values())
    for word in ("reserved", "waitlisted", "promoted", "refused", "amended", "released"):
        assert word in said
    for reason in ("envelope-unknown", "exceeds-authorised", "no-room", "commitment-unknown", "already-declared",
                   "not-standing"):  # fmt: skip
        assert f": {reason}" in said


def _only(found: Json, names: Json) -> Json:
    return {name: found[name] for name in names}


def _read(table: str) -> tuple[list[Json], list[Json], list[str], dict[str, Json]]:
    """The openings, the events, what is expected of each, and where envelopes end."""
    openings, events, expected, standing = [], [], [], {}
    for number, line in enumerate(filter(None, map(str.strip, table.splitlines())), 1):
        if line.startswith("open "):
            openings += [opened(*_envelope(each.split()[0]), int(each.split()[1])) for each in line[5:].split(",")]
        elif line.startswith("= "):
            name, _, reserved, _, waitlisted, count = line[2:].split()
            standing[".".join(map(str, _envelope(name)))] = {
                "reserved_cents": int(reserved), "waitlisted_cents": int(waitlisted),
                "waiting_count": int(count.strip("()")),
            }  # fmt: skip
        else:
            told, _, answer = line.partition("->")
            events.append(_event(told.split(), number))
            expected.append(answer.strip())
    return openings, events, expected, standing


def _envelope(name: str) -> tuple[str, str, int]:
    contract, _, rest = name.rpartition("/")
    funder, _, exercise = rest.partition("@")
    return contract or CONTRACT, funder, int(exercise or 2016)


def _event(words: list[str], number: int) -> Json:
    verb, name, *rest = words
    more = dict(word.split("=") for word in rest if "=" in word)
    contract = more.get("contract", CONTRACT)
    terms: Json = {}
    if rest and "+" in rest[0]:
        cdc, state = map(int, rest[0].split("+"))
        terms = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state}
    match verb:
        case "declare":
            terms |= {"exercise": int(more.get("exercise", 2016)), "priority": int(more.get("priority", 5))}
            return event("CommitmentDeclared", name, contract=contract, number=number, **terms)
        case "amend":
            return event("CommitmentAmended", name, contract=contract, number=number, **terms)
        case "withdraw":
            return event("CommitmentWithdrawn", name, contract=contract, number=number, reason="abandoned")
    raise AssertionError(f"{verb} is no verb of these tables")


def _told(answers: list[Json]) -> str:
    return "; ".join(_sentences(answers))


def _sentences(answers: list[Json]) -> Iterator[str]:
    names = {named(letter): letter for letter in "ABCDE"}
    for told in answers:
        amounts = f"{told['cdc_cents']}+{told['state_cents']}"
        match told["type"].removeprefix("Allocation"):
            case "Promoted":
                yield f"promoted {names[told['commitment_id']]} {amounts}"
            case "Refused":
                yield f"refused {amounts}: {told['reason']}"
            case "Amended":
                was = f"{told['previous_cdc_cents']}+{told['previous_state_cents']}"
                yield f"amended {amounts}, was {was}, {told['standing']}"
            case "Released":
                yield f"released {amounts}, was {told['standing']}"
            case "MovementRefused":
                assert amounts == "0+0"
                yield f"movement refused: {told['reason']}"
            case other:
                yield f"{other.lower()} {amounts}"
