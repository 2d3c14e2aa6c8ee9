"""The partners of the demonstration: who they are, and what their keys allow."""

from dataclasses import dataclass, field

from shared.kernel.funders import Funder


@dataclass(frozen=True, slots=True)
class Partner:
    """A platform, the event types that it may emit and the funders it may speak for."""

    platform: str
    types: tuple[str, ...] = ("*",)
    funders: tuple[Funder, ...] = field(default=tuple(Funder))


PARTNERS = (
    *map(Partner, ("citeslab", "adie", "bge", "initiative", "cci")),
    Partner("ci-ville", types=("CommitmentDeclared",), funders=()),
)
"""In the simulation each platform tells what the funders did for its own requests, so it may speak for both."""
PLATFORMS = tuple(partner.platform for partner in PARTNERS)
