"""A replay on a copy ends where the ledger does, conserves every cent, and changes only what it was told to change."""

import random
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.comparison import Comparison, Verdict, compare, snapshot, unlike
from services.funding.domain.rehearsal import (
    Commanded,
    Credit,
    Heard,
    LinesDisagree,
    Opened,
    Ruled,
    Scenario,
    Scored,
    Step,
    in_order,
    rehearse,
)
from services.funding.domain.rules import Order, Rules, RuleSet
from services.funding.domain.scoring import Scoring
from tests.domain.funding.test_commands_against_oracle import a_command
from tests.support.clerk import Clerk
from tests.support.commitment_events import Json, Scribe, event, named, opened
from tests.support.sequential import incoming

DAY = date(2016, 10, 1)
CONTRACTS = ("CV219", "CV221")


def as_steps(told: list[Json]) -> list[Step]:
    """The steps of a line, as a replay takes them, at the places that the clerk gives them."""
    steps: list[Step] = []
    for place, step in enumerate(told, 1):
        if "open" in step:
            steps.append(Opened({step["open"]: Credit(step["amount_cents"], step.get("payment_cents"))}, place))
        elif "rules" in step:
            rules = msgspec.convert(step["rules"], Rules)
            steps.append(Ruled(RuleSet(step["contract"], step["exercise"], step["version"], rules), place))
        elif step.get("kind") == "score":
            about = Scoring(step["contract"], UUID(step["commitment_id"]), step["score"], "cdc", "committee", DAY)
            steps.append(Scored(about, place))
        elif "of" in step:
            steps.append(Commanded(UUID(step["command"]), step["of"], place))
        else:
            heard = incoming(step, place)
            steps.append(Heard(heard.event_id, heard.fact, heard.type, heard.place))
    return steps


def a_line(seed: int, length: int = 120) -> list[Json]:
    """Openings, events and commands of one partition, at random, in small amounts and tight envelopes."""
    chance = random.Random(seed)
    scribe = Scribe(chance, CONTRACTS)
    line: list[Json] = scribe.openings()
    names = [step["open"] for step in line]
    for told in scribe.events(length):
        line.append(told)
        if names and chance.random() < 0.2:
            line.append({"of": a_command(chance, names), "command": named(f"command {len(line)}")})
    return line


def as_told(line: list[Json]) -> list[Json]:
    """The same steps as the clerk reads them."""
    found = []
    for step in line:
        command: Any = step.get("of")
        if command is None:
            found.append(step)
            continue
        found.append({
            "command": step["command"], "kind": command.act.value, "envelope": command.envelope, "to": command.to,
            "amount_cents": command.amount_cents, "payment_cents": command.payment_cents,
            "displace": command.displace,
        })  # fmt: skip
    return found


def assert_conserved(found: Comparison, seed: int) -> None:
    """What envelopes gain and lose is what their commitments gain and lose, to the cent."""
    of_envelopes: Counter[str] = Counter()
    for pair in found.envelopes:
        contract, funder, exercise = pair.name.split(".")
        of_envelopes[f"{contract}.{exercise}.{funder}.served"] += pair.difference.served
        of_envelopes[f"{contract}.{exercise}.{funder}.paid"] += 0
    of_commitments: Counter[str] = Counter()
    for change in found.changes:
        for funder, before, after in zip(("CDC", "STATE"), change.before.served, change.after.served, strict=True):
            of_commitments[f"{change.before.contract}.{change.before.exercise}.{funder}.served"] += after - before
    assert +of_envelopes == +of_commitments, seed
    assert -of_envelopes == -of_commitments, seed


seeds = st.integers(0, 2**32)


@given(seeds)
def test_a_replay_without_change_ends_where_the_ledger_stands(seed: int) -> None:
    line = a_line(seed)
    clerk = Clerk().tell(as_told(line))
    replayed = rehearse(as_steps(line))
    assert [*unlike(replayed, clerk.books)] == [], seed
    assert compare(snapshot(clerk.books), snapshot(replayed)).is_empty


