"""How a command looks by HTTP: its fields by kind, what became of it, and each refusal with how to mend it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.funding.domain.command import Act, Command
from services.funding.domain.objection import Objection
from services.funding.store import tables
from services.funding.use_cases.commanding import Answer, NotCommanded
from shared.contracts.fields import Cents, ContractCode, Day, EnvelopeId, Word
from shared.contracts.remedies import remedy
from shared.web.problems import FieldProblem, Problem


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    command_id: UUID = Field(description="Chosen by whoever commands: the same again is answered the same again.")
    envelope: EnvelopeId
    reason: Word = Field(description="Why: a word, never a sentence.", examples=["reprogramming"])
    effective_on: Day = Field(description="The day from which it counts.")
    expected_version: int | None = Field(
        default=None, ge=0, description="The envelope's version that was looked at: refused when it moved since."
    )


class _Amounts(_Order):
    amount_cents: Cents = Field(default=0, description="To be engaged (AE), in whole euro cents.")
    payment_cents: Cents = Field(default=0, description="To be paid (CP), in whole euro cents.")


class _Displacing(_Order):
    displace: bool = Field(default=False, description="Send back, last in first out, who stands in the way.")


class Increase(_Amounts):
    """Authorise more."""

    kind: Literal["increase"]


class Unfreeze(_Amounts):
    """Let a frozen part be used again."""

    kind: Literal["unfreeze"]


class Reduce(_Amounts, _Displacing):
    """Authorise less."""

    kind: Literal["reduce"]


class Freeze(_Amounts, _Displacing):
    """Keep a part from being used for now."""

    kind: Literal["freeze"]


class Transfer(_Amounts, _Displacing):
    """Move credit to another contract's envelope of the same funder and exercise."""

    kind: Literal["transfer"]
    to: EnvelopeId


class CarryOver(_Amounts, _Displacing):
    """Move credit to the next exercise of the same contract and funder."""

    kind: Literal["carry-over"]
    to: EnvelopeId


class Close(_Displacing):
    """End the exercise: what is left is authorised no more."""

    kind: Literal["close"]


Order = Annotated[Increase | Reduce | Freeze | Unfreeze | Transfer | CarryOver | Close, Field(discriminator="kind")]
ORDERS: TypeAdapter[Order] = TypeAdapter(Order)
KINDS: tuple[type[BaseModel], ...] = (Increase, Reduce, Freeze, Unfreeze, Transfer, CarryOver, Close)
ORDER_SCHEMA: dict[str, Any] = {"oneOf": [kind.model_json_schema() for kind in KINDS]}


class CommandState(BaseModel):
    """A command, who gave it, who answered, and what came of it: what was announced, and envelopes before and after."""

    command_id: UUID
    number: int
    kind: str
    state: str = Field(description="proposed, applied, refused or rejected; in a dry run what it would be.")
    envelope: str | None
    to: str | None
    content: dict[str, Any]
    by: str
    reason: str
    effective_on: date
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    rejected_by: str | None
    rejection_reason: str | None
    applied_at: datetime | None
    outcome: dict[str, Any] | None
    dry_run: bool = False
    needs_approval: bool = False


