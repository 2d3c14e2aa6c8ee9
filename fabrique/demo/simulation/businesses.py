"""The life of one business, from its birth to its cessation, as its partner tells it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.draws import happens, late_days, lifetime_days, pick, routine_days
from fabrique.demo.simulation.happenings import Teller
from fabrique.demo.territory import Territory
from shared.contracts import told
from shared.contracts.entrepreneur import CessationKind, LegalForm

COMPANY_DEATHS = {CessationKind.LIQUIDATION: 62, CessationKind.VOLUNTARY: 38}
SOLE_TRADER_DEATHS = {CessationKind.LIQUIDATION: 18, CessationKind.VOLUNTARY: 82}
COMPANY_EXITS = {CessationKind.TAKEN_OVER: 50, CessationKind.MERGED: 35, CessationKind.BROKEN_UP: 15}


@dataclass(frozen=True, slots=True)
class Business:
    """What a business is, and the days that bound its life; `seen_on` is the first day its partner knew it."""

    reference: str
    siren: str | None
    born_on: date
    seen_on: date
    micro: bool
    legal_form: LegalForm
    qpv_code: str | None
    ceased_on: date
    cessation: CessationKind


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to tell of a business."""

    occurred_on: date
    model: type[told.ToldOfBusiness]
    delay_days: int
    fields: dict[str, Any]


def new_business(
    rng: Random, reference: str, *, siren: str, territory: Territory, born_on: date, seen_on: date
) -> Business:
    """Draw a business that was born on a day, and lived at least until it was first seen."""
    micro = happens(rng, figures.MICRO_SHARE)
    company = not micro and happens(rng, figures.COMPANY_SHARE_OF_NON_MICRO)
    legal_form = LegalForm.COMPANY if company else LegalForm.SOLE_TRADER
    in_qpv = happens(rng, figures.BUSINESS_IN_QPV_SHARE)
    survival = figures.survival_of(micro=micro, legal_form=legal_form, in_qpv=in_qpv)
    days = lifetime_days(rng, survival, lived_days=(seen_on - born_on).days)
    ceased_on, cessation = born_on + timedelta(days=days), pick(rng, COMPANY_DEATHS if company else SOLE_TRADER_DEATHS)
    exit_on = seen_on + timedelta(days=rng.randint(200, 1600))
    if happens(rng, figures.NOT_A_DEATH_SHARE) and exit_on < ceased_on:
        ceased_on, cessation = exit_on, pick(rng, COMPANY_EXITS) if company else CessationKind.TAKEN_OVER
    return Business(
        reference=reference,
        siren=siren if happens(rng, figures.SIREN_KNOWN_SHARE) else None,
        born_on=born_on,
        seen_on=seen_on,
        micro=micro,
        legal_form=legal_form,
        qpv_code=rng.choice(territory.districts) if in_qpv else None,
        ceased_on=ceased_on,
        cessation=cessation,
    )


def tell_business(teller: Teller, business: Business, *, after: datetime) -> datetime:
    """Tell a whole life in the order of its days; return when the last of it is declared."""
    for fact in sorted(_facts(teller.rng, business), key=lambda fact: fact.occurred_on):
        after = teller.tell(
            fact.model, fact.occurred_on, delay_days=fact.delay_days, after=after,
            business_reference=business.reference, **fact.fields,
        )  # fmt: skip
    return after


def _facts(rng: Random, business: Business) -> list[Fact]:
    annulled = _annulled_cessation(rng, business)
    regime_left_on = business.seen_on + timedelta(days=rng.randint(365, 1100))
    facts = [_birth(rng, business), *annulled, *_confirmations(rng, business, silent=annulled)]
    if business.micro and happens(rng, figures.REGIME_LEFT_SHARE) and regime_left_on < business.ceased_on:
        facts.append(Fact(regime_left_on, told.BusinessRegimeLeft, routine_days(rng), {}))
    cessation = {"cessation": business.cessation.value}
    return [*facts, Fact(business.ceased_on, told.BusinessCeased, late_days(rng), cessation)]


def _birth(rng: Random, business: Business) -> Fact:
    """A birth is declared when it is seen: years later for a business that the partner did not know yet."""
    truncated = business.seen_on > business.born_on
    taken_over = not truncated and happens(rng, figures.TAKEN_OVER_SHARE)
    fields = {
        "siren": business.siren,
        "first_observed_on": business.seen_on.isoformat() if truncated else None,
        "ape": None if happens(rng, figures.MISSING_SHARE) else pick(rng, figures.APE_WEIGHTS),
        "legal_form": business.legal_form.value,
        "micro": business.micro,
        "business_qpv_code": business.qpv_code,
    }
    delay_days = (business.seen_on - business.born_on).days + routine_days(rng)
    return Fact(business.born_on, told.BusinessTakenOver if taken_over else told.BusinessCreated, delay_days, fields)


def _annulled_cessation(rng: Random, business: Business) -> list[Fact]:
    """Sometimes a cessation is declared by mistake, and annulled after some months."""
    said_on = business.seen_on + timedelta(days=rng.randint(120, 900))
    found_on = said_on + timedelta(days=rng.randint(45, 200))
    if not happens(rng, figures.ANNULLED_SHARE) or found_on >= business.ceased_on:
        return []
    cessation = {"cessation": CessationKind.VOLUNTARY.value}
    return [
        Fact(said_on, told.BusinessCeased, routine_days(rng), cessation),
        Fact(found_on, told.BusinessCessationAnnulled, routine_days(rng), {}),
    ]


def _confirmations(rng: Random, business: Business, *, silent: list[Fact]) -> list[Fact]:
    """About once a year, except while the business is wrongly held to have ceased."""
    facts = []
    day = business.seen_on + timedelta(days=rng.randint(320, 410))
    while day < min(business.ceased_on, figures.LAST_DAY):
        held_ceased = bool(silent) and silent[0].occurred_on <= day <= silent[1].occurred_on
        if happens(rng, figures.CONFIRMED_SHARE) and not held_ceased:
            facts.append(Fact(day, told.BusinessConfirmedActive, routine_days(rng), {}))
        day += timedelta(days=rng.randint(320, 410))
    return facts
