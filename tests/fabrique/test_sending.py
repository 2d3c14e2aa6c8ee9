"""Files: every row is accounted for, what is refused is listed beside the file, and sending again changes nothing."""

import json
from collections.abc import Sequence
from importlib.resources import as_file
from pathlib import Path
from typing import Any

from fabrique.client import Answer, Door
from fabrique.demo.files import GRANTS, demo_file
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
