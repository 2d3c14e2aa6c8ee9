"""The managers' pages say what the ledger holds, in both languages, and their tables can be taken away as they are."""

import csv
import re
from datetime import date
from io import StringIO

import httpx
import pytest

from services.funding.domain.command import Act
from services.funding.domain.envelope import Account
from services.funding.domain.manager import OPERATOR
from services.funding.domain.objection import Objection
from services.funding.domain.territory import Attachment, Merger
from services.funding.pages import english, french
from services.funding.pages.terms import TERMS
from services.funding.routes.orders import REMEDIES
from services.funding.use_cases import territory
from shared.contracts.allocation import ALLOCATION_FACTS
from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.reasons import HeldReason, RefusalReason
from shared.web.vocabulary import FRENCH
from tests.services.funding.managers_pages import CDC, STATE, act, at, declared, looked_at, tell_life
from tests.services.reporting.figures import Document
from tests.support.commands import desk
from tests.support.commitment_events import named, records
from tests.support.ledger import Ledger

ADDRESSES = ("/", "/funders/CDC", "/funders/STATE", "/contracts/CV219", "/contracts/CV219/waitlist?exercise=2016",
             "/unpaid", f"/commitments/{named('paid')}", f"/commitments/{named('waits')}")  # fmt: skip


async def page(client: httpx.AsyncClient, address: str) -> Document:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return Document(answer.text.replace("\u00a0", " ").replace("\u202f", " "))


async def table(client: httpx.AsyncClient, address: str) -> list[dict[str, str]]:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return [*csv.DictReader(StringIO(answer.text))]


async def test_the_overview_answers_first_and_says_what_needs_a_look(pages: httpx.AsyncClient) -> None:
    found = await page(pages, "/")
    assert "En 2016, 1 500 € sont votés : 100 € sont réservés, 600 € engagés, 200 € payés" in found.text
    assert "à regarder, dont 300 € impayés depuis plus de 60 jours" in found.text
    assert found.row("impayé depuis plus de 60 jours")[1:5] == ["Lens-Liévin CV219", "CDC", "–", "300,00 €"]
    assert found.row("mouvements retenus")[1] == "Lens-Liévin CV219"
    assert found.row("s’éteint au 31 décembre")[2:] == ["CDC", "2016", "400,00 €", "–"]
    assert "For 2016, €1,500 is voted" in (await page(pages, "/en/")).text


async def test_an_envelope_shows_each_of_its_balances(pages: httpx.AsyncClient) -> None:
    [cdc] = [row for row in await table(pages, "/contracts/CV219.csv") if row["funder"] + row["exercise"] == "CDC2016"]
    amounts = {name: cdc[f"{name}_cents"] for name in ("authorised", "reserved", "engaged", "paid", "room", "payable")}
    assert amounts == {"authorised": "100000", "reserved": "0", "engaged": "60000", "paid": "20000", "room": "40000",
                       "payable": ""}  # fmt: skip
    found = await page(pages, "/contracts/CV219")
    assert "sans limite" in found.text
    assert found.row("Lens-Liévin CV219", "CDC", "2016")[3:6] == ["1 000 €", "0 €", "600 €"]
    assert "Lens-Liévin : en 2016, 800 € restent libres sur 1 500 € votés" in found.text


async def test_who_waits_is_told_what_lacks_and_who_is_before(pages: httpx.AsyncClient) -> None:
    found = await page(pages, "/contracts/CV219/waitlist?exercise=2016")
    assert "2 demandes attendent une place. Pour servir la première, il manque 100 € (Caisse des Dépôts)" in found.text
    rows = await table(pages, "/contracts/CV219/waitlist.csv?exercise=2016")
    assert [(r["commitment"], r["missing_CDC_cents"], r["missing_STATE_cents"], r["before_count"]) for r in rows] == [
        (named("waits"), "10000", "", "0"), (named("waits-too"), "10000", "", "1"),
    ]  # fmt: skip


