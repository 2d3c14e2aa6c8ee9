"""What a well-informed partner expects funding to decide: the room of a contract's envelopes, and who waits.

A partner must guess which of its requests will be engaged; this is the guess, in a few lines. Nothing depends on its
being right: where it is wrong, funding answers as it does to anybody.
"""

from bisect import insort
from dataclasses import dataclass, field
from enum import Enum, auto

from fabrique.demo.simulation.happenings import Teller
from fabrique.demo.simulation.projects import Amounts, Project
from shared.kernel.funders import Funder


class Standing(Enum):
    """Where a request is thought to stand."""

    UNDECLARED = auto()
    RESERVED = auto()
    WAITING = auto()
    ENGAGED = auto()
    OVER = auto()


@dataclass(eq=False, slots=True)
class Request:
    """A project, the amounts that stand, where it is thought to stand, and what its partner tells of it."""

    project: Project
    teller: Teller
    amounts: Amounts
    standing: Standing = Standing.UNDECLARED


@dataclass(slots=True)
class Desk:
    """The two envelopes of a contract, in cents, and its waitlist by (priority, arrival)."""

    authorised: Amounts
    room: Amounts
    waiting: list[tuple[int, int, Request]] = field(default_factory=list)
    arrivals: int = 0

    def declare(self, request: Request) -> None:
        """Refuse what no envelope could hold; reserve if there is room and nobody waits; else let it wait."""
        asked = request.amounts
        if self._exceeds(asked):
            request.standing = Standing.OVER
        elif self._fits(asked) and not self._waited_for(asked):
            self._take(asked)
            request.standing = Standing.RESERVED
        else:
            self._wait(request)

    def amend(self, request: Request, amounts: Amounts) -> list[Request]:
        """Change the amounts if they fit; a request that waits loses its place if it asks more; return the promoted."""
        more = {funder: cents - request.amounts[funder] for funder, cents in amounts.items()}
        if self._exceeds(amounts) or (request.standing is Standing.RESERVED and not self._fits(more)):
            return self._promote()
        request.amounts = amounts
        if request.standing is Standing.RESERVED:
            self._take(more)
        elif any(cents > 0 for cents in more.values()):
            self._leave(request)
            self._wait(request)
        return self._promote()

    def withdraw(self, request: Request) -> list[Request]:
        """Give back what was reserved, or leave the waitlist; return who is promoted."""
        if request.standing is Standing.RESERVED:
            self._take({funder: -cents for funder, cents in request.amounts.items()})
        self._leave(request)
        request.standing = Standing.OVER
        return self._promote()

    def _exceeds(self, amounts: Amounts) -> bool:
        return any(cents > self.authorised[funder] for funder, cents in amounts.items())

    def _fits(self, amounts: Amounts) -> bool:
        return all(cents <= self.room[funder] for funder, cents in amounts.items() if cents > 0)

    def _waited_for(self, amounts: Amounts) -> bool:
        return any(cents and place[2].amounts[funder] for place in self.waiting for funder, cents in amounts.items())

    def _take(self, amounts: Amounts) -> None:
        for funder, cents in amounts.items():
            self.room[funder] -= cents

    def _wait(self, request: Request) -> None:
        self.arrivals += 1
        request.standing = Standing.WAITING
        insort(self.waiting, (request.project.priority, self.arrivals, request), key=lambda place: place[:2])

    def _leave(self, request: Request) -> None:
        self.waiting = [place for place in self.waiting if place[2] is not request]

    def _promote(self) -> list[Request]:
        """Serve the waitlist from its head; an envelope whose head does not fit serves nobody behind it."""
        promoted: list[Request] = []
        blocked: set[Funder] = set()
        for _, _, request in self.waiting:
            asked = {funder for funder, cents in request.amounts.items() if cents}
            if blocked & asked or not self._fits(request.amounts):
                blocked |= asked
                continue
            self._take(request.amounts)
            request.standing = Standing.RESERVED
            promoted.append(request)
        self.waiting = [place for place in self.waiting if place[2].standing is Standing.WAITING]
        return promoted
