"""Opens the demonstration: the programme's envelopes, the partners' keys, and the rows of the real grants."""

import asyncio
from collections.abc import Sequence
from importlib.resources import as_file

import asyncpg
import httpx

from fabrique.client import DoorClosed
from fabrique.demo.files import GRANTS, demo_file
from fabrique.demo.partners import PARTNERS
from fabrique.demo.programme import contract_names, later_credit_tables, programme_text, state_credit_tables
from fabrique.imports import Row, read_rows
from fabrique.keys import local_key
from fabrique.stack.composition import compose
from fabrique.stack.folder import StateFolder

KNOWN = "SELECT count(*) FROM known_contract"
LEARN_SECONDS_MAX = 60


def grant_rows() -> list[Row]:
    """All rows of the committed file of grants: those that can be used are events, the others say why not."""
    with as_file(demo_file(GRANTS)) as path:
        return list(read_rows(path))


async def open_envelopes(client: httpx.AsyncClient, url: str, operator_key: str, rows: Sequence[Row]) -> int:
    """Put the programme with the State's credits of the grants' years; return how many envelopes were opened.

    Envelopes that exist stay as they are, so it may be done at every start.
    """
    content = programme_text() + later_credit_tables() + state_credit_tables(rows)
    headers = {"authorization": f"Bearer {operator_key}", "content-type": "application/toml"}
    answer = await client.put(f"{url}/v1/programme", content=content.encode(), headers=headers)
    if not answer.is_success:
        raise DoorClosed(f"funding refuses the programme: {answer.text}")
    return len(answer.json()["opened"])


async def wait_for_contracts(intake: str) -> None:
    """Return when intake has learned of each contract's first envelope: until then it refuses the contract's events.

    `intake` is its database's URL. Raises DoorClosed when it does not learn of them.
    """
    wanted = len(contract_names())
    connection = await asyncpg.connect(intake.replace("+asyncpg", ""))
    try:
        async with asyncio.timeout(LEARN_SECONDS_MAX):
            while True:
                if await connection.fetchval(KNOWN) >= wanted:
                    return
                await asyncio.sleep(0.1)
    except TimeoutError as late:
        raise DoorClosed(f"intake did not learn of the envelopes within {LEARN_SECONDS_MAX} s") from late
    finally:
        await connection.close()


async def partner_keys(folder: StateFolder) -> dict[str, str]:
    """The key of each of the demonstration's platforms, made at the first start."""
    intake = compose("intake", folder)
    return {
        partner.platform: await local_key(
            folder, intake, partner.platform, event_types=partner.types, funders=partner.funders
        )
        for partner in PARTNERS
    }
