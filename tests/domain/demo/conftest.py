"""The whole default simulation, drawn once for all the tests that look at it."""

import pytest

from fabrique.demo.simulation import DEFAULT_SEED, Told, simulate


@pytest.fixture(scope="session")
def stream() -> tuple[Told, ...]:
    """Everything the partners send by default, garbage and duplicates included."""
    return tuple(simulate(DEFAULT_SEED))


@pytest.fixture(scope="session")
def good(stream: tuple[Told, ...]) -> tuple[Told, ...]:
    """What they send well, once."""
    return tuple(each for each in stream if each.flaw is None and not each.again)
