"""The form of a what-if: other credits, another key, other rules, in fields that say what is so now."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from services.funding.domain.alternative import Key
from services.funding.domain.rules import Funders, Order, Rules, Waitlist
from services.funding.pages.moment import Moment
from services.funding.pages.orders import Field, Form
from services.funding.pages.sheet import Section, Sheet
from services.funding.use_cases.weighing import Ground
from shared.kernel.funders import Funder, envelope_id
from shared.web import formats
from shared.web.contract_names import contract_name
from shared.web.formats import Language

SAID = (
    *(f"{what}_{funder.value}" for funder in Funder for what in ("amount", "payment", "key", "total")), "others",
    "order", "waitlist", "funders", "cap_per_project", "cap_per_beneficiary", "cdc_share_max", "state_share_max",
    "public_aid_max", "eligible_from", "eligible_until", "reason", "effective_on", "displace", "exercise",
)  # fmt: skip
"""The fields of the form, which go with each step that follows it."""
CENTS_DIGITS = 13


def what_if_form(moment: Moment, code: str, exercise: int, at: Ground, said: Mapping[str, str]) -> Form:
    """Ask what should be otherwise, with what was said before."""
    say = moment.words.say
    rules = at.rules.get((code, exercise), Rules())
    why = [
        Field("reason", say("reason"), value=said.get("reason", "what-if"), hint=say("reason_hint"), required=True),
        Field("effective_on", say("effective_on"), "date", said.get("effective_on", moment.as_of.isoformat()),
              required=True),
        Field("displace", say("displace"), "checkbox", said.get("displace", "")),
    ]  # fmt: skip
    groups = [
        (say("if_own", name=contract_name(code).short), _own(moment, code, exercise, at, said)),
        (say("if_key"), _keys(moment, exercise, at, said)),
        (say("if_rules"), _rules(moment, rules, said)),
        (say("if_apply"), why),
    ]
    return Form(f"contracts/{code}/what-if", say("if_replay"), hidden={"exercise": str(exercise)}, groups=groups,
                note=say("if_seconds"))  # fmt: skip


def _own(moment: Moment, code: str, exercise: int, at: Ground, said: Mapping[str, str]) -> list[Field]:
    """The credits of this contract, then lines for others."""
    say, fields = moment.words.say, list[Field]()
    for funder in Funder:
        credit = at.credits.get(envelope_id(code, funder, exercise))
        if credit is None:
            continue
        amounts = [("amount", credit.amount)] + ([] if credit.payment is None else [("payment", credit.payment)])
        for what, cents in amounts:
            name = f"{what}_{funder.value}"
            hint = say("if_now", now=formats.euros_exact(cents, moment.words.language))
            fields.append(Field(name, say(f"if_{what}", funder=say(f"{funder.value}_short")), value=said.get(name, ""),
                                hint=hint))  # fmt: skip
    others = Field("others", say("if_others"), "lines", said.get("others", ""), hint=say("if_others_hint"))
    return [*fields, others]


def _keys(moment: Moment, exercise: int, at: Ground, said: Mapping[str, str]) -> list[Field]:
    """What splits each funder's whole; a key that nobody weighed is not offered."""
    say, fields = moment.words.say, list[Field]()
    for funder in Funder:
        mine = [envelope_id(code, funder, exercise) for code in at.contracts(exercise)]
        mine = [name for name in mine if name in at.credits]
        if not mine:
            continue
        keys = [key for key in Key if key in (Key.PRESENT, Key.EQUAL) or _weighed(at, mine, key)]
        options = [("", say("if_as_it_is")), *((key.value, say(f"key_{key.value}")) for key in keys)]
        whole = formats.euros_exact(sum(at.credits[name].amount for name in mine), moment.words.language)
        named = {"funder": say(f"{funder.value}_short")}
        lacking = None if len(keys) == len(Key) else say("if_unweighed")
        fields += [
            Field(f"key_{funder.value}", say("if_split", **named), value=said.get(f"key_{funder.value}", ""),
                  options=options, hint=lacking),
            Field(f"total_{funder.value}", say("if_total", **named), value=said.get(f"total_{funder.value}", ""),
                  hint=say("if_now", now=whole)),
        ]  # fmt: skip
    return fields


