"""Who co-funds, and how one envelope of a funder for a contract and an exercise is named."""

from enum import StrEnum


class Funder(StrEnum):
    """The two funders of the protocol of 4 April 2016."""

    CDC = "CDC"
    STATE = "STATE"


def envelope_id(contract: str, funder: Funder, exercise: int) -> str:
    """Name an envelope: `CV219.CDC.2016`."""
    return ".".join((contract, funder, str(exercise)))
