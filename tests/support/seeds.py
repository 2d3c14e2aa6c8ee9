"""Seeds of the tests that draw at random: new ones each time, or those of a run to repeat."""

import os
import random


def seeds(count: int) -> list[int]:
    """Draw seeds; `FABRIQUE_SEEDS=12,34` repeats a run. They are in the tests' names, so a failure prints its own."""
    told = os.environ.get("FABRIQUE_SEEDS")
    return [int(seed) for seed in told.split(",")] if told else random.SystemRandom().sample(range(10**6), count)
