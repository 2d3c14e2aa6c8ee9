"""Who and what the examples are about: invented references, real places and codes, dates of 2016 and after."""

from datetime import UTC, date, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from shared.kernel.ids import commitment_id

PLATFORM = "citeslab"
CONTRACT = "CV219"
QPV_CODE = "QN06202M"  # Camus, at Angres; the codes of the list of 2015 are not known
SIREN = "123456782"  # valid keys that belong to nobody
SIRET = "12345678200010"
PERSON, PERSON_TOLD_TWICE, PERSON_APART = "P-0173", "P-0198", "P-0202"
BUSINESS, BUSINESS_TAKEN_OVER = "B-0061", "B-0064"
REQUEST = "2016-0042"

PERSON_ID = UUID("01571d76-afa0-7c3a-9d52-6b1f0e84a7c1")
PERSON_TOLD_TWICE_ID = UUID("0157a76f-980b-7e15-8a44-20c9d37f5b16")
PERSON_APART_ID = UUID("015747e9-fee0-7b08-b1f7-93a5c64e0d28")
BUSINESS_ID = UUID("01582496-9c40-7d61-a83c-5e07f291b4d6")
BUSINESS_TAKEN_OVER_ID = UUID("0158496a-1f20-7a97-92be-48d06c73f5e1")
COMMITMENT_ID = commitment_id(PLATFORM, REQUEST)
COMMITMENT_OF_ANOTHER_ID = commitment_id("initiative-france", "62-2016-118")

COST, CDC, STATE = 18_500_00, 6_000_00, 4_000_00


class Told(TypedDict):
    """The two times that a partner says."""

    occurred_on: date
    declared_at: datetime


class Known(Told):
    """The three times of a published fact."""

    known_at: datetime


def told_on(year: int, month: int, day: int) -> Told:
    """Something happened on that day, and the partner was told the next morning."""
    declared_at = datetime(year, month, day, 8, 42, tzinfo=UTC) + timedelta(days=1)
    return {"occurred_on": date(year, month, day), "declared_at": declared_at}


def known_on(year: int, month: int, day: int) -> Known:
    """Something happened on that day, and intake knew it on the next morning."""
    told = told_on(year, month, day)
    return {**told, "known_at": told["declared_at"] + timedelta(minutes=3, microseconds=417_000)}


def at(year: int, month: int, day: int) -> datetime:
    """An instant of that day."""
    return datetime(year, month, day, 9, 15, 26, 535_000, tzinfo=UTC)
