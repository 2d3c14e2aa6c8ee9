"""The faults done to a whole stack from outside: kills at drawn or chosen moments, servers killed and stopped."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence

from shared.database.outbox import Destination
from shared.messaging.last_sequence import last_sequences
from tests.support.system_roads import seeded
from tests.support.system_stack import SystemStack, say

KILLS = 10
MOMENTS_TRIED = 60
BROKER_AWAY_SECONDS = 7.0
"""Longer than the producers of a test's stack wait for an acknowledgement."""
FELT_SECONDS = 0.5
Fault = Callable[[], Awaitable[None]]
RELAYED = "SELECT topic, partition, epoch, relayed_sequence FROM outbox_partition WHERE last_sequence > 0"


async def pass_time(seconds: float) -> None:
    """Let a fault last, or come at the moment drawn for it: here, and only here, time itself is the condition."""
    await asyncio.sleep(seconds)


async def kill_again_and_again(stack: SystemStack, service: str, *, seed: int) -> None:
    """Kill a service ten times at work, first between Kafka's answer and the mark, and three times while it starts."""
    chance = seeded(seed, service)
    for number in range(KILLS):
        await stack.ready(service, seconds=90)
        if number == 0 and await _freeze_between_send_and_mark(stack, service, seed=seed):
            stack.between_send_and_mark[service] += 1
        else:
            await pass_time(chance.uniform(0, 1.0))
        async with stack.truce:
            await stack.kill(service)
        if number % 3 == 1:
            await pass_time(chance.uniform(0.1, 1.5))
            await stack.kill(service)


async def _freeze_between_send_and_mark(stack: SystemStack, service: str, *, seed: int) -> bool:
    """Freeze a process until it is caught with events that Kafka has and that its outbox does not know to be there."""
    chance = seeded(seed, f"moments of {service}")
    for _ in range(MOMENTS_TRIED):
        await pass_time(chance.uniform(0.01, 0.05))
        stack.signal(service, signal.SIGSTOP)
        if await _kafka_is_ahead(stack, service):
            say(f"{service} is caught between send and mark")
            return True
        stack.signal(service, signal.SIGCONT)
    return False


async def _kafka_is_ahead(stack: SystemStack, service: str) -> bool:
    """Whether Kafka has more than is marked, and goes on having it: a mark may still have been on its way."""
    rows = await stack.rows(service, RELAYED)
    marked = {Destination(row["topic"], row["partition"]): (row["epoch"], row["relayed_sequence"]) for row in rows}
    last = await last_sequences(stack.servers, marked)
    if not any(last.get(place, (0, 0)) > mark for place, mark in marked.items()):
        return False
    return any(
        last.get(Destination(row["topic"], row["partition"]), (0, 0)) > (row["epoch"], row["relayed_sequence"])
        for row in await stack.rows(service, RELAYED)
    )


async def hurt_servers(stack: SystemStack, services: Sequence[str], *, seed: int) -> None:
    """Kill the broker, stop it for longer than the producers wait, and stop PostgreSQL, each while all services work.

    Nobody kills a service until those that are connected have felt the fault; while it is mended, services die too.
    """
    chance = seeded(seed, "servers")

    async def stop_broker() -> None:
        await asyncio.to_thread(stack.kafka.stop)
        await pass_time(BROKER_AWAY_SECONDS)

    await stack.eventually(lambda: all(stack.kills[s] for s in services), "each service was killed once", seconds=120)
    faults: list[tuple[Fault, Callable[[], object]]] = [
        (lambda: asyncio.to_thread(stack.kafka.kill), stack.kafka.start),
        (stop_broker, stack.kafka.start),
        (lambda: asyncio.to_thread(stack.postgres.stop_immediately), stack.postgres.start),
    ]
    chance.shuffle(faults)
    for hurt, mend in faults:
        async with stack.truce:
            await stack.ready(*services, seconds=90)
            await pass_time(chance.uniform(0.5, 2.0))
            await hurt()
            await pass_time(FELT_SECONDS)
        await asyncio.to_thread(mend)
