"""Names of people, sent in by every road, are found nowhere but in what their partner wrote itself."""

import base64
import secrets
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from shared.contracts.topics import partner_topic
from tests.support.system_name_roads import ROADS, STEM, siren_of
from tests.support.system_names import Writing, everything, forms, tables, traces
from tests.support.system_partner import programme
from tests.support.system_stack import SystemStack, open_stack, tell_logs_on_failure
from tests.support.system_teller import Teller, teller

CONTRACTS = ("CV219", "CV220")
PLANTED = "Aliénor Plantegenêt"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SystemStack]:
    """A stack of its own."""
    async with open_stack(tmp_path_factory.mktemp("names"), platforms=["citeslab"]) as opened:
        await opened.open_programme(programme(CONTRACTS, [("CDC", 2016, "10.00"), ("STATE", 2016, "9.00")]), CONTRACTS)
        yield opened


@pytest.fixture(autouse=True)
def logs(request: pytest.FixtureRequest, stack: SystemStack) -> Iterator[None]:
    """On failure, the end of each log."""
    yield from tell_logs_on_failure(request, stack)


@pytest.fixture(scope="module")
async def partner(stack: SystemStack) -> AsyncIterator[Teller]:
    """Who sends names."""
    async with teller(stack, "citeslab") as opened:
        yield opened


@pytest.fixture(scope="module")
async def written(stack: SystemStack, partner: Teller) -> tuple[list[str], list[Writing]]:
    """Every name that was sent in, and all that the system has written since."""
    names = {road: f"{STEM}-{road}-{secrets.token_hex(4)}" for road in ROADS}
    with stack.explained():
        for road, take in ROADS.items():
            await take(partner, names[road])
        await stack.settled(seconds=60)
    key = partner.client.headers["authorization"].removeprefix("Bearer ")
    found = await everything(stack, keys=[key], but=[partner_topic("citeslab").name])
    return [STEM, *names.values(), *map(siren_of, names.values())], found


async def test_no_name_is_on_kafka_in_a_table_in_a_log_or_in_an_answer(
    stack: SystemStack, written: tuple[list[str], list[Writing]]
) -> None:
    names, found = written
    assert traces(names, found) == []
    reasons = {row["reason"] for row in await stack.rows("intake", "SELECT DISTINCT reason FROM quarantine")}
    assert reasons >= {"json-invalid", "type-unknown", "field-unknown", "field-invalid", "value-null", "too-large",
                       "header-not-utf8", "content-type-unknown", "source-of-another", "not-an-object"}  # fmt: skip
    assert len(await stack.rows("intake", "SELECT 1 FROM received_event")) > 10


async def test_the_search_went_through_everything(written: tuple[list[str], list[Writing]]) -> None:
    _, found = written
    places = "\n".join(writing.place for writing in found)
    for place in (
        "the value of intake.entrepreneur.v1", "the key of intake.commitment.v1", "a header of funding.allocation.v1",
        "partner.citeslab.event.v1.intake.dlq", "the table intake.public.received_event",
        "the bytes of intake.public.quarantine.record", "the bytes of intake.public.pseudonym.key",
        "the table funding.public.commitment", "the bytes of reporting.public.statement.value",
        "the log intake/intake.log", "the log funding/funding.log", "the log reporting/reporting.log",
        "the log postgres/postgres.log", "the log kafka/kafka.log", "intake's answer to /metrics",
        "intake's answer to /v1/events/", "funding's answer to /v1/commitments/", "reporting's answer to /en/",
    ):  # fmt: skip
        assert place in places
    assert all(writing.content for writing in found if writing.place.startswith("the log intake"))


@pytest.mark.parametrize("how", forms(PLANTED))
def test_a_name_is_recognised_however_it_is_written(how: str) -> None:
    form = forms(PLANTED)[how]
    assert traces([PLANTED], [Writing("a plant", b"... " + form + b" ...")]) == [
        f"{PLANTED!r} is written {how} in a plant"
    ]
    assert traces(["Somebody-Else"], [Writing("a plant", b"... " + form + b" ...")]) == []


@pytest.mark.parametrize("before", range(4))
def test_a_name_in_the_midst_of_base64_is_recognised(before: int) -> None:
    content = base64.b64encode(b"x" * before + PLANTED.encode() + b"yz")
    assert traces([PLANTED], [Writing("a plant", content)])


async def test_a_name_planted_in_a_table_and_in_a_log_is_found(stack: SystemStack) -> None:
    connection = await asyncpg.connect(stack.dsn("intake"))
    log = stack.folder / "logs" / "planted" / "planted.log"
    try:
        await connection.execute("CREATE TABLE planted (said jsonb, bytes bytea)")
        await connection.execute(
            "INSERT INTO planted VALUES (jsonb_build_object('name', $1::text), $2)",
            PLANTED,
            PLANTED.encode("utf-16-le"),
        )
        log.parent.mkdir()
        log.write_text(f'{{"event": "somebody came", "who": "{PLANTED}"}}\n')
        found = traces([PLANTED], [writing async for writing in tables(stack, "intake")])
        assert {place.rpartition(" in ")[2] for place in found} == {
            "the table intake.public.planted", "the bytes of intake.public.planted.bytes"
        }  # fmt: skip
        assert traces([PLANTED], [Writing(path.name, path.read_bytes()) for path in stack.logs]) == [
            f"{PLANTED!r} is written as it is in planted.log"
        ]
    finally:
        log.unlink(missing_ok=True)
        await connection.execute("DROP TABLE IF EXISTS planted")
        await connection.close()
