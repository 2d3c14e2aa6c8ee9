"""Managers' commands and batches of events race on the same envelopes while connections are killed: one line remains.

`FABRIQUE_RACE_SECONDS=180` races for minutes; by default for a few seconds.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import ConsumerRecord

from services.funding.domain.command import Act, Command
from services.funding.domain.manager import OPERATOR
from services.funding.domain.scoring import Scoring
from services.funding.use_cases import scoring
from services.funding.use_cases.commanding import Answer
from shared.database.transaction import sqlstate
from shared.messaging.backoff import is_transient
from tests.support.books import assert_books_balance
from tests.support.commands import assert_examined, commanded, desk, wanted
from tests.support.commitment_events import Scribe, records
from tests.support.ledger import Ledger
from tests.support.seeds import seeds

SECONDS = float(os.environ.get("FABRIQUE_RACE_SECONDS", "6"))
EVENTS = 1800
CONTRACTS = {0: ["CV217", "CV218"], 1: ["CV219", "CV221"]}
DEADLOCK = "40P01"
KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
    " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
)
Logs = Mapping[int, Sequence[ConsumerRecord[bytes, bytes]]]


class Race:
    """What happens at once on one ledger, and what was met."""

    def __init__(self, ledger: Ledger, log: Logs, chance: random.Random) -> None:
        self.ledger = ledger
        self.log = log
        self.chance = chance
        self.over = asyncio.Event()
        self.met: Counter[str] = Counter()

    async def run(self) -> None:
        """Apply the logs and command at the same time, until the logs are applied to their end."""
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(self._command()) for _ in range(3)]
            others.append(group.create_task(self._kill()))
            await asyncio.gather(*(self._apply(partition) for partition in self.log))
            self.over.set()
            await asyncio.gather(*others)

    async def _apply(self, partition: int) -> None:
        batch, records_, start = self.ledger.micro_batch(), self.log[partition], 0
        while start < len(records_):
            size = self.chance.choice((1, 5, 40, 120))
            await batch.apply(records_[max(0, start - 3) : start + size])
            start += size
            await asyncio.sleep(size * SECONDS / EVENTS)

    async def _command(self) -> None:
        """Command without rest; what fails is given again, as a manager's client would, until it is answered."""
        while not self.over.is_set():
            command_id, command = uuid4(), self._drawn() if self.chance.random() < 0.75 else await self._scoring()
            answer = await self._answered(command_id, command)
            self.met[answer.command.state] += 1
            again = await self._answered(command_id, command)
            assert (again.command.state, again.command.outcome) == (answer.command.state, answer.command.outcome)

    async def _scoring(self) -> Scoring:
        """A score of one of those that were declared; of nobody yet, of whom nobody knows."""
        rows: list[Any] = []
        while not rows:
            with suppress(Exception):  # the connection is killed now and then
                rows = [*await self.ledger.rows("SELECT commitment_id FROM commitment ORDER BY random() LIMIT 1")]
        score = self.chance.choice((None, 1, 5, 9))
        return Scoring("", rows[0]["commitment_id"], score, "cdc", "committee", date(2016, 10, 1))

    async def _answered(self, command_id: UUID, command: Command | Scoring) -> Answer:
        while True:
            try:
                if isinstance(command, Scoring):
                    return await scoring.score(desk(self.ledger), command_id, command, OPERATOR)
                return await commanded(self.ledger, command, command_id)
            except Exception as error:
                if sqlstate(error) == DEADLOCK or not is_transient(error):
                    raise  # no deadlock may reach a manager
                self.met["tried again"] += 1

    def _drawn(self) -> Command:
        chance = self.chance
        contract, other = chance.sample([c for homes in CONTRACTS.values() for c in homes], 2)
        funder, exercise = chance.choice(("CDC", "STATE")), chance.choice((2016, 2017))
        act = chance.choice([act for act in Act if act not in (Act.CLOSE, Act.CARRY_OVER)])
        to = f"{other}.{funder}.{exercise}" if act is Act.TRANSFER else None
        amount = chance.randint(1, 12)
        return wanted(act, f"{contract}.{funder}.{exercise}", amount, to=to, displace=chance.random() < 0.5)

    async def _kill(self) -> None:
        while not self.over.is_set():
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))
            try:
                self.met["killed"] += len(await self.ledger.rows(KILL))
            except Exception as error:
                if not is_transient(error):
                    raise


@pytest.mark.faults
@pytest.mark.parametrize("seed", seeds(1))
async def test_commands_and_events_race_without_a_deadlock_or_a_lost_cent(ledger: Ledger, seed: int) -> None:
    chance, log = random.Random(seed), {}
    for partition, contracts in CONTRACTS.items():
        scribe = Scribe(chance, contracts)
        await ledger.open(scribe.openings(), partition=partition)
        await ledger.rule(contracts[0], 2016, {"order": "score"})
        for contract in contracts:
            ledger.places[contract] = partition
        log[partition] = records(scribe.events(EVENTS), partition=partition)
    race = Race(ledger, log, chance)
    await race.run()
    print(f"seed {seed}: {dict(race.met)}")  # noqa: T201  what happened is worth a line
    assert race.met["applied"] > 0
    assert race.met["refused"] > 0
    assert race.met["killed"] > 0
    rows = await ledger.rows(
        "SELECT state, count(*) AS n FROM command WHERE kind NOT IN ('open-envelopes', 'rules') GROUP BY state"
    )
    assert {row["state"]: row["n"] for row in rows} == {s: race.met[s] for s in ("applied", "refused")}
    await assert_examined(ledger)
    await assert_books_balance(ledger.url, log=log)
