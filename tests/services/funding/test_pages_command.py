"""Managers command on the pages without a script: signed in, tried before it is done, with four eyes."""

import csv
import re
from collections.abc import AsyncIterator
from io import StringIO

import httpx
import pytest

from services.funding.domain.objection import Objection
from services.funding.pages.orders import cents_of
from services.funding.pages.terms import term
from services.funding.routes.orders import REMEDIES
from services.funding.use_cases import managers
from shared.kernel.funders import Funder
from shared.web.formats import Language
from tests.services.funding.managers_pages import (
    FOUR_EYES_FROM,
    OPERATOR_KEY,
    Form,
    hidden,
    looked_at,
    sign_in,
    text,
)
from tests.services.reporting.figures import Document
from tests.support.commands import CDC, opened_with
from tests.support.commitment_events import event, named, records
from tests.support.ledger import Ledger, fixed_clock

TRY = "/contracts/CV219/commands"


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a ledger with one envelope of 1 000 €, in which 600 € are reserved, 400 € first."""
    await opened_with(ledger, {CDC: 1_000_00})
    asked = {"state_cents": 0, "cost_cents": 500_00, "exercise": 2016, "priority": 5}
    log = [event("CommitmentDeclared", f"c{n}", contract="CV219", number=n, cdc_cents=cents, **asked)
           for n, cents in enumerate((400_00, 200_00))]  # fmt: skip
    await ledger.decide(records(log), [2])
    async with looked_at(ledger) as client:
        yield client


async def key_of(ledger: Ledger, name: str, *funders: Funder) -> str:
    whose = managers.manager(name, "cdc", funders=funders or [Funder.CDC])
    return (await managers.create_key(ledger.engine, whose, clock=fixed_clock))[1]


async def filled(browser: httpx.AsyncClient, **fields: str) -> Form:
    """The form of the contract's page, filled in."""
    token = hidden((await browser.get("/contracts/CV219")).text, "contracts/CV219/commands")
    terms = {"kind": "freeze", "envelope": CDC, "amount": "100", "payment": "", "to": "", "reason": "reprogramming",
             "effective_on": "2016-12-01"}  # fmt: skip
    return token | terms | fields


async def frozen(ledger: Ledger) -> int:
    [row] = await ledger.rows("SELECT frozen_cents FROM envelope WHERE envelope_id = :name", name=CDC)
    return int(row["frozen_cents"])


