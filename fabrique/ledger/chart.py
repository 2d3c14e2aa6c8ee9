"""The chart of accounts: what budget accountants call the accounts of an envelope, as docs/glossary.md lists them."""

from services.funding.domain.envelope import Account
from shared.kernel.errors import ProgrammeError

OFF_BALANCE = "Equity:HorsBilan"
NAMES: dict[str, tuple[str, str]] = {
    Account.VOTED: ("Equity", "CreditsOuverts"),
    Account.AVAILABLE: ("Assets", "Disponible"),
    Account.FROZEN: ("Assets", "Gel"),
    Account.RESERVED: ("Assets", "Reservations"),
    Account.DEMAND: (OFF_BALANCE, "Demandes"),
    Account.WAITLISTED: (OFF_BALANCE, "ListeAttente"),
}
"""Waiting demand is no credit: it is kept off balance, so that the assets of an envelope add up to its credit."""


class AccountUnknown(ProgrammeError):
    """A posting names an account that the chart does not have."""


def account_name(envelope_id: str, account: str) -> str:
    """Name an account: `Assets:CDC:CV219:2016:Disponible`. Raises AccountUnknown."""
    parts = envelope_id.split(".")
    if account not in NAMES or len(parts) != 3:
        raise AccountUnknown(f"{envelope_id} {account} is no account of any envelope: run `fabrique ledger check`.")
    (root, last), (contract, funder, exercise) = NAMES[account], parts
    return f"{root}:{funder}:{contract}:{exercise}:{last}"
