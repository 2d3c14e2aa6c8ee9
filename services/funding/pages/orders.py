"""The pages of commands: the form, what would happen, what happened, and what waits for a second manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from services.funding.domain.command import Act
from services.funding.domain.envelope import Envelope
from services.funding.pages.moment import Moment
from services.funding.pages.sheet import Section, Sheet
from services.funding.pages.table import Column, Table
from services.funding.pages.terms import term
from services.funding.store.tables import Command

BALANCES = ("authorised", "frozen", "reserved", "engaged", "room", "waitlisted", "payment_credits", "payments_frozen",
            "payable")  # fmt: skip
CARRIED = ("command_id", "kind", "envelope", "amount", "payment", "to", "reason", "effective_on", "displace", "version")
"""The fields that go from the first step to the second."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `options` make it a choice."""

    name: str
    label: Markup
    kind: str = "text"
    value: str = ""
    options: Sequence[tuple[str, Markup]] = ()
    hint: Markup | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Fields, hidden values, and a button; it is sent to `action`, from the page's language."""

    action: str
    button: Markup
    fields: Sequence[Field] = ()
    hidden: Mapping[str, str] | None = None
    quiet: bool = False
    groups: Sequence[tuple[Markup, Sequence[Field]]] = ()
    note: Markup | None = None
    template: str = "form.html.jinja"


def cents_of(text: str) -> int | None:
    """Read an amount as people write it, `1 500,50` or `1500.5 €`; None when it is none."""
    plain = "".join(text.replace("€", "").split()).replace(",", ".")
    whole, point, part = plain.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(part) > 2 or (point and not whole):
        return None
    return int(whole) * 100 + int(part.ljust(2, "0"))


