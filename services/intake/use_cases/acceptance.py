"""Accepts tellings, by whatever road they came: load, judge in order, record, announce."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.intake.domain.answer import Accepted, Answer
from services.intake.domain.keyring import Keyring, Name
from services.intake.domain.register import Ownership, Register, named_commitment
from services.intake.domain.telling import Stamped, Telling
from services.intake.domain.translation import fact_of, names
from services.intake.store import queries, writes
from shared.contracts.told import EntrepreneurErased
from shared.contracts.topics import COMMITMENT, ENTREPRENEUR
from shared.database.outbox import Destination, Outbox
from shared.database.transaction import Session
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.kernel.ids import new_id

Identifiers = list[dict[str, UUID]]
"""For each accepted event, the identifiers that stand in its fact for those it names."""


async def accept(
    session: Session, outbox: Outbox, tellings: Sequence[Telling], *, keyring: Keyring, clock: Clock
) -> list[Answer]:
    """Accept or refuse each telling, in order; return one answer for each.

    Raises Raced when another transaction accepted the same at the same moment: nothing is kept, judge again.
    """
    if not tellings:
        return []
    stamped = [_stamp(telling, keyring) for telling in tellings]
    register = await _load_register(session, stamped)
    now = clock()
    answers = [register.judge(each, now) for each in stamped]
    fresh = [
        each
        for each, answer in zip(stamped, answers, strict=True)
        if isinstance(answer, Accepted) and not answer.duplicate
    ]
    if fresh:
        await _check_secret(session, keyring)
        await writes.insert_owners(session, {i: register.owners[i] for i in register.declared})
        identifiers = await _identify(session, fresh, keyring)
        await _announce(session, outbox, fresh, identifiers, owners=register.owners, clock=clock)
    return answers


def _stamp(telling: Telling, keyring: Keyring) -> Stamped:
    event = telling.event
    door_key = keyring.door_key(telling.scope.platform, event.source, event.id)
    named = named_commitment(event.told, telling.scope.platform)
    return Stamped(telling, new_id(), door_key, keyring.content(event), named)


async def _load_register(session: Session, stamped: Sequence[Stamped]) -> Register:
    """Load what the tellings touch; nothing is locked: whoever loses a race for a row judges again.

    What was received is read last: each statement sees what was committed before it, and a commitment seen as declared
    without the event that declared it would be refused instead of answered once more.
    """
    told = [each.telling.event.told.__dict__ for each in stamped]
    contracts = await queries.contracts(session, {said["contract"] for said in told if "contract" in said})
    owners = await queries.owners(session, {s.commitment_id for s in stamped if s.commitment_id is not None})
    received = await queries.received(session, {each.door_key for each in stamped})
    return Register(received=received, contracts=contracts, owners=owners)


async def _check_secret(session: Session, keyring: Keyring) -> None:
    """Refuse to go on with another secret than before: everybody would get a second identifier."""
    if keyring.recognised:
        return
    known = await queries.secret_fingerprint(session)
    if known is None:
        await writes.insert_fingerprint(session, keyring.fingerprint)
        known = await queries.secret_fingerprint(session)
    elif known == keyring.fingerprint:
        keyring.recognised = True
    if known != keyring.fingerprint:
        raise Unavailable("INTAKE_SECRET is not the one that this database was begun with")


async def _identify(session: Session, fresh: Sequence[Stamped], keyring: Keyring) -> Identifiers:
    """Give those that events name their identifiers, new ones where needed; who is erased is forgotten on the spot."""
    tellings = [each.telling for each in fresh]
    named = [
        [(target, name, keyring.pseudonym_key(name)) for target, name in names(t.event.told, t.scope.platform)]
        for t in tellings
    ]
    known = await _known_identifiers(session, {key: name for each in named for _, name, key in each})
    given: Identifiers = []
    erased: dict[bytes, None] = {}
    again: dict[bytes, tuple[bytes, str, UUID]] = {}
    for telling, of_event in zip(tellings, named, strict=True):
        for _, name, key in of_event:
            if key in erased and key not in again:
                known[key] = new_id()
                again[key] = (key, name.kind.value, known[key])
        given.append({target: known[key] for target, _, key in of_event})
        if type(telling.event.told) is EntrepreneurErased:
            for _, _, key in of_event:
                erased[key] = None
                again.pop(key, None)
    await writes.forget_pseudonyms(session, erased)
    if again:
        await writes.insert_pseudonyms(session, again.values())
    return given


async def _known_identifiers(session: Session, named: Mapping[bytes, Name]) -> dict[bytes, UUID]:
    """Insert those who have no identifier, then read: whoever was first, everybody gets the same."""
    if not named:
        return {}
    known = await queries.pseudonyms(session, named)
    if missing := named.keys() - known.keys():
        await writes.insert_pseudonyms(session, [(key, named[key].kind.value, new_id()) for key in missing])
        known |= await queries.pseudonyms(session, missing)
    return known


async def _announce(
    session: Session, outbox: Outbox, fresh: Sequence[Stamped], identifiers: Identifiers,
    *, owners: Mapping[UUID, Ownership], clock: Clock,
) -> None:  # fmt: skip
    """Add each fact to its output partition, and note where it went."""
    placed = list(_placed(outbox, fresh, identifiers, owners))
    await outbox.hold(destination for destination, _, _, _ in placed)
    now = clock()
    rows = []
    for each, given, (destination, key, subject, contract) in zip(fresh, identifiers, placed, strict=True):
        event, platform = each.telling.event, each.telling.scope.platform
        known_at = outbox.known_at(destination, at_least=now)
        fact = fact_of(event.told, platform=platform, known_at=known_at, identifiers=given, contract=contract)
        sequence = outbox.add(
            destination, key=key, event_id=each.event_id, type=event.type, subject=str(subject), time=known_at,
            value=fact, traceparent=event.traceparent,
        )  # fmt: skip
        rows.append(
            (each.door_key, each.content, each.event_id, platform, event.type, each.commitment_id, *destination,
             sequence, each.telling.received_at, known_at)
        )  # fmt: skip
    await writes.insert_received(session, rows)


def _placed(
    outbox: Outbox, fresh: Sequence[Stamped], identifiers: Identifiers, owners: Mapping[UUID, Ownership]
) -> Iterable[tuple[Destination, bytes, UUID, str]]:
    """Yield each event's destination, key, subject and contract; a commitment gets its identifier on the way."""
    for each, given in zip(fresh, identifiers, strict=True):
        named = each.commitment_id
        if named is None:
            subject, contract = given["entrepreneur_id"], each.telling.event.told.__dict__["contract"]
            key = str(subject).encode()
            yield outbox.destination(ENTREPRENEUR.name, key), key, subject, contract
        else:
            given["commitment_id"], contract = named, owners[named].contract
            yield outbox.destination(COMMITMENT.name, contract.encode()), contract.encode(), named, contract
