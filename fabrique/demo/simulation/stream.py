"""Puts everything that the partners tell in order of `declared_at`, as the CloudEvents they would send."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import chain, count
from random import Random
from typing import Any

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.commitments import commitments
from fabrique.demo.simulation.draws import generator, happens, is_working_day
from fabrique.demo.simulation.flaws import garbage
from fabrique.demo.simulation.happenings import Flaw, Happening, instant_text
from fabrique.demo.simulation.people import path_of_person
from fabrique.demo.territory import territories
from shared.contracts import told

DEFAULT_SEED = 2016


class Road(StrEnum):
    """How a partner speaks to intake."""

    HTTP = "http"
    KAFKA = "kafka"


@dataclass(frozen=True, slots=True)
class Told:
    """One CloudEvent of one partner; `flaw` labels garbage, `again` an exact duplicate of the event before it."""

    platform: str
    road: Road
    event: dict[str, Any]
    flaw: Flaw | None = None
    again: bool = False


def simulate(seed: int = DEFAULT_SEED, *, people_per_year_scale: float = 1.0) -> Iterator[Told]:
    """Yield the 66 months of a simulated programme, in order of `declared_at`; the same arguments give the same bytes.

    `people_per_year_scale` multiplies the 1 120 people received a year; commitments and garbage stay what they are. The
    seed and the scale are part of each identifier and reference, so that two simulations never contradict one another.
    """
    run = f"s{seed}" if people_per_year_scale == 1 else f"s{seed}x{people_per_year_scale:g}"
    chance = generator(seed, "commitments")
    asked = [happening for each in territories() for happening in commitments(chance, run, each)]
    declared = [happening for happening in asked if happening.type == told.CommitmentDeclared.__name__]
    spoiled = garbage(generator(seed, "garbage"), run, declared)
    people = _arrivals(generator(seed, "people"), run, people_per_year_scale)
    first_day = [(figures.FIRST_DAY, happening) for happening in chain(asked, spoiled)]
    return _numbered(generator(seed, "duplicates"), run, _in_order(chain(first_day, people)))


def _arrivals(rng: Random, run: str, scale: float) -> Iterator[tuple[date, Happening]]:
    """Yield (day of arrival, happening) for each person received: on working days, by the QPV's population."""
    places = territories()
    inhabitants = [place.qpv_population for place in places]
    per_working_day = figures.PEOPLE_PER_YEAR_PER_HEAD * figures.PROJECT_HEADS * scale / 255
    numbers, day = count(1), figures.FIRST_DAY
    while day <= figures.LAST_DAY:
        if is_working_day(day):
            expected = per_working_day * figures.MONTH_WEIGHTS[day.month - 1]
            for place in rng.choices(places, inhabitants, k=int(expected + rng.random())):
                path = path_of_person(rng, run, next(numbers), received_on=day, territory=place)
                yield from ((day, happening) for happening in path)
        day += timedelta(days=1)


def _in_order(arrivals: Iterable[tuple[date, Happening]]) -> Iterator[Happening]:
    """Sort by `declared_at` what arrives by day, holding only what is declared after that day; stop at the last day."""
    waiting: list[tuple[datetime, int, Happening]] = []
    end = datetime.combine(figures.LAST_DAY, time.max, UTC)
    for ordinal, (day, happening) in enumerate(arrivals):
        while waiting and waiting[0][0].date() < day:
            yield heappop(waiting)[2]
        if happening.declared_at <= end:
            heappush(waiting, (happening.declared_at, ordinal, happening))
    while waiting:
        yield heappop(waiting)[2]


def _numbered(rng: Random, run: str, happenings: Iterable[Happening]) -> Iterator[Told]:
    """Give each event its identifier, in order, and tell a few twice."""
    numbers: Counter[str] = Counter()
    accepted: dict[str, str] = {}
    for happening in happenings:
        numbers[happening.platform] += 1
        identifier = f"{run}-{numbers[happening.platform]:06d}"
        if happening.flaw is None:
            accepted[happening.platform] = identifier
        elif happening.flaw is Flaw.IDENTIFIER_REUSED:
            identifier = accepted.get(happening.platform, identifier)
        event = _cloudevent(happening, identifier)
        road = Road.KAFKA if happening.platform in figures.KAFKA_ONLY else Road.HTTP
        yield Told(happening.platform, road, event, happening.flaw)
        if happening.flaw is None and happens(rng, figures.DUPLICATE_SHARE):
            yield Told(happening.platform, road, event, again=True)


def _cloudevent(happening: Happening, identifier: str) -> dict[str, Any]:
    name = "adie" if happening.flaw is Flaw.SOURCE_OF_ANOTHER else happening.platform
    return {
        "specversion": "1.0", "id": identifier, "source": f"/simulation/{name}", "type": happening.type,
        "time": instant_text(happening.declared_at), "datacontenttype": "application/json", "data": happening.content(),
    }  # fmt: skip
