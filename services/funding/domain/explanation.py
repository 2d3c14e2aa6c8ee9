"""Says in words and numbers why a commitment stands where it stands: each decision, what was free, by which rule."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from services.funding.domain.commitment import Asked
from services.funding.domain.explanation_words import (
    DECISIONS,
    MOVEMENTS,
    PHRASES,
    REASONS,
    Language,
    amounts,
    day,
    euros,
    percent,
    typeset,
    word,
)
from services.funding.domain.journal import Fact
from services.funding.domain.rules import RULE_REASONS, Order, Rules

ASKING = ("AllocationReserved", "AllocationWaitlisted", "AllocationRefused", "AllocationPromoted")
QUEUED = ("AllocationWaitlisted", "AllocationPromoted")
FOR_BENEFICIARIES = ("exceeds-beneficiary-cap", "exceeds-programme-cap")
STANDING = ("AllocationReserved", "AllocationWaitlisted", "AllocationPromoted")


class Before(Struct, frozen=True):
    """An envelope just before a decision, in cents."""

    envelope_id: str
    room_cents: int
    waiting_cents: int
    waiting_count: int


class Cause(Struct, frozen=True):
    """What made a decision from outside: a command (who gave it, why), or another commitment's event."""

    word: str
    by: str = ""
    why: str = ""
    commitment_id: UUID | None = None


class Told(Struct, frozen=True):
    """What explanations read of a published fact."""

    cdc_cents: int
    state_cents: int
    exercise: int | None = None
    previous_cdc_cents: int = 0
    previous_state_cents: int = 0
    reason: str | None = None
    movement: str | None = None
    rules_version: int | None = None

    @property
    def asked(self) -> Asked:
        """Its amounts."""
        return Asked(self.cdc_cents, self.state_cents)


class Decision(Struct, frozen=True):
    """One fact, and what was so when it was decided.

    `whole_cents` is all that the commitment asked then, where the fact may be about a part of it.
    """

    fact: Fact
    told: Told
    before: tuple[Before, ...] = ()
    cause: Cause | None = None
    rules: Rules | None = None
    others_cents: int | None = None
    whole_cents: int | None = None


class Held(Struct, frozen=True):
    """A movement that waits now."""

    movement: str
    reason: str


class Scored(Struct, frozen=True):
    """A score that was given, by whom, why and when; None took it away."""

    when: datetime
    score: int | None
    by: str
    why: str


class Story(Struct, frozen=True):
    """All that was decided about a commitment, in order."""

    commitment_id: UUID
    decisions: tuple[Decision, ...]
    held: tuple[Held, ...] = ()
    cost_cents: int | None = None
    scores: tuple[Scored, ...] = ()


class Explanation(Struct, frozen=True):
    """Sentences for people, figures for machines: one group a decision."""

    commitment_id: UUID
    lang: str
    sentences: list[str]
    figures: list[dict[str, Any]]
    held: list[dict[str, str]]
    scores: list[dict[str, Any]]


def told(fact: Fact) -> Told:
    """Read what a fact says. Raises msgspec.DecodeError."""
    return msgspec.json.decode(fact.value, type=Told)


def explain(story: Story, language: Language) -> Explanation:
    """Explain a commitment's decisions in a language."""
    sentences = [said for decision in story.decisions for said in _sentences(decision, story, language)]
    sentences += [_score(each, language) for each in story.scores]
    held = PHRASES[language]["held"]
    sentences += [
        held.format(movement=word(MOVEMENTS, h.movement, language), reason=word(REASONS, h.reason, language))
        for h in story.held
    ]
    typed = [typeset(said, language) for said in sentences]
    figures = [_figures(decision) for decision in story.decisions]
    waits = [{"movement": h.movement, "reason": h.reason} for h in story.held]
    scores = [msgspec.to_builtins(each) for each in story.scores]
    return Explanation(story.commitment_id, language.value, typed, figures, waits, scores)


def needs_convention(decision: Decision) -> bool:
    """Whether what is asked is above the threshold of the rules in force."""
    limit = decision.rules.convention_from_cents if decision.rules else None
    asked = sum(decision.told.asked) if decision.whole_cents is None else decision.whole_cents
    return limit is not None and decision.fact.type in STANDING and asked > limit


