"""Each table of the managers' pages is had as CSV, XLSX and Parquet, with the same rows, and for who may see them."""

import csv
import re
from html import unescape
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from pyarrow import parquet

from services.funding.domain.comparison import Comparison
from services.funding.domain.manager import OPERATOR
from services.funding.domain.reapportionment import Plan
from services.funding.domain.territory import Territory
from services.funding.pages import balances, commitment, contract, debts, orders, overview, territory, what_if
from services.funding.pages.meanings import MEANINGS
from services.funding.pages.moment import moment
from services.funding.pages.table import Table, as_download
from services.funding.pages.words import BY_LANGUAGE
from services.funding.use_cases.what_if import Answer
from shared.web.formats import Language
from tests.services.funding.managers_pages import OPERATOR_KEY, looked_at
from tests.services.reporting.figures import Document
from tests.support.commands import opened_with
from tests.support.commitment_events import named
from tests.support.ledger import NOW, Ledger
from tests.support.read_back import sheets

ADDRESSES = ("/", "/funders/CDC", "/funders/STATE", "/contracts/CV219", "/contracts/CV219/waitlist?exercise=2016",
             "/epcis", "/unpaid", "/unpaid?as_of=2016-09-10", f"/commitments/{named('paid')}",
             f"/commitments/{named('waits')}")  # fmt: skip
LINK = re.compile(r'href="([^"]+\.(csv|xlsx|parquet)(?:\?[^"]*)?)"')


def empty_tables() -> list[Table]:
    """Every table of every page, without rows."""
    now = moment(Language.FRENCH, NOW, None)
    same = Comparison((), (), ())
    unchanged = Answer(0, 0.0, same, Plan((), ()), (), same)
    return [
        balances.envelopes_table([], file="a"), balances.sums_table([], file="b"), commitment.history_table([]),
        commitment.ages_table([], now), contract.commitments_table([]), contract.held_table([]),
        contract.commands_table([], signed_in=True), contract.queue_table([], "CV219", 2016),
        contract.promotions_table([], 2016), debts.by_contract([], now.as_of), debts.each([], now.as_of),
        Table("attention", overview.ATTENTION, []),
        territory.groups_table([]), territory.turns_table([]), territory.sides_table([]), territory.told_table([]),
        territory.lineage_table(Territory()), *orders.tables_of({name: [] for name in orders.TOLD}).values(),
        *what_if.what_if_tables(unchanged, OPERATOR).values(),
    ]  # fmt: skip


def test_every_column_has_a_meaning_and_a_title_of_its_own() -> None:
    for table in empty_tables():
        fields = as_download(table, NOW).fields
        for language in ("fr", "en"):
            titles = [field.title.of(language) for field in fields]
            assert len(titles) == len(set(titles)), (table.file, titles)
        assert len({field.column for field in fields}) == len(fields)


def test_every_meaning_is_said_in_both_languages_as_a_sentence() -> None:
    for name, meaning in MEANINGS.items():
        assert all(text.endswith(".") and text[0].isupper() for text in meaning), name
        assert meaning.fr != meaning.en, name


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_each_table_that_is_shown_is_had_in_all_three_forms_with_the_same_rows(
    pages: httpx.AsyncClient, address: str, prefix: str
) -> None:
    shown = await pages.get(prefix + address)
    links = {unescape(link): form for link, form in LINK.findall(shown.text)}
    tables = sum(name == "table" for name, _ in Document(shown.text).tags) + shown.text.count('<p class="none">')
    assert [*links.values()].count("csv") == [*links.values()].count("xlsx") == [*links.values()].count("parquet")
    assert len(links) == 3 * tables > 0
    for link in (link for link, form in links.items() if form == "csv"):
        lines = await taken(pages, shown.url.join(link))
        [header, *data], dictionary, _ = sheets(await content(pages, shown.url.join(link.replace(".csv", ".xlsx", 1))))
        table = parquet.read_table(BytesIO(await content(pages, shown.url.join(link.replace(".csv", ".parquet", 1)))))
        assert lines[0] == table.column_names == [row[1] for row in dictionary[1:]]
        assert [*header] == [row[0] for row in dictionary[1:]]
        assert len(lines) - 1 == len(data) == table.num_rows
        for place, name in enumerate(table.column_names):
            text = [written(value) for value in table.column(name).to_pylist()]
            assert text == [line[place] for line in lines[1:]], name
            if name.endswith("_cents"):
                cells = ["" if row[place] is None else str(round(row[place] * 100)) for row in data]
                assert cells == text, name


def written(value: Any) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


async def content(client: httpx.AsyncClient, address: httpx.URL) -> bytes:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


async def taken(client: httpx.AsyncClient, address: httpx.URL) -> list[list[str]]:
    return [*csv.reader(StringIO((await content(client, address)).decode()))]


