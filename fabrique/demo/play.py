"""Plays events month after month: the platforms side by side, each in its own order, as fast as they are taken."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from fabrique.demo.roads import Road
from fabrique.demo.simulation import Told

Advance = Callable[[str, int], None]
"""Called after each month with its name (2016-04) and the number of events told."""


async def play(told: Iterable[Told], roads: Mapping[str, Road], *, advance: Advance) -> None:
    """Tell everything; a month ends for all platforms before the next begins, so that their calendars agree."""
    for month, happenings in groupby(told, key=lambda each: str(each.event["time"])[:7]):
        by_platform: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in happenings:
            by_platform[each.platform].append(each.event)
        await asyncio.gather(*(roads[platform].tell(events) for platform, events in by_platform.items()))
        advance(month, sum(map(len, by_platform.values())))
