"""Puts a programme's rules in force, contract by contract: each version is a command, at its place in the line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import uuid5

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.commands import Applied
from services.funding.domain.rights import Excess, Pair, excesses, raised
from services.funding.domain.rules import Rules, RuleSet, next_version
from services.funding.store import queries, writes
from services.funding.store.tables import Command, RuleSetRow
from services.funding.use_cases.answering import outcome
from services.funding.use_cases.telling import COMMANDS, announce
from shared.contracts.topics import COMMITMENT
from shared.database import checkpoint
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox, Route
from shared.database.transaction import Session, reading, transaction
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError


@dataclass(frozen=True, slots=True)
class Ruler:
    """Who puts rules in force, from when, and with what."""

    engine: AsyncEngine
    route: Route
    clock: Clock
    by: str
    effective_on: date


class RightsExceedCap(ProgrammeError):
    """The rights of all contracts would add up to more than the programme's cap for a beneficiary."""

    def __init__(self, excess: Excess) -> None:
        rights, cap = (Decimal(cents).scaleb(-2) for cents in (excess.rights_cents, excess.cap_cents))
        super().__init__(
            f"the rights of {excess.exercise} would add up to {rights}, with those of contracts that the file does not"
            f" name; programme_cap_per_beneficiary is {cap}: grant less"
        )


async def set_rules(ruler: Ruler, wanted: Iterable[tuple[str, int, Rules]]) -> list[RuleSet]:
    """Put rules in force where they differ from those that are; return the new versions. Raises RightsExceedCap.

    Each contract is one transaction, each new version a step of its partition's line: what is decided behind it is
    decided by it. Promotions follow. Rights that are raised come last, so that at no time they pass the cap.
    """
    asked = {(contract, exercise): rules for contract, exercise, rules in wanted}
    async with reading(ruler.engine) as session:
        in_force = await queries.all_rules_in_force(session)
    for excess in excesses(in_force, asked):
        raise RightsExceedCap(excess)
    later = {pair for pair, rules in asked.items() if raised(in_force.get(pair), rules)}
    first = await _set_each(ruler, {pair: rules for pair, rules in asked.items() if pair not in later})
    return [*first, *await _set_each(ruler, {pair: asked[pair] for pair in later})]


async def _set_each(ruler: Ruler, wanted: Mapping[Pair, Rules]) -> list[RuleSet]:
    by_contract: dict[str, list[tuple[int, Rules]]] = {}
    for (contract, exercise), rules in wanted.items():
        by_contract.setdefault(contract, []).append((exercise, rules))
    new = []
    for contract in sorted(by_contract):
        async with transaction(ruler.engine) as session:
            await _check_rights(session, {(contract, exercise): rules for exercise, rules in by_contract[contract]})
            for exercise, rules in sorted(by_contract[contract], key=lambda each: each[0]):
                rule_set = await _set(session, ruler, contract, exercise, rules)
                new += [rule_set] if rule_set else []
    return new


async def _check_rights(session: Session, wanted: Mapping[Pair, Rules]) -> None:
    """Let nobody else raise a right until this is committed, and see that the cap is kept. Raises RightsExceedCap.

    It comes before the line's lock, and whoever holds a line's lock never asks for it.
    """
    if all(rules.right_cents is None for rules in wanted.values()):
        return
    await queries.lock_rights(session)
    in_force = await queries.all_rules_in_force(session)
    grants = {pair: rules for pair, rules in wanted.items() if raised(in_force.get(pair), rules)}
    for excess in excesses(in_force, grants):
        raise RightsExceedCap(excess)


async def _set(session: Session, ruler: Ruler, contract: str, exercise: int, rules: Rules) -> RuleSet | None:
    outbox = Outbox(session, ruler.route)
    source = Source(COMMITMENT.name, ruler.route(COMMITMENT.name, contract.encode()))
    await checkpoint.ensure(session, [source], topic_ids={})
    next_offset, step = await checkpoint.take_step(session, source)
    books = await queries.load_books(session, contracts=[contract], served=[(contract, exercise)])
    rule_set = next_version(books.rule_sets.get((contract, exercise)), contract, exercise, rules)
    if rule_set is None:
        return None
    command_id = uuid5(COMMANDS, f"rules/{contract}/{next_offset}/{step}")
    said: dict[str, Any] = msgspec.to_builtins(rules)
    content = {"contract": contract, "exercise": exercise, "version": rule_set.version, "rules": said}
    hashed = sha256(msgspec.json.encode(said, order="sorted")).digest()
    now = ruler.clock()
    outcomes = books.rule(rule_set)
    session.add(
        Command(
            command_id=command_id, partition=source.partition, next_offset=next_offset, step=step, kind="rules",
            by=ruler.by, applied_at=now, content=content, state="applied", reason="programme",
            effective_on=ruler.effective_on, content_hash=hashed, proposed_by=ruler.by, proposed_at=now,
            outcome=outcome(command_id, Applied(tuple(outcomes)), {}, books),
        )
    )  # fmt: skip
    session.add(
        RuleSetRow(contract=contract, exercise=exercise, version=rule_set.version, content=said, hash=hashed,
                   command_id=command_id, partition=source.partition, next_offset=next_offset, step=step)
    )  # fmt: skip
    await session.flush()
    postings = await announce(outbox, command_id, contract, outcomes, now=now)
    await writes.record_books(session, books, postings)
    await outbox.flush()
    return rule_set