async def test_a_commitment_shows_every_fact_with_its_postings_and_its_cause(pages: httpx.AsyncClient) -> None:
    rows = await table(pages, f"/commitments/{named('paid')}.csv")
    assert [row["fact"] for row in rows] == [
        "AllocationReserved", "AllocationEngaged", "PaymentRecorded", "AllocationEngaged", "CertificationRecorded",
    ]  # fmt: skip
    assert rows[1]["postings"] == "reserved > engaged 50000"
    assert rows[1]["cause"] == named("CV219/paid/2")
    found = await page(pages, f"/commitments/{named('paid')}")
    assert "Cet engagement est engagé : 700 € demandés, 600 € engagés, 200 € payés." in found.text
    assert "300 € sont impayés depuis plus de 60 jours." in found.text
    assert found.row("CDC", "300,00 €") == ["CDC", "300,00 €", "27 août 2016", "96", "26 octobre 2016",
                                            "plus de 60 jours"]  # fmt: skip


async def test_a_fact_names_the_event_that_was_held_before(ledger: Ledger) -> None:
    early = act("CommitmentEngaged", "early", 1, at(7, 1), 50_00)
    await ledger.open([{"open": CDC, "amount_cents": 1_000_00}], partition=0, clock=lambda: at(4, 4))
    await ledger.decide(records([early, declared("early", 2, 100_00)]), [1])
    async with looked_at(ledger) as client:
        rows = await table(client, f"/commitments/{named('early')}.csv")
        assert [(row["fact"], row["held_before"]) for row in rows] == [
            ("MovementHeld", ""), ("AllocationReserved", ""), ("AllocationEngaged", named("CV219/early/1")),
        ]  # fmt: skip
        assert rows[-1]["cause"] == named("CV219/early/2")
        assert "Retenu avant" in (await page(client, f"/commitments/{named('early')}")).text
        assert "Held before" in (await page(client, f"/en/commitments/{named('early')}")).text


async def test_who_waits_in_part_is_shown_with_the_part_that_waits(ledger: Ledger) -> None:
    await ledger.open([{"open": CDC, "amount_cents": 100_00}, {"open": STATE, "amount_cents": 5_00}], partition=0)
    await ledger.rule("CV219", 2016, {"funders": "each"})
    await ledger.decide(records([declared("mixed", 1, 60_00, 5_00), declared("late", 2, 20_00, 3_00)]), [2])
    late = f"/commitments/{named('late')}"
    async with looked_at(ledger) as client:
        assert "Cet engagement est réservé" in (await page(client, late)).text
        assert "De cette demande, 3 € attendent une place : État." in (await page(client, late)).text
        assert "Of what it asks, €3 waits for room: State." in (await page(client, f"/en{late}")).text
        assert "waitlist?exercise=2016" in (await client.get(late)).text
        amounts = {row["funder"]: row["waits_cents"] for row in await table(client, f"{late}/amounts.csv")}
        assert amounts == {"CDC": "0", "STATE": "300"}
        listed = {row["commitment"]: row["waits_cents"] for row in
                  await table(client, "/contracts/CV219/commitments.csv?exercise=2016")}  # fmt: skip
        assert listed == {named("mixed"): "0", named("late"): "300"}
        [waits] = await table(client, "/contracts/CV219/waitlist.csv?exercise=2016")
        asked = (waits["cdc_cents"], waits["state_cents"], waits["missing_CDC_cents"], waits["missing_STATE_cents"])
        assert (waits["commitment"], asked) == (named("late"), ("0", "300", "", "300"))


async def test_a_contract_leads_to_the_epci_that_it_belongs_to_today(ledger: Ledger) -> None:
    await tell_life(ledger)
    home = Attachment("CV219", "246200364", "CA de Lens-Liévin")
    merged = Merger("lens-2017", ("246200364",), "200000001", "CU de l’Artois", date(2016, 12, 2))
    async with looked_at(ledger) as client:
        assert "epcis/" not in (await client.get("/contracts/CV219")).text.partition("<h1>")[2]
        await territory.tell(desk(ledger), territory.of_programme([home, merged]), OPERATOR)
        before, after = [
            (await client.get(f"/contracts/CV219{day}")).text.replace("\u00a0", " ")
            for day in ("", "?as_of=2016-12-02")
        ]
        assert '<a href="../epcis/246200364">EPCI : CA de Lens-Liévin</a>' in before
        assert '<a href="../epcis/200000001">EPCI : CU de l’Artois</a>' in after
        assert (await client.get("/epcis/246200364")).status_code == 200


