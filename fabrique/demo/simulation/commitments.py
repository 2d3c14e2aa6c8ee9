"""The commitments of one contract, from the request to the legal act: declared, amended, withdrawn, engaged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.desk import Desk, Request, Standing
from fabrique.demo.simulation.draws import happens, office_instant
from fabrique.demo.simulation.happenings import Happening, Teller
from fabrique.demo.simulation.payments import Grant, follow_grants
from fabrique.demo.simulation.projects import Amounts, Project, authorised, projects
from fabrique.demo.territory import Territory
from shared.contracts import told
from shared.contracts.commitment import WithdrawalReason
from shared.kernel.funders import Funder
from shared.kernel.ids import commitment_id

Act = Callable[["Office", Request, datetime], None]
STANDING = (Standing.RESERVED, Standing.WAITING)


@dataclass(slots=True)
class Office:
    """The partners of one contract at work: what is to be done, in order of instants."""

    rng: Random
    desk: Desk
    agenda: list[tuple[datetime, int, Act, Request]] = field(default_factory=list)
    planned: int = 0

    def plan(self, act: Act, request: Request, *, day: date, after: datetime | None = None) -> None:
        """Put an act on the agenda, in the office hours of a day, after an instant."""
        at = office_instant(self.rng, day)
        if after and at <= after:
            at = after + timedelta(minutes=self.rng.randint(5, 90))
        self.planned += 1
        heappush(self.agenda, (at, self.planned, act, request))

    def plan_engaging(self, requests: list[Request], at: datetime) -> None:
        """Expect the legal act of what is reserved: later when a convention is needed, never for one in twenty."""
        for request in requests:
            convention = max(request.amounts.values()) > figures.CONVENTION_CENTS
            days = self.rng.randint(25, 60) + (20 if convention else 0)
            if not happens(self.rng, 0.05):
                self.plan(engage, request, day=at.date() + timedelta(days=days))


def commitments(rng: Random, run: str, territory: Territory) -> list[Happening]:
    """Draw all that is told of the commitments of one contract, in the order of their requests."""
    room = authorised(territory)
    office = Office(rng, Desk(authorised=dict(room), room=room))
    requests = [Request(each, _teller(rng, each), each.asked) for each in projects(rng, run, territory)]
    for request in requests:
        office.plan(declare, request, day=request.project.asked_on + timedelta(days=rng.randint(0, 3)))
    while office.agenda:
        at, _, act, request = heappop(office.agenda)
        act(office, request, at)
    return [happening for request in requests for happening in request.teller.told]


def _teller(rng: Random, project: Project) -> Teller:
    """Name the commitment by its partner's reference or, for one in ten, by the identifier that intake gives."""
    if happens(rng, 0.1):
        return Teller(rng, project.platform, commitment_id=str(commitment_id(project.platform, project.reference)))
    return Teller(rng, project.platform, reference=project.reference)


def declare(office: Office, request: Request, at: datetime) -> None:
    """Ask the funders, and plan what will become of the request."""
    project, rng = request.project, office.rng
    request.teller.tell_at(
        told.CommitmentDeclared, project.asked_on, at, commitment_id=None, reference=project.reference,
        contract=project.contract, exercise=figures.EXERCISE, beneficiary_siret=project.beneficiary_siret,
        cost_cents=project.cost_cents, priority=project.priority, **_shares(project.asked),
    )  # fmt: skip
    office.desk.declare(request)
    if request.standing is Standing.RESERVED:
        office.plan_engaging([request], at)
    elif request.standing is Standing.WAITING and happens(rng, figures.IMPATIENT_SHARE):
        office.plan(withdraw, request, day=at.date() + timedelta(days=rng.randint(40, 150)))
    if project.amended_on:
        office.plan(amend, request, day=project.amended_on, after=at)
    if project.withdrawn_on:
        office.plan(withdraw, request, day=project.withdrawn_on, after=at)


def amend(office: Office, request: Request, at: datetime) -> None:
    """Ask other amounts, as long as nothing is engaged."""
    if request.standing in STANDING:
        amounts = request.project.amended
        cost_cents = max(request.project.cost_cents, sum(amounts.values()))
        request.teller.tell_at(
            told.CommitmentAmended, at.date(), at, cost_cents=cost_cents, **_shares(amounts)
        )  # fmt: skip
        office.plan_engaging(office.desk.amend(request, amounts), at)


def withdraw(office: Office, request: Request, at: datetime) -> None:
    """Take the request back: what waited was funded otherwise."""
    if request.standing in STANDING:
        given_up = office.rng.choice((WithdrawalReason.ABANDONED, WithdrawalReason.DECLARED_BY_MISTAKE))
        reason = WithdrawalReason.FUNDED_OTHERWISE if request.standing is Standing.WAITING else given_up
        request.teller.tell_at(told.CommitmentWithdrawn, at.date(), at, reason=reason.value)
        office.plan_engaging(office.desk.withdraw(request), at)


def engage(office: Office, request: Request, at: datetime) -> None:
    """Each funder signs its legal act, within the exercise or never; then the payments follow."""
    if request.standing is not Standing.RESERVED or at.year != figures.EXERCISE:
        return
    request.standing = Standing.ENGAGED
    grants = []
    for funder, cents in request.amounts.items():
        if cents:
            engaged_at = request.teller.tell_at(
                told.CommitmentEngaged, at.date(), at, funder=funder.value, exercise=at.year, amount_cents=cents
            )
            grants.append(Grant(funder, cents, at.date(), engaged_at))
            at += timedelta(minutes=office.rng.randint(1, 40))
    follow_grants(request.teller, grants)


def _shares(amounts: Amounts) -> dict[str, int]:
    return {"cdc_cents": amounts[Funder.CDC], "state_cents": amounts[Funder.STATE]}
