"""Writes the comparison down: docs/grants-2020-2023.md, a picture of each exercise, the files that the page reads."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fabrique.grants.comparison import Comparison
from fabrique.grants.screen import percent, signed
from fabrique.ledger.screen import money
from services.reporting.domain.grants import Placed, Unusable
from services.reporting.pages.grants import GrantLine, GrantsView, grants_view
from services.reporting.pages.grants_data import COMPARED, UNUSABLE, as_csv
from services.reporting.pages.grants_page import render_picture
from shared.web.formats import Language

ROOT = Path(__file__).parents[2]
DOCUMENT = Path("docs/grants-2020-2023.md")
INTRODUCTION = Path(__file__).parent / "introduction.md"
METHOD = Path(__file__).parent / "method.md"
KEYS = {
    "population": "by inhabitants", "equal": "equal parts", "mix": "half and half", "caseload": "year before",
}  # fmt: skip


def files(comparison: Comparison) -> Mapping[Path, str]:
    """Return all that is written, by its path in the project: the same comparison is the same bytes."""
    views = views_of(comparison)
    pictures = {picture(view): render_picture(view, Language.ENGLISH) for view in views}
    return {
        DOCUMENT: document(views),
        **{Path("docs") / path: text for path, text in pictures.items()},
        COMPARED.relative_to(ROOT): as_csv(Placed, comparison.placed),
        UNUSABLE.relative_to(ROOT): as_csv(Unusable, comparison.unusable),
    }


def views_of(comparison: Comparison) -> list[GrantsView]:
    """One view for each exercise."""
    exercises = sorted({line.exercise for line in comparison.placed})
    return [grants_view(comparison.placed, comparison.unusable, exercise) for exercise in exercises]


def picture(view: GrantsView) -> Path:
    """Where an exercise's picture lies, beside the document."""
    return Path("pictures") / f"grants-{view.exercise}.svg"


def document(views: list[GrantsView]) -> str:
    """Write the document: the answer, the years, each exercise, what could not be used, how it is computed."""
    parts = [
        INTRODUCTION.read_text(encoding="utf-8"), *_years(views), *(part for view in views for part in _exercise(view)),
        *_unusable(views[-1]), METHOD.read_text(encoding="utf-8"),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _years(views: list[GrantsView]) -> Iterator[str]:
    yield "## Share of the money that would have gone to another contract"
    names = [KEYS[key] for key, _ in views[0].years[0].moved]
    rows = [
        [
            str(year.exercise),
            str(year.given_count),
            money(year.given_cents),
            *(percent(share) for _, share in year.moved),
        ]
        for year in views[0].years
    ]
    yield _table(["exercise", "grants", "granted, €", *names], rows)


def _exercise(view: GrantsView) -> Iterator[str]:
    yield f"## {view.exercise}"
    yield f"![Granted to each contract in {view.exercise}, and what each key would have given]({picture(view)})"
    keys = [KEYS[line.key] for line in view.keys]
    rows = [
        [*_contract(line), money(line.given_cents), *(_share(line.by_key[key.key]) for key in view.keys)]
        for line in view.lines
    ]
    total = ["**total**", f"{view.inhabitants}", str(view.given_count), money(view.given_cents)]
    rows.append([*total, *(f"{money(key.share_cents)}" for key in view.keys)])
    yield "Euros; below each share its difference from what was granted."
    yield _table(["contract", "inhabitants", "grants", "granted", *keys], rows)
    yield "What the chain answers when the real grants are declared, in the order of the file, to each key's envelopes:"
    yield _table(["key", "money moved, €", "largest difference, €", "served", "waiting", "refused"], _keys(view))
    yield "The same by contract (served / waiting / refused):"
    rows = [[_contract(line)[0], *(_answers(line.by_key[key.key]) for key in view.keys)] for line in view.lines]
    yield _table(["contract", *keys], rows)


def _contract(line: GrantLine) -> list[str]:
    return [f"{line.code} {line.name.short}", str(line.inhabitants), str(line.given_count)]


def _share(placed: Placed) -> str:
    return f"{money(placed.share_cents)}<br>{signed(placed.difference_cents)}"


def _keys(view: GrantsView) -> Iterator[list[str]]:
    for line in view.keys:
        said = line.answers
        yield [
            KEYS[line.key], f"{money(line.moved_cents)} ({percent(line.moved)})",
            f"{line.furthest_name.short} {signed(line.furthest.difference_cents)}",
            f"{said.reserved_count}<br>{money(said.reserved_cents)}",
            f"{said.waitlisted_count}<br>{money(said.waitlisted_cents)}",
            f"{said.refused_count}<br>{money(said.refused_cents)}",
        ]  # fmt: skip


def _answers(placed: Placed) -> str:
    if not placed.given_count:
        return "–"
    return f"{placed.reserved_count} / {placed.waitlisted_count} / {placed.refused_count}"


def _unusable(view: GrantsView) -> Iterator[str]:
    yield "## What could not be used, and why"
    yield (
        f"{view.unusable_count} of the {view.unusable_count + view.used_count} rows, {money(view.unusable_cents)} €;"
        f" the other {view.used_count} are worth {money(view.used_cents)} €. A row is refused for its first fault,"
        " as any partner's would be."
    )
    rows = [
        [str(each.exercise), each.scheme, f"`{each.field}`: {each.reason}", str(each.count), money(each.cents)]
        for each in view.unusable
    ]
    yield _table(["exercise", "scheme", "reason", "rows", "euros"], rows)


def _table(names: list[str], rows: Iterable[list[str]]) -> str:
    """A table whose figures stand at the right; words are in the first column, or under a name of words."""
    words = {"contract", "key", "exercise", "scheme", "reason"}
    ruler = ["---" if name in words else "--:" for name in names]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, ruler, *rows))
