"""A what-if on pages, without a script: asked in a form, seen side by side, applied with four eyes, or thrown away."""

import csv
import re
from collections.abc import AsyncIterator
from html import unescape
from io import StringIO

import httpx
import pytest

from services.funding.programme import parse
from services.funding.use_cases import managers
from services.funding.use_cases.weighing import keep_weights
from shared.kernel.funders import Funder
from tests.services.funding.managers_pages import OPERATOR_KEY, looked_at
from tests.services.reporting.figures import Document
from tests.support.commands import CDC, CDC_NEXT_DOOR, assert_examined, opened_with
from tests.support.commitment_events import named, records
from tests.support.ledger import Ledger, fixed_clock
from tests.support.what_if import FILE, as_told, declared

ASK = "/contracts/CV219/what-if"
Form = dict[str, str]


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """Two contracts with 1 000 € each: 900 € reserved in the first, where 300 € and 100 € wait."""
    await opened_with(ledger, {CDC: 1_000_00, CDC_NEXT_DOOR: 1_000_00})
    found = records([declared("a", 1, 900_00), declared("b", 2, 300_00, priority=6), declared("c", 3, 100_00)])
    await ledger.decide(found, [3])
    async with looked_at(ledger, as_told(found)) as client:
        yield client


async def sign_in(browser: httpx.AsyncClient, key: str = OPERATOR_KEY) -> None:
    assert (await browser.post("/login", data={"key": key})).status_code == 303


async def key_of(ledger: Ledger, name: str, *funders: Funder) -> str:
    whose = managers.manager(name, "cdc", funders=funders or [Funder.CDC])
    return (await managers.create_key(ledger.engine, whose, clock=fixed_clock))[1]


def hidden(html: str, action: str) -> Form:
    """The hidden fields of the form that goes to an address that ends so; or one of whose buttons does."""
    forms = re.findall(r'<form method="post"[^>]*>.*?</form>', html, re.DOTALL)
    form = next((each for each in forms if re.search(rf'action="[^"]*{re.escape(action)}"', each)), None)
    assert form is not None, action
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in fields}


async def asked(browser: httpx.AsyncClient, address: str = ASK, **fields: str) -> httpx.Response:
    token = hidden((await browser.get(address)).text, "contracts/CV219/what-if")
    said = {"reason": "another-key", "effective_on": "2016-12-01"} | fields
    return await browser.post(address, data=token | said)


def text(answer: httpx.Response) -> str:
    return Document(plain(answer)).text


def plain(answer: httpx.Response) -> str:
    return answer.text.replace("\u00a0", " ").replace("\u202f", " ")


async def authorised(ledger: Ledger) -> dict[str, int]:
    rows = await ledger.rows("SELECT envelope_id, authorised_cents FROM envelope")
    return {row["envelope_id"]: row["authorised_cents"] for row in rows}


async def test_what_would_free_one_who_waits_is_replayed_and_applied(
    browser: httpx.AsyncClient, ledger: Ledger
) -> None:
    assert "what-if" not in (await browser.get("/contracts/CV219/waitlist?exercise=2016")).text
    await sign_in(browser)
    waits = await browser.get("/contracts/CV219/waitlist?exercise=2016")
    links = re.findall(r'href="[./]*(contracts/CV219/what-if[^"]*)"', unescape(waits.text))
    assert links == ["contracts/CV219/what-if?exercise=2016&missing_CDC=30000"], "c has room, and is served first"
    assert "ask_if" not in (await browser.get("/contracts/CV219/waitlist.csv?exercise=2016")).text
    form = await browser.get(f"/{links[0]}")
    assert 'name="amount_CDC" type="text" value="1300,00"' in form.text
    shown = await asked(browser, amount_CDC="1300,00")
    assert shown.status_code == 200
    assert "2 engagements s’en trouvent mieux, 0 engagement s’en trouve moins bien" in text(shown)
    assert Document(plain(shown)).row("Lens-Liévin CV219", "1 000,00 €")[1:6] == [
        "1 000,00 €", "1 300,00 €", "900,00 €", "1 300,00 €", "+400,00 €",
    ]  # fmt: skip
    assert (await authorised(ledger))[CDC] == 1_000_00
    done = await browser.post(f"{ASK}/apply", data=hidden(shown.text, "what-if/apply"))
    assert "Appliquées : 1. À approuver par une autre personne : 0." in text(done)
    assert (await authorised(ledger))[CDC] == 1_300_00
    await assert_examined(ledger)


