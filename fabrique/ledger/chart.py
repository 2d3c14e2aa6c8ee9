"""The chart of accounts: what budget accountants call the accounts of an envelope, as docs/glossary.md lists them."""

from services.funding.domain.envelope import Account
from shared.kernel.errors import ProgrammeError

OFF_BALANCE = "Equity:HorsBilan"
PAYMENT = "Paiement"
NAMES: dict[str, tuple[str, str]] = {
    Account.VOTED: ("Equity", "CreditsOuverts"),
    Account.AVAILABLE: ("Assets", "Disponible"),
    Account.FROZEN: ("Assets", "Gel"),
    Account.RESERVED: ("Assets", "Reservations"),
    Account.ENGAGED: ("Assets", "Engagements"),
    Account.LAPSED: ("Assets", "DegagementsTardifs"),
    Account.DEMAND: (OFF_BALANCE, "Demandes"),
    Account.WAITLISTED: (OFF_BALANCE, "ListeAttente"),
    Account.PAYMENT_VOTED: (f"Equity:{PAYMENT}", "CreditsOuverts"),
    Account.PAYMENT_AVAILABLE: (f"Assets:{PAYMENT}", "Disponible"),
    Account.PAYMENT_FROZEN: (f"Assets:{PAYMENT}", "Gel"),
    Account.PAID: (f"Assets:{PAYMENT}", "Paye"),
    Account.TREASURY: (f"Equity:{PAYMENT}", "Tresorerie"),
}
"""Waiting demand is no credit: it is kept off balance, so that the assets of an envelope add up to its credit.
Credits to pay are kept beside the credits to engage: the two are two ceilings, not one sum."""


class AccountUnknown(ProgrammeError):
    """A posting names an account that the chart does not have."""


def account_name(envelope_id: str, account: str) -> str:
    """Name an account: `Assets:CDC:CV219:2016:Disponible`. Raises AccountUnknown."""
    parts = envelope_id.split(".")
    if account not in NAMES or len(parts) != 3:
        raise AccountUnknown(f"{envelope_id} {account} is no account of any envelope: run `fabrique ledger check`.")
    (root, last), (contract, funder, exercise) = NAMES[account], parts
    return f"{root}:{funder}:{contract}:{exercise}:{last}"
