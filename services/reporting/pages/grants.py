"""What the page of the real grants shows: what was given in an exercise, what keys would have given, and all years."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.reporting.domain.grants import Answers, Key, Placed, Unusable, answers, furthest, moved_cents, share_moved
from services.reporting.pages.grants_chart import Chart, grants_chart
from shared.web.contract_names import ContractName, contract_name


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One contract: what it was given, and its line under each key."""

    code: str
    name: ContractName
    inhabitants: int
    given_count: int
    given_cents: int
    by_key: dict[Key, Placed]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key in one exercise: how far it is from what was given, and what funding would have answered."""

    key: Key
    moved: float | None
    moved_cents: int
    furthest: Placed
    furthest_name: ContractName
    share_cents: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class YearLine:
    """One exercise: what was given, and how far each key is from it; None for a key that has no figure."""

    exercise: int
    given_count: int
    given_cents: int
    moved: list[tuple[Key, float | None]]


@dataclass(frozen=True, slots=True)
class GrantsView:
    """Everything that is shown."""

    exercise: int
    years: list[YearLine]
    lines: list[GrantLine]
    keys: list[KeyLine]
    given_count: int
    given_cents: int
    inhabitants: int
    unit_cents: int | None
    unusable: Sequence[Unusable]
    chart: Chart

    @property
    def exercises(self) -> list[int]:
        """The exercises that can be chosen."""
        return [year.exercise for year in self.years]

    @property
    def unusable_count(self) -> int:
        """How many rows of the file could not be used."""
        return sum(each.count for each in self.unusable)

    @property
    def unusable_cents(self) -> int:
        """What stands in the rows that could not be used."""
        return sum(each.cents for each in self.unusable)

    @property
    def used_count(self) -> int:
        """How many rows could be used, in all exercises."""
        return sum(year.given_count for year in self.years)

    @property
    def used_cents(self) -> int:
        """What was given in all exercises by the rows that could be used."""
        return sum(year.given_cents for year in self.years)


def grants_view(compared: Sequence[Placed], unusable: Sequence[Unusable], wanted: int | None) -> GrantsView:
    """Show the exercise that is wanted, else the last."""
    exercises = sorted({line.exercise for line in compared})
    exercise = wanted if wanted in exercises else exercises[-1]
    mine = [line for line in compared if line.exercise == exercise]
    lines, keys = _lines(mine), _keys(mine)
    return GrantsView(
        exercise=exercise,
        years=[_year(year, [line for line in compared if line.exercise == year]) for year in exercises],
        lines=lines, keys=keys, given_count=sum(line.given_count for line in lines),
        given_cents=sum(line.given_cents for line in lines), inhabitants=sum(line.inhabitants for line in lines),
        unit_cents=_unit(lines), unusable=unusable,
        chart=grants_chart([(line.code, line.given_cents, line.by_key) for line in lines]),
    )  # fmt: skip


def _lines(mine: Sequence[Placed]) -> list[GrantLine]:
    """Group by contract, those that were given most first, as the picture draws them."""
    by_contract: dict[str, dict[Key, Placed]] = {}
    for line in mine:
        by_contract.setdefault(line.contract, {})[line.key] = line
    lines = []
    for code, by_key in by_contract.items():
        one = next(iter(by_key.values()))
        lines.append(
            GrantLine(code, contract_name(code), one.inhabitants, one.given_count, one.given_cents, by_key)
        )  # fmt: skip
    return sorted(lines, key=lambda line: (-line.given_cents, line.code))


def _keys(mine: Sequence[Placed]) -> list[KeyLine]:
    found = []
    for key in Key:
        lines = [line for line in mine if line.key is key]
        if lines:
            far = furthest(lines)
            found.append(
                KeyLine(
                    key, share_moved(lines), moved_cents(lines), far, contract_name(far.contract),
                    sum(line.share_cents for line in lines), answers(lines),
                )
            )  # fmt: skip
    return found


def _year(exercise: int, mine: Sequence[Placed]) -> YearLine:
    found = {line.key: line for line in _keys(mine)}
    given = next(iter(found.values())).answers
    moved = [(key, found[key].moved if key in found else None) for key in Key]
    return YearLine(exercise, given.given_count, given.given_cents, moved)


def _unit(lines: Sequence[GrantLine]) -> int | None:
    """Return what each grant of the exercise is worth when all are worth the same, as far as the sums tell."""
    units = {divmod(line.given_cents, line.given_count) for line in lines if line.given_count}
    return next(iter(units))[0] if len(units) == 1 and next(iter(units))[1] == 0 else None
