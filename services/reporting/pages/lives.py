"""What the page shows of businesses: the overall figures with a chart, and a line for each contract."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.reporting.domain.survival_figures import ALL
from services.reporting.pages.chart import Chart, survival_chart
from services.reporting.pages.references import Reference, references
from shared.contracts.figures import HorizonFigure, SurvivalStated
from shared.web.contract_names import ContractName, contract_name

HEADLINE_MONTHS = (36, 24, 12)
"""The age of which the first sentence speaks: three years, else the longest that is shown."""


@dataclass(frozen=True, slots=True)
class StratumLine:
    """One contract's figures, by horizon."""

    code: str
    name: ContractName
    figure: SurvivalStated


@dataclass(frozen=True, slots=True)
class LivesView:
    """Everything that is shown of survival."""

    overall: SurvivalStated
    headline: HorizonFigure | None
    contracts: list[StratumLine]
    chart: Chart | None
    references: Sequence[Reference]

    @property
    def months(self) -> list[int]:
        """The horizons, shortest first."""
        return [horizon.months for horizon in self.overall.horizons]

    @property
    def is_anything_hidden(self) -> bool:
        """Whether the page has to say why something is not shown."""
        figures = (self.overall, *(line.figure for line in self.contracts))
        return any(f.hidden or any(h.hidden for h in f.horizons) for f in figures)

    @property
    def is_anything_provisional(self) -> bool:
        """Whether a figure that is shown may still fall."""
        figures = (self.overall, *(line.figure for line in self.contracts))
        return any(h.biased_upwards and h.hidden is None for f in figures for h in f.horizons)


def lives_view(figures: Sequence[SurvivalStated]) -> LivesView | None:
    """Show a figure set; None before the first business."""
    overall = next((figure for figure in figures if figure.stratum == ALL), None)
    if overall is None or (overall.size == 0 and overall.hidden is None):
        return None
    shown = {h.months: h for h in overall.horizons if h.survival is not None and h.hidden is None}
    return LivesView(
        overall=overall,
        headline=next((shown[months] for months in HEADLINE_MONTHS if months in shown), None),
        contracts=[
            StratumLine(figure.stratum, contract_name(figure.stratum), figure)
            for figure in figures
            if figure.stratum != ALL
        ],
        chart=survival_chart(overall.horizons, references()),
        references=references(),
    )
