"""The path of one person: received, oriented, supported, perhaps a business, and an end."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.businesses import Business, new_business, tell_business
from fabrique.demo.simulation.draws import happens, luhn_number, pick
from fabrique.demo.simulation.happenings import Happening, Teller
from fabrique.demo.territory import Territory
from shared.contracts import told
from shared.contracts.entrepreneur import Employment, PathOutcome, SupportKind

NOT_CREATED = {PathOutcome.GIVEN_UP: 60, PathOutcome.LOST_FROM_SIGHT: 40}
AFTER_CESSATION = {PathOutcome.GIVEN_UP: 45, PathOutcome.BACK_IN_EMPLOYMENT: 35, PathOutcome.LOST_FROM_SIGHT: 20}
LASTING_DAYS = 3 * 365


@dataclass(frozen=True, slots=True)
class Person:
    """What is drawn of a person before anything is told; `number` makes each of their references."""

    run: str
    number: int
    platform: str
    territory: Territory
    received_on: date
    oriented: bool
    creates: bool
    has_business: bool
    attributes: dict[str, Any]

    def reference(self, letter: str) -> str:
        """Name the person (P), their second partner's file (N), their doubled file (D) or their business (B)."""
        return f"{self.run}-{letter}{self.number:06d}"

    def teller(self, rng: Random, letter: str = "P", *, platform: str | None = None) -> Teller:
        """Open the file that a partner keeps on this person."""
        fields = {"entrepreneur_reference": self.reference(letter), "contract": self.territory.contract}
        return Teller(rng, platform or self.platform, **fields)


def path_of_person(rng: Random, run: str, number: int, *, received_on: date, territory: Territory) -> list[Happening]:
    """Draw everything that is told of one person, by all their partners, in no particular order."""
    person = _person(rng, run, number, received_on, territory)
    teller = person.teller(rng)
    welcomed = teller.tell(told.EntrepreneurWelcomed, received_on, **person.attributes)
    elsewhere = _oriented(teller, person, welcomed) if person.oriented else []
    for support in figures.SUPPORTS:
        _supported(teller, person, support, after=welcomed)
    if person.creates:
        _created(teller, person, after=welcomed)
    else:
        _not_created(teller, person, after=welcomed)
    if happens(rng, figures.MERGED_SHARE):
        elsewhere = elsewhere + _doubled(teller, person)
    elif happens(rng, figures.ERASED_SHARE):
        _erased(teller, person, after=welcomed)
    return teller.told + elsewhere


def _person(rng: Random, run: str, number: int, received_on: date, territory: Territory) -> Person:
    oriented = happens(rng, figures.ORIENTED_SHARE)
    creates = happens(rng, figures.CREATION_SHARE_ORIENTED if oriented else figures.CREATION_SHARE_OTHERS)
    has_business = creates and happens(rng, figures.LEFT_TRUNCATED_SHARE)
    employment = Employment.SELF_EMPLOYED if has_business else pick(rng, figures.EMPLOYMENTS)
    in_qpv = happens(rng, figures.QPV_RESIDENTS_SHARE)
    asked = {
        "sex": pick(rng, figures.SEXES).value,
        "age_band": pick(rng, figures.AGE_BANDS).value,
        "employment_before": employment.value,
        "diploma": pick(rng, figures.DIPLOMAS).value,
    }
    attributes = {name: None if happens(rng, figures.MISSING_SHARE) else answer for name, answer in asked.items()}
    return Person(
        run=run,
        number=number,
        platform=pick(rng, figures.PLATFORM_WEIGHTS),
        territory=territory,
        received_on=received_on,
        oriented=oriented,
        creates=creates,
        has_business=has_business,
        attributes={**attributes, "residence_qpv_code": rng.choice(territory.districts) if in_qpv else None},
    )


def _later(rng: Random, day: date, least: int, most: int) -> date:
    return day + timedelta(days=rng.randint(least, most))


def _oriented(teller: Teller, person: Person, welcomed: datetime) -> list[Happening]:
    """Direct the person to a network; if it is a partner, it sometimes welcomes them under a reference of its own."""
    rng, network = teller.rng, pick(teller.rng, figures.NETWORKS)
    oriented_on = _later(rng, person.received_on, 3, 45)
    oriented = teller.tell(told.EntrepreneurOriented, oriented_on, after=welcomed, network=network)
    platform = figures.PLATFORM_OF_NETWORK.get(network, person.platform)
    if platform == person.platform or not happens(rng, figures.WELCOMED_AGAIN_SHARE):
        return []
    other = person.teller(rng, "N", platform=platform)
    again_on = _later(rng, oriented_on, 7, 40)
    again = other.tell(told.EntrepreneurWelcomed, again_on, after=oriented, **person.attributes)
    _support(other, SupportKind.COACHING, again_on, days=rng.randint(60, 200), after=again)
    return other.told


