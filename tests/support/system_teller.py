"""One partner at intake's door: tells an event, and follows it until it has come as far as is wanted."""

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.kernel.funders import Funder
from tests.support.system_stack import SystemStack

Json = dict[str, Any]
STEPS = ("accepted", "published", "held", "decided", "reported")


@dataclass
class Teller:
    """A platform with its key; `seen` are the statuses met while following, in order."""

    stack: SystemStack
    platform: str
    client: httpx.AsyncClient
    seen: list[str] = field(default_factory=list)

    def event(self, type_: str, /, *, id: str = "", source: str = "", **data: Any) -> Json:  # noqa: A002  CloudEvents' names
        """An event as this platform writes it."""
        told = {"occurred_on": "2016-10-03", "declared_at": "2016-10-04T09:30:00Z"} | data
        return {
            "specversion": "1.0", "id": id or uuid.uuid4().hex, "source": source or f"/{self.platform}/bethune",
            "type": type_, "datacontenttype": "application/json", "data": told,
        }  # fmt: skip

    def declared(self, contract: str, *, cdc_cents: int = 0, state_cents: int = 0, **more: Any) -> Json:
        """Ask the funders to commit; the reference is random unless given."""
        attributes = {name: more.pop(name) for name in ("id", "source") if name in more}
        terms = {
            "reference": uuid.uuid4().hex, "contract": contract, "exercise": 2016, "cdc_cents": cdc_cents,
            "state_cents": state_cents, "cost_cents": 2 * (cdc_cents + state_cents),
        }  # fmt: skip
        return self.event("CommitmentDeclared", **attributes, **(terms | more))

    async def tell(self, event: Json | Sequence[Json]) -> httpx.Response:
        """POST one event, or several."""
        return await self.client.post("/v1/events", json=event)

    async def accepted(self, event: Json) -> Json:
        """POST one event that must be accepted; intake's answer."""
        answer = await self.tell(event)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        body: Json = answer.json()
        return body

    async def follow(self, href: str, *, until: str = "reported", **query: str) -> Json:
        """Ask how far an event has come until it is far enough; its last status document."""
        found: Json = {}

        async def is_there() -> bool:
            answer = await self.client.get(href, params=query)
            if answer.status_code == httpx.codes.NOT_FOUND and query:
                return False  # told on Kafka: intake may not have read it yet
            assert answer.status_code == httpx.codes.OK, answer.text
            found.update(answer.json())
            if found["status"] not in self.seen[-1:]:
                self.seen.append(found["status"])
            return STEPS.index(found["status"]) >= STEPS.index(until)

        await self.stack.eventually(is_there, f"{href} {query} is {until}, and not {found}", every=0.02)
        return found


@asynccontextmanager
async def teller(stack: SystemStack, platform: str, *, funders: Iterable[Funder] = ()) -> AsyncIterator[Teller]:
    """A platform with a key of its own."""
    key = await stack.key(platform, funders=funders)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=stack.url("intake"), headers=headers, timeout=30, trust_env=False) as client:
        yield Teller(stack, platform, client)
