"""Which strata of a table must be hidden so that no small group can be read in it, nor found by subtraction.

The table is one line of counts with a published total. Its reader is taken to know the total, every shown count, the
threshold, why each hidden one is hidden, and that the smallest shown counts are the first to be hidden. One who also
replays the rule on every table that could be behind the published one learns more in rare cases: a second protector
says that the first was not enough, so that 34 over two small ones and two protectors is 1, 1, 11 and 21.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from shared.contracts.figures import HiddenReason

THRESHOLD = 11


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is hidden of a table, and why; `total` is None when the total is shown. What is absent is shown."""

    total: HiddenReason | None = None
    strata: Mapping[str, HiddenReason] = field(default_factory=dict)

    @property
    def hidden(self) -> frozenset[str]:
        """The names of the hidden strata."""
        return frozenset(self.strata)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One hidden count and the bounds within which a reader knows it to lie."""

    count: int
    lowest: int
    highest: int


def suppress(
    sizes: Mapping[str, int], *, hidden_before: Mapping[str, HiddenReason] | None = None, threshold: int = THRESHOLD
) -> Suppression:
    """Choose what to hide of `sizes` (count by stratum); the same answer for the same table, in any order.

    First every stratum of 1 to `threshold` - 1, and those of `hidden_before`: what another table, of which this one is
    a later or finer view, hid already; they keep their reason, which then says nothing of their count here. Then, as
    long as the hidden can be found out (see `_is_safe`), the smallest shown stratum, ties by name. A total under the
    threshold hides everything; so does a table that cannot be made safe with its total shown.

    A 0 is shown: it takes nothing from what subtraction leaves (total minus shown is the same with and without it) and
    concerns nobody. What it does tell, that the hidden are not 0, is in the bounds below. A total of 0 hides nothing.
    """
    total = sum(sizes.values())
    if total == 0:
        return Suppression()
    if total < threshold:
        return _everything(sizes, HiddenReason.UNDER_THRESHOLD)
    carried = {name: reason for name, reason in (hidden_before or {}).items() if name in sizes}
    small = [name for name, size in sizes.items() if name not in carried and 1 <= size < threshold]
    reasons = carried | dict.fromkeys(small, HiddenReason.UNDER_THRESHOLD)
    shown = sorted((size, name) for name, size in sizes.items() if name not in reasons and size)
    while reasons and not _is_safe(_hidden_cells(sizes, reasons, carried.keys(), shown, threshold), threshold):
        if not shown:
            return _everything(sizes, HiddenReason.PROTECTS_ANOTHER)
        _, smallest = shown.pop(0)
        reasons[smallest] = HiddenReason.PROTECTS_ANOTHER
    return Suppression(strata=reasons)


def _everything(sizes: Mapping[str, int], reason: HiddenReason) -> Suppression:
    """Hide all, zeros too, with one reason for all: a different one per stratum would tell them apart."""
    return Suppression(total=reason, strata=dict.fromkeys(sizes, reason))


def _hidden_cells(
    sizes: Mapping[str, int],
    reasons: Mapping[str, HiddenReason],
    carried: Set[str],
    shown: list[tuple[int, str]],
    threshold: int,
) -> list[_Cell]:
    """Bound each hidden count as a reader can: by its reason, by what is left in all, by the smallest count shown."""
    left = sum(sizes[name] for name in reasons)
    cells = []
    for name, reason in reasons.items():
        is_small = reason is HiddenReason.UNDER_THRESHOLD and sizes[name] < threshold
        highest = threshold - 1 if is_small else left
        if name in carried:
            cells.append(_Cell(sizes[name], lowest=0, highest=highest))
        elif is_small:
            cells.append(_Cell(sizes[name], lowest=1, highest=highest))
        else:
            cells.append(_Cell(sizes[name], lowest=threshold, highest=_highest_hidden(name, shown, highest)))
    return cells


def _highest_hidden(name: str, shown: list[tuple[int, str]], otherwise: int) -> int:
    """Return the most that a protector called `name` can count: it came before the smallest shown, or none is shown."""
    if not shown:
        return otherwise
    size, its_name = shown[0]
    return size if name < its_name else size - 1


def _is_safe(cells: list[_Cell], threshold: int) -> bool:
    """Whether the sum left by subtraction tells no hidden count, and no sum under the threshold.

    That takes a sum that reaches the threshold, and for each cell another value that fits the sum and the bounds of
    all. So never one cell alone; and two hidden cells of at most 10 that sum to 20 are two tens, and 12 left for a
    small one and its protector is 1 and 11.
    """
    left = sum(cell.count for cell in cells)
    lowest, highest = sum(cell.lowest for cell in cells), sum(cell.highest for cell in cells)
    return left >= threshold and all(
        max(cell.lowest, left - (highest - cell.highest)) < min(cell.highest, left - (lowest - cell.lowest))
        for cell in cells
    )
