"""What a committee thinks of a commitment, given by page: the form, and what would happen."""

from collections.abc import Mapping
from uuid import UUID

from services.funding.pages.moment import Moment
from services.funding.pages.orders import Field, Form, Tried, tried_sheet
from services.funding.pages.sheet import Sheet

CARRIED = ("command_id", "score", "reason", "effective_on")
"""The fields that go from the first step to the second."""


def score_form(moment: Moment, commitment_id: UUID, said: Mapping[str, str]) -> Form:
    """Ask for a score, with what was said before; an empty one takes it away."""
    say = moment.words.say
    fields = [
        Field("score", say("score"), "number", said.get("score", ""), hint=say("score_hint")),
        Field("reason", say("reason"), value=said.get("reason", ""), hint=say("score_reason_hint"), required=True),
        Field("effective_on", say("effective_on"), "date", said.get("effective_on", moment.as_of.isoformat()),
              required=True),
    ]  # fmt: skip
    return Form(f"commitments/{commitment_id}/score", say("try_it"), fields)


def tried_score_page(moment: Moment, commitment_id: UUID, *, said: Mapping[str, str], tried: Tried) -> Sheet:
    """Say who would be served if this score were given, and let it be given or changed."""
    path = f"commitments/{commitment_id}"
    return tried_sheet(
        moment, path, f"{path}/score", name=moment.words.say("score"), said=said, carried=CARRIED, tried=tried,
        form=score_form(moment, commitment_id, said),
    )  # fmt: skip
