"""The page of the real grants says what the committed comparison says, in both languages, and fetches nothing."""

import re

import httpx
import pytest
from fastapi import FastAPI

from services.reporting.domain.grants import Key
from services.reporting.pages import grants_words
from services.reporting.pages.grants import GrantsView, grants_view
from services.reporting.pages.grants_chart import LEFT, RIGHT, grants_chart
from services.reporting.pages.grants_data import COMPARED, UNUSABLE, compared_lines, unusable_lines
from services.reporting.pages.grants_page import render_grants, render_picture
from services.reporting.pages.page import headers, stylesheet
from services.reporting.routes.grants import grants
from shared.web.formats import HARD, MINUS, THIN, Language, euros_exact, euros_signed
from tests.services.reporting.figures import Document, shown

FR, EN = Language.FRENCH, Language.ENGLISH
YEARS = ("2020", "2021", "2022", "2023")


def view(exercise: int) -> GrantsView:
    return grants_view(compared_lines(), unusable_lines(), exercise)


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(grants())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting")


def test_both_languages_have_the_same_words_and_put_the_same_figures_in_them() -> None:
    assert grants_words.FRENCH.keys() == grants_words.ENGLISH.keys()
    for key, sentence in grants_words.FRENCH.items():
        filled = [sorted(re.findall(r"\{(\w+)\}", said)) for said in (sentence, grants_words.ENGLISH[key])]
        assert filled[0] == filled[1], key


def test_the_answer_comes_first_in_words_and_figures() -> None:
    text = Document(render_grants(language=FR)).text
    assert f"En 2023, l’État a accordé 3,34{HARD}M€ aux contrats." in text
    assert f"selon les habitants des quartiers, 42,3{THIN}% de cet argent aurait changé de contrat{HARD};" in text
    assert f"Lens-Liévin{HARD}: 1{THIN}192{THIN}438{HARD}€ au lieu de 248{THIN}113{HARD}€." in text
    assert "cette clé en aurait servi 81, fait attendre 64 et refusé 3." in text
    assert (
        text.index("En 2023")
        < text.index("Accordé, et écart")
        < text.index("Ce qui n’a pas pu")
        < text.index("Centimes")
    )


def test_the_answer_is_the_same_in_english() -> None:
    text = Document(render_grants(language=EN, exercise="2023")).text
    assert f"In 2023, the State granted €3.34{HARD}million to the contracts." in text
    assert "by inhabitants of the districts, 42.3% of this money would have gone to another contract;" in text


def test_each_contract_has_its_line_to_the_cent() -> None:
    document = Document(render_grants(language=FR, exercise="2023"))
    assert document.row("Boulonnais CV222", "14 930") == [
        "Boulonnais CV222", "14 930", "56", "1 263 120,88 €", "332 488,61 € −930 632,27 €",
        "303 477,09 € −959 643,79 €", "317 982,85 € −945 138,03 €", "1 300 616,12 € +37 495,24 €",
    ]  # fmt: skip
    assert document.row("Total")[1:] == ["149 900", "148", *["3 338 248,04 €"] * 5]
    assert document.row("Habitants")[1:] == [
        "42,3 % 1 411 433,75 €", "Lens-Liévin +944 325,20 €", "81 1 827 014,13 €", "64 1 443 566,72 €", "3 67 667,19 €",
    ]  # fmt: skip
    assert document.row("Mer et Terres d'Opale CV226", "3 refusées")


def test_a_key_that_has_no_figure_is_not_drawn_and_never_a_zero() -> None:
    document = Document(render_grants(language=FR, exercise="2020"))
    assert document.row("2020", "111") == ["2020", "111", "2 206 131,66 €", "38,7 %", "38,5 %", "35,8 %", "–"]
    assert "Année d’avant" not in [row[0] for row in document.rows]
    assert [line.key for line in view(2020).keys] == [Key.POPULATION, Key.EQUAL, Key.MIX]


def test_what_could_not_be_used_is_counted_with_its_reason_and_its_amount() -> None:
    document = Document(render_grants(language=FR))
    assert f"103 lignes sur 656 n’ont pas pu servir, pour 765{THIN}093,46{HARD}€" in document.text
    assert document.row("2023", "adulte-relais")[2:] == ["aucun contrat n’est indiqué", "2", "45 111,46 €"]


def test_every_figure_on_the_page_is_in_its_data() -> None:
    for exercise in map(int, YEARS):
        shown_ = view(exercise)
        assert shown_.given_cents == sum(line.given_cents for line in shown_.lines)
        assert all(key.share_cents == shown_.given_cents for key in shown_.keys)
        assert shown_.unit_cents


