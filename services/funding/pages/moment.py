"""In which words, when, and as of which day a page is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from markupsafe import Markup

from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import Sum, sum_of
from services.funding.pages.debts import day_of
from services.funding.pages.words import words_in
from shared.kernel.funders import Funder
from shared.web import formats
from shared.web.formats import Language, programme_zone
from shared.web.words import Words, strong


@dataclass(frozen=True, slots=True)
class Moment:
    """What every page is given; `as_of` is today unless the address says another day."""

    words: Words
    now: datetime
    as_of: date
    is_wrong: bool = False

    @property
    def is_past(self) -> bool:
        """Whether a day before today is looked at."""
        return self.as_of < day_of(self.now)

    def euros(self, cents: int) -> Markup:
        """Write an amount of a sentence."""
        return strong(formats.euros_short(cents, self.words.language))

    def notices(self) -> list[Markup]:
        """What must be said of the day asked for."""
        if self.is_wrong:
            return [self.words.say("as_of_wrong")]
        day = formats.day(self.as_of, self.words.language)
        return [self.words.say("as_of_past", day=day)] if self.is_past else []


def moment(language: Language, now: datetime, as_of: str | None) -> Moment:
    """Read the day that an address asks for; one that is none is said to be none."""
    words = words_in(language)
    if not as_of:
        return Moment(words, now, day_of(now))
    try:
        return Moment(words, now, date.fromisoformat(as_of))
    except ValueError:
        return Moment(words, now, day_of(now), is_wrong=True)


def years_of(envelopes: Sequence[Envelope]) -> list[int]:
    """The exercises that have envelopes."""
    return sorted({envelope.exercise for envelope in envelopes})


def year_to_show(envelopes: Sequence[Envelope], wanted: int | None) -> int | None:
    """The exercise that is wanted, else the last of those that the most funders voted; None without any."""
    years = years_of(envelopes)
    if not years or wanted in years:
        return wanted if years else None
    voters = {year: {e.funder for e in envelopes if e.exercise == year and e.authorised} for year in years}
    return max(years, key=lambda year: (len(voters[year]), year))


def by_funder(envelopes: Sequence[Envelope], year: int | None) -> dict[Funder, Sum]:
    """Add one exercise up, funder by funder."""
    return {funder: sum_of(e for e in envelopes if e.funder is funder and e.exercise == year) for funder in Funder}


def day_asked(text: str | None, otherwise: date) -> date:
    """Read a day of an address; `otherwise` when none is said. Raises ValueError."""
    return date.fromisoformat(text) if text else otherwise


def known_until(text: str | None) -> datetime | None:
    """Read as of when knowledge is asked for: a day is its end where the programme is, an instant is itself.

    Raises ValueError.
    """
    if not text:
        return None
    if len(text) == len("2016-10-03"):
        last = time.max.replace(tzinfo=programme_zone() or UTC)
        return datetime.combine(date.fromisoformat(text), last)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant says its offset from UTC")
    return found
