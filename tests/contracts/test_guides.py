"""Holds the guides to what they promise: their program reads each record once, their links lead somewhere."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.guides import BEGIN, END, TABLES, with_table
from shared.contracts.publication import DOCS
from shared.contracts.told import TOLD
from shared.contracts.topics import TOPICS
from shared.messaging.cloudevents import binary_headers, source_of

SUBSCRIBERS = (DOCS / "subscribers-guide.md").read_text()
TOPIC = "funding.allocation.v1"


@pytest.fixture
def is_new() -> Any:
    """The function of the guide's own program."""
    program, *_ = re.findall(r"```python\n(.*?)```", SUBSCRIBERS, re.DOTALL)
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(program, "subscribers-guide.md", "exec"), names)  # noqa: S102  the guide's program is what we test
    return names["is_new"]


def record(sequence: int, *, epoch: int = 0, partition: int = 3) -> SimpleNamespace:
    """A record as our relay writes it."""
    headers = binary_headers(
        event_id=str(UUID(int=sequence)), source=source_of(TOPIC, partition, epoch).encode(),
        type_="AllocationReserved", topic=TOPIC, subject="x", sequence=sequence, time=datetime(2016, 10, 3, tzinfo=UTC),
        cause=None, traceparent=None,
    )  # fmt: skip
    return SimpleNamespace(topic=TOPIC, partition=partition, headers=headers)


def test_the_guide_s_program_reads_each_record_once(is_new: Any) -> None:
    sent = [1, 2, 3, 2, 3, 4, 4, 1, 5]
    assert [sequence for sequence in sent if is_new(record(sequence))] == [1, 2, 3, 4, 5]


def test_the_guide_s_program_reads_each_partition_apart(is_new: Any) -> None:
    assert [is_new(record(1, partition=partition)) for partition in (0, 1, 0, 1)] == [True, True, False, False]


def test_the_guide_s_program_stops_at_a_hole(is_new: Any) -> None:
    assert is_new(record(1))
    with pytest.raises(RuntimeError, match=r"funding\.allocation\.v1/3: 3 came after 1"):
        is_new(record(3))


def test_the_guide_s_program_goes_on_in_a_new_epoch(is_new: Any) -> None:
    assert all(is_new(record(sequence)) for sequence in (1, 2, 3))
    assert [is_new(record(sequence, epoch=1)) for sequence in (2, 3, 3)] == [True, True, False]
    assert not is_new(record(9))


@pytest.mark.parametrize("name", TABLES)
def test_every_link_leads_to_a_file(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (DOCS / name).read_text())
    assert links
    assert [link for link in links if not (DOCS / Path(link)).exists()] == []


def test_every_topic_and_every_event_is_in_a_guide() -> None:
    for topic in TOPICS:
        assert f"| `{topic.name}` |" in SUBSCRIBERS
        assert all(f"[{name}](schemas/{topic.name}/{name}.json)" in SUBSCRIBERS for name in topic.models)
    partners = (DOCS / "partners-guide.md").read_text()
    assert all(f"[{name}](schemas/partner/{name}.json)" in partners for name in TOLD)


@pytest.mark.parametrize("guide", ["", BEGIN.format(name="topics"), END.format(name="topics")])
def test_a_guide_without_its_marks_is_a_fault(guide: str) -> None:
    with pytest.raises(LookupError):
        with_table(guide, "topics", "| a |\n")
