"""`/v1/events:bulk`: an answer for each line, in order, whatever the lines are and however they arrive."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from services.intake.routes import bulk
from services.intake.use_cases.door import EVENT_BYTES_MAX
from shared.kernel.errors import Unavailable
from tests.services.intake.world import World, declared, ndjson, told, welcomed

BULK = "/v1/events:bulk"


def lines_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """Read the answers."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    """Send a body piece by piece."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_each_line_gets_its_answer_in_order_and_a_bad_one_stops_nothing(world: World) -> None:
    key, amended = await world.key(), told("CommitmentAmended", {"reference": "R-1", "cost_cents": 9, "cdc_cents": 1})
    body = (
        ndjson([declared("R-1", id="1"), amended])
        + b"\r\n   \nnot json\n[]\n\xff\n"
        + b"x" * (EVENT_BYTES_MAX + 3)
        + b"\n"
        + ndjson([declared("R-1", id="1"), welcomed() | {"data": {"a/b": 1}}, declared("R-1")])
        + json.dumps(welcomed()).encode()
    )
    for size in (7_001, len(body)):
        answers = lines_of(await world.client.post(BULK, content=in_pieces(body, size), headers=key))
        assert [answer["line"] for answer in answers] == [1, 2, 5, 6, 7, 8, 9, 10, 11, 12]
        assert [answer["status"] for answer in answers] == [202, 202, 400, 422, 400, 413, 202, 422, 409, 202]
        assert answers[6] | {"line": 1} == answers[0] | {"duplicate": True}
        assert answers[7]["errors"][-1]["pointer"] == "/data/a~1b"
    assert len(await world.rows("SELECT FROM outbox")) == 3


async def test_any_cutting_into_pieces_gives_the_same_lines() -> None:
    body = b"\n".join([b"1", b"", b"22", b"x" * (EVENT_BYTES_MAX + 3), b"333"])
    for size in (1_000, 4_096, len(body)):
        cutter = bulk.LineCutter()
        found = [line async for piece in in_pieces(body, size) for line in cutter.cut(piece)]
        assert [number for number, _ in found] == [1, 3, 4]
        found += cutter.cut(b"\n")
        assert [number for number, _ in found] == [1, 3, 4, 5]
        assert [getattr(read, "reason", None) for _, read in found] == [
            "not-an-object", "not-an-object", "too-large", "not-an-object",
        ]  # fmt: skip


async def test_many_lines_are_committed_by_chunks(world: World) -> None:
    events = [welcomed(f"P-{number % 700}") for number in range(1_700)]
    answers = lines_of(await world.client.post(BULK, content=ndjson(events), headers=await world.key()))
    assert Counter(answer["status"] for answer in answers) == {202: 1_700}
    assert [answer["line"] for answer in answers] == list(range(1, 1_701))
    times = await world.rows("SELECT DISTINCT xmin::text FROM received_event")
    assert len(times) == 4
    assert len(await world.rows("SELECT FROM pseudonym")) == 700


async def test_after_a_line_that_was_not_accepted_now_nothing_is_so_that_order_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LINES_A_CHUNK", 2)
    router, calls = world.spine.router, 0

    def breaks_once(*_: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Unavailable("for a moment")
        return 0

    monkeypatch.setattr(world.spine, "_router", breaks_once)
    events = [declared(f"R-{number}", id=str(number)) for number in range(8)]
    body, key = ndjson(events) + b"bad\n", await world.key()
    first = lines_of(await world.client.post(BULK, content=body, headers=key))
    assert [answer["status"] for answer in first] == [202, 202, 503, 503, 503, 503, 503, 503, 400]
    monkeypatch.setattr(world.spine, "_router", router)
    again = lines_of(await world.client.post(BULK, content=body, headers=key))
    assert [answer["status"] for answer in again] == [202] * 8 + [400]
    assert [answer["id"] for answer in again[:2]] == [answer["id"] for answer in first[:2]]


async def test_what_is_too_long_is_answered_up_to_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await world.key()
    monkeypatch.setattr(bulk, "LINES_MAX", 3)
    answers = lines_of(await world.client.post(BULK, content=b"x\n" * 9, headers=key))
    assert [(answer["line"], answer["status"]) for answer in answers] == [(1, 400), (2, 400), (3, 400), (4, 413)]
    monkeypatch.setattr(bulk, "LINES_MAX", 100)
    monkeypatch.setattr(bulk, "BULK_BYTES_MAX", 1_000)
    answers = lines_of(await world.client.post(BULK, content=in_pieces(b"x\n" * 2_000, 100), headers=key))
    assert len(answers) in range(10, 102)
    assert answers[-1]["status"] == 413


async def test_nothing_is_answered_to_nothing(world: World) -> None:
    assert lines_of(await world.client.post(BULK, content=b"", headers=await world.key())) == []


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """Serve on a port whose connections hold little: it does not take much to fill them."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    server = uvicorn.Server(uvicorn.Config(world.app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving


async def test_a_client_that_sends_all_before_it_reads_anything_gets_all_its_answers(world: World) -> None:
    key, body = await world.key(), b"x\n" * 10_000
    head = f"POST {BULK} HTTP/1.1\r\nhost: x\r\nauthorization: {key['authorization']}\r\nconnection: close\r\n"
    async with served(world) as port, asyncio.timeout(30):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=client)
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode())
        for piece in (body[start : start + 1_000] for start in range(0, len(body), 1_000)):
            writer.write(piece)
            await writer.drain()
        answer = await reader.read()
        writer.close()
    assert answer.count(b'"line":') == 10_000
    assert b'"line":10000,' in answer
