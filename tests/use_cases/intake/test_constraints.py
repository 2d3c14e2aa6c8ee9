"""The database itself refuses what intake never writes: each CHECK, violated by plain SQL."""

from tests.support.constraints import SPINE, assert_refused, checks

RECEIVED = (
    "INSERT INTO received_event (door_key, content, event_id, platform, type, topic, partition, sequence, received_at,"
    " accepted_at, held_reason, held_at)"
    " VALUES ('k', 'c', gen_random_uuid(), 'citeslab', 'PaymentMade', 't', 0, 1, now(), now(), {})"
)
VIOLATIONS = (
    *SPINE,
    ("ck_secret_fingerprint_single", "INSERT INTO secret_fingerprint VALUES (2, 'f')"),
    ("ck_pseudonym_kind", "INSERT INTO pseudonym VALUES ('k', 'animal', gen_random_uuid())"),
    ("ck_received_event_held", RECEIVED.format("'not-paid', NULL")),
    ("ck_received_event_held", RECEIVED.format("NULL, now()")),
    ("ck_progress_stage", "INSERT INTO progress VALUES ('lost', 't', 0, now(), 1)"),
)


async def test_each_check_refuses_what_breaks_it(database: str) -> None:
    await assert_refused(database, VIOLATIONS)


async def test_no_check_is_left_untried(database: str) -> None:
    assert await checks(database) == {name for name, _ in VIOLATIONS}
