"""Figures as CSV (RFC 4180, UTF-8, decimal point), for those who take them into a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from fastapi import Request, Response

from shared.contracts.figures import BudgetStated, PartitionRead, SurvivalStated

BUDGET_COLUMNS = (
    "envelope_id", "contract", "funder", "exercise", "authorised_cents", "frozen_cents", "reserved_cents",
    "waitlisted_cents", "engaged_cents", "paid_cents", "available_cents", "share_used", "reserved_count",
    "waiting_count", "refused_count", "lapsed_cents", "has_payment_credits", "payment_credits_cents",
    "payments_frozen_cents", "payable_cents", "engaged_count", "closed", "version", "known_at",
)  # fmt: skip
STRATUM_COLUMNS = ("stratum", "as_of", "size")
HORIZON_COLUMNS = ("months", "survival", "lower", "upper", "at_risk", "cohort_rate", "biased_upwards", "hidden")
FIGURE_COLUMNS = ("version", "known_at")


def wants_csv(request: Request) -> bool:
    """Whether CSV was asked for: `?format=csv`, else `Accept` preferring it to JSON."""
    asked = request.query_params.get("format")
    if asked is not None:
        return asked == "csv"
    weights = dict(map(_weight, request.headers.get("accept", "").split(",")))
    return weights.get("text/csv", 0.0) > weights.get("application/json", 0.0)


def _weight(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return media.lower(), float(value)
            except ValueError:
                return media.lower(), 0.0
    return media.lower(), 1.0


def budget_csv(budgets: Iterable[BudgetStated]) -> Response:
    """One line for each envelope."""
    rows = ([*(_cell(getattr(b, name)) for name in BUDGET_COLUMNS), _read(b.read)] for b in budgets)
    return _response("budget.csv", [*BUDGET_COLUMNS, "read"], rows)


def survival_csv(figures: Iterable[SurvivalStated]) -> Response:
    """One line for each stratum and horizon; what is hidden is empty, and `hidden` says why."""
    rows = (
        [
            *(_cell(getattr(figure, name)) for name in STRATUM_COLUMNS),
            *(_cell(getattr(horizon, name)) for name in HORIZON_COLUMNS),
            *(_cell(getattr(figure, name)) for name in FIGURE_COLUMNS),
            _read(figure.read),
        ]
        for figure in figures
        for horizon in figure.horizons
    )
    return _response("survival.csv", [*STRATUM_COLUMNS, *HORIZON_COLUMNS, *FIGURE_COLUMNS, "read"], rows)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _read(marks: Sequence[PartitionRead]) -> str:
    return " ".join(f"{mark.partition}:{mark.sequence}" for mark in marks)


def _response(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return Response(
        text.getvalue(), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"},
    )  # fmt: skip
