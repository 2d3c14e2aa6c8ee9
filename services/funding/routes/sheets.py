"""Reads what each of the managers' pages shows, in the session of one snapshot; None where there is nothing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.funding.domain.by_epci import is_known
from services.funding.domain.published import life
from services.funding.pages import commitment, contract, overview
from services.funding.pages.debts import Debt, debts
from services.funding.pages.moment import Moment, day_asked, known_until
from services.funding.pages.sheet import Sheet
from services.funding.pages.territory import Seen, epci_page, epcis_page
from services.funding.routes.owed import Owed
from services.funding.store import commands as commands_store
from services.funding.store import looking, queries
from services.funding.store import territory as territory_store
from services.funding.store.journal import open_journal
from shared.database.transaction import Session
from shared.kernel.funders import Funder

SHOWN = 200
"""How many commands and promotions are listed: the latest."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, where the books are read, and what the address asks for."""

    session: Session
    moment: Moment
    exercise: int | None = None
    signed_in: bool = False
    on: str | None = None
    known: str | None = None
    owed: Owed = field(default_factory=Owed)

    async def seen(self) -> Seen:
        """The territory and all envelopes, on the day asked for, as known when it is asked for."""
        try:
            on, until, is_wrong = day_asked(self.on, self.moment.as_of), known_until(self.known), False
        except ValueError:
            on, until, is_wrong = self.moment.as_of, None, True
        found = await territory_store.territory(self.session, until=until)
        envelopes = await territory_store.envelopes(self.session, until=until)
        known = "" if is_wrong else self.known or ""
        return Seen(found, envelopes, on, known, self.exercise, is_wrong)

    async def debts(self) -> Sequence[Debt]:
        """What is owed as of the day asked for."""
        return await self.owed.debts(self.session, self.moment.as_of, is_past=self.moment.is_past)


Build = Callable[[Look], Awaitable[Sheet | None]]


async def nothing(_: Look) -> None:
    """A page that there is not."""


async def of_all(look: Look) -> Sheet:
    """The overview."""
    proposals = await commands_store.commands(
        look.session, state="proposed", kind=None, envelope=None, contract=None, before=None, limit=SHOWN
    )
    return overview.overview(
        look.moment, await looking.envelopes(look.session), await look.debts(),
        held=await looking.held(look.session), proposals=proposals, exercise=look.exercise,
        signed_in=look.signed_in,
    )  # fmt: skip


def of_funder(funder: Funder) -> Build:
    """One funder's page."""

    async def build(look: Look) -> Sheet:
        mine = [e for e in await looking.envelopes(look.session) if e.funder is funder]
        owed = [debt for debt in await look.debts() if debt.funder is funder]
        return overview.funder_page(look.moment, funder, mine, owed, exercise=look.exercise)

    return build


async def of_unpaid(look: Look) -> Sheet:
    """What is unpaid."""
    return overview.unpaid_page(look.moment, await look.debts())


async def of_epcis(look: Look) -> Sheet:
    """All EPCI on a day."""
    seen = await look.seen()
    until = None if seen.is_wrong else known_until(look.known)
    return epcis_page(look.moment, seen, await territory_store.changes(look.session, until=until))


def of_epci(siren: str) -> Build:
    """One EPCI on a day."""

    async def build(look: Look) -> Sheet | None:
        seen = await look.seen()
        return epci_page(look.moment, seen, siren) if is_known(seen.territory, siren) else None

    return build


def of_contract(code: str) -> Build:
    """One contract's page."""

    async def build(look: Look) -> Sheet | None:
        envelopes = await looking.envelopes(look.session, code)
        if not envelopes:
            return None
        commands = await commands_store.commands(
            look.session, state=None, kind=None, envelope=None, contract=code, before=None, limit=SHOWN
        )
        found = await territory_store.territory(look.session)
        siren = found.epci_of(code, look.moment.as_of)
        return contract.contract_page(
            look.moment, code, envelopes, commitments=await looking.commitments(look.session, code),
            held=await looking.held(look.session, contract=code), commands=commands, exercise=look.exercise,
            signed_in=look.signed_in, epci=None if siren is None else (found.names.get(siren, siren), siren),
        )  # fmt: skip

    return build


def of_waitlist(code: str) -> Build:
    """Who waits in a contract's exercise."""

    async def build(look: Look) -> Sheet | None:
        envelopes = await looking.envelopes(look.session, code)
        exercise = look.exercise or max((e.exercise for e in envelopes), default=None)
        if exercise not in {e.exercise for e in envelopes} or exercise is None:
            return None
        waiting = await looking.commitments(look.session, code, exercise=exercise, waiting=True)
        promoted = await looking.latest(look.session, code, "AllocationPromoted", SHOWN)
        rules = await queries.rules_in_force(look.session, contract=code, exercise=exercise)
        return contract.waitlist_page(
            look.moment,
            code,
            exercise,
            envelopes,
            waiting=waiting,
            promoted=promoted,
            rules=rules,
            signed_in=look.signed_in,
        )

    return build


def of_commitment(commitment_id: UUID) -> Build:
    """One commitment's life."""

    async def build(look: Look) -> Sheet | None:
        journal = await open_journal(look.session)
        steps = [*life([record async for record in journal.of_commitment(commitment_id)])]
        found = await looking.commitment(look.session, commitment_id)
        held = await looking.held(look.session, commitment_id=commitment_id)
        if not steps and found is None and not held:
            return None
        owed = debts((step.record.fact for step in steps if step.record.fact), look.moment.as_of)
        return commitment.commitment_page(look.moment, commitment_id, found, steps=steps, held=held, debts=owed,
                                          signed_in=look.signed_in)  # fmt: skip

    return build
