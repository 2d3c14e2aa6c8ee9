"""The page of a request that is not taken: why, and what to do."""

from collections.abc import Sequence

from services.funding.pages.moment import Moment
from services.funding.pages.sheet import Section, Sheet
from services.funding.pages.table import Column, Table

SAID = frozenset({
    "form-not-ours", "form-from-elsewhere", "form-too-large", "form-expected", "command-unknown", "replay-differs",
    "history-lost", "unavailable",
})  # fmt: skip


def turned_away_page(moment: Moment, address: str, reason: str, details: Sequence[str] = ()) -> Sheet:
    """Say why a request was not taken; nothing was changed by it."""
    say = moment.words.say
    answer = [say(f"away_{reason}" if reason in SAID else "away_otherwise", reason=reason), say("away_nothing_done")]
    home = "/".join(address.split("/")[:2]) if address.startswith("contracts/") else ""
    table = Table("details", [Column("detail")], [(detail,) for detail in details]) if details else None
    back = Section("back", say("away_back"), table, links=[(home, say("away_back_to"))])
    return Sheet(
        path=address, name=say("away_heading"), heading=say("away_heading"), answer=answer, sections=[back],
        written_at=moment.now,
    )  # fmt: skip
