"""A relay in a process of its own that is killed, with SIGKILL and no warning, at a named point: for tests of faults.

`python -m tests.support.relay_process <database url> <bootstrap servers> <point> <how many times it may pass first>`
"""

import asyncio
import os
import signal
import sys
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.messaging import relay
from shared.messaging.relay import Relay

POINTS = ("before send", "in flight", "before mark", "after mark")


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def lay_in_wait(point: str, passes: int) -> None:
    """Put the end of this process at the point, when it was passed so many times."""
    real_send, real_execute = AIOKafkaProducer.send_batch, asyncpg.Connection.execute
    left = passes

    def passed(here: str) -> None:
        nonlocal left
        if here == point:
            left -= 1
            if left < 0:
                die()

    async def send_batch(self: Any, *arguments: Any, **more: Any) -> Any:
        passed("before send")
        flight = await real_send(self, *arguments, **more)
        if point == "in flight":
            await asyncio.sleep(0.005)
            passed("in flight")
        return flight

    async def execute(self: Any, query: str, *arguments: Any, **more: Any) -> Any:
        if query == relay.MARK:
            passed("before mark")
        result = await real_execute(self, query, *arguments, **more)
        if query == relay.MARK:
            passed("after mark")
        return result

    AIOKafkaProducer.send_batch = send_batch
    asyncpg.Connection.execute = execute


if __name__ == "__main__":
    database_url, servers, where, times = sys.argv[1:]
    lay_in_wait(where, int(times))
    asyncio.run(Relay(database_url, servers=servers.split(","), name="doomed").run())
