"""Tells a territory its changes as the use case does, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.funding.domain.territory import (
    Change,
    Territory,
    objection,
    territory_of,
    told_before,
    with_change,
)

START = datetime(2016, 4, 4, tzinfo=UTC)


def tell(territory: Territory, change: Change) -> tuple[Territory, str]:
    """Tell a change as the use case does, and say what came of it."""
    if told_before(territory, change):
        return territory, "told before"
    number = 1 + len(territory.attachments) + len(territory.mergers) + len(territory.annulments)
    change = replace(change, number=number, known_at=START + timedelta(days=number))
    if wrong := objection(territory, change):
        return territory, wrong.value
    after = with_change(territory, change)
    return replace(after, told=after.told | {*after.untold()}), "told"


def until(territory: Territory, number: int) -> Territory:
    """What was known when `number` changes were told."""
    everything = (*territory.attachments, *territory.mergers, *territory.annulments)
    return territory_of(change for change in everything if change.number <= number)
