"""Opens the demonstration: the programme's envelopes, the partners' keys, and the rows of the real grants."""

from collections.abc import Sequence
from importlib.resources import as_file

import httpx

from fabrique.client import DoorClosed
from fabrique.demo.files import GRANTS, demo_file
from fabrique.demo.partners import PARTNERS
from fabrique.demo.programme import programme_text, state_credit_tables
from fabrique.imports import Row, read_rows
from fabrique.keys import local_key
from fabrique.stack.composition import compose
from fabrique.stack.folder import StateFolder


def grant_rows() -> list[Row]:
    """All rows of the committed file of grants: those that can be used are events, the others say why not."""
    with as_file(demo_file(GRANTS)) as path:
        return list(read_rows(path))


async def open_envelopes(client: httpx.AsyncClient, url: str, operator_key: str, rows: Sequence[Row]) -> int:
    """Put the programme with the State's credits of the grants' years; return how many envelopes were opened.

    Envelopes that exist stay as they are, so it may be done at every start.
    """
    content = programme_text() + state_credit_tables(rows)
    headers = {"authorization": f"Bearer {operator_key}", "content-type": "application/toml"}
    answer = await client.put(f"{url}/v1/programme", content=content.encode(), headers=headers)
    if not answer.is_success:
        raise DoorClosed(f"funding refuses the programme: {answer.text}")
    return len(answer.json()["opened"])


async def partner_keys(folder: StateFolder) -> dict[str, str]:
    """The key of each of the demonstration's platforms, made at the first start."""
    intake = compose("intake", folder)
    return {
        partner.platform: await local_key(
            folder, intake, partner.platform, event_types=partner.types, funders=partner.funders
        )
        for partner in PARTNERS
    }
