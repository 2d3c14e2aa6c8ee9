"""What a plain fold says of reporting's figures: of those stated last, and of each that was ever stated."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from tests.support.system_evidence import Evidence
from tests.support.system_fold import BALANCES, Json, Told, as_of, budgets, businesses, latest, once, survival

Breaches = Iterator[str]


def budget_breaches(evidence: Evidence) -> Breaches:
    """The table of budgets, and the figures stated last, are what the allocations add up to."""
    folded = {envelope: now for _, envelope, now in budgets(once(evidence.logs[ALLOCATION.name]))}
    table = {row["envelope_id"]: row for row in evidence.tables["reporting"]["budget"]}
    stated = {key: json.loads(value) for key, value in latest(evidence.logs[BUDGET.name]).items()}
    for what, found in (("budget", table), (BUDGET.name, stated)):
        said = {key: {name: row[name] for name in (*BALANCES, "version")} for key, row in found.items()}
        yield from unlike(what, said, folded)


def survival_breaches(evidence: Evidence) -> Breaches:
    """The table of businesses, and the figures stated last, are what the facts of businesses give."""
    facts = list(once(evidence.logs[ENTREPRENEUR.name]))
    folded = businesses(facts)
    table = {
        (r["partition"], str(r["business_id"])): {name: r[name] for name in next(iter(folded.values()), {})}
        for r in evidence.tables["reporting"]["business"]
    }
    yield from unlike("business", table, {key: _typed(life) for key, life in folded.items()})
    counted = Counter(told.partition for told in facts)
    yield from unlike(
        "watermark", {r["partition"]: r["facts"] for r in evidence.tables["reporting"]["watermark"]}, dict(counted)
    )
    day = as_of(facts)
    for stratum, value in latest(evidence.logs[SURVIVAL.name]).items():
        lives = [life for life in folded.values() if stratum in ("all", life["contract"])]
        yield from figure_breaches(stratum, json.loads(value), survival(lives, day), len(facts), day.isoformat())


def _typed(life: Mapping[str, Any]) -> dict[str, Any]:
    """A life with days as the database has them."""
    days = ("born_on", "first_observed_on", "ended_on")
    return dict(life) | {name: life[name] and date.fromisoformat(life[name]) for name in days}


def figure_breaches(stratum: str, said: Any, expected: Any, facts: int, day: str) -> Breaches:
    """One survival figure is that of so many facts, as of that day; what is hidden is not looked at."""
    if (said["version"], said["as_of"]) != (facts, day):
        yield f"{stratum}: stated of {said['version']} facts as of {said['as_of']}, not of {facts} as of {day}"
    if expected["size"] < 11 and not said["hidden"] and expected["size"]:
        yield f"{stratum}: {expected['size']} businesses are shown"
    if not said["hidden"] and said["size"] != expected["size"]:
        yield f"{stratum}: {said['size']} businesses, the fold has {expected['size']}"
    for figure in said["horizons"]:
        months, ours = figure["months"], expected[str(figure["months"])]
        if figure["survival"] is not None and abs(figure["survival"] - ours["survival"]) > 1e-9:
            yield f"{stratum}: {figure['survival']} survive {months} months, the fold says {ours['survival']}"
        if figure["at_risk"] not in (None, ours["at_risk"]):
            yield f"{stratum}: {figure['at_risk']} at risk at {months} months, the fold says {ours['at_risk']}"


def figures_are_traced(evidence: Evidence) -> Breaches:
    """10. Each figure ever stated is the fold of the events up to the marks that it carries, of these and no others."""
    yield from _budgets_are_traced(evidence)
    yield from _survival_is_traced(evidence)


def _budgets_are_traced(evidence: Evidence) -> Breaches:
    states: dict[str, list[tuple[int, Json]]] = defaultdict(list)
    partitions: dict[str, int] = {}
    for told, envelope, now in budgets(once(evidence.logs[ALLOCATION.name])):
        partitions[envelope] = told.partition
        states[envelope].append((told.sequence, now | {"known_at": told.value["known_at"]}))
    for record, said in _stated(evidence, BUDGET.name):
        envelope = said["envelope_id"]
        read = _marks(said).get(partitions.get(envelope, -1), 0)
        behind = bisect_right(states[envelope], read, key=lambda state: state[0])
        expected = states[envelope][behind - 1][1] if behind else {}
        if {name: said[name] for name in (*BALANCES, "version", "known_at")} != expected:
            yield f"{record}: {envelope} is {said}, the {behind} facts up to its mark {read} say {expected}"


def _survival_is_traced(evidence: Evidence) -> Breaches:
    told = list(once(evidence.logs[ENTREPRENEUR.name]))
    folded: dict[str, tuple[Sequence[Told], Mapping[Any, Json]]] = {}
    for record, said in _stated(evidence, SURVIVAL.name):
        read, name = _marks(said), json.dumps(said["read"])
        if name not in folded:
            facts = [fact for fact in told if fact.sequence <= read.get(fact.partition, 0)]
            folded[name] = facts, businesses(facts)
        facts, lives = folded[name]
        day, stratum = as_of(facts), said["stratum"]
        here = [life for life in lives.values() if stratum in ("all", life["contract"])]
        figures = figure_breaches(stratum, said, survival(here, day), len(facts), day.isoformat())
        yield from (f"{record}: {breach}" for breach in figures)
        known_at = max(datetime.fromisoformat(fact.value["known_at"]) for fact in facts)
        if datetime.fromisoformat(said["known_at"]) != known_at:
            yield f"{record}: {stratum} is known at {said['known_at']}, the last fact behind it at {known_at}"


def _stated(evidence: Evidence, topic: str) -> Iterator[tuple[str, Json]]:
    """Each figure that lies on a topic, with its place."""
    for partition, records in evidence.logs[topic].items():
        for record in records:
            yield f"{topic}/{partition}/{record.offset}", json.loads(record.value)


def _marks(said: Json) -> dict[int, int]:
    return {mark["partition"]: mark["sequence"] for mark in said["read"]}


def unlike(what: str, ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> Breaches:
    """Name the keys whose values are not the same in both."""
    for key in sorted({*ours, *theirs}, key=str):
        if ours.get(key) != theirs.get(key):
            yield f"{what}: {key} is {ours.get(key)}, not {theirs.get(key)}"
