"""Numbers and dates as people write them."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.web import formats
from shared.web.formats import HARD, THIN, Language
from shared.web.vocabulary import ENGLISH, FRENCH

FR, EN = Language.FRENCH, Language.ENGLISH


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.euros(1_500_000_00, FR), f"1{THIN}500{THIN}000{HARD}€"),
        (formats.euros(1_500_000_00, EN), "€1,500,000"),
        (formats.euros(136_090_73, FR), f"136{THIN}091{HARD}€"),
        (formats.euros(50, FR), f"1{HARD}€"),
        (formats.euros(49, FR), f"0{HARD}€"),
        (formats.euros_short(2_600_000_00, FR), f"2,6{HARD}M€"),
        (formats.euros_short(2_600_000_00, EN), f"€2.6{HARD}million"),
        (formats.euros_short(1_591_234_00, FR), f"1,59{HARD}M€"),
        (formats.euros_short(1_000_000_00, FR), f"1{HARD}M€"),
        (formats.euros_short(999_999_00, FR), f"999{THIN}999{HARD}€"),
        (formats.percent(0.714, FR), f"71,4{THIN}%"),
        (formats.percent(0.714, EN), "71.4%"),
        (formats.percent(1.0, FR), f"100,0{THIN}%"),
        (formats.percent(0.99999, FR), f"99,9{THIN}%"),
        (formats.percent(0.0, FR), f"0,0{THIN}%"),
        (formats.percent(0.0001, FR), f"<{HARD}0,1{THIN}%"),
        (formats.percent(None, FR), "–"),
        (formats.interval(0.68, 0.751, FR), f"68,0{HARD}–{HARD}75,1{THIN}%"),
        (formats.day(date(2016, 4, 4), FR), f"4{HARD}avril{HARD}2016"),
        (formats.day(date(2016, 8, 1), FR), f"1er{HARD}août{HARD}2016"),
        (formats.day(date(2016, 4, 1), EN), f"1{HARD}April{HARD}2016"),
        (formats.whole(-1234, FR), f"\u22121{THIN}234"),
    ],
)  # fmt: skip
def test_it_is_written_as_people_write_it(written: str, expected: str) -> None:
    assert written == expected


def test_an_instant_is_in_the_programmes_time_in_winter_and_in_summer() -> None:
    assert formats.programme_zone() is not None  # the development lock brings tzdata to machines without one
    assert (
        formats.instant(datetime(2016, 1, 4, 23, 5, tzinfo=UTC), FR) == f"5{HARD}janvier{HARD}2016 à 0{HARD}h{HARD}05"
    )
    assert formats.instant(datetime(2016, 7, 4, 12, 5, tzinfo=UTC), EN) == f"4{HARD}July{HARD}2016 at 14:05"


def test_without_a_time_zone_database_an_instant_says_that_it_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "programme_zone", lambda: None)
    assert formats.instant(datetime(2016, 1, 4, 9, 5, tzinfo=UTC), EN).endswith(f"09:05{HARD}UTC")


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [(timedelta(seconds=-5), "moins d’une minute"), (timedelta(seconds=59), "moins d’une minute"),
     (timedelta(seconds=61), f"1{HARD}minute"), (timedelta(hours=3), f"3{HARD}heures"),
     (timedelta(days=1, hours=23), f"1{HARD}jour"), (timedelta(days=4), f"4{HARD}jours")],
)  # fmt: skip
def test_an_age_is_in_its_largest_unit(elapsed: timedelta, expected: str) -> None:
    assert formats.age(elapsed, FR) == expected


def test_french_counts_none_in_the_singular_and_english_in_the_plural() -> None:
    assert formats.counted(0, "demande", "demandes", FR) == "demande"
    assert formats.counted(0, "request", "requests", EN) == "requests"
    assert formats.counted(2, "demande", "demandes", FR) == "demandes"


def test_the_words_that_all_pages_share_are_the_same_in_both_languages() -> None:
    assert FRENCH.keys() == ENGLISH.keys()
    for key, sentence in FRENCH.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", ENGLISH[key])), key