def _sentences(decision: Decision, story: Story, language: Language) -> Iterator[str]:
    fact, said, phrases = decision.fact, decision.told, PHRASES[language]
    template = DECISIONS[language].get(fact.type, fact.type)
    yield template.format(
        day=day(fact.known_at, language), asked=amounts(said.asked, language),
        previous=amounts(Asked(said.previous_cdc_cents, said.previous_state_cents), language),
        reason=word(REASONS, said.reason or "", language), movement=word(MOVEMENTS, said.movement or "", language),
    )  # fmt: skip
    for before in decision.before:
        yield phrases["before"].format(
            envelope=before.envelope_id, room=euros(before.room_cents, language), waiting=_waiting(before, language)
        )
    yield from _by_rules(decision, story, language)
    if decision.cause is not None:
        c = decision.cause
        kind = "by-command" if c.commitment_id is None else "by-other"
        yield phrases[kind].format(word=c.word, by=c.by, why=c.why, commitment=c.commitment_id)


def _by_rules(decision: Decision, story: Story, language: Language) -> Iterator[str]:
    """Which version decided, what it says, and what it was held against."""
    said, phrases, rules = decision.told, PHRASES[language], decision.rules
    if said.rules_version is None or rules is None:
        return
    place = {"version": said.rules_version, "exercise": said.exercise}
    if said.reason not in RULE_REASONS:
        yield phrases["rules"].format(**place)
    else:
        yield phrases["limit"].format(limit=_limit(said.reason, rules, language), **place)
        if said.reason in FOR_BENEFICIARIES and decision.others_cents is not None:
            yield phrases["others"].format(amount=euros(decision.others_cents, language))
        if said.reason in ("exceeds-share", "exceeds-public-aid") and story.cost_cents and not said.movement:
            yield phrases["cost"].format(amount=euros(story.cost_cents, language))
    if rules.order is Order.SCORE and decision.fact.type in QUEUED:
        yield phrases["by-score"]
    if rules.apart and decision.fact.type in QUEUED:
        yield phrases["each"]
    if needs_convention(decision):
        yield phrases["convention"].format(amount=euros(rules.convention_from_cents or 0, language))


def _score(given: Scored, language: Language) -> str:
    phrase = PHRASES[language]["unscored" if given.score is None else "score"]
    return phrase.format(day=day(given.when, language), score=given.score, by=given.by, why=given.why)


def _limit(reason: str, rules: Rules, language: Language) -> str:
    phrases = PHRASES[language]
    caps = {"exceeds-project-cap": rules.cap_per_project_cents,
            "exceeds-beneficiary-cap": rules.cap_per_beneficiary_cents,
            "exceeds-programme-cap": rules.right_cents}  # fmt: skip
    days = [phrases["any"] if d is None else day(d, language) for d in (rules.eligible_from, rules.eligible_until)]
    return phrases[reason].format(
        amount=euros(caps.get(reason) or 0, language), first=days[0], last=days[1],
        cap=euros(rules.programme_cap_cents or 0, language),
        eligible=phrases["yes" if rules.eligible else "no"], cdc=percent(rules.cdc_share_max, language),
        state=percent(rules.state_share_max, language), public=percent(rules.public_aid_max, language),
    )  # fmt: skip


def _waiting(before: Before, language: Language) -> str:
    count = before.waiting_count
    phrase = PHRASES[language][f"waiting-{count}" if count < 2 else "waiting"]
    return phrase.format(count=count, amount=euros(before.waiting_cents, language))


def _figures(decision: Decision) -> dict[str, Any]:
    """What a decision was made of, in cents; what does not concern it is left out."""
    fact, said = decision.fact, decision.told
    figures: dict[str, Any] = {
        "type": fact.type, "event_id": str(fact.event_id), "cause_id": str(fact.cause), "known_at": fact.known_at,
        "cdc_cents": said.cdc_cents, "state_cents": said.state_cents, "reason": said.reason,
        "movement": said.movement, "rules_version": said.rules_version, "others_cents": decision.others_cents,
        "rules": msgspec.to_builtins(decision.rules),
        "before": [msgspec.to_builtins(before) for before in decision.before] or None,
        "cause": msgspec.to_builtins(decision.cause),
        "convention_needed": needs_convention(decision) if decision.rules else None,
    }  # fmt: skip
    return {name: figure for name, figure in figures.items() if figure is not None}
