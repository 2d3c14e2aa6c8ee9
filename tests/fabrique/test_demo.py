"""The demonstration's own parts: nobody's order is broken while it plays, and the screen shows what is answered."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fabrique.commands.demo import EVENTS_OF_COMMITMENTS, EVENTS_OF_PEOPLE, show_refused_grants
from fabrique.demo.observation import Observation
from fabrique.demo.opening import grant_rows
from fabrique.demo.partners import PLATFORMS
from fabrique.demo.play import play
from fabrique.demo.roads import Tally
from fabrique.demo.screen import Screen
from fabrique.demo.simulation import simulate
from fabrique.stack.folder import StateFolder


class Listening:
    """A road that takes its time, and remembers what it was told by whom."""

    def __init__(self, platform: str, heard: list[tuple[str, dict[str, Any]]]) -> None:
        self._platform = platform
        self._heard = heard

    async def tell(self, events: Sequence[dict[str, Any]]) -> None:
        """Listen to events one by one; others speak in between."""
        for event in events:
            await asyncio.sleep(0)
            self._heard.append((self._platform, event))


async def test_each_platform_keeps_its_order_and_no_month_begins_before_the_last_has_ended() -> None:
    told = [*simulate(7, people_per_year_scale=0.02)]
    heard: list[tuple[str, dict[str, Any]]] = []
    progress: Counter[str] = Counter()
    roads = {platform: Listening(platform, heard) for platform in PLATFORMS}
    await play(told, roads, advance=lambda month, count: progress.update({month: count}))
    by_platform: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for platform, event in heard:
        by_platform[platform].append(event)
    for platform, events in by_platform.items():
        assert events == [each.event for each in told if each.platform == platform]
    months = [event["time"][:7] for _, event in heard]
    assert months == sorted(months)
    assert progress.total() == len(told)


def test_the_bar_knows_about_how_much_there_is_to_tell() -> None:
    told = sum(1 for _ in simulate(people_per_year_scale=0.05)) + 553
    assert told == pytest.approx(EVENTS_OF_COMMITMENTS + 0.05 * EVENTS_OF_PEOPLE, rel=0.05)


def test_the_grants_that_cannot_be_used_are_abridged_on_screen_and_listed_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_refused_grants(grant_rows(), StateFolder(tmp_path))
    shown = capsys.readouterr().out
    assert "101 rows of the grants: code_tiers: beneficiary-not-a-siret (the first: line 557)" in shown
    assert "2 rows of the grants: code_cv: contract-missing (the first: line 415)" in shown
    assert [len(path.read_text().splitlines()) for path in tmp_path.glob("*.refused.ndjson")] == [103]


def budget(contract: str, funder: str, exercise: int, **figures: int) -> dict[str, Any]:
    """A figure as reporting answers it."""
    zero = dict.fromkeys(("authorised_cents", "reserved_cents", "waitlisted_cents"), 0)
    counts = dict.fromkeys(("reserved_count", "waiting_count", "refused_count"), 0)
    return {"contract": contract, "funder": funder, "exercise": exercise, **zero, **counts, **figures}


FIGURES = [
    budget("CV219", "CDC", 2016, authorised_cents=10_000_000, reserved_cents=9_774_900, reserved_count=41),
    budget("CV219", "STATE", 2016, authorised_cents=53_580_700, waitlisted_cents=14_686_600, waiting_count=11),
    budget("CV219", "STATE", 2020, authorised_cents=100_00, refused_count=2),
    budget("CV217", "CDC", 2016, engaged_cents=150_000_00, engaged_count=4, lapsed_cents=300_00, paid_cents=700_00),
    budget(
        "CV217",
        "STATE",
        2016,
        engaged_cents=400_00,
        paid_cents=100_00,
        payment_credits_cents=250_00,
        payable_cents=150_00,
        engaged_count=1,
    ),
    budget("CV219", "STATE", 2017, paid_cents=100_00, payment_credits_cents=100_00),
    budget("CV217", "STATE", 2020, authorised_cents=200_00, refused_count=1),
]


@pytest.mark.parametrize("width", [80, 130])
def test_the_screen_shows_each_contract_the_grants_by_year_and_what_is_behind(width: int) -> None:
    lag = {"unpublished": 3, "partitions": [{"records": 5, "seconds": 1.5}]}
    survival = {"figures": [{"stratum": "all", "hidden": None, "size": 2_261, "as_of": "2021-05-31", "horizons": [
        {"months": 12, "survival": 0.825, "lower": 0.808, "upper": 0.842, "hidden": None}]}]}  # fmt: skip
    seen = Observation(
        42, Counter({"json-invalid": 1}), {"intake": lag}, {"figures": FIGURES}, survival, {}, ["funding"]
    )
    console = Console(width=width)
    with console.capture() as drawn:
        console.print(Screen(width, {"CV219": "CA de Lens-Liévin"}, "pages").draw(seen, Tally()))
    shown = drawn.get().replace("\N{NARROW NO-BREAK SPACE}", " ")
    row = next(line for line in shown.splitlines() if line.startswith("CV219"))
    assert "97 749" in row
    assert "146 866" in row
    assert ("Lens" in row) == (width > 100)
    assert "2020 300 – – 3" in [" ".join(line.split()) for line in shown.splitlines()]
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    engaged = "150 000 (4)" if width > 100 else "150 000"
    assert f"2016 CDC {engaged} 300 700 – –" in lines
    assert "2016 STATE 400 (1) – 100 250 150" in lines or width < 100
    assert "2017 STATE – – 100 100 –" in lines
    assert not any(line.startswith("2020 STATE") for line in lines)
    assert "12 months 82.5 % [80.8–84.2]" in shown
    assert "lag 5 records, 1.5 s" in shown
    assert "funding does not answer" in " ".join(shown.split())
    assert "…" not in shown