async def test_a_sheet_is_in_the_language_of_its_page(pages: httpx.AsyncClient) -> None:
    for prefix, wanted in (("", "Voté"), ("/en", "Voted")):
        data, dictionary, codes = sheets((await pages.get(f"{prefix}/overview.xlsx")).content)
        assert wanted in data[0]
        assert {row[0] for row in dictionary[1:]} == {*data[0]}
        assert ("CDC", "Caisse des Dépôts", "Caisse des Dépôts") in {row[1:] for row in codes}


async def test_a_funders_envelopes_are_its_own_only(pages: httpx.AsyncClient) -> None:
    _, *rows = await taken(pages, httpx.URL("/funders/STATE/by-contract.csv?exercise=2016"))
    assert [row[1] for row in rows] == ["STATE"]


async def test_what_is_no_table_is_not_there(pages: httpx.AsyncClient) -> None:
    for address in ("/nothing.xlsx", "/contracts/CV999.parquet", "/contracts/CV219/nothing.csv", "/overview.pdf",
                    "/favicon.ico", f"/commitments/{named('nobody')}.xlsx", "/funders/CDC/nothing.csv"):  # fmt: skip
        assert (await pages.get(address)).status_code == 404, address


async def test_without_what_writes_parquet_the_answer_says_how_to_have_it(
    pages: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.funding.downloads.parquet.find_spec", lambda _: None)
    answer = await pages.get("/unpaid.parquet")
    assert answer.status_code == 501
    assert "pip install 'fabrique[parquet]'" in answer.json()["detail"]
    assert (await pages.get("/unpaid.xlsx")).status_code == 200


async def test_who_commanded_is_in_the_files_of_who_is_signed_in_only(ledger: Ledger) -> None:
    await opened_with(ledger, {"CV219.CDC.2016": 1_000_00})
    async with looked_at(ledger) as client:
        assert "proposed_by" not in (await taken(client, httpx.URL("/contracts/CV219/commands.csv")))[0]
        await client.post("/login", data={"key": OPERATOR_KEY})
        assert "proposed_by" in (await taken(client, httpx.URL("/contracts/CV219/commands.csv")))[0]


async def test_what_a_command_would_do_and_did_is_had_as_a_file(ledger: Ledger) -> None:
    await opened_with(ledger, {"CV219.CDC.2016": 1_000_00})
    async with looked_at(ledger) as client:
        await client.post("/login", data={"key": OPERATOR_KEY})
        form = hidden((await client.get("/contracts/CV219")).text, "contracts/CV219/commands")
        form |= {"kind": "freeze", "envelope": "CV219.CDC.2016", "amount": "100", "reason": "later",
                 "effective_on": "2016-12-01"}  # fmt: skip
        tried = await client.post("/contracts/CV219/commands", data=form)
        [address] = re.findall(r'formaction="([^"]*effect\.csv)"', tried.text)
        asked = await client.post(tried.url.join(address), data=hidden(tried.text, ""))
        assert asked.text.splitlines()[1:] == ["CV219.CDC.2016,frozen,0,10000", "CV219.CDC.2016,room,100000,90000"]
        assert await ledger.rows("SELECT 1 FROM envelope WHERE frozen_cents > 0") == []
        done = await client.post("/contracts/CV219/commands/apply", data=hidden(tried.text, "commands/apply"))
        shown = httpx.URL("http://funding/contracts/CV219/commands/apply").join(done.headers["location"])
        told = await client.get(shown)
        for link, _ in LINK.findall(told.text):
            assert (await client.get(told.url.join(link))).status_code == 200, link
        file = told.url.join(next(link for link, _ in LINK.findall(told.text) if "effect.csv" in link))
        assert (await client.get(file)).text == asked.text
        client.cookies.clear()
        for turned_away in (await client.get(file), await client.post(tried.url.join(address), data=form)):
            assert (turned_away.status_code, "login" in turned_away.headers["location"]) == (303, True)


def hidden(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address; to none: of the first one that only takes away."""
    to = rf' action="[^"]*{re.escape(action)}"' if action else ' class="origin"'
    form = re.search(rf'<form method="post"{to}>(.*?)</form>', html, re.DOTALL)
    assert form is not None, action
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form.group(1))
    return {name: unescape(value) for name, value in fields}


def test_both_languages_name_every_column_that_is_described() -> None:
    names = {column.name for table in empty_tables() for column in table.columns}
    assert all(names <= words.keys() for words in BY_LANGUAGE.values())
    used = {column.meaning or column.name for table in empty_tables() for column in table.columns}
    unused = MEANINGS.keys() - used
    assert unused <= {"asked", "paid_by", "command", "receiver", "effective_on", "rejected_by"}