def command_form(moment: Moment, code: str, envelopes: Sequence[Envelope], said: Mapping[str, str]) -> Form:
    """Ask what to command of a contract's envelopes, with what was said before."""
    say, language = moment.words.say, moment.words.language
    kinds = [(act.value, Markup("{}").format(term(act.value, language))) for act in Act]
    names = [
        (e.envelope_id, Markup("{} {}").format(say(f"{e.funder.value}_short"), e.exercise))
        for e in envelopes if not e.closed
    ]  # fmt: skip
    fields = [
        Field("kind", say("kind"), value=said.get("kind", ""), options=kinds),
        Field("envelope", say("envelope"), value=said.get("envelope", ""), options=names),
        Field("amount", say("amount_euros"), value=said.get("amount", ""), hint=say("amount_hint")),
        Field("payment", say("payment_euros"), value=said.get("payment", ""), hint=say("payment_hint")),
        Field("to", say("receiver"), value=said.get("to", ""), hint=say("receiver_hint")),
        Field("reason", say("reason"), value=said.get("reason", ""), hint=say("reason_hint"), required=True),
        Field("effective_on", say("effective_on"), "date", said.get("effective_on", moment.as_of.isoformat()),
              required=True),
        Field("displace", say("displace"), "checkbox", said.get("displace", "")),
    ]  # fmt: skip
    return Form(f"contracts/{code}/commands", say("try_it"), fields)


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying a command showed; `objection` is why it would not be taken, `failed` why it was not, a moment ago,
    when it could be done now, `fields` those at fault.
    """

    command: Command | None
    objection: str = ""
    fields: Sequence[str] = ()
    failed: str = ""
    needs_approval: bool = False

    @property
    def outcome(self) -> dict[str, Any]:
        """What would come of it."""
        return {**(self.command.outcome or {})} if self.command else {}

    @property
    def refusal(self) -> str:
        """Why it cannot be done; nothing when it can."""
        return self.objection or str(self.outcome.get("refusal", ""))


def tried_page(
    moment: Moment, code: str, envelopes: Sequence[Envelope], *, said: Mapping[str, str], tried: Tried
) -> Sheet:
    """Say what a command of an envelope would do, and let it be done or changed."""
    return tried_sheet(
        moment, f"contracts/{code}", f"contracts/{code}/commands", name=moment.words.say("commands"), said=said,
        carried=CARRIED, tried=tried, form=command_form(moment, code, envelopes, said),
    )  # fmt: skip


def tried_sheet(
    moment: Moment, path: str, at: str, *, name: Markup, said: Mapping[str, str], carried: Sequence[str],
    tried: Tried, form: Form,
) -> Sheet:  # fmt: skip
    """Say what would happen if what was said to `at` were done, and let it be done, or changed by the same form.

    The `carried` fields of what was said go on to the second step.
    """
    say, language = moment.words.say, moment.words.language
    hidden = {each: said[each] for each in carried if said.get(each)}
    again = {each: value for each, value in hidden.items() if each != "version"}
    sections, sentences = effect_sections(moment, tried.outcome, at, again), [say("tried_answer")]
    if tried.refusal:
        sentences = [say("refused_answer", reason=term(tried.refusal, language))]
    else:
        sentences += [say("needs_approval")] if tried.needs_approval else []
        button = say("propose_it" if tried.needs_approval else "do_it")
        sections.append(Section("confirm", say("confirm"), form=Form(f"{at}/apply", button, hidden=hidden)))
    names = {"amount_cents": "amount_euros", "payment_cents": "payment_euros", "to": "receiver",
             "commitment_id": "commitment"}  # fmt: skip
    wrong = [say("field_wrong", field=say(names.get(each, each))) for each in tried.fields if each]
    late = [say("refused_answer", reason=term(tried.failed, language))] if tried.failed and not tried.refusal else []
    sections.append(Section("change", say("change"), form=form))
    return Sheet(
        path=path, name=name, heading=say("tried_heading"), answer=sentences, notices=[*late, *wrong],
        sections=sections, written_at=moment.now,
    )  # fmt: skip


def effect_sections(
    moment: Moment, outcome: Mapping[str, Any], at: str, again: Mapping[str, str] | None = None
) -> list[Section]:
    """Envelopes before and after, what is announced, and who stands in the way.

    Their files are had below the address `at`; those of what was only tried, by trying it `again`.
    """
    headings = {"effect": "before_after", "facts": "announced", "in-the-way": "in_the_way"}
    return [
        Section(name, moment.words.say(headings[name]), table, file=f"{at}/{name}", again=again)
        for name, table in tables_of(outcome).items()
        if table.rows
    ]


TOLD = ("envelopes", "facts", "in_the_way")
"""What an outcome may tell, each in a table of its own."""


def tables_of(outcome: Mapping[str, Any]) -> dict[str, Table]:
    """The tables of an outcome, by the section that shows them."""
    envelopes, facts, in_the_way = (outcome.get(name) or () for name in TOLD)
    return {"effect": _before_after(envelopes), "facts": _announced(facts), "in-the-way": _in_the_way(in_the_way)}


def _announced(facts: Sequence[Mapping[str, Any]]) -> Table:
    """What is, or would be, published."""
    columns = [Column("fact", "term"), Column("envelope", "envelope"), Column("commitment", "commitment"),
               Column("amount", "cents", "amount_announced"),
               Column("payment", "cents", "payment_commanded")]  # fmt: skip
    rows = [
        (f["type"], f.get("envelope_id"), f.get("commitment_id"),
         f.get("amount_cents", f.get("cdc_cents", 0) + f.get("state_cents", 0)), f.get("payment_cents") or None)
        for f in facts
    ]  # fmt: skip
    return Table("facts", columns, rows)


def _in_the_way(commitments: Sequence[Mapping[str, Any]]) -> Table:
    """Who keeps a command from being done, or is sent back for it."""
    columns = [Column("commitment", "commitment"), Column("state", "state"), Column("cdc_cents", "cents"),
               Column("state_cents", "cents"), Column("sent_back", "word")]  # fmt: skip
    rows = [
        (c["commitment_id"], c["state"], c["cdc_cents"], c["state_cents"], "yes" if c["sent_back"] else "no")
        for c in commitments
    ]  # fmt: skip
    return Table("in-the-way", columns, rows)


def _before_after(envelopes: Sequence[Mapping[str, Any]]) -> Table:
    """What changes of each envelope."""
    columns = [Column("envelope", "envelope"), Column("balance", "word"), Column("before", "cents"),
               Column("after", "cents")]  # fmt: skip
    rows = [
        (e["envelope_id"], name, e["before"][f"{name}_cents"], e["after"][f"{name}_cents"])
        for e in envelopes for name in BALANCES
        if e["before"][f"{name}_cents"] != e["after"][f"{name}_cents"]
    ]  # fmt: skip
    return Table("effect", columns, rows)


def command_page(
    moment: Moment, command: Command, *, tried: Command | None = None, objection: str = "", by: str,
) -> Sheet:  # fmt: skip
    """Say what became of a command; one that waits is looked at, then approved, or rejected."""
    say, language = moment.words.say, moment.words.language
    outcome: dict[str, Any] = {**((tried or command).outcome or {})}
    refusal = objection or str(outcome.get("refusal", ""))
    answer = [say("command_answer", kind=term(command.kind, language), status=term(command.state, language),
                  by=command.proposed_by)]  # fmt: skip
    if refusal:
        answer.append(say("refused_answer", reason=term(refusal, language)))
    at = f"commands/{command.command_id}"
    effects = effect_sections(moment, outcome, f"{at}/try", {}) if tried else effect_sections(moment, outcome, at)
    sections = [*_said(moment, command), *effects]
    if command.state == "proposed":
        sections += _answers(moment, command, tried=tried if not refusal else None, by=by)
    return Sheet(
        path=at, name=say("commands"), heading=say("command_heading"), answer=answer,
        sections=sections, written_at=moment.now,
    )  # fmt: skip


def _said(moment: Moment, command: Command) -> list[Section]:
    content: dict[str, Any] = {**command.content}
    columns, links = [Column("command", "number")], list[tuple[str, Markup]]()
    row: list[Any] = [command.number]
    if scored := content.get("commitment_id"):
        columns += [Column("commitment", "commitment"), Column("score", "number")]
        row += [scored, content.get("score")]
        links.append((f"commitments/{scored}", moment.words.say("commitment")))
    else:
        columns += [Column("envelope", "envelope"), Column("receiver", "envelope"),
                    Column("amount", "cents", "amount_commanded"),
                    Column("payment", "cents", "payment_commanded")]  # fmt: skip
        row += [command.envelope_id, command.to_envelope_id, content.get("amount_cents"),
                content.get("payment_cents") or None]  # fmt: skip
    if command.envelope_id:
        contract = command.envelope_id.partition(".")[0]
        links.append((f"contracts/{contract}", Markup("{}").format(contract)))
    columns += [Column("reason", "text", "reason_given"), Column("effective_on", "day"), Column("approved_by"),
                Column("rejected_by"), Column("applied_at", "instant")]  # fmt: skip
    row += [command.reason, command.effective_on, command.approved_by, command.rejected_by, command.applied_at]
    table, at = Table("command", columns, [row]), f"commands/{command.command_id}/said"
    return [Section("said", moment.words.say("commanded"), table, links=links, file=at)]


def _answers(moment: Moment, command: Command, *, tried: Command | None, by: str) -> list[Section]:
    """Who proposed it may take it back; another manager looks first, then approves."""
    say, address, sections = moment.words.say, f"commands/{command.command_id}", []
    if command.proposed_by != by:
        step = ("approve", "approve_it") if tried else ("try", "try_it")
        sections.append(Section("approve", say("approve_it"), form=Form(f"{address}/{step[0]}", say(step[1]))))
    why = Field("reason", say("reason"), hint=say("reason_hint"), required=True)
    form = Form(f"{address}/reject", say("reject_it"), [why], quiet=True)
    sections.append(Section("reject", say("reject_it"), form=form))
    return sections


def sign_in_page(moment: Moment, *, notice: str = "") -> Sheet:
    """Ask for a manager's key; `notice` is the word for what went wrong before."""
    say = moment.words.say
    field = Field("key", say("key"), "password", required=True, hint=say("key_hint"))
    return Sheet(
        path="login", name=say("sign_in"), heading=say("sign_in"), answer=[say("sign_in_answer")],
        notices=[say(notice)] if notice else [], written_at=moment.now,
        sections=[Section("key-form", say("key"), form=Form("login", say("sign_in"), [field]))],
    )  # fmt: skip