async def test_a_command_is_tried_and_then_done_once(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    assert (await sign_in(browser)).headers["location"] == "./"
    tried = await browser.post(TRY, data=await filled(browser))
    assert "Rien n’est fait encore" in text(tried)
    assert Document(tried.text.replace("\u00a0", " ")).row("Lens-Liévin, CDC 2016", "Gelé")[2:] == [
        "0,00 €",
        "100,00 €",
    ]
    assert await frozen(ledger) == 0
    action = re.findall(r'action="([^"]*commands/apply)"', tried.text)
    assert [tried.url.join(each).path for each in action] == [f"{TRY}/apply"]
    confirmed = hidden(tried.text, "commands/apply")
    for _ in range(2):
        done = await browser.post(f"{TRY}/apply", data=confirmed)
        assert done.status_code == 303
        shown = await browser.get(str(httpx.URL(f"http://funding{TRY}/apply").join(done.headers["location"])))
        assert "Commande « geler » de operator : appliquée." in text(shown)
    assert await frozen(ledger) == 100_00


async def test_who_would_be_sent_back_is_shown_first(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    refused = await browser.post(TRY, data=await filled(browser, amount="500"))
    assert "Ce n’est pas possible : il n’y a pas la place." in text(refused)
    assert "commands/apply" not in refused.text
    rows = [row for row in Document(refused.text).rows if row[-1] in ("oui", "non")]
    assert [(row[0], row[-1]) for row in rows] == [(named("c1")[-8:], "oui"), (named("c0")[-8:], "non")]
    tried = await browser.post(TRY, data=await filled(browser, amount="500", displace="yes"))
    assert "renvoyé en attente" in tried.text
    await browser.post(f"{TRY}/apply", data=hidden(tried.text, "commands/apply"))
    assert await frozen(ledger) == 500_00


async def test_what_moved_since_it_was_tried_is_looked_at_again(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    first = await browser.post(TRY, data=await filled(browser))
    second = await browser.post(TRY, data=await filled(browser, amount="7"))
    await browser.post(f"{TRY}/apply", data=hidden(first.text, "commands/apply"))
    late = await browser.post(f"{TRY}/apply", data=hidden(second.text, "commands/apply"))
    assert late.status_code == 422
    assert "l’enveloppe a bougé depuis" in text(late)
    assert await frozen(ledger) == 100_00


async def test_a_large_amount_is_proposed_and_another_approves_it(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    anne, brahim = await key_of(ledger, "anne"), await key_of(ledger, "brahim")
    await sign_in(browser, anne)
    asked = await filled(browser, kind="increase", amount=str(FOUR_EYES_FROM // 100))
    tried = await browser.post(TRY, data=asked)
    assert "Une autre personne devra approuver" in text(tried)
    done = await browser.post(f"{TRY}/apply", data=hidden(tried.text, "commands/apply"))
    address = "/commands/" + done.headers["location"].rpartition("/")[2]
    own = await browser.get(address)
    assert "/try" not in own.text
    token = hidden(own.text, "/reject")
    assert "une autre personne doit approuver" in text(await browser.post(f"{address}/approve", data=token))
    await browser.post("/logout", data={"token": ""})
    assert "commande à approuver" in text(home := await browser.get("/"))
    assert address[1:] not in home.text
    await sign_in(browser, brahim)
    [link] = re.findall(rf'href="([^"]*{address[1:]})"', (home := await browser.get("/")).text)
    assert home.url.join(link).path == address
    waits = await browser.get(address)
    tried = await browser.post(f"{address}/try", data=hidden(waits.text, "/try"))
    assert "/approve" in tried.text
    approved = await browser.post(f"{address}/approve", data=hidden(tried.text, "/approve"))
    assert approved.status_code == 303
    assert "augmenter » de anne : appliquée" in text(await browser.get(address))


async def test_a_proposal_is_rejected_with_a_word(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    tried = await browser.post(TRY, data=await filled(browser, kind="increase", amount="5000"))
    done = await browser.post(f"{TRY}/apply", data=hidden(tried.text, "commands/apply"))
    address = "/commands/" + done.headers["location"].rpartition("/")[2]
    fields = hidden((await browser.get(address)).text, "/reject")
    assert (await browser.post(f"{address}/reject", data=fields | {"reason": "Not now!"})).status_code == 422
    await browser.post(f"{address}/reject", data=fields | {"reason": "not-now"})
    assert "rejetée" in text(await browser.get(address))
    assert await ledger.rows("SELECT 1 FROM outbox WHERE type = 'EnvelopeIncreased'") == []


async def test_nobody_commands_who_is_not_signed_in_and_no_form_from_elsewhere(
    browser: httpx.AsyncClient, ledger: Ledger
) -> None:
    for address in (TRY, f"{TRY}/apply"):
        answer = await browser.post(address, data={"kind": "freeze"})
        assert (answer.status_code, httpx.URL(f"http://funding{address}").join(answer.headers["location"]).path) == (
            303, "/login",
        )  # fmt: skip
    assert (await sign_in(browser, "fab_nobody_nothing")).status_code == 401
    await sign_in(browser)
    fields = await filled(browser)
    for wrong in ({"token": ""}, {"token": "0" * 64}):
        assert (await browser.post(TRY, data=fields | wrong)).status_code == 403
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://elsewhere"}, {"origin": "null"}):
        assert (await browser.post(TRY, data=fields, headers=headers)).status_code == 403
        assert (await browser.post("/login", data={"key": OPERATOR_KEY}, headers=headers)).status_code == 403
    assert (await browser.post(TRY, data=fields | {"reason": "x" * 20_000})).status_code == 413
    assert (await browser.post(TRY, json=fields)).status_code == 415
    assert await frozen(ledger) == 0


async def test_the_cookie_holds_no_key_and_dies_with_it(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    key = await key_of(ledger, "anne")
    cookie = (await sign_in(browser, key)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert key.rpartition("_")[2] not in cookie
    assert "Se déconnecter (anne)" in text(await browser.get("/"))
    await managers.revoke_key(ledger.engine, key.split("_")[1], clock=fixed_clock)
    assert "Se connecter" in text(await browser.get("/"))
    browser.cookies.set("fabrique_manager", "forged", domain="funding.local")
    assert "Se connecter" in text(await browser.get("/"))


async def test_who_commanded_is_shown_to_managers_alone(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser, await key_of(ledger, "anne"))
    tried = await browser.post(TRY, data=await filled(browser, amount="1"))
    done = await browser.post(f"{TRY}/apply", data=hidden(tried.text, "commands/apply"))
    assert "anne" in (await browser.get("/contracts/CV219")).text
    taken = (await browser.get("/contracts/CV219/commands.csv")).text
    assert "anne" in taken
    assert [row["effective_on"] for row in csv.DictReader(StringIO(taken)) if row["kind"] == "freeze"] == ["2016-12-01"]
    assert "1er décembre 2016" in text(await browser.get("/contracts/CV219"))
    await browser.post("/logout", data={"token": ""})
    for address in ("/contracts/CV219", "/contracts/CV219/commands.csv"):
        assert "anne" not in (await browser.get(address)).text
    address = "/commands/" + done.headers["location"].rpartition("/")[2]
    assert (await browser.get(address)).status_code == 303


async def test_what_is_wrong_in_a_form_is_named(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    for wrong, named_so in (({"amount": "ten"}, "Montant à engager"), ({"reason": "Because."}, "Raison"),
                            ({"to": "CV219"}, "Enveloppe qui reçoit"), ({"effective_on": ""}, "Compte à partir du"),
                            ({"displace": "yes", "kind": "increase"}, "Renvoyer")):  # fmt: skip
        answer = await browser.post(TRY, data=await filled(browser, **wrong))
        assert answer.status_code == 422
        assert f"À corriger : {named_so}" in text(answer)


@pytest.mark.parametrize("objection", Objection)
def test_each_reason_against_a_command_has_words_and_a_remedy(objection: Objection) -> None:
    assert term(objection.value, Language.FRENCH) != objection.value != term(objection.value, Language.ENGLISH)
    assert REMEDIES[objection]


@pytest.mark.parametrize(
    ("written", "cents"),
    [("1 500,50", 1_500_50), ("1500.5 €", 1_500_50), ("1\u202f500\u00a0€", 1_500_00), ("0", 0), ("1,234", None),
     ("-1", None), ("", None), ("ten", None), (",5", None), ("²", None), ("1,5,0", None)],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(written: str, cents: int | None) -> None:
    assert cents_of(written) == cents