async def test_the_files_hold_every_row_in_cents(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    shown = await asked(browser, amount_CDC="1300,00")
    files = {}
    for name in ("gains", "totals", "fates", "orders", "applied"):
        answer = await browser.post(f"{ASK}/{name}.csv", data=hidden(shown.text, f"what-if/{name}.csv"))
        assert answer.headers["content-type"].startswith("text/csv")
        files[name] = [*csv.DictReader(StringIO(answer.text))]
    assert {row["contract"]: int(row["gained_cents"]) for row in files["gains"]} == {"CV219": 400_00, "CV221": 0}
    assert {row["commitment"]: int(row["gained_cents"]) for row in files["fates"]} == {
        named("b"): 300_00, named("c"): 100_00,
    }  # fmt: skip
    assert [row["difference_cents"] for row in files["totals"] if row["balance"] == "authorised"] == ["30000"]
    assert [(row["kind"], row["amount_cents"], row["if_outcome"]) for row in files["orders"]] == [
        ("increase", "30000", "would-apply"),
    ]  # fmt: skip
    book = await browser.post(f"{ASK}/gains.xlsx", data=hidden(shown.text, "what-if/gains.xlsx"))
    assert (book.status_code, book.content[:2]) == (200, b"PK")
    unknown = await browser.post(f"{ASK}/nothing.csv", data=hidden(shown.text, "what-if/gains.csv"))
    assert unknown.status_code == 422


async def test_a_key_moves_credit_between_contracts_to_the_cent(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    """2 000 € by 53 545 and 30 332 inhabitants: 276,75 € go from one contract to the other, and no cent is made."""
    await sign_in(browser)
    assert 'value="population"' not in (await browser.get(ASK)).text, "nobody said what the contracts weigh"
    refused = await asked(browser, key_CDC="population")
    assert refused.status_code == 422
    assert "n’est pas proposée" in text(refused)
    await keep_weights(ledger.engine, parse(FILE))
    shown = await asked(browser, "/en/contracts/CV219/what-if", key_CDC="population")
    assert "1 commitment is better off, 0 commitments are worse off" in text(shown)
    await browser.post(f"{ASK}/apply", data=hidden(shown.text, "what-if/apply"))
    assert await authorised(ledger) == {CDC: 1_276_75, CDC_NEXT_DOOR: 723_25}
    await assert_examined(ledger)


async def test_what_is_heavy_is_proposed_and_what_is_not_ones_own_is_not_taken(
    browser: httpx.AsyncClient, ledger: Ledger
) -> None:
    await sign_in(browser, await key_of(ledger, "anne"))
    shown = await asked(browser, others="CV221 CDC 3 000,00")
    assert "une autre personne approuvera" in text(shown)
    assert "Appliquer, ou proposer" in text(shown)
    done = await browser.post(f"{ASK}/apply", data=hidden(shown.text, "what-if/apply"))
    assert "Appliquées : 0. À approuver par une autre personne : 1." in text(done)
    [address] = set(re.findall(r'href="[./]*(commands/[^"]*)"', done.text))
    assert (await authorised(ledger))[CDC_NEXT_DOOR] == 1_000_00
    await sign_in(browser, await key_of(ledger, "brahim"))
    tried = await browser.post(f"/{address}/try", data=hidden((await browser.get(f"/{address}")).text, "/try"))
    await browser.post(f"/{address}/approve", data=hidden(tried.text, "/approve"))
    assert (await authorised(ledger))[CDC_NEXT_DOOR] == 3_000_00
    await sign_in(browser, await key_of(ledger, "chloe", Funder.STATE))
    shown = await asked(browser, amount_CDC="1100")
    assert "cette clé ne commande pas ces enveloppes" in text(shown)
    done = await browser.post(f"{ASK}/apply", data=hidden(shown.text, "what-if/apply"))
    assert "Les autres ne sont pas faites" in text(done)
    assert (await authorised(ledger))[CDC] == 1_000_00


async def test_other_rules_and_another_order_are_replayed_and_not_commanded(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    shown = await asked(browser, cap_per_project="500", waitlist="skip", order="first-come")
    assert "2 engagements s’en trouvent mieux, 1 engagement s’en trouve moins bien" in text(shown)
    assert "Une règle ou un ordre ne se commande pas ici" in text(shown)
    assert "Aucune commande" in text(shown)
    assert "what-if/apply" not in shown.text
    apart = await asked(browser, funders="each")
    assert "l’année finit comme elle a fini" in text(apart)
    assert 'value="each"' in apart.text
    lifted = await asked(browser, cap_per_project="-", eligible_from="01/01/2016")
    assert "l’année finit comme elle a fini" in text(lifted)


async def test_what_is_wrong_in_the_form_is_named_and_nothing_is_replayed(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    for wrong, named_so in (({"amount_CDC": "ten"}, "CDC : crédit à engager"), ({"others": "CV999 CDC 5"}, "D’autres"),
                            ({"others": "nothing"}, "D’autres"), ({"amount_STATE": "5"}, "État : crédit à engager"),
                            ({"cdc_share_max": "101"}, "Part de la CDC"), ({"eligible_from": "soon"}, "Recevable"),
                            ({"order": "mine"}, "Ordre de la file"), ({"reason": "Because."}, "Raison")):  # fmt: skip
        answer = await asked(browser, **({"key_CDC": "equal"} | wrong))
        assert answer.status_code == 422
        assert f"À corriger : {named_so}" in text(answer)
    assert "Rien n’est changé dans le formulaire" in text(await asked(browser))


async def test_books_that_moved_are_looked_at_again(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    first, second = await asked(browser, amount_CDC="1300"), await asked(browser, amount_CDC="1200", displace="yes")
    await browser.post(f"{ASK}/apply", data=hidden(first.text, "what-if/apply"))
    late = await browser.post(f"{ASK}/apply", data=hidden(second.text, "what-if/apply"))
    assert late.status_code == 409
    assert "Les comptes ont bougé" in text(late)
    assert (await authorised(ledger))[CDC] == 1_300_00
    await browser.post(f"{ASK}/apply", data=hidden(late.text, "what-if/apply"))
    assert (await authorised(ledger))[CDC] == 1_200_00
    await assert_examined(ledger)


async def test_nobody_asks_who_is_not_signed_in_and_no_form_from_elsewhere(
    browser: httpx.AsyncClient, ledger: Ledger
) -> None:
    assert (await browser.get(ASK)).headers["location"] == "../../login"
    for address in (ASK, f"{ASK}/apply", f"{ASK}/gains.csv"):
        answer = await browser.post(address, data={"key_CDC": "equal"})
        where = httpx.URL(f"http://funding{address}").join(answer.headers["location"])
        assert (answer.status_code, where.path, where.query) == (303, "/login", b"ended=yes")
    assert "Votre session a pris fin" in text(await browser.get("/login?ended=yes"))
    await sign_in(browser)
    fields = hidden((await browser.get(ASK)).text, "contracts/CV219/what-if") | {"amount_CDC": "1300"}
    for address in (ASK, f"{ASK}/apply", f"{ASK}/gains.csv"):
        for language, said in (("", "rechargez la page"), ("/en", "load the page again")):
            answer = await browser.post(f"{language}{address}", data=fields | {"token": "0" * 64})
            assert answer.status_code == 403
            assert said in text(answer)
        answer = await browser.post(address, data=fields, headers={"sec-fetch-site": "cross-site"})
        assert (answer.status_code, "Il vient d’un autre site" in text(answer)) == (403, True)
    assert (await browser.get("/contracts/CV999/what-if")).status_code == 404
    assert (await browser.get(f"{ASK}?exercise=1999")).status_code == 404
    assert (await authorised(ledger))[CDC] == 1_000_00


async def test_a_ledger_that_its_line_does_not_give_is_said_on_a_page(
    browser: httpx.AsyncClient, ledger: Ledger
) -> None:
    await sign_in(browser)
    await ledger.execute("UPDATE commitment SET priority = 4 WHERE commitment_id = :id", id=named("a"))
    answer = await asked(browser, amount_CDC="1300")
    assert answer.status_code == 409
    assert "l’année ne finit pas où sont les comptes" in text(answer)
    assert named("a") in answer.text
