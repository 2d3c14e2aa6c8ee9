"""What arrives from Kafka: the partners' topics, and what became of what was announced."""

from services.intake.domain.keyring import Keyring
from services.intake.domain.telling import CloudEvent
from services.intake.use_cases import door, tracking
from services.intake.use_cases.partner_topics import accept_partner_events
from shared.contracts.allocation import DECISIONS, EnvelopeOpened
from shared.contracts.fields import Fact
from shared.contracts.figures import BudgetStated, Figure, SurvivalStated
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from shared.kernel.clock import Clock
from shared.kernel.errors import Rejected
from shared.kernel.ids import new_id
from shared.messaging.cloudevents import Headers, text_header
from shared.messaging.fence import New
from shared.messaging.stream import Batch, Incoming, Stream, facts, place_of

PARTNERS = "partner.*.event.v1"
PATTERN = r"partner\.[a-z0-9-]+\.event\.v1"
STRUCTURED = "application/cloudevents+json"
PLAIN_JSON = "application/json"
HEADERS = {f"ce_{name}": name for name in door.ATTRIBUTES} | {"traceparent": "traceparent"}
"""The headers that are read, and the attribute that each carries."""
allocations: Stream[Fact] = facts(ALLOCATION, [*DECISIONS, EnvelopeOpened])
budgets: Stream[Figure] = facts(BUDGET, [BudgetStated])
survivals: Stream[Figure] = facts(SURVIVAL, [SurvivalStated])


@allocations
async def on_allocations(batch: Batch[Fact]) -> None:
    """Learn contracts, and mark each event with what funding decided on it."""
    await tracking.follow_allocations(batch)


@budgets
async def on_budgets(batch: Batch[Figure]) -> None:
    """Note how far the budget figures have read funding's decisions."""
    await tracking.follow_figures(batch, folded=ALLOCATION)


@survivals
async def on_survivals(batch: Batch[Figure]) -> None:
    """Note how far the survival figures have read our entrepreneur facts."""
    await tracking.follow_figures(batch, folded=ENTREPRENEUR)


def partners(keyring: Keyring, clock: Clock) -> Stream[CloudEvent]:
    """Declare the reading of every partner's topic."""
    stream: Stream[CloudEvent] = Stream(PARTNERS, decode, pattern=PATTERN)

    @stream
    async def on_partner_events(batch: Batch[CloudEvent]) -> None:
        """Accept what partners tell on their own topics, each within its platform's scope."""
        await accept_partner_events(batch, keyring=keyring, clock=clock)

    return stream


def decode(new: New) -> Incoming[CloudEvent]:
    """Read a record in binary or in structured mode. Raises Rejected, and nothing else, whatever the bytes are."""
    record = new.record
    if record.value is None:
        raise Rejected("value-null", "the record has no value")
    try:
        event = _read(new.headers, record.value)
    except door.Unreadable as unreadable:
        raise unreadable.rejected() from unreadable
    return Incoming(
        fact=event, event_id=new_id(), type=event.type, source=new.source, offset=record.offset, sequence=0,
        traceparent=event.traceparent, place=place_of(record.offset),
    )  # fmt: skip


def _read(headers: Headers, value: bytes) -> CloudEvent:
    content_type = PLAIN_JSON
    if headers.get("content-type") is not None:
        content_type = text_header(headers, "content-type").partition(";")[0].strip().lower()
    if content_type == STRUCTURED:
        return door.read_structured(value, trace=_attribute(headers, "traceparent"))
    if content_type != PLAIN_JSON:
        raise Rejected("content-type-unknown", f"write {PLAIN_JSON} or {STRUCTURED}", pointer="/headers/content-type")
    text_header(headers, "ce_type")
    attributes = {attribute: _attribute(headers, name) for name, attribute in HEADERS.items() if name in headers}
    return door.read_binary(attributes, value)


def _attribute(headers: Headers, name: str) -> str:
    """Read a header; a trace that cannot be read is malformed, which the door ignores."""
    if HEADERS[name] == "traceparent":
        return (headers.get(name) or b"").decode(errors="replace")
    return text_header(headers, name)