async def test_what_is_held_says_why_in_words(pages: httpx.AsyncClient) -> None:
    found = await page(pages, f"/commitments/{named('waits')}")
    assert "l’engagement attend une place" in found.text
    assert "the commitment waits for room" in (await page(pages, f"/en/commitments/{named('waits')}")).text


async def test_what_is_unpaid_has_an_age_as_of_the_day_asked_for(pages: httpx.AsyncClient) -> None:
    [row] = await table(pages, "/unpaid.csv")
    assert [row[f"{name}_cents"] for name in ("to-30", "to-60", "over-60", "unpaid_total", "unpaid_certified")] == [
        "10000", "0", "30000", "40000", "5000",
    ]  # fmt: skip
    [then] = await table(pages, "/unpaid.csv?as_of=2016-09-10")
    assert (then["to-30_cents"], then["over-60_cents"], then["oldest"]) == ("50000", "0", "14"), "from the act"
    [unknown] = await table(pages, "/unpaid.csv?as_of=2016-08-31") or [{}]
    assert unknown == {}, "what was not known yet was not owed"
    wrong = await page(pages, "/unpaid?as_of=yesterday")
    assert "La date demandée n’en est pas une" in wrong.text


@pytest.mark.parametrize("address", ADDRESSES)
async def test_each_page_has_one_heading_named_tables_and_nothing_from_elsewhere(
    pages: httpx.AsyncClient, address: str
) -> None:
    for prefix in ("", "/en"):
        answer = await pages.get(prefix + address)
        found = Document(answer.text)
        assert sum(name == "h1" for name, _ in found.tags) == 1
        identifiers = [tag["id"] for _, tag in found.tags if tag.get("id")]
        assert len(identifiers) == len(set(identifiers))
        assert {tag.get("scope") for name, tag in found.tags if name == "th"} <= {"col", "row"}
        assert not any(name in ("script", "img", "iframe") or "style" in tag for name, tag in found.tags)
        assert "None" not in found.text
        assert len(answer.content) < 100_000
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_every_link_of_every_page_leads_somewhere(pages: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    todo = ["http://funding/"]
    while todo:
        address = todo.pop()
        answer = await pages.get(address)
        assert answer.status_code == 200, address
        seen.add(address)
        for link in re.findall(r'href="([^"#]+)[^"]*"', answer.text):
            target = str(httpx.URL(address).join(link.replace("&amp;", "&")))
            if target.startswith("http") and "/docs" not in target and target not in seen:
                seen.add(target)
                todo.append(target)
    assert len(seen) > 30


async def test_what_is_not_there_is_said_in_a_page(pages: httpx.AsyncClient) -> None:
    for address in ("/contracts/CV999", "/en/funders/EU", "/contracts/CV219/waitlist?exercise=1999",
                    f"/commitments/{named('nobody')}", "/contracts/%3Cscript%3E"):  # fmt: skip
        answer = await pages.get(address)
        assert answer.status_code == 404, address
        assert "<h1>" in answer.text
    assert (await pages.get("/nothing.csv")).status_code == 404


async def test_an_empty_ledger_says_how_to_begin(ledger: Ledger) -> None:
    async with looked_at(ledger) as client:
        assert "PUT /v1/programme" in (await page(client, "/")).text
        assert "tout ce qui est engagé est payé" in (await page(client, "/unpaid")).text


def test_both_languages_have_the_same_words_and_put_the_same_figures_in_them() -> None:
    assert french.WORDS.keys() == english.WORDS.keys()
    assert french.WORDS.keys().isdisjoint(FRENCH), "what all pages say is said once"
    for key, sentence in french.WORDS.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", english.WORDS[key])), key


def test_every_term_of_the_ledger_has_a_name_in_words() -> None:
    kinds = {fact.__name__ for fact in (*ALLOCATION_FACTS, *COMMITMENT_FACTS)}
    said = {*Objection, *RefusalReason, *HeldReason, *Account, *Act, *REMEDIES}
    assert kinds | {str(each) for each in said} <= TERMS.keys()