def _supported(teller: Teller, person: Person, support: SupportKind, *, after: datetime) -> None:
    share, least, most = figures.SUPPORTS[support]
    if happens(teller.rng, share):
        started_on = _later(teller.rng, person.received_on, 0, 60)
        _support(teller, support, started_on, days=teller.rng.randint(least, most), after=after)


def _support(teller: Teller, support: SupportKind, started_on: date, *, days: int, after: datetime) -> None:
    started = teller.tell(told.SupportStarted, started_on, after=after, support=support.value)
    teller.tell(told.SupportEnded, started_on + timedelta(days=days), after=started, support=support.value)


def _created(teller: Teller, person: Person, *, after: datetime) -> None:
    rng = teller.rng
    preparation = min(700, max(20, int(rng.lognormvariate(math.log(150), 0.6))))
    seen_on = person.received_on if person.has_business else person.received_on + timedelta(days=preparation)
    born_on = _later(rng, seen_on, -900, -30) if person.has_business else seen_on
    business = new_business(
        rng, person.reference("B"), siren=luhn_number(f"999{person.number % 100_000:05d}"),
        territory=person.territory, born_on=born_on, seen_on=seen_on,
    )  # fmt: skip
    last = tell_business(teller, business, after=after)
    if happens(rng, figures.FINANCING_SHARE):
        _support(teller, SupportKind.FINANCING, seen_on, days=rng.randint(15, 90), after=after)
    if happens(rng, figures.FOLLOW_UP_SHARE):
        days = min(730, (business.ceased_on - seen_on).days)
        _support(teller, SupportKind.FOLLOW_UP, seen_on, days=days, after=after)
    _end_of_creator(teller, business, last)


def _end_of_creator(teller: Teller, business: Business, last: datetime) -> None:
    """Say after three years that the business lasts, or, once its cessation is known, what became of the person."""
    rng, lasting_on = teller.rng, _later(teller.rng, business.seen_on, LASTING_DAYS, LASTING_DAYS + 60)
    if lasting_on < business.ceased_on and happens(rng, 0.7):
        teller.tell(told.PathEnded, lasting_on, outcome=PathOutcome.LASTING_BUSINESS.value)
    elif happens(rng, 0.6):
        outcome = pick(rng, AFTER_CESSATION).value
        teller.tell(told.PathEnded, _later(rng, business.ceased_on, 15, 200), after=last, outcome=outcome)


def _not_created(teller: Teller, person: Person, *, after: datetime) -> None:
    rng, others = teller.rng, 1 - figures.CREATION_SHARE
    if happens(rng, figures.EMERGENCE_SHARE / others):
        return
    back = happens(rng, figures.BACK_IN_EMPLOYMENT_SHARE / (others - figures.EMERGENCE_SHARE))
    outcome = PathOutcome.BACK_IN_EMPLOYMENT if back else pick(rng, NOT_CREATED)
    teller.tell(told.PathEnded, _later(rng, person.received_on, 90, 540), after=after, outcome=outcome.value)


def _doubled(teller: Teller, person: Person) -> list[Happening]:
    """The same partner opens a second file by mistake, then says that both are one; rarely, that they are not."""
    rng, twin = teller.rng, person.teller(teller.rng, "D")
    doubled_on = _later(rng, person.received_on, 20, 200)
    doubled = twin.tell(told.EntrepreneurWelcomed, doubled_on, after=teller.told[0].declared_at, **person.attributes)
    twin_reference, found_on = person.reference("D"), _later(rng, doubled_on, 10, 120)
    twin_field: dict[str, Any] = {"merged_entrepreneur_reference": twin_reference}
    merged = teller.tell(told.EntrepreneursMerged, found_on, after=doubled, **twin_field)
    if happens(rng, figures.SEPARATED_SHARE_OF_MERGED):
        twin_field = {"separated_entrepreneur_reference": twin_reference}
        teller.tell(told.EntrepreneursSeparated, _later(rng, found_on, 20, 200), after=merged, **twin_field)
    return twin.told


def _erased(teller: Teller, person: Person, *, after: datetime) -> None:
    """The person asks to be forgotten: nothing is told of them any more."""
    erased_at = teller.tell(told.EntrepreneurErased, _later(teller.rng, person.received_on, 200, 1200), after=after)
    teller.told = [happening for happening in teller.told if happening.declared_at <= erased_at]