def _weighed(at: Ground, names: Sequence[str], key: Key) -> bool:
    weights = [at.weights.get(name.partition(".")[0], {}).get(key) for name in names]
    return None not in weights and any(weights)


def _rules(moment: Moment, rules: Rules, said: Mapping[str, str]) -> list[Field]:
    say, language = moment.words.say, moment.words.language

    def choice(name: str, kind: Any, now: str) -> Field:
        options = [
            ("", say("if_as_now", now=say(f"{name}_{now}"))),
            *((k.value, say(f"{name}_{k.value}")) for k in kind),
        ]
        return Field(name, say(f"if_{name}"), value=said.get(name, ""), options=options)

    def limit(name: str, now: object, kind: str = "text") -> Field:
        known = say("if_no_limit") if now is None else now
        return Field(name, say(f"if_{name}"), kind, said.get(name, ""), hint=say("if_limit", now=known))

    euros = [None if cents is None else formats.euros_exact(cents, language)
             for cents in (rules.cap_per_project_cents, rules.cap_per_beneficiary_cents)]  # fmt: skip
    shares = {name: getattr(rules, name) for name in ("cdc_share_max", "state_share_max", "public_aid_max")}
    days = {name: getattr(rules, name) for name in ("eligible_from", "eligible_until")}
    return [
        choice("order", Order, rules.order.value), choice("waitlist", Waitlist, rules.waitlist.value),
        choice("funders", Funders, rules.funders.value),
        limit("cap_per_project", euros[0]), limit("cap_per_beneficiary", euros[1]),
        *(limit(name, None if share is None else f"{share} %") for name, share in shares.items()),
        *(limit(name, None if day is None else formats.day(day, language)) for name, day in days.items()),
    ]  # fmt: skip


def asking_page(
    moment: Moment, code: str, exercise: int, at: Ground, *, said: Mapping[str, str], wrong: Sequence[str] = (),
    objection: str = "",
) -> Sheet:  # fmt: skip
    """Ask what should be otherwise; `wrong` are fields that could not be read, `objection` another fault."""
    say = moment.words.say
    notices = [say("field_wrong", field=field_name(moment, name)) for name in wrong]
    if objection:
        notices.append(say(objection))
    return Sheet(
        path=f"contracts/{code}/what-if", name=say("if"), heading=say("if_heading"),
        answer=[say("if_answer", name=contract_name(code).short, exercise=exercise)], notices=notices,
        sections=[Section("question", say("if_question"), form=what_if_form(moment, code, exercise, at, said),
                          links=[(f"contracts/{code}?exercise={exercise}", say("if_leave"))])],
        written_at=moment.now, query={"exercise": str(exercise)},
    )  # fmt: skip


def prefilled(moment: Moment, code: str, exercise: int, at: Ground, asked: Mapping[str, str]) -> dict[str, str]:
    """Begin with what is missing: `missing_CDC=500000` is that much more credit than there is, in cents."""
    said = {name: asked[name] for name in SAID if name in asked}
    for funder in Funder:
        missing, credit = asked.get(f"missing_{funder.value}", ""), at.credits.get(envelope_id(code, funder, exercise))
        if credit is not None and missing.isascii() and missing.isdigit() and len(missing) <= CENTS_DIGITS:
            said[f"amount_{funder.value}"] = _written(moment, credit.amount + int(missing))
    return said


def _written(moment: Moment, cents: int) -> str:
    point = "," if moment.words.language is Language.FRENCH else "."
    return f"{cents // 100}{point}{cents % 100:02}"


def field_name(moment: Moment, name: str) -> Markup:
    """Call a field as the form does."""
    say = moment.words.say
    what, _, funder = name.partition("_")
    if funder in [*Funder]:
        key = {"key": "if_split", "total": "if_total"}.get(what, f"if_{what}")
        return say(key, funder=say(f"{funder}_short"))
    return say(name if name in ("reason", "effective_on") else f"if_{name}")
