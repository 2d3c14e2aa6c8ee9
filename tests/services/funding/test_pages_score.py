"""A committee's score is given on the commitment's page: tried before it is kept, in both languages."""

import csv
from collections.abc import AsyncIterator
from io import StringIO

import httpx
import pytest

from services.funding.use_cases import managers
from shared.kernel.funders import Funder
from tests.services.funding.managers_pages import Form, hidden, looked_at, sign_in, text
from tests.services.reporting.figures import Document
from tests.support.commands import CDC, assert_examined, opened_with
from tests.support.commitment_events import event, named, records
from tests.support.ledger import Ledger, fixed_clock

PAGE = f"/commitments/{named('c2')}"


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at an envelope of 100 € by score: 60 € are reserved, 50 € wait, and 40 €, which would fit."""
    await opened_with(ledger, {CDC: 100_00})
    await ledger.rule("CV219", 2016, {"order": "score"})
    asked = {"state_cents": 0, "cost_cents": 100_00, "exercise": 2016, "priority": 5}
    log = [event("CommitmentDeclared", f"c{n}", contract="CV219", number=n, cdc_cents=cents, **asked)
           for n, cents in enumerate((60_00, 50_00, 40_00))]  # fmt: skip
    await ledger.decide(records(log), [3])
    async with looked_at(ledger) as client:
        yield client


async def filled(browser: httpx.AsyncClient, **fields: str) -> Form:
    """The form of the commitment's page, filled in."""
    token = hidden((await browser.get(PAGE)).text, f"{PAGE[1:]}/score")
    return token | {"score": "820", "reason": "committee", "effective_on": "2016-12-01"} | fields


async def scores(ledger: Ledger) -> list[tuple[str, int | None]]:
    rows = await ledger.rows("SELECT state, score FROM commitment ORDER BY place")
    return [(row["state"], row["score"]) for row in rows]


@pytest.mark.parametrize(
    ("prefix", "said", "given"),
    [("", "Rien n’est fait encore", "Le comité lui a donné la note 820."),
     ("/en", "Nothing is done yet", "The committee gave it the score 820.")],
)  # fmt: skip
async def test_a_score_is_tried_and_then_given_once(
    browser: httpx.AsyncClient, ledger: Ledger, prefix: str, said: str, given: str
) -> None:
    await sign_in(browser)
    tried = await browser.post(f"{prefix}{PAGE}/score", data=await filled(browser))
    assert tried.status_code == 200
    assert said in text(tried)
    assert any(named("c2")[-8:] in row for row in Document(tried.text).rows), "who would be served is told"
    assert await scores(ledger) == [("reserved", None), ("waitlisted", None), ("waitlisted", None)]
    confirmed = hidden(tried.text, "score/apply")
    for _ in range(2):
        done = await browser.post(f"{prefix}{PAGE}/score/apply", data=confirmed)
        assert done.status_code == 303
    shown = await browser.get(
        str(httpx.URL(f"http://funding{prefix}{PAGE}/score/apply").join(done.headers["location"]))
    )
    assert any(row[1:3] == [named("c2")[-8:], "820"] for row in Document(shown.text).rows)
    assert await scores(ledger) == [("reserved", None), ("waitlisted", None), ("reserved", 820)]
    assert given in text(await browser.get(prefix + PAGE))
    assert 'value="820"' in (await browser.get(PAGE)).text
    await assert_examined(ledger)


async def test_an_empty_score_takes_it_away(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    for score in ("3", ""):
        tried = await browser.post(f"{PAGE}/score", data=await filled(browser, score=score))
        await browser.post(f"{PAGE}/score/apply", data=hidden(tried.text, "score/apply"))
    assert (await scores(ledger))[2] == ("reserved", None)
    await assert_examined(ledger)


async def test_what_would_happen_can_be_taken_away(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    tried = await browser.post(f"{PAGE}/score", data=await filled(browser))
    again = hidden(tried.text, "score/apply")
    taken = await browser.post(f"{PAGE}/score/facts.csv", data=again)
    assert [(row["fact"], row["commitment"]) for row in csv.DictReader(StringIO(taken.text))] == [
        ("AllocationPromoted", named("c2"))
    ]


async def test_what_is_wrong_is_named_and_nothing_is_kept(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    wrongs = [({"score": score}, "Note") for score in ("1001", "ten", "-1", "²")]
    wrongs += [({"reason": "Because."}, "Raison"), ({"effective_on": ""}, "Compte à partir du")]
    for wrong, named_so in wrongs:
        for address in (f"{PAGE}/score", f"{PAGE}/score/apply"):
            answer = await browser.post(address, data=await filled(browser, **wrong))
            assert answer.status_code == 422
            assert f"À corriger : {named_so}" in text(answer)
            assert "score/apply" not in answer.text
    assert await scores(ledger) == [("reserved", None), ("waitlisted", None), ("waitlisted", None)]


async def test_who_may_not_is_told_so(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    whose = managers.manager("chloe", "prefecture", funders=[Funder.STATE])
    await sign_in(browser, (await managers.create_key(ledger.engine, whose, clock=fixed_clock))[1])
    for address in (f"{PAGE}/score", f"{PAGE}/score/apply"):
        answer = await browser.post(address, data=await filled(browser))
        assert answer.status_code == 422
        assert "Ce n’est pas possible" in text(answer)
    assert (await scores(ledger))[2] == ("waitlisted", None)


async def test_who_is_not_signed_in_is_asked_for_a_key_and_sees_no_form(browser: httpx.AsyncClient) -> None:
    assert f"{PAGE[1:]}/score" not in (await browser.get(PAGE)).text
    for address in (f"{PAGE}/score", f"{PAGE}/score/apply"):
        answer = await browser.post(address, data={"score": "1"})
        assert (answer.status_code, httpx.URL(f"http://funding{address}").join(answer.headers["location"]).path) == (
            303,
            "/login",
        )


async def test_who_stands_no_more_is_scored_no_more(browser: httpx.AsyncClient, ledger: Ledger) -> None:
    await sign_in(browser)
    fields = await filled(browser)
    gone = event("CommitmentWithdrawn", "c2", contract="CV219", number=3, reason="abandoned")
    await ledger.decide(records([gone], start=3), [1])
    answer = await browser.post(f"{PAGE}/score", data=fields)
    assert "Ce n’est pas possible : l’engagement est terminé." in text(answer)
    assert f'action="../../{PAGE[1:]}/score"' not in (await browser.get(PAGE)).text
