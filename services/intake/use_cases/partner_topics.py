"""Accepts what partners tell on their own topics: the topic's name, which ACLs protect, says who tells."""

from services.intake.domain.answer import Refusal
from services.intake.domain.keyring import Keyring
from services.intake.domain.telling import CloudEvent, Telling
from services.intake.store import queries
from services.intake.use_cases.acceptance import accept
from services.intake.use_cases.counters import KAFKA, count
from shared.kernel.clock import Clock
from shared.kernel.errors import Rejected
from shared.messaging.stream import Batch, Incoming


async def accept_partner_events(batch: Batch[CloudEvent], *, keyring: Keyring, clock: Clock) -> None:
    """Accept the events of a batch, each within what the keys of its platform let it tell; refuse to quarantine."""
    scopes = await queries.scopes(batch.session, {platform_of(event.source.topic) for event in batch.events})
    within: list[tuple[Incoming[CloudEvent], Telling]] = []
    now = clock()
    for event in batch.events:
        scope = scopes.get(platform_of(event.source.topic))
        if scope is None:
            batch.reject(event, Rejected("platform-unknown", "no key of this platform stands: make one"))
        else:
            within.append((event, Telling(scope, event.fact, now)))
    answers = await accept(batch.session, batch.outbox, [t for _, t in within], keyring=keyring, clock=clock)
    count(KAFKA, [telling for _, telling in within], answers)
    for (event, _), answer in zip(within, answers, strict=True):
        if isinstance(answer, Refusal):
            batch.reject(event, Rejected(answer.reason.value, answer.detail, pointer=answer.pointer))


def platform_of(topic: str) -> str:
    """Name the platform that a partner's topic belongs to: `partner.<platform>.event.v1`."""
    return topic.split(".")[1]
