"""What intake counts of the events told to it; labels are platforms with a key, and words of closed lists."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import Counter

from services.intake.domain.answer import Accepted, Answer
from services.intake.domain.telling import Telling

HTTP, KAFKA = "http", "kafka"
ACCEPTED = Counter("intake_events_accepted_total", "Events accepted for the first time.", ["road", "platform", "type"])
REPEATED = Counter("intake_events_repeated_total", "Events told again with the same content.", ["road", "platform"])
REFUSED = Counter("intake_events_refused_total", "Events refused.", ["road", "platform", "reason"])


def count(road: str, tellings: Iterable[Telling], answers: Iterable[Answer]) -> None:
    """Count the answers that were given to events."""
    accepted: Tally[tuple[str, str]] = Tally()
    for telling, answer in zip(tellings, answers, strict=True):
        platform = telling.scope.platform
        if not isinstance(answer, Accepted):
            REFUSED.labels(road, platform, answer.reason.value).inc()
        elif answer.duplicate:
            REPEATED.labels(road, platform).inc()
        else:
            accepted[platform, answer.type] += 1
    for (platform, type_), number in accepted.items():
        ACCEPTED.labels(road, platform, type_).inc(number)


def count_unreadable(road: str, platform: str, reason: str) -> None:
    """Count one event that could not be read."""
    REFUSED.labels(road, platform, reason).inc()
