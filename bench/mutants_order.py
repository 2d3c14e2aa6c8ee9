"""Makes pytest fit for breaking things on purpose: the quick tests first, the same draws each time, no shrinking."""

import pytest
from hypothesis import Phase, is_hypothesis_test, settings


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Draw the same examples for every mutant; a failure is enough, the smallest one is not looked for."""
    settings.register_profile(
        "mutants", settings.default, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tables before properties: most of what is broken is noticed by the first."""
    items.sort(key=lambda item: is_hypothesis_test(getattr(item, "function", None)))
