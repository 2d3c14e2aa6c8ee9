"""Numbers, amounts, shares, days and instants, as people write them in French and in English."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

THIN = "\u202f"
"""The narrow no-break space: between groups of three digits, and before %."""
HARD = "\u00a0"
"""The no-break space: between a number and what it counts."""
MINUS = "\u2212"
MONTHS = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
}  # fmt: skip
AGES = {
    "fr": (("moins d’une minute", "moins d’une minute"), ("minute", "minutes"), ("heure", "heures"), ("jour", "jours")),
    "en": (("less than a minute", "less than a minute"), ("minute", "minutes"), ("hour", "hours"), ("day", "days")),
}


class Language(StrEnum):
    """The languages of the pages; the first is the programme's."""

    FRENCH = "fr"
    ENGLISH = "en"


def whole(number: int, language: Language) -> str:
    """Write an integer in groups of three: 1 500 000, 1,500,000."""
    grouped = f"{abs(number):,}"
    if language is Language.FRENCH:
        grouped = grouped.replace(",", THIN)
    return f"{MINUS}{grouped}" if number < 0 else grouped


def decimal(tenths: int, language: Language) -> str:
    """Write tenths as a number with one decimal: 714 is 71,4 or 71.4."""
    point = "," if language is Language.FRENCH else "."
    units, rest = divmod(abs(tenths), 10)
    sign = MINUS if tenths < 0 else ""
    return f"{sign}{whole(units, language)}{point}{rest}"


def _euros_sign(amount: str, language: Language) -> str:
    return f"{amount}{HARD}€" if language is Language.FRENCH else f"€{amount}"


def euros(cents: int, language: Language) -> str:
    """Write an amount rounded to the euro, halves up: 136 091 €."""
    return _euros_sign(whole((cents + 50) // 100, language), language)


def euros_exact(cents: int, language: Language) -> str:
    """Write an amount to the cent: 1 263 120,88 €."""
    units, rest = divmod(abs(cents), 100)
    point = "," if language is Language.FRENCH else "."
    amount = _euros_sign(f"{whole(units, language)}{point}{rest:02}", language)
    return f"{MINUS}{amount}" if cents < 0 else amount


def euros_signed(cents: int, language: Language) -> str:
    """Write a difference to the cent, with its sign: +100,00 €, −100,00 €."""
    return f"{'+' if cents > 0 else ''}{euros_exact(cents, language)}"


def euros_short(cents: int, language: Language) -> str:
    """Write an amount for a sentence: 2,6 M€ from a million on, with two decimals at most; else to the euro."""
    hundredths = (cents + 500_000) // 1_000_000
    if cents < 100_000_000:
        return euros(cents, language)
    units, rest = divmod(hundredths, 100)
    decimals = f"{rest:02}".rstrip("0")
    point = "," if language is Language.FRENCH else "."
    number = whole(units, language) + (point + decimals if decimals else "")
    return f"{number}{HARD}M€" if language is Language.FRENCH else f"€{number}{HARD}million"


def percent(share: float | None, language: Language) -> str:
    """Write a share with one decimal: 71,4 %. What is not quite all is never 100,0, what is not nothing never 0,0."""
    if share is None:
        return "–"
    thousandths = round(share * 1000)
    if share < 1 <= thousandths / 1000:
        thousandths = 999
    sign = f"{THIN}%" if language is Language.FRENCH else "%"
    if share > 0 and thousandths == 0:
        return f"<{HARD}{decimal(1, language)}{sign}"
    return f"{decimal(thousandths, language)}{sign}"


def interval(lower: float, upper: float, language: Language) -> str:
    """Write an interval of shares: 68,0 – 75,1 %."""
    low, high = decimal(round(lower * 1000), language), decimal(round(upper * 1000), language)
    sign = f"{THIN}%" if language is Language.FRENCH else "%"
    return f"{low}{HARD}–{HARD}{high}{sign}"


def day(when: date, language: Language) -> str:
    """Write a day: 4 avril 2016, 4 April 2016; the first of a month is 1er in French."""
    number = "1er" if when.day == 1 and language is Language.FRENCH else str(when.day)
    return f"{number}{HARD}{MONTHS[language][when.month - 1]}{HARD}{when.year}"


def instant(when: datetime, language: Language) -> str:
    """Write an instant in the programme's time: 4 avril 2016 à 14 h 05, 4 April 2016 at 14:05."""
    local = when.astimezone(programme_zone() or UTC)
    zone = "" if programme_zone() else f"{HARD}UTC"
    if language is Language.FRENCH:
        return f"{day(local, language)} à {local.hour}{HARD}h{HARD}{local:%M}{zone}"
    return f"{day(local, language)} at {local:%H:%M}{zone}"


@cache
def programme_zone() -> ZoneInfo | None:
    """Return the zone of Paris; None on a machine without a time zone database, where instants are said in UTC."""
    try:
        return ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        return None


def age(elapsed: timedelta, language: Language) -> str:
    """Write how long ago something was: 2 minutes, 3 jours; in the largest unit that fits."""
    seconds = max(0, int(elapsed.total_seconds()))
    under, minutes, hours, days = AGES[language]
    if seconds < 60:
        return under[0]
    for unit, length in ((days, 86_400), (hours, 3_600), (minutes, 60)):
        if (count := seconds // length) >= 1:
            return f"{whole(count, language)}{HARD}{counted(count, *unit, language)}"
    raise AssertionError("at least a minute has passed")


def counted(count: int, one: str, several: str, language: Language) -> str:
    """Choose the singular or the plural: French says 0 demande, English 0 requests."""
    is_singular = abs(count) < 2 if language is Language.FRENCH else count == 1
    return one if is_singular else several
