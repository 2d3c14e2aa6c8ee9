"""A projection that is forgotten and folded again is the same, and what is published never goes back."""

import json
import random

import pytest

from services.reporting import use_cases
from services.reporting.use_cases import StillRunning
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from shared.database.transaction import create_engine, transaction
from tests.support.seeds import seeds
from tests.use_cases.reporting.drawn import lives
from tests.use_cases.reporting.drawn_ledger import Ledger
from tests.use_cases.reporting.projection import Projection
from tests.use_cases.reporting.records import Record, cut, log


def logs(chance: random.Random) -> list[list[Record]]:
    """One log for each topic."""
    facts = Ledger(chance, ("CV217", "CV219")).facts(150)
    return [log(ALLOCATION, facts), log(ENTREPRENEUR, lives(chance, 80, ("CV217", "CV219")), partition=1)]


async def state(projection: Projection) -> None:
    """Run both publishers."""
    await projection.state_budgets()
    await projection.state_survival()


@pytest.mark.parametrize("seed", seeds(2))
async def test_a_rebuilt_projection_is_the_same_and_states_each_figure_once_more(
    projection: Projection, seed: int
) -> None:
    chance = random.Random(seed)
    told = logs(chance)
    await projection.apply(*told)
    await state(projection)
    rows = await projection.folded()
    before = {topic.name: await projection.latest(topic.name) for topic in (BUDGET, SURVIVAL)}
    await use_cases.rebuild(projection.engine, application="reporting/")
    assert not any((await projection.folded()).values())
    for one in told:
        for batch in cut(chance, one):
            await projection.apply(batch)
            await state(projection)
    assert await projection.folded() == rows
    for topic, latest in before.items():
        versions: dict[str, list[int]] = {}
        for key, value in await projection.stated(topic):
            versions.setdefault(key, []).append(json.loads(value)["version"])
        assert all(len(told_of) >= 2 and len(set(told_of)) == 1 for told_of in versions.values())
        assert (await projection.latest(topic)).keys() == latest.keys()
        for key, value in (await projection.latest(topic)).items():
            assert {**json.loads(value), "read": None} == {**json.loads(latest[key]), "read": None}


async def test_a_figure_that_was_folded_wrongly_is_stated_rightly_after_a_rebuild(projection: Projection) -> None:
    told = logs(random.Random(1))
    await projection.apply(*told)
    async with transaction(projection.engine) as session:
        row = await session.connection()
        await row.exec_driver_sql("UPDATE budget SET refused_count = refused_count + 1000")
    await projection.state_budgets()
    assert (await projection.budget("CV219.CDC.2016"))["refused_count"] >= 1000
    await use_cases.rebuild(projection.engine, application="reporting/")
    await projection.apply(*told)
    await projection.state_budgets()
    assert (await projection.budget("CV219.CDC.2016"))["refused_count"] < 1000


async def test_nothing_is_forgotten_while_a_process_still_reads(projection: Projection) -> None:
    await projection.apply(*logs(random.Random(2)))
    rows = await projection.folded()
    url = projection.engine.url.render_as_string(hide_password=False)
    running = create_engine(url, application_name="reporting/1")
    async with transaction(running) as session:
        await session.connection()
        with pytest.raises(StillRunning, match="stop it"):
            await use_cases.rebuild(projection.engine, application="reporting/")
    await running.dispose()
    assert await projection.folded() == rows