class CommandFilter(BaseModel):
    """Which commands to list; a page begins below the number `before`."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["proposed", "applied", "refused", "rejected"] | None = None
    kind: Act | Literal["score", "rules"] | None = None
    envelope: EnvelopeId | None = None
    contract: ContractCode | None = None
    before: int | None = Field(default=None, ge=1)
    limit: int = Field(default=50, ge=1, le=200)


class CommandPage(BaseModel):
    """Some commands, the newest first, and how to ask for those before them; null when there are none."""

    commands: list[CommandState]
    before: int | None


class Rejection(BaseModel):
    """Why a proposal is answered with no."""

    model_config = ConfigDict(strict=True, extra="forbid")

    reason: Word = Field(description="Why: a word, never a sentence.", examples=["not-now"])


REMEDIES: dict[str, str] = {
    Objection.SAME_ENVELOPE: "Name another envelope as receiver.",
    Objection.NOT_THE_SAME_FUNDER: "A transfer goes to the same funder and exercise of another contract, a carry-over"
    " to the same contract and funder.",
    Objection.NOT_THE_NEXT_EXERCISE: "Carry over to the exercise that follows the giver's.",
    Objection.ENVELOPE_UNKNOWN: "Open it first, by the programme file; GET /v1/envelopes lists those that there are.",
    Objection.ENVELOPE_CLOSED: "Its exercise is over: use the envelope of another exercise.",
    Objection.NO_AMOUNT: "Give amount_cents, payment_cents, or both.",
    Objection.NO_PAYMENT_CREDITS: "Leave payment_cents out: this funder has no payment credits there.",
    Objection.CARRY_OVER_LIMIT: "Over all carry-overs, at most 3 % of the payment credits first opened.",
    Objection.PAYMENT_EXCEEDS_PAYABLE: "Take at most what may still be paid: payable_cents of the envelope.",
    Objection.NOT_FROZEN: "Unfreeze at most what is frozen.",
    Objection.ENVELOPE_IN_USE: "Wait until nobody stands there, or let `displace` release those listed.",
    Objection.NO_ROOM: "Take less, or let `displace` send back those marked sent_back, last in first out.",
    Objection.COMMITMENT_UNKNOWN: "GET /v1/commitments/{commitment_id} finds those that were declared.",
    Objection.NOT_STANDING: "It is refused, released or closed: its score serves nothing.",
    "envelope-moved": "Look at the envelope again, then command with its new version.",
    "command-conflict": "Use a new command_id for a new command.",
    "not-allowed": "Ask whoever makes keys for one with this funder and contract.",
    "own-proposal": "Another manager with the right must approve it.",
    "already-answered": "GET /v1/commands/{command_id} says what became of it.",
    "command-unknown": "GET /v1/commands lists them.",
    "plan-moved": "Ask POST /v1/what-if again, and apply with the plan that it answers.",
}
STATUS = {
    "envelope-moved": 409, "command-conflict": 409, "already-answered": 409, "command-unknown": 404,
    "commitment-unknown": 404,
    "not-allowed": 403, "own-proposal": 403, "plan-moved": 409,
}  # fmt: skip


def read(body: bytes) -> tuple[UUID, Command, int | None]:
    """Read a command, as `by` nobody yet. Raises Problem 422 that points to each field."""
    try:
        order = ORDERS.validate_json(body)
    except ValidationError as error:
        raise Problem(422, "command-invalid", "The command is not valid.", errors=[*fields_of(error)]) from error
    said = order.model_dump(exclude={"command_id", "kind", "expected_version"})
    return order.command_id, Command(act=Act(order.kind), by="", **said), order.expected_version


def fields_of(error: ValidationError) -> Iterator[FieldProblem]:
    """Point to each field at fault; the kind of a command is no step on the way to it."""
    for problem in error.errors(include_url=False, include_input=False):
        steps = [str(step) for step in problem["loc"]]
        is_kind = bool(steps) and steps[0] in (*Act, "merge", "annul")
        within = steps[1:] if is_kind else steps or ["kind"] * problem["type"].startswith("union")
        yield FieldProblem(pointer="".join(f"/{step}" for step in within), detail=remedy(problem))


def shown(row: tables.Command, *, rehearsed: bool = False, needs_approval: bool = False) -> CommandState:
    """Render a command."""
    said = row.model_dump(include={*CommandState.model_fields} & {*tables.Command.model_fields})
    return CommandState(
        **said, envelope=row.envelope_id, to=row.to_envelope_id, dry_run=rehearsed, needs_approval=needs_approval
    )


def answered(answer: Answer) -> CommandState:
    """Render what became of a command. Raises Problem 422 when it is refused."""
    row = answer.command
    if row.state == "refused":
        outcome: dict[str, Any] = {**(row.outcome or {})}
        reason, field = outcome.pop("refusal"), outcome.pop("field")
        more = {"command_id": str(row.command_id), "dry_run": answer.rehearsed, **outcome}
        errors = [FieldProblem(pointer=f"/{field}", detail=REMEDIES[reason])]
        raise Problem(422, reason, "The command is refused.", detail=REMEDIES[reason], errors=errors, more=more)
    return shown(row, rehearsed=answer.rehearsed, needs_approval=answer.needs_approval)


def not_taken(error: NotCommanded) -> Problem:
    """Render a command that is not taken."""
    remedy = REMEDIES[error.reason]
    fields = [FieldProblem(pointer=f"/{error.field}", detail=remedy)] if error.field else []
    return Problem(STATUS.get(error.reason, 422), error.reason, str(error), detail=remedy, errors=fields)