@given(seeds)
def test_credits_as_they_were_change_nothing(seed: int) -> None:
    steps = as_steps(a_line(seed))
    same = {name: credit for step in steps if isinstance(step, Opened) for name, credit in step.credits.items()}
    assert [*unlike(rehearse(steps, Scenario(same)), rehearse(steps))] == [], seed


@given(seeds, st.booleans())
def test_whatever_changes_sums_are_conserved_and_no_envelope_is_overdrawn(seed: int, first_come: bool) -> None:
    steps = as_steps(a_line(seed))
    chance = random.Random(seed)
    other = {
        name: Credit(chance.randint(0, 200), credit.payment)
        for step in steps if isinstance(step, Opened) for name, credit in step.credits.items()
    }  # fmt: skip
    instead = rehearse(steps, Scenario(other, first_come=first_come))
    assert_conserved(compare(snapshot(rehearse(steps)), snapshot(instead)), seed)
    assert min((envelope.room for envelope in instead.envelopes.values()), default=0) >= 0, seed


@given(seeds)
def test_what_is_compared_the_other_way_is_the_opposite(seed: int) -> None:
    steps = as_steps(a_line(seed, 60))
    was, instead = snapshot(rehearse(steps)), snapshot(rehearse(steps, Scenario(first_come=True)))
    there, back = compare(was, instead), compare(instead, was)
    assert {c.commitment_id: c.gained for c in there.changes} == {c.commitment_id: -c.gained for c in back.changes}
    assert there.count(Verdict.BETTER) == back.count(Verdict.WORSE)
    assert there.count(Verdict.OTHERWISE) == back.count(Verdict.OTHERWISE)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(0, 100), st.integers(0, 100))
def test_whoever_asks_the_same_and_only_asks_is_served_no_less_by_a_larger_envelope(
    amounts: list[int], credit: int, more: int
) -> None:
    """With one funder, nobody ahead by priority and nothing but declarations: not true of all that may happen."""
    credit = max(credit, *amounts)
    name = "CV219.CDC.2016"
    steps = as_steps([opened("CV219", "CDC", 2016, credit), *(declared(n, n, c) for n, c in enumerate(amounts))])
    was = rehearse(steps).envelopes[name]
    assert rehearse(steps, Scenario({name: Credit(credit + more)})).envelopes[name].reserved >= was.reserved


def declared(name: Any, number: int, cdc: int, priority: int = 5, contract: str = "CV219") -> Json:
    terms = {"exercise": 2016, "priority": priority, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc}
    return event("CommitmentDeclared", f"c{name}", contract=contract, number=number, **terms)


def test_first_come_serves_who_came_first() -> None:
    told = [opened("CV219", "CDC", 2016, 10), declared("a", 1, 10), declared("b", 2, 10), declared("c", 3, 10, 1),
            event("CommitmentWithdrawn", "ca", contract="CV219", number=4, reason="abandoned")]  # fmt: skip
    steps = as_steps(told)
    found = compare(snapshot(rehearse(steps)), snapshot(rehearse(steps, Scenario(first_come=True))))
    fates = {str(c.commitment_id): (c.verdict.value, c.gained) for c in found.changes}
    assert fates == {named("cb"): ("better", 10), named("cc"): ("worse", -10)}


def test_rules_are_replayed_at_their_place_and_a_scenario_has_its_own_from_the_beginning() -> None:
    capped = {"rules": {"cap_per_project_cents": 10}, "contract": "CV219", "exercise": 2016, "version": 1,
              "command": named("rules")}  # fmt: skip
    line = [opened("CV219", "CDC", 2016, 100), declared("A", 1, 20), capped, declared("B", 2, 20), declared("C", 3, 5)]
    replayed, ledger = rehearse(as_steps(line)), Clerk().tell(line).books
    assert [*unlike(replayed, ledger)] == []
    assert [c.state for c in replayed.commitments.values()] == ["reserved", "refused", "reserved"]
    strict = Scenario(rules={("CV219", 2016): Rules(cap_per_project_cents=4)})
    assert [c.state for c in rehearse(as_steps(line), strict).commitments.values()] == ["refused"] * 3


