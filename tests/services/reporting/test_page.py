"""The page says what the figures say, in both languages, and nothing that is hidden."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from services.reporting.pages import english, french
from services.reporting.pages.lives import lives_view
from services.reporting.pages.money import money_view
from services.reporting.pages.page import headers, stylesheet
from shared.contracts.figures import SurvivalStated
from shared.contracts.told import CommitmentDeclared
from shared.kernel.funders import Funder
from shared.web.formats import HARD, THIN, Language
from tests.services.reporting.figures import BUDGETS, NOW, SURVIVAL, Document, budget, lives, shown, survival

FR, EN = Language.FRENCH, Language.ENGLISH


def test_the_answer_comes_first_in_words_and_figures() -> None:
    text = Document(shown()).text
    assert f"En 2016, 1,6{HARD}M€ sont votés{HARD}: 72,1{THIN}% sont réservés" in text
    assert f"41{THIN}000{HARD}€ attendent une place{HARD}: 3{HARD}demandes à la Caisse des Dépôts." in text
    assert re.search(f"À 3{HARD}ans, [0-9]+,[0-9]{THIN}% des entreprises créées vivent encore", text)
    assert text.index("En 2016") < text.index("Par contrat et par financeur") < text.index("Toutes les entreprises")


def test_the_answer_is_the_same_in_english() -> None:
    text = Document(shown(EN)).text
    assert f"For 2016, €1.6{HARD}million is voted: 72.1% is reserved" in text
    assert f"€41,000 is waiting for room: 3{HARD}requests to the Caisse des Dépôts." in text


def test_both_languages_have_the_same_words_and_put_the_same_figures_in_them() -> None:
    assert french.WORDS.keys() == english.WORDS.keys()
    for key, sentence in french.WORDS.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) - {"thin"} == set(
            re.findall(r"\{(\w+)\}", english.WORDS[key])
        ), key


def test_each_envelope_has_its_line() -> None:
    row = Document(shown()).row("Lens-Liévin CV219", "CDC")
    assert row == [
        "Lens-Liévin CV219", "CDC", "100 000 €", "82 310 €", "17 690 €", "82,3 %", "41 000 € 3 demandes", "1",
    ]  # fmt: skip
    state = Document(shown(EN)).row("State")
    assert state == ["State", "€1,500,000", "€1,071,000", "€429,000", "71.4%", "–", "–"]


def test_columns_that_are_zero_everywhere_are_said_and_not_drawn() -> None:
    assert "Encore à zéro partout" in Document(shown()).text
    engaged = [budget("CV219", Funder.CDC, authorised=100_00, frozen=10_00, engaged=30_00, paid=5_00)]
    document = Document(shown(budgets=engaged))
    assert document.row("Contrat")[:7] == ["Contrat", "Financeur", "Voté", "Gelé", "Réservé", "Engagé", "Payé"]
    assert "sont réservés ou engagés" in document.text


WHOLE_LIFE = [
    budget("CV219", Funder.CDC, authorised=1000_00, reserved=100_00, engaged=600_00, lapsed=50_00, paid=400_00),
    budget("CV219", Funder.STATE, authorised=1600_00, engaged=1600_00, paid=500_00, payment_credits=900_00,
           payments_frozen=150_00, closed=True),
]  # fmt: skip


def test_a_line_goes_from_reserved_to_engaged_lapsed_and_paid_and_says_what_may_still_be_paid() -> None:
    document = Document(shown(EN, budgets=WHOLE_LIFE))
    headings = ["Voted", "Reserved", "Engaged", "Lapsed", "Paid", "Payment credits", "Still payable", "Available"]
    assert document.row("Contract")[2:10] == headings
    assert document.row("Lens-Liévin CV219", "CDC")[2:10] == [
        "€1,000", "€100", "€600", "€50", "€400", "–", "–", "€250",
    ]  # fmt: skip
    assert document.row("State (closed)")[1:9] == ["€1,600", "€0", "€1,600", "€0", "€500", "€900", "€250", "€0"]
    assert "is reserved, engaged or lapsed" in document.text
    assert "Paid €400 of €600 engaged" in document.text
    assert "Paid €500 of €900 of payment credits, of which frozen €150" in document.text
    french = Document(shown(budgets=WHOLE_LIFE))
    assert french.row("État (close)")[5:8] == ["500 €", "900 €", "250 €"]
    assert f"Payé 400{HARD}€ sur 600{HARD}€ engagés" in french.text


def test_the_bar_of_payments_is_on_the_scale_of_the_credits() -> None:
    view = money_view(WHOLE_LIFE, None)
    assert view is not None
    (cdc, state) = view.funders
    assert [(part.kind, part.start, part.width) for part in state.bar] == [("engaged", 0, 100)]
    assert [(part.kind, part.start, part.width) for part in cdc.bar] == [
        ("engaged", 0, 37.5), ("lapsed", 37.5, 3.125), ("reserved", 40.625, 6.25), ("available", 46.875, 15.625),
    ]  # fmt: skip
    assert [(part.kind, part.start, part.width) for part in cdc.paid] == [("paid", 0, 25), ("available", 25, 12.5)]
    assert [(part.kind, part.start, part.width) for part in state.paid] == [
        ("paid", 0, 31.25), ("frozen", 31.25, 9.375), ("available", 40.625, 15.625),
    ]  # fmt: skip


def test_an_exercise_that_only_pays_is_shown_too() -> None:
    later = budget("CV219", Funder.STATE, 2017, payment_credits=200_00, paid=80_00)
    document = Document(shown(budgets=[*WHOLE_LIFE, later], exercise="2017"))
    assert document.row("Lens-Liévin CV219", "État")[4:7] == ["80 €", "200 €", "120 €"]


def test_bars_begin_at_zero_and_are_on_one_scale() -> None:
    widths = [
        float(str(tag["width"]).rstrip("%")) for name, tag in Document(shown()).tags
        if name == "rect" and tag.get("class") == "frame" and tag["x"] == "0"
    ]  # fmt: skip
    assert widths[:2] == [pytest.approx(100 / 15, abs=0.01), 100.0]
    assert {tag["x"] for name, tag in Document(shown()).tags if name == "rect" and tag.get("class") == "reserved"} == {
        "0.0%"
    }


def test_exercises_are_chosen_by_link() -> None:
    budgets = [*BUDGETS, budget("CV217", Funder.STATE, 2020, authorised=5_000_00),
               budget("CV217", Funder.STATE, 2099, refused_count=4)]  # fmt: skip
    latest = Document(shown(budgets=budgets))
    links = {tag["href"]: tag.get("aria-current") for name, tag in latest.tags if name == "a"}
    assert (links["?exercice=2016#money"], links["?exercice=2020#money"]) == ("page", None)
    assert "Demandes refusées faute de crédits votés : 4 en 2099." in latest.text.replace(HARD, " ")
    chosen = Document(shown(EN, budgets=budgets, exercise="2020"))
    assert "For 2020" in chosen.text
    assert any(tag.get("href") == "../?exercice=2020" for _, tag in chosen.tags)


def test_the_page_opens_on_the_last_exercise_that_the_most_funders_voted() -> None:
    voted = {"authorised": 100_00}
    first, both = budget("CV219", Funder.CDC, 2016, **voted), budget("CV217", Funder.STATE, 2016, **voted)
    alone = budget("CV219", Funder.STATE, 2020, **voted, waitlisted=10_00, waiting_count=1)
    unvoted = budget("CV219", Funder.CDC, 2020, refused_count=1)
    complete = budget("CV217", Funder.CDC, 2020, **voted)
    for budgets, exercise in (
        ([alone, both, first, unvoted], 2016), ([alone, unvoted, both], 2020), ([first, both, alone, complete], 2020),
    ):  # fmt: skip
        view, chosen = money_view(budgets, None), money_view(budgets, 2020)
        assert view is not None
        assert chosen is not None
        assert (view.exercise, chosen.exercise) == (exercise, 2020)


@pytest.mark.parametrize("exercise", ["1999", "abc", "", "२०१६", "99999999999"])
def test_an_exercise_that_is_not_there_breaks_nothing(exercise: str) -> None:
    text = Document(shown(exercise=exercise)).text
    assert "En 2016" in text
    assert ("Aucun crédit n’est voté pour 1999" in text) is (exercise == "1999")


def test_every_figure_carries_its_date_its_version_and_its_data() -> None:
    document = Document(shown())
    origin = f"connu le 4{HARD}novembre{HARD}2016 à 14{HARD}h{HARD}05"
    assert document.text.count(origin) == 3
    assert f"Au 31{HARD}octobre{HARD}2016, dernier mois complet" in document.text
    assert f"version 1{THIN}841" in document.text
    links = {str(tag.get("href")) for name, tag in document.tags if name == "a"}
    assert {"v1/budget?exercise=2016&format=csv", "v1/survival", "#survival-definition"} <= links


def test_survival_stands_beside_its_reference_with_its_source() -> None:
    document = Document(shown(EN))
    row = document.row("3 years")
    assert (row[5], row[6]) == ("75.0%", "46.0%")
    assert any("insee.fr/fr/statistiques/5353768" in str(tag.get("href")) for _, tag in document.tags)


def test_what_is_hidden_says_why_and_is_never_a_zero() -> None:
    document = Document(shown())
    assert document.row("Pays d'Aire CV218")[1:] == ["caché : moins de 11"]
    assert document.row("Saint-Omer CV220")[1:] == ["caché : en protège un autre"]
    assert "Caché ne veut pas dire zéro" in document.text


def test_a_hidden_stratum_leaves_no_number_anywhere_on_the_page() -> None:
    for language in Language:
        rows = [row for row in Document(shown(language)).rows if row and "CV218" in row[0]]
        cells = " ".join(cell for row in rows for cell in row[1:])
        assert set(re.findall(r"[0-9]+", cells)) == {"11"}


def test_when_all_are_too_few_nothing_of_them_is_shown() -> None:
    document = Document(shown(survival=survival(lives("CV217", 6, deaths=2))))
    assert "trop peu d’entreprises sont suivies" in document.text
    assert not any(tag.get("class") == "chart" for _, tag in document.tags)
    figures = [cell for row in document.rows for cell in row[1:5] if row[0].endswith(("an", "ans"))]
    assert set(figures) <= {"caché : moins de 11", "–", "75,0 %", "61,0 %", "46,0 %", "39,0 %"}


def test_businesses_too_young_for_a_horizon_are_said_to_be() -> None:
    young = survival(lives("CV217", 60, born_on=NOW.date() - timedelta(days=500)))
    assert Document(shown(survival=young)).row("5 ans")[1] == "pas encore de recul"


def test_an_empty_programme_says_how_to_begin() -> None:
    for language, words in ((FR, "aucune enveloppe n’est ouverte"), (EN, "no envelope is open")):
        html = shown(language, budgets=[], survival=[])
        document = Document(html)
        assert words in document.text
        snippet = re.search(r"-d '(\{.*\})'", document.text, re.DOTALL)
        assert snippet is not None
        told = json.loads(snippet.group(1))
        assert CommitmentDeclared.model_validate_json(json.dumps(told["data"])).contract == "CV219"
        assert "NaN" not in html
        assert "None" not in html


def test_envelopes_without_a_request_are_shown_with_how_to_begin() -> None:
    text = Document(shown(budgets=[budget("CV219", Funder.CDC, authorised=100_000_00)], survival=[])).text
    assert "rien n’est encore demandé" in text
    assert "CommitmentDeclared" in text


def test_the_age_of_the_figures_is_said_and_old_ones_are_marked() -> None:
    assert f"Dernier fait connu il y a 2{HARD}minutes" in Document(shown()).text
    late = shown(now=NOW + timedelta(days=4))
    assert f"Rien de nouveau depuis 4{HARD}jours" in Document(late).text
    assert 'class="fresh stale"' in late


def test_what_is_missing_from_the_figures_is_said() -> None:
    text = Document(shown(is_parked=True, quarantined=2)).text
    assert "Une partie des faits n’est plus lue" in text
    assert f"2{HARD}faits illisibles en attente d’examen" in text


def test_a_demonstration_says_that_it_is_one() -> None:
    assert "données simulées" in Document(shown(is_demonstration=True)).text
    assert "données simulées" not in Document(shown()).text


def end_labels(figures: list[SurvivalStated]) -> list[str]:
    view = lives_view(figures)
    assert view is not None
    assert view.chart is not None
    return [label.key for label in view.chart.labels]


def test_a_line_that_ends_early_bears_its_name_and_value_where_it_ends() -> None:
    young = survival(lives("CV217", 60, deaths=12, born_on=date(2013, 1, 10)))
    assert end_labels(young) == ["insee_2014", "insee_2018_micro"]
    assert f"80,0{THIN}% Programme" in Document(shown(survival=young)).text
    assert sorted(end_labels(SURVIVAL)) == ["insee_2014", "insee_2018_micro", "ours"]


def test_a_country_of_contracts_comes_in_parts_and_stays_light() -> None:
    codes = [f"CV{number:04}" for number in range(1500)]
    budgets = [budget(code, funder, authorised=9_000_00) for code in codes for funder in Funder]
    figures = survival(*(lives(code, 12, deaths=3) for code in codes))
    html = shown(budgets=budgets, survival=figures, part="2")
    assert len(html.encode()) < 300_000
    assert f"Contrats 41 à 80 sur 1{THIN}500" in Document(html).text
    assert any(tag.get("href") == "?exercice=2016&page=3#money" for _, tag in Document(html).tags)


def resources(html: str) -> Iterator[str]:
    """Yield what a browser would fetch by itself."""
    for name, tag in Document(html).tags:
        if name in ("script", "img", "iframe", "object", "source", "audio", "video") or tag.get("src"):
            yield name
        if name == "link" and tag.get("rel") != "alternate":
            yield str(tag.get("href"))


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    html = shown()
    assert [resource for resource in resources(html) if not resource.startswith("data:")] == []
    assert not any("style" in tag or any(name.startswith("on") for name in tag) for _, tag in Document(html).tags)
    assert "url(http" not in stylesheet()
    assert "@import" not in stylesheet()
    assert "script-src" not in headers()["Content-Security-Policy"]
    assert headers()["Content-Security-Policy"].startswith("default-src 'none'")
    assert len(html.encode()) < 100_000


def test_what_is_not_ours_is_escaped() -> None:
    hostile = BUDGETS[0].model_copy(update={"contract": "<script>"})
    assert "<script>" not in shown(budgets=[hostile], survival=SURVIVAL)


def test_every_table_names_its_columns_and_its_rows() -> None:
    document = Document(shown())
    scopes = [tag.get("scope") for name, tag in document.tags if name == "th"]
    assert set(scopes) == {"col", "row", "rowgroup"}
    assert sum(name == "h1" for name, _ in document.tags) == 1
    identifiers = [tag["id"] for _, tag in document.tags if tag.get("id")]
    assert len(identifiers) == len(set(identifiers))
    anchors = {
        str(tag["href"])[1:] for name, tag in document.tags if name == "a" and str(tag.get("href")).startswith("#")
    }
    assert anchors <= set(identifiers)
