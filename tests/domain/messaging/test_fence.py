"""The fence lets each record through once, in order, whatever is handed over, and notices what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.database.checkpoint import Position, Source
from shared.messaging.fence import Fence, New
from tests.support.commitment_events import raw_record

Stamp = tuple[int, int] | None
ZERO = Position(0, 0, 0)
FIRST, SECOND = Source("intake.commitment.v1", 0), Source("intake.commitment.v1", 1)


def stamped(offset: int, stamp: Stamp, source: Source = FIRST) -> ConsumerRecord:
    """A record that a relay wrote, or somebody else."""
    headers = [("ce_id", b"any")]
    if stamp is not None:
        name = f"/fabrique/intake/{source.topic}/{source.partition}/epoch/{stamp[0]}"
        headers += [("ce_source", name.encode()), ("ce_sequence", b"%020d" % stamp[1])]
    return raw_record(headers, b"{}", offset=offset, partition=source.partition, topic=source.topic)


def log_of(stamps: Sequence[Stamp], source: Source = FIRST) -> list[ConsumerRecord]:
    return [stamped(offset, stamp, source) for offset, stamp in enumerate(stamps)]


class Passed(NamedTuple):
    """What a fence let through, and the fence afterwards."""

    records: list[New]
    fence: Fence


def fresh(read: Sequence[ConsumerRecord], locked: Mapping[Source, Position], *, relayed: bool = True) -> Passed:
    fence = Fence(locked, relayed=relayed)
    return Passed([*fence.new(read)], fence)


def offsets(found: Passed, source: Source = FIRST) -> list[int]:
    return [new.record.offset for new in found.records if new.source == source]


@st.composite
def relayed_logs(draw: st.DrawFn) -> list[Stamp]:
    """What a relay writes: dense sequences; after a crash the last few again; now and then a new epoch."""
    stamps: list[Stamp] = []
    epoch, sequence = 0, 0
    for happening in draw(st.lists(st.sampled_from(("next", "next", "next", "crash", "restore")), max_size=30)):
        if happening == "crash":
            sequence -= draw(st.integers(0, min(4, sequence)))
        elif happening == "restore":
            epoch, sequence = epoch + 1, draw(st.integers(0, sequence))
        else:
            sequence += 1
            stamps.append((epoch, sequence))
    return stamps


stamps = st.lists(st.none() | st.tuples(st.integers(0, 2), st.integers(0, 12)), max_size=30)


@given(relayed_logs(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=15))
def test_whatever_is_handed_over_again_each_event_is_taken_once_and_in_order(
    log: list[Stamp], handed: list[tuple[int, int]]
) -> None:
    records, position, taken = log_of(log), ZERO, []
    for start, size in (*handed, (0, len(log))):
        begin = min(start, position.next_offset)  # a zombie may be late; nobody may jump ahead
        found = fresh(records[begin : begin + size], {FIRST: position})
        assert not found.fence.offset_holes
        assert found.fence.positions[FIRST] >= position
        position = found.fence.positions[FIRST]
        taken += [log[offset] for offset in offsets(found)]
    expected, last = [], (0, 0)
    for stamp in log:
        if stamp is not None and stamp > last:
            expected.append(stamp)
            last = stamp
    assert taken == expected
    assert len(set(taken)) == len(taken)


@given(stamps, st.integers(0, 30))
def test_cutting_a_log_anywhere_changes_nothing(log: list[Stamp], cut: int) -> None:
    records = log_of(log)
    whole = fresh(records, {FIRST: ZERO})
    head = fresh(records[:cut], {FIRST: ZERO})
    tail = fresh(records[cut:], head.fence.positions)
    assert offsets(head) + offsets(tail) == offsets(whole)
    assert tail.fence.positions == whole.fence.positions
    assert head.fence.repeated + tail.fence.repeated == whole.fence.repeated
    assert head.fence.sequence_holes + tail.fence.sequence_holes == whole.fence.sequence_holes


@given(stamps, st.integers(0, 40), st.integers(0, 2), st.integers(0, 12))
def test_every_record_is_taken_fenced_or_repeated_and_positions_never_go_back(
    log: list[Stamp], next_offset: int, epoch: int, sequence: int
) -> None:
    before = Position(next_offset, epoch, sequence)
    found = fresh(log_of(log), {FIRST: before})
    after = found.fence.positions[FIRST]
    assert len(found.records) + found.fence.fenced + found.fence.repeated == len(log)
    assert found.fence.fenced == min(next_offset, len(log))
    assert after.next_offset == max(next_offset, len(log))
    assert (after.epoch, after.last_sequence) >= (epoch, sequence)
    assert all(offset >= next_offset for offset in offsets(found))


@given(st.lists(st.none(), max_size=10), stamps)
def test_a_record_without_a_sequence_is_never_taken_for_a_repetition(plain: list[None], log: list[Stamp]) -> None:
    mixed = [*log, *plain]
    taken = offsets(fresh(log_of(mixed), {FIRST: ZERO}))
    assert {offset for offset, stamp in enumerate(mixed) if stamp is None} <= set(taken)


@given(stamps)
def test_where_partners_write_no_header_of_theirs_makes_a_record_disappear(log: list[Stamp]) -> None:
    found = fresh(log_of(log), {FIRST: ZERO}, relayed=False)
    assert offsets(found) == list(range(len(log)))
    assert found.fence.positions[FIRST] == Position(len(log), 0, 0)


@settings(max_examples=60)
@given(relayed_logs(), relayed_logs(), st.lists(st.booleans(), max_size=80))
def test_partitions_do_not_disturb_one_another(one: list[Stamp], two: list[Stamp], order: list[bool]) -> None:
    left, right = log_of(one), log_of(two, SECOND)
    mixed = [queue.pop(0) for first in order if (queue := left if first else right)]
    mixed += [*left, *right]
    found = fresh(mixed, {FIRST: ZERO, SECOND: ZERO})
    for source, log in ((FIRST, one), (SECOND, two)):
        alone = fresh(log_of(log, source), {source: ZERO})
        assert offsets(found, source) == offsets(alone, source)
        assert found.fence.positions[source] == alone.fence.positions[source]


def test_holes_are_noticed_and_what_comes_after_them_is_still_taken() -> None:
    records = [stamped(3, (0, 1)), stamped(4, (0, 4)), stamped(7, (0, 5)), stamped(8, (1, 9)), stamped(9, (1, 10))]
    found = fresh(records, {FIRST: ZERO})
    assert found.fence.offset_holes == [(FIRST, 0, 3), (FIRST, 5, 7)]
    assert found.fence.sequence_holes == [(FIRST, 1, 4)]  # another epoch counts from where it was restored
    assert offsets(found) == [3, 4, 7, 8, 9]
    assert found.fence.positions == {FIRST: Position(10, 1, 10)}


def test_what_an_older_epoch_still_sends_is_a_repetition() -> None:
    found = fresh([stamped(5, (1, 99))], {FIRST: Position(5, 2, 3)})
    assert (found.fence.repeated, found.records) == (1, [])
    assert found.fence.positions == {FIRST: Position(6, 2, 3)}


def test_headers_that_no_relay_writes_are_no_sequence() -> None:
    ours = b"/fabrique/intake/intake.commitment.v1/0/epoch/0"
    odd: list[list[tuple[str, Any]]] = [
        [("ce_source", ours)], [("ce_sequence", b"1")], [("ce_source", None), ("ce_sequence", b"1")],
        [("ce_source", ours), ("ce_sequence", None)], [("ce_source", ours), ("ce_sequence", b"")],
        [("ce_source", ours), ("ce_sequence", b"-1")], [("ce_source", ours), ("ce_sequence", b"1.0")],
        [("ce_source", ours), ("ce_sequence", "٣".encode())], [("ce_source", ours), ("ce_sequence", b"9" * 21)],
        [("ce_source", ours), ("ce_sequence", b"9" * 20)], [("ce_source", b"/citeslab"), ("ce_sequence", b"1")],
        [("ce_source", ours + b"x"), ("ce_sequence", b"1")], [("ce_source", b"\xff/epoch/"), ("ce_sequence", b"1")],
    ]  # fmt: skip
    records = [raw_record(headers, b"{}", offset=offset) for offset, headers in enumerate(odd)]
    found = fresh(records, {FIRST: Position(0, 3, 10**6)})
    assert offsets(found) == list(range(len(odd)))
    assert found.fence.positions[FIRST] == Position(len(odd), 3, 10**6)


def test_of_a_header_given_twice_the_last_counts() -> None:
    twice = raw_record(
        [("ce_source", b"/partner"), ("ce_sequence", b"7"), ("ce_source", b"/x/epoch/0"), ("ce_sequence", b"1")],
        b"{}", offset=0,
    )  # fmt: skip
    [new] = fresh([twice], {FIRST: ZERO}).records
    assert (new.sequence, new.headers["ce_source"]) == (1, b"/x/epoch/0")
