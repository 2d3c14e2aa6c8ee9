"""A programme's own rules as the oracle reads them, section 5 of the rulebook.

Rules are a plain dictionary of what they say, as funding keeps it: `{"public_aid_max": 80, "waitlist": "skip"}`.
"""

from collections.abc import Iterator

from tests.support.oracle_book import FUNDERS, Book, Json, refused_if

SAID_BY_RULES = (
    "not-eligible", "exceeds-project-cap", "exceeds-beneficiary-cap", "exceeds-programme-cap",
    "exceeds-share", "exceeds-public-aid",
)  # fmt: skip


def ruled(book: Book, step: Json) -> Iterator[Json]:
    """Put rules in force, as the next version unless they say the same; then promotions."""
    pair = step["contract"], step["exercise"]
    versions = book.rules.setdefault(pair, [])
    if versions and versions[-1] == step["rules"]:
        return
    versions.append(step["rules"])
    yield from book.promoted(*pair)


def judge(book: Book, commitment: Json, occurred_on: str) -> None:
    """Refuse a declaration that the rules do not allow."""
    if rules := book.rules_for(commitment):
        _check_eligible(rules, occurred_on)
        _check_caps(book, rules, commitment, commitment["asked"])
        _check_shares(rules, commitment["asked"], commitment["cost_cents"])


def judge_amendment(book: Book, known: Json, after: dict[str, int], cost: int) -> None:
    """Refuse an amendment that the rules do not allow."""
    rules = book.rules_for(known) or {}
    more = any(after[funder] > known["asked"][funder] for funder in FUNDERS)
    if more:
        _check_eligible(rules, None)
        _check_caps(book, rules, known, after)
    if more or cost < known["cost_cents"]:
        _check_shares(rules, after, cost)


def _check_eligible(rules: Json, occurred_on: str | None) -> None:
    refused_if(not rules.get("eligible", True), "not-eligible")
    if occurred_on is not None:
        refused_if(occurred_on < rules.get("eligible_from", "0000"), "not-eligible")
        refused_if(occurred_on > rules.get("eligible_until", "9999"), "not-eligible")


def _check_caps(book: Book, rules: Json, commitment: Json, asked: dict[str, int]) -> None:
    total = sum(asked.values())
    project, beneficiary = rules.get("cap_per_project_cents"), rules.get("cap_per_beneficiary_cents")
    refused_if(project is not None and total > project, "exceeds-project-cap")
    whose = commitment["beneficiary_id"]
    right = rules.get("right_cents")
    if whose is None:
        return
    for other in book.contracts[commitment["contract"]].values():
        alike = other["beneficiary_id"] == whose and other["exercise"] == commitment["exercise"]
        if alike and other is not commitment and other["state"] not in ("refused", "released"):
            total += sum(other["asked"].values())
    refused_if(beneficiary is not None and total > beneficiary, "exceeds-beneficiary-cap")
    refused_if(right is not None and total > right, "exceeds-programme-cap")


def _check_shares(rules: Json, asked: dict[str, int], cost: int) -> None:
    for funder, limit in (("CDC", "cdc_share_max"), ("STATE", "state_share_max")):
        refused_if(100 * asked[funder] > rules.get(limit, 100) * cost, "exceeds-share")
    refused_if(100 * sum(asked.values()) > rules.get("public_aid_max", 100) * cost, "exceeds-public-aid")
