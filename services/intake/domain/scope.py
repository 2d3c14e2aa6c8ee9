"""What a key lets its platform tell: the types of event, and the funders in whose name."""

from dataclasses import dataclass

from shared.kernel.funders import Funder

EVERY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """One platform and what it may tell; `event_types` holds names of types, or `*` for all of them."""

    platform: str
    event_types: frozenset[str]
    funders: frozenset[Funder]

    def may_emit(self, type_: str) -> bool:
        """Whether events of this type may be told."""
        return type_ in self.event_types or EVERY_TYPE in self.event_types

    def __or__(self, other: "Scope") -> "Scope":
        """Unite two scopes of one platform."""
        return Scope(self.platform, self.event_types | other.event_types, self.funders | other.funders)
