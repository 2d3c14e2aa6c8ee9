"""One realistic example of each event, by family of schemas: a restaurant in Lens-Liévin, told, funded and counted."""

from collections.abc import Mapping

from shared.contracts.examples.figures import DEAD_LETTERS, STATED_BUDGETS, STATED_SURVIVAL
from shared.contracts.examples.funding import ALLOCATIONS, STATED_ENVELOPES, TERRITORIES
from shared.contracts.examples.intake import COMMITMENTS, ENTREPRENEURS
from shared.contracts.examples.told import TOLD_EXAMPLES
from shared.contracts.fields import Fact

EXAMPLES: Mapping[str, tuple[Fact, ...]] = {
    "partner": TOLD_EXAMPLES,
    "intake.entrepreneur.v1": ENTREPRENEURS,
    "intake.commitment.v1": COMMITMENTS,
    "funding.allocation.v1": ALLOCATIONS,
    "funding.envelope.v1": STATED_ENVELOPES,
    "funding.territory.v1": TERRITORIES,
    "reporting.survival.v1": STATED_SURVIVAL,
    "reporting.budget.v1": STATED_BUDGETS,
    "dead-letter": DEAD_LETTERS,
}


def example(family: str, type_: str) -> Fact:
    """Return the example of an event; LookupError when there is none."""
    for fact in EXAMPLES[family]:
        if type(fact).__name__ == type_:
            return fact
    raise LookupError(f"no example of {family}/{type_}")
