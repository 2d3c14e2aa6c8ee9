"""Examples of published figures and of a dead letter; the figures are invented, to show their shape."""

from datetime import date

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.examples import story
from shared.contracts.examples.funding import CDC_2016
from shared.contracts.fields import Fact
from shared.contracts.figures import BudgetStated, HiddenReason, HorizonFigure, PartitionRead, SurvivalStated
from shared.kernel.funders import Funder

STATED_SURVIVAL: tuple[Fact, ...] = (
    SurvivalStated(
        version=1841, known_at=story.at(2019, 12, 30),
        read=[PartitionRead(partition=0, sequence=1204), PartitionRead(partition=1, sequence=637)],
        stratum=story.CONTRACT, as_of=date(2019, 11, 30), size=212,
        horizons=[
            HorizonFigure(months=12, survival=0.9103, lower=0.8629, upper=0.9418, at_risk=171, cohort_rate=0.9088),
            HorizonFigure(
                months=24, survival=0.8042, lower=0.7405, upper=0.8537, at_risk=96, cohort_rate=0.7983,
                biased_upwards=True,
            ),
            HorizonFigure(
                months=36, survival=0.7125, lower=0.6318, upper=0.7784, at_risk=31, cohort_rate=0.7069,
                biased_upwards=True,
            ),
            HorizonFigure(months=60, hidden=HiddenReason.UNDER_THRESHOLD),
        ],
    ),
)  # fmt: skip
STATED_BUDGETS: tuple[Fact, ...] = (
    BudgetStated(
        version=87, known_at=story.at(2016, 12, 6), read=[PartitionRead(partition=4, sequence=312)],
        envelope_id=CDC_2016, contract=story.CONTRACT, funder=Funder.CDC, exercise=2016, authorised_cents=100_000_00,
        frozen_cents=5_000_00, reserved_cents=38_000_00, waitlisted_cents=4_500_00, engaged_cents=53_000_00,
        paid_cents=27_000_00, available_cents=3_000_00, share_used=0.9684, reserved_count=7, waiting_count=1,
        refused_count=2, lapsed_cents=1_000_00, engaged_count=9,
    ),
)  # fmt: skip
DEAD_LETTERS: tuple[Fact, ...] = (
    DeadLetter(
        reader="funding", topic="intake.commitment.v1", partition=4, offset=1309, reason="field-invalid",
        pointer="/amount_cents", length=412, quarantined_at=story.at(2016, 11, 22),
    ),
)  # fmt: skip
