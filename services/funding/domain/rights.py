"""Rights: a programme-wide cap for a beneficiary, split over contracts, never adds up to more than the cap."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.funding.domain.rules import Rules

Pair = tuple[str, int]


class Excess(NamedTuple):
    """In an exercise the rights of all contracts would add up to more than the cap, in cents."""

    exercise: int
    rights_cents: int
    cap_cents: int


def raised(before: Rules | None, after: Rules) -> bool:
    """Whether a version gives its contract a right, or a higher one."""
    had = 0 if before is None else before.right_cents or 0
    return after.right_cents is not None and after.right_cents > had


def excesses(in_force: Mapping[Pair, Rules], wanted: Mapping[Pair, Rules]) -> Iterator[Excess]:
    """Name the exercises in which what is wanted, with what stays in force, passes the cap that is wanted."""
    after = {**in_force, **wanted}
    caps: dict[int, int] = {}
    for (_, exercise), rules in wanted.items():
        if rules.programme_cap_cents is not None:
            caps[exercise] = min(rules.programme_cap_cents, caps.get(exercise, rules.programme_cap_cents))
    for exercise, cap in sorted(caps.items()):
        rights = sum(rules.right_cents or 0 for (_, year), rules in after.items() if year == exercise)
        if rights > cap:
            yield Excess(exercise, rights, cap)
