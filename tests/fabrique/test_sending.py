"""Files: every row is accounted for, what is refused is listed beside the file, and sending again changes nothing."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import pytest

from fabrique import sending
from fabrique.client import Answer, Door, DoorClosed
from fabrique.demo.files import GRANTS, demo_file
from fabrique.imports import Row, read_rows
from fabrique.sending import Refusals, Sent, platform_of, send_file


class Memory(Door):
    """A door that refuses the commitments of one contract, and knows what it has accepted."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    async def tell(self, events: Sequence[dict[str, Any]]) -> list[Answer]:
        """Answer as intake does."""
        return [self._answer(event) for event in events]

    def _answer(self, event: dict[str, Any]) -> Answer:
        if event["data"].get("contract") == "CV999":
            return Answer(False, False, "contract-unknown", "/data/contract", "Check its code.")
        duplicate = event["id"] in self.known
        self.known.add(event["id"])
        return Answer(True, duplicate)


async def send(path: Path, door: Door) -> tuple[Sent, list[dict[str, Any]]]:
    """Send a file; also return the rows of the list of refusals."""
    refusals = Refusals(path)
    sent = await send_file(path, door, refusals, advance=lambda _: None)
    refusals.close()
    listed = refusals.path.read_text().splitlines() if refusals.path.exists() else []
    return sent, [json.loads(line) for line in listed]


def events_file(folder: Path, *contracts: str) -> Path:
    """A file of declared commitments, with a line that is not JSON at its end."""
    told = [
        {"specversion": "1.0", "id": str(n), "source": "/simulation/adie", "type": "CommitmentDeclared",
         "data": {"contract": code}}
        for n, code in enumerate(contracts)
    ]  # fmt: skip
    path = folder / "events.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in told) + "not json\n")
    return path


async def test_the_real_grants_are_sent_and_each_refused_row_is_listed(tmp_path: Path) -> None:
    with as_file(demo_file(GRANTS)) as committed:
        path = tmp_path / "grants.csv"
        path.write_bytes(committed.read_bytes())
    door = Memory()
    sent, listed = await send(path, door)
    assert (sent.rows, sent.accepted, sent.duplicates, sent.refused) == (656, 553, 0, 103)
    assert len(listed) == 103
    assert all(row["line"] and row["field"] and row["reason"] and row["remedy"] for row in listed)
    again, _ = await send(path, door)
    assert (again.accepted, again.duplicates, again.refused) == (0, 553, 103)


async def test_rows_refused_here_and_at_the_door_are_listed_alike(tmp_path: Path) -> None:
    sent, listed = await send(events_file(tmp_path, "CV219", "CV999", "CV217"), Memory())
    assert (sent.accepted, sent.refused) == (2, 2)
    assert [(row["line"], row["field"], row["reason"]) for row in listed] == [
        (2, "/data/contract", "contract-unknown"),
        (4, "", "not-json"),
    ]


class Slow(Memory):
    """A door that answers once somebody lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.let = asyncio.Semaphore(0)

    async def tell(self, events: Sequence[dict[str, Any]]) -> list[Answer]:
        """Answer, in the end."""
        self.asked.append([event["id"] for event in events])
        await self.let.acquire()
        return await super().tell(events)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  what is waited for happens in a thread
            await asyncio.sleep(0.001)


async def test_the_next_rows_are_read_while_some_are_told_and_told_once_those_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "EVENTS_A_REQUEST", 2)
    path, read = events_file(tmp_path, *["CV219"] * 5), []

    def rows_noted(path: Path) -> Iterator[Row]:
        for row in read_rows(path):
            read.append(row.line)
            yield row

    monkeypatch.setattr(sending, "read_rows", rows_noted)
    door = Slow()
    sent = asyncio.create_task(send(path, door))
    await until(lambda: read == [1, 2, 3, 4])
    assert door.asked == [["0", "1"]]
    door.let.release()
    await until(lambda: read == [1, 2, 3, 4, 5, 6])
    assert door.asked == [["0", "1"], ["2", "3"]]
    door.let.release()
    door.let.release()
    assert (await sent)[0].accepted == 5
    assert door.asked == [["0", "1"], ["2", "3"], ["4"]]


class Closed(Memory):
    """A door that takes nothing."""

    async def tell(self, events: Sequence[dict[str, Any]]) -> list[Answer]:
        """Take nothing."""
        raise DoorClosed(f"none of {len(events)}")


async def test_a_closed_door_ends_it_while_the_next_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "EVENTS_A_REQUEST", 1)
    with pytest.raises(DoorClosed, match="none of 1"):
        await send(events_file(tmp_path, "CV219", "CV217"), Closed())


async def test_no_list_is_left_when_nothing_is_refused(tmp_path: Path) -> None:
    path = events_file(tmp_path, "CV999")
    await send(path, Memory())
    path.write_text("")
    _, listed = await send(path, Memory())
    assert listed == []


def test_the_platform_is_the_one_that_the_first_event_names(tmp_path: Path) -> None:
    assert platform_of(events_file(tmp_path, "CV219")) == "adie"
    with as_file(demo_file(GRANTS)) as path:
        assert platform_of(path) == "ci-ville"
    (tmp_path / "empty.ndjson").touch()
    assert platform_of(tmp_path / "empty.ndjson") is None
