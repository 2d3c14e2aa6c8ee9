"""What the partners of one contract ask of the funders: projects with their cost, their shares and their days."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.draws import happens, luhn_number, pick
from fabrique.demo.territory import Territory, territories
from shared.kernel.funders import Funder

Amounts = dict[Funder, int]
"""Cents asked of each funder; both are always named."""


@dataclass(frozen=True, slots=True)
class Project:
    """One commitment, as its partner will tell it; `amended` holds only if `amended_on` is a day."""

    platform: str
    contract: str
    reference: str
    beneficiary_siret: str
    asked_on: date
    priority: int
    cost_cents: int
    asked: Amounts
    amended: Amounts
    amended_on: date | None
    withdrawn_on: date | None


def authorised(territory: Territory) -> Amounts:
    """Return the two envelopes of a contract for 2016, in cents; the odd cents of the State's split are left out."""
    inhabitants = sum(each.qpv_population for each in territories())
    state_cents = figures.STATE_CENTS * territory.qpv_population // inhabitants
    return {Funder.CDC: figures.CDC_CENTS_PER_CONTRACT, Funder.STATE: state_cents}


def projects(rng: Random, run: str, territory: Territory) -> Iterator[Project]:
    """Draw projects until they ask of the contract's envelopes what its appetite says."""
    envelopes = authorised(territory)
    wanted_cents = int(sum(envelopes.values()) * figures.APPETITES[territory.contract])
    number = 0
    while wanted_cents > 0:
        number += 1
        project = _project(rng, f"{run}-{territory.contract}-{number:04d}", territory, envelopes)
        wanted_cents -= sum(project.asked.values())
        yield project


def _project(rng: Random, reference: str, territory: Territory, envelopes: Amounts) -> Project:
    asked = _asked(rng, envelopes)
    total = sum(asked.values())
    cost_cents = _rounded(int(total / rng.uniform(0.4, 0.8)))
    factor = rng.uniform(0.6, 0.9) if happens(rng, 0.4) else rng.uniform(1.1, 2.0)
    days = (figures.LAST_ASKED_ON - figures.FIRST_ASKED_ON).days
    asked_on = figures.FIRST_ASKED_ON + timedelta(days=int(rng.triangular(0, days, days / 3)))
    fate = rng.random()
    amended = fate < figures.AMENDED_SHARE
    withdrawn = figures.AMENDED_SHARE <= fate < figures.AMENDED_SHARE + figures.WITHDRAWN_SHARE
    return Project(
        platform=pick(rng, figures.PLATFORM_WEIGHTS),
        contract=territory.contract,
        reference=reference,
        beneficiary_siret=_siret(rng),
        asked_on=asked_on,
        priority=pick(rng, figures.PRIORITIES),
        cost_cents=cost_cents,
        asked=asked,
        amended={funder: _rounded(int(cents * factor)) for funder, cents in asked.items()},
        amended_on=asked_on + timedelta(days=rng.randint(8, 45)) if amended else None,
        withdrawn_on=asked_on + timedelta(days=rng.randint(5, 28)) if withdrawn else None,
    )


def _asked(rng: Random, envelopes: Amounts) -> Amounts:
    """Draw the amounts asked, shared about as the envelopes are; for a third, one funder alone is asked."""
    drawn = rng.lognormvariate(math.log(figures.ASKED_CENTS_MEDIAN), figures.ASKED_SIGMA)
    total = int(min(figures.ASKED_CENTS_MAX, max(figures.ASKED_CENTS_MIN, drawn)))
    total = total if happens(rng, 0.15) else _rounded(total)
    cdc_part = envelopes[Funder.CDC] / sum(envelopes.values())
    share = min(0.9, max(0.1, rng.gauss(cdc_part, 0.12)))
    if happens(rng, 0.35):
        share = 1.0 if happens(rng, 0.3) else 0.0
    cdc_cents = _rounded(int(total * share)) if share < 1 else total
    return {Funder.CDC: cdc_cents, Funder.STATE: total - cdc_cents}


def _rounded(cents: int) -> int:
    """Round to 50 euros, as people ask."""
    return round(cents / 50_00) * 50_00


def _siret(rng: Random) -> str:
    """Draw one of sixty invented associations; invented people's numbers begin with 999, these with 998."""
    return luhn_number(luhn_number(f"998{rng.randrange(60):05d}") + "0001")
