"""Keeps what contracts weigh in the keys of a programme file, and reads what a manager may wish otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.alternative import Key, Weights, Wish, credits_wished, rules_wished
from services.funding.domain.command import Command, parts
from services.funding.domain.envelope import Envelope
from services.funding.domain.reapportionment import Given, credits_now, ours
from services.funding.domain.rehearsal import Credit, Pair
from services.funding.domain.rules import Rules
from services.funding.programme import Opening, Programme
from services.funding.store import line as store
from services.funding.store import writes
from services.funding.use_cases.what_if import Question, given_of, opened_by
from shared.database.transaction import reading, transaction


@dataclass(frozen=True, slots=True)
class Ground:
    """What a wish departs from: envelopes, the credits they have now, the rules in force, and what contracts weigh."""

    envelopes: Mapping[str, Envelope]
    credits: Mapping[str, Credit]
    rules: Mapping[Pair, Rules]
    weights: Weights
    earlier: tuple[Given, ...]

    def contracts(self, exercise: int) -> list[str]:
        """The contracts that have envelopes in an exercise."""
        return sorted({e.contract for e in self.envelopes.values() if e.exercise == exercise})


async def keep_weights(engine: AsyncEngine, programme: Programme) -> None:
    """Keep what the contracts of a programme file weigh."""
    async with transaction(engine) as session:
        await writes.put_weights(session, [(c.code, c.qpv_population, c.caseload) for c in programme.contract])


async def ground(engine: AsyncEngine) -> Ground:
    """Read what a wish departs from, in one snapshot."""
    async with reading(engine) as session:
        rows, books, weights = await store.commands(session), await store.books(session), await store.weights(session)
    earlier = ours([*given_of(rows)])
    return Ground(
        books.envelopes, credits_now(opened_by(rows), earlier.values()),
        {pair: rule_set.rules for pair, rule_set in books.rule_sets.items()},
        {code: {Key.POPULATION: people, Key.CASELOAD: cases} for code, (people, cases) in weights.items()},
        tuple(each for each in earlier.values() if each.state == "applied"),
    )  # fmt: skip


def question(at: Ground, wish: Wish, how: Command, *, displace: bool) -> Question:
    """Word a wish as the question that a replay answers. Raises Unweighed."""
    wished = credits_wished(wish, at.credits, at.weights, at.earlier)
    rules = rules_wished(wish, at.contracts(wish.exercise), at.rules)
    return Question(tuple(_openings(wished.items())), how, displace=displace, rules=rules)


def _openings(wished: Iterable[tuple[str, Credit]]) -> Iterable[Opening]:
    return (Opening(*parts(name), credit.amount, credit.payment) for name, credit in wished)