def test_exercises_are_chosen_by_link_and_the_language_keeps_the_choice() -> None:
    links = {
        str(tag["href"]): tag.get("aria-current")
        for name, tag in Document(render_grants(language=FR, exercise="2021")).tags if name == "a"
    }  # fmt: skip
    assert (links["?exercice=2021#contracts"], links["?exercice=2020#contracts"]) == ("page", None)
    assert "en/grants?exercise=2021" in links
    assert {"./", "grants.csv", "grants-unusable.csv", "#method"} <= links.keys()
    english = {tag.get("href") for _, tag in Document(render_grants(language=EN, exercise="2021")).tags}
    assert {"../grants?exercice=2021", "../grants.csv", "../docs"} <= english


@pytest.mark.parametrize("exercise", ["1999", "abc", "", "२०१६", "99999999999"])
def test_an_exercise_that_is_not_there_breaks_nothing(exercise: str) -> None:
    text = Document(render_grants(language=FR, exercise=exercise)).text
    assert "En 2023" in text
    assert ("Aucune subvention n’est connue pour 1999" in text) is (exercise == "1999")


def test_the_page_is_linked_from_the_first_one() -> None:
    for language in Language:
        assert any(tag.get("href") == "grants" for name, tag in Document(shown(language)).tags if name == "a")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("exercise", YEARS)
def test_the_page_fetches_nothing_runs_nothing_and_can_be_walked(language: Language, exercise: str) -> None:
    html = render_grants(language=language, exercise=exercise)
    document = Document(html)
    assert not any(name in ("script", "img", "iframe", "object") or tag.get("src") for name, tag in document.tags)
    assert not any("style" in tag or any(name.startswith("on") for name in tag) for _, tag in document.tags)
    assert len(html.encode()) < 100_000
    assert {tag.get("scope") for name, tag in document.tags if name == "th"} == {"col", "row"}
    assert sum(name == "h1" for name, _ in document.tags) == 1
    identifiers = [tag["id"] for _, tag in document.tags if tag.get("id")]
    assert len(identifiers) == len(set(identifiers))
    anchors = {str(tag["href"])[1:] for _, tag in document.tags if str(tag.get("href")).startswith("#")}
    named = {str(tag["aria-labelledby"]) for _, tag in document.tags if tag.get("aria-labelledby")}
    assert anchors | {one for names in named for one in names.split()} <= set(identifiers)
    assert "None" not in html


def test_bars_begin_at_zero_are_on_one_scale_and_stay_inside() -> None:
    for exercise in map(int, YEARS):
        lines = view(exercise).lines
        chart = grants_chart([(line.code, line.given_cents, line.by_key) for line in lines])
        per_cent = chart.bars[0].width / lines[0].given_cents
        for bar, line in zip(chart.bars, lines, strict=True):
            assert bar.width == pytest.approx(per_cent * line.given_cents, abs=0.02)
            for key, x in bar.marks:
                assert x - LEFT == pytest.approx(per_cent * line.by_key[key].share_cents, abs=0.02)
                assert LEFT <= x <= RIGHT
        assert chart.ticks[0] == (0, LEFT)
        assert 2 <= len(chart.ticks) <= 4


def test_the_picture_stands_alone_in_light_and_dark() -> None:
    svg = render_picture(view(2023), EN)
    assert "prefers-color-scheme: dark" in svg
    assert {"Inhabitants", "Equal", "Half and half", "Year before"} <= set(re.findall(r">([^<>]+)</text>", svg))
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_differences_bear_their_sign_and_their_cents() -> None:
    assert euros_signed(-93_063_227, FR) == f"{MINUS}930{THIN}632,27{HARD}€"
    assert euros_signed(5, EN) == "+€0.05"
    assert euros_signed(0, EN) == "€0.00"
    assert euros_exact(-5, EN) == f"{MINUS}€0.05"


async def test_the_page_and_its_data_are_served_with_the_headers_of_the_first(client: httpx.AsyncClient) -> None:
    async with client:
        for address, language in (("/grants?exercice=2021", "fr"), ("/en/grants?exercise=2021", "en")):
            answer = await client.get(address)
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
            assert "2021" in Document(answer.text).text[:2000]
            assert answer.headers["content-security-policy"] == headers()["Content-Security-Policy"]
            assert f"<style>{stylesheet()}</style>" in answer.text
        for address, path in (("/grants.csv", COMPARED), ("/grants-unusable.csv", UNUSABLE)):
            answer = await client.get(address)
            assert answer.headers["content-type"].startswith("text/csv")
            assert answer.content == path.read_bytes()
