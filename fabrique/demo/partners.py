"""The partners of the demonstration: who they are, and what their keys allow."""

from dataclasses import dataclass, field

from shared.contracts.told import TOLD, TOLD_OF_COMMITMENTS, TOLD_OF_ENTREPRENEURS
from shared.kernel.funders import Funder

COMMITMENT_TYPES = tuple(model.__name__ for model in TOLD_OF_COMMITMENTS)
ENTREPRENEUR_TYPES = tuple(model.__name__ for model in TOLD_OF_ENTREPRENEURS)


@dataclass(frozen=True, slots=True)
class Partner:
    """A platform, the event types that it may emit and the funders it may speak for."""

    platform: str
    types: tuple[str, ...] = tuple(TOLD)
    funders: tuple[Funder, ...] = field(default=tuple(Funder))


PARTNERS = (
    *map(Partner, ("citeslab", "adie", "bge", "initiative", "cci")),
    Partner("ci-ville", types=("CommitmentDeclared",), funders=()),
)
"""In the simulation each platform tells what the funders did for its own requests, so it may speak for both."""
PLATFORMS = tuple(partner.platform for partner in PARTNERS)
