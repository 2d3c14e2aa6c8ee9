"""A programme file with other credits, and the history of a test's ledger without a Kafka."""

from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import ConsumerRecord

from services.funding.handlers import commitments
from services.funding.use_cases.what_if import History, Told
from shared.database.checkpoint import Source
from shared.messaging.fence import New
from shared.messaging.history import Extent
from tests.support.commitment_events import Json, event

FILE = """
[programme]
id = "other-key"
name = "Another key"
[[contract]]
code = "CV219"
name = "CA de Lens-Liévin"
epci_siren = "246200364"
priority = true
qpv_population = 53545
[[contract]]
code = "CV221"
name = "CA de Béthune"
epci_siren = "200044055"
priority = true
qpv_population = 30332
[[credit]]
funder = "CDC"
exercise = 2016
amount = "200.00"
split = "explicit"
explicit = { CV219 = "130.00", CV221 = "70.00" }
"""


def as_told(found: Sequence[ConsumerRecord[Any, Any]]) -> History:
    """Hand out records that were all applied, decoded as funding's handler has them."""

    async def history(known: Extent, *, progress: Callable[[int], None]) -> Told:
        told: dict[int, list[Any]] = {partition: [] for partition in known.ends}
        for each in found:
            heard = commitments.decode(New(Source(each.topic, each.partition), each, dict(each.headers), 0))
            assert heard is not None
            told[each.partition].append(heard)
        progress(len(found))
        return told

    return history


def declared(name: str, number: int, cdc: int, *, contract: str = "CV219", **more: Any) -> Json:
    """A commitment that asks the CDC alone."""
    terms: Json = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc} | more
    return event("CommitmentDeclared", name, contract=contract, number=number, **terms)
