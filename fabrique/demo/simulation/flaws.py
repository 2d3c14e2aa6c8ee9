"""Garbage that partners send, on purpose and labelled, so that refusals can be seen; the names in it are invented."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.draws import office_instant
from fabrique.demo.simulation.happenings import Flaw, Happening
from shared.contracts import told
from shared.kernel.funders import Funder

REPEATS = 5
"""How many times each flaw is sent, spread over the 66 months."""
SPOILED: dict[Flaw, dict[str, Any]] = {
    Flaw.FLOAT_AMOUNT: {"cost_cents": 1_250_000.5},
    Flaw.AMOUNT_AS_TEXT: {"cost_cents": "12 500,00 €"},
    Flaw.BAD_SIRET: {"beneficiary_siret": "99800000100001"},
    Flaw.SHARES_ABOVE_COST: {"cdc_cents": 900_000, "state_cents": 900_000},
    Flaw.INSTANT_WITHOUT_ZONE: {"declared_at": "2016-06-01T10:00:00"},
    Flaw.MISSING_REFERENCE: {"reference": None},
    Flaw.UNKNOWN_CONTRACT: {"contract": "CV999"},
}
"""Flaws of a declared commitment, by the fields that they spoil."""
INVENTED_NAMES = ("Camille Exemple", "Dominique Fictif", "Sacha Modèle", "Claude Specimen", "Alix Témoin")


def garbage(rng: Random, run: str, declared: list[Happening]) -> Iterator[Happening]:
    """Draw each flaw some times; `declared` is the commitments that were declared well, one of which is told again."""
    for flaw, number in product(Flaw, range(REPEATS)):
        days = (figures.LAST_DAY - figures.FIRST_ASKED_ON).days - 10
        day = figures.FIRST_ASKED_ON + timedelta(days=rng.randint(40, days))
        yield _spoiled(rng, flaw, f"{run}-G-{flaw.value}-{number}", day, declared)


def _spoiled(rng: Random, flaw: Flaw, reference: str, day: date, declared: list[Happening]) -> Happening:
    fields: dict[str, Any]
    platform = "cci" if flaw is Flaw.SOURCE_OF_ANOTHER else rng.choice(list(figures.PLATFORM_WEIGHTS))
    at = office_instant(rng, day)
    if flaw is Flaw.DECLARED_TWICE:
        return _declared_again(rng, rng.choice(declared))
    if flaw in (Flaw.UNKNOWN_FIELD, Flaw.UNKNOWN_TYPE):
        name = {"nom_complet": rng.choice(INVENTED_NAMES)} if flaw is Flaw.UNKNOWN_FIELD else {}
        kind = told.EntrepreneurWelcomed.__name__ if name else "EntrepreneurArrived"
        fields = {"entrepreneur_reference": reference, "contract": "CV219", **name}
        return Happening(platform, kind, day, at, fields, flaw)
    if flaw is Flaw.UNKNOWN_COMMITMENT:
        fields = {
            "reference": reference, "funder": Funder.STATE.value, "exercise": day.year, "amount_cents": 500_000,
        }  # fmt: skip
        return Happening(platform, told.CommitmentEngaged.__name__, day, at, fields, flaw)
    fields = {**_request(reference), **SPOILED.get(flaw, {})}
    return Happening(platform, told.CommitmentDeclared.__name__, day, at, fields, flaw)


def _request(reference: str) -> dict[str, Any]:
    return {
        "reference": reference, "contract": "CV219", "exercise": figures.EXERCISE, "cost_cents": 1_250_000,
        "cdc_cents": 400_000, "state_cents": 600_000,
    }  # fmt: skip


def _declared_again(rng: Random, first: Happening) -> Happening:
    """Declare a known commitment again, some days later and at another cost, under an identifier of its own."""
    at: datetime = office_instant(rng, first.declared_at.date() + timedelta(days=rng.randint(5, 40)))
    fields = {**first.fields, "cost_cents": first.fields["cost_cents"] + 100_00}
    return Happening(first.platform, first.type, first.occurred_on, at, fields, Flaw.DECLARED_TWICE)