def test_scores_are_replayed_and_count_where_a_scenario_orders_by_them() -> None:
    score = {"kind": "score", "contract": "CV219", "commitment_id": named("cc"), "score": 9, "command": named("s")}
    withdrawn = event("CommitmentWithdrawn", "ca", contract="CV219", number=4, reason="abandoned")
    line = [
        opened("CV219", "CDC", 2016, 10),
        *(declared(name, n, 10) for n, name in enumerate("abc")),
        score,
        withdrawn,
    ]
    replayed, ledger = rehearse(as_steps(line)), Clerk().tell(line).books
    assert [*unlike(replayed, ledger)] == []
    rules = {("CV219", 2016): Rules(order=Order.SCORE)}
    for scenario, served in ((Scenario(), "cb"), (Scenario(rules=rules), "cc"),
                             (Scenario(rules=rules, first_come=True), "cb")):  # fmt: skip
        found = rehearse(as_steps(line), scenario).commitments
        assert [str(c.commitment_id) for c in found.values() if c.state == "reserved"] == [named(served)]


def test_an_envelope_that_was_never_opened_is_there_from_the_beginning() -> None:
    steps = as_steps([declared("a", 1, 10)])
    found = compare(snapshot(rehearse(steps)), snapshot(rehearse(steps, Scenario({"CV219.CDC.2016": Credit(10)}))))
    [change] = found.changes
    assert (change.before.state, change.after.state, change.gained) == ("refused", "reserved", 10)
    assert found.envelopes[0].difference.reserved == found.totals[0].difference.reserved == 10


def test_an_envelope_that_is_opened_later_is_not_there_before_whatever_it_is_opened_with() -> None:
    steps = as_steps([declared("a", 1, 10), opened("CV219", "CDC", 2016, 10), declared("b", 2, 10)])
    found = rehearse(steps, Scenario({"CV219.CDC.2016": Credit(20)}))
    assert [c.state for c in found.commitments.values()] == ["refused", "reserved"]
    assert found.envelopes["CV219.CDC.2016"].authorised == 20


def test_a_step_of_two_lines_comes_after_all_that_is_before_it_in_both() -> None:
    chance = random.Random(3)
    command = a_command(chance, ["CV219.CDC.2016"])
    heard = as_steps([declared(n, n, 1) for n in range(6)])

    def twofold(name: str, place: int) -> Commanded:
        return Commanded(UUID(named(name)), command, place, twofold=True)

    lines = {0: [*heard[:2], twofold("x", 3), heard[2], twofold("y", 5)],
             1: [heard[3], twofold("x", 3), heard[4], twofold("y", 5), heard[5]]}  # fmt: skip
    joined = in_order(lines)
    assert len(joined) == 8
    for line in lines.values():
        identities = [_identity(step) for step in joined]
        assert sorted(identities.index(_identity(step)) for step in line) == [
            identities.index(_identity(step)) for step in line
        ]
    with pytest.raises(LinesDisagree):
        in_order({0: [twofold("x", 1), twofold("y", 2)], 1: [twofold("y", 1), twofold("x", 2)]})


def _identity(step: Step) -> object:
    return step.command_id if isinstance(step, Commanded) else step.event_id if isinstance(step, Heard) else None


def test_envelopes_are_opened_again_with_their_payment_credits_and_it_is_said_how_far_the_replay_is() -> None:
    line = [opened("CV219", "CDC", 2016, 50), opened("CV219", "STATE", 2016, 40) | {"payment_cents": 30}]
    heard: list[int] = []
    steps = as_steps([*line, *(declared(n, n, 1) for n in range(2500))])
    replayed = rehearse(steps, Scenario({"CV219.CDC.2016": Credit(60)}), progress=heard.append)
    assert heard == [0, 1000, 2000, 2502]
    found = {name: (e.authorised, e.payment_credits, e.payment_opened) for name, e in replayed.envelopes.items()}
    assert found == {"CV219.CDC.2016": (60, None, 0), "CV219.STATE.2016": (40, 30, 30)}


def test_a_scenario_s_own_rules_are_its_first_version() -> None:
    replayed = rehearse([], Scenario(rules={("CV219", 2016): Rules()}))
    assert replayed.rule_sets == {("CV219", 2016): RuleSet("CV219", 2016, 1, Rules())}
