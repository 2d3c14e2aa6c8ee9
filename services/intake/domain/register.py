"""The register: what intake knows when it judges, and the judgement of each telling, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.domain.answer import Accepted, Answer, Reason, Refusal
from services.intake.domain.scope import Scope
from services.intake.domain.telling import Stamped
from shared.contracts import told
from shared.contracts.told import CommitmentDeclared, Told
from shared.kernel.ids import commitment_id

CLOCK_DRIFT_MAX = timedelta(minutes=5)
OF_A_FUNDER: frozenset[type[Told]] = frozenset(
    (told.CommitmentEngaged, told.ServiceCertified, told.PaymentMade, told.PaymentReturned, told.CommitmentDecommitted)
)
"""Acts of a funder: only who may speak for it tells them."""
OTHER_PERSON: dict[type[Told], str] = {
    told.EntrepreneursMerged: "merged_entrepreneur_reference",
    told.EntrepreneursSeparated: "separated_entrepreneur_reference",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event that was accepted before: our identifier, and what it said."""

    event_id: UUID
    content: bytes


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who declared a commitment, for which contract and exercise, by which event."""

    platform: str
    contract: str
    exercise: int
    event_id: UUID


def named_commitment(event: Told, platform: str) -> UUID | None:
    """Return the commitment that an event is about; a reference is that of the platform that tells it."""
    said = event.__dict__
    reference: str | None = said.get("reference")
    identifier: UUID | None = said.get("commitment_id")
    return identifier if reference is None else commitment_id(platform, reference)


def source_agrees(source: str, platform: str) -> bool:
    """Whether a source is the platform's own: `/<platform>/…`, or `/simulation/<platform>/…` for a simulated one."""
    segments = source.removeprefix("/").split("/")
    if segments[0] == "simulation" and platform != "simulation":
        segments = segments[1:]
    return segments[:1] == [platform]


class Register:
    """What is known of the tellings of one transaction; accepted ones add to it, so that order counts."""

    def __init__(
        self, *, received: Mapping[bytes, Receipt], contracts: frozenset[str], owners: Mapping[UUID, Ownership]
    ) -> None:
        self._received = dict(received)
        self._contracts = contracts
        self.owners = dict(owners)
        self.declared: list[UUID] = []

    def judge(self, stamped: Stamped, now: datetime) -> Answer:
        """Accept an event or refuse it; the same content under the same name is accepted as it was."""
        event, scope = stamped.telling.event, stamped.telling.scope
        named = stamped.commitment_id
        known = self._received.get(stamped.door_key)
        if known is not None:
            if known.content == stamped.content:
                return Accepted(known.event_id, event.type, named, duplicate=True)
            return Refusal(Reason.EVENT_CONFLICT, "/id", "This id told something else before: give a new event a new"
                           " id, or send the first content again.")  # fmt: skip
        refusal = (
            _out_of_scope(stamped, scope)
            or _impossible(event.told, now)
            or self._without_ground(event.told, named)
            or self._not_theirs(event.told, scope, named)
        )
        if refusal is not None:
            return refusal
        self._received[stamped.door_key] = Receipt(stamped.event_id, stamped.content)
        if type(event.told) is CommitmentDeclared and named is not None:
            self.owners[named] = Ownership(scope.platform, event.told.contract, event.told.exercise, stamped.event_id)
            self.declared.append(named)
        return Accepted(stamped.event_id, event.type, named)

    def _without_ground(self, event: Told, named: UUID | None) -> Refusal | None:
        """Refuse what stands on a contract or a commitment that is not known."""
        contract = event.__dict__.get("contract")
        if contract is not None and contract not in self._contracts:
            return Refusal(Reason.CONTRACT_UNKNOWN, "/data/contract", "No envelope was ever opened for this contract:"
                           " check its code, or ask the programme's manager to open it.")  # fmt: skip
        if type(event) is CommitmentDeclared:
            if named in self.owners:
                return Refusal(Reason.COMMITMENT_ALREADY_DECLARED, "/data/reference", "This reference was declared by"
                               " another event: amend it, or declare another reference.")  # fmt: skip
        elif named is not None and named not in self.owners:
            return Refusal(Reason.COMMITMENT_UNKNOWN, _pointer_of_name(event), "This commitment was never declared:"
                           " declare it first, or check its name.")  # fmt: skip
        return None

    def _not_theirs(self, event: Told, scope: Scope, named: UUID | None) -> Refusal | None:
        """Refuse what only the declarer may tell.

        Closing ends both sides' work: the declarer may tell it, and so may whoever speaks for a funder.
        """
        if named is None or type(event) is CommitmentDeclared or type(event) in OF_A_FUNDER:
            return None
        if self.owners[named].platform == scope.platform:
            return None
        if type(event) is told.CommitmentClosed and scope.funders:
            return None
        return Refusal(Reason.NOT_THE_DECLARER, _pointer_of_name(event), "Only the platform that declared this"
                       " commitment may tell this.")  # fmt: skip


def _out_of_scope(stamped: Stamped, scope: Scope) -> Refusal | None:
    event = stamped.telling.event
    if not source_agrees(event.source, scope.platform):
        return Refusal(Reason.SOURCE_OF_ANOTHER, "/source", "A source begins with the name of the platform that tells:"
                       " /<platform>/…")  # fmt: skip
    if not scope.may_emit(event.type):
        return Refusal(Reason.EVENT_TYPE_NOT_ALLOWED, "/type", "This key may not tell events of this type.")
    if type(event.told) in OF_A_FUNDER and event.told.__dict__["funder"] not in scope.funders:
        return Refusal(Reason.FUNDER_NOT_ALLOWED, "/data/funder", "This key does not speak for this funder: ask"
                       " whoever makes keys for one that does.")  # fmt: skip
    return None


def _impossible(event: Told, now: datetime) -> Refusal | None:
    """Refuse times that cannot be, and a person who would be merged with, or told from, themselves."""
    if event.declared_at > now + CLOCK_DRIFT_MAX:
        return Refusal(Reason.DECLARED_IN_FUTURE, "/data/declared_at", "This has not come yet: check the clock and the"
                       " offset from UTC.")  # fmt: skip
    if event.occurred_on > event.declared_at.date():
        return Refusal(Reason.OCCURRED_AFTER_DECLARED, "/data/occurred_on", "A thing happens before it is told: this is"
                       " after the day of declared_at.")  # fmt: skip
    other = event.__dict__.get(field) if (field := OTHER_PERSON.get(type(event))) else None
    if other is not None and other == event.__dict__["entrepreneur_reference"]:
        return Refusal(Reason.SAME_PERSON, f"/data/{field}", "The two references are the same.")
    return None


def _pointer_of_name(event: Told) -> str:
    return "/data/reference" if event.__dict__.get("commitment_id") is None else "/data/commitment_id"
