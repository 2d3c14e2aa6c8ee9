"""The programme file (TOML): its contracts, the funders' credits and rules, validated with line and remedy."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from services.funding.domain.rules import Rules
from services.funding.domain.split import Split, mixed_weights, split_amount
from services.funding.domain.territory import Attachment, Change
from services.funding.programme_terms import (
    AnnulmentTerms,
    Closed,
    Euros,
    Location,
    MergerTerms,
    RuleTerms,
    annulment_told,
    cents,
    checked_euros,
    rule_problems,
    territory_problems,
)
from shared.contracts.fields import ContractCode, Exercise, SirenOfEpci
from shared.contracts.remedies import remedy
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder, envelope_id

Key = Literal["equal", "population", "caseload"]
SAME = "same"


def _payment_credits(amount: str) -> str:
    return amount if amount == SAME else checked_euros(amount)


PaymentCredits = Annotated[str, AfterValidator(_payment_credits)]


class ProgrammeName(Closed):
    """What the programme is called."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str


class ContractTerms(Closed):
    """One contrat de ville."""

    code: ContractCode
    name: str
    epci_siren: SirenOfEpci
    priority: bool
    qpv_population: int = Field(ge=0)
    caseload: int | None = Field(default=None, ge=0)

    def weight(self, key: Key) -> int:
        """What this contract weighs in a key."""
        match key:
            case "equal":
                return 1
            case "population":
                return self.qpv_population
            case "caseload":
                return self.caseload or 0


class Credit(Closed):
    """A funder's credit of one exercise: an amount for each contract, or a whole that a key splits.

    `payment_credits` is what may be paid in the exercise (CP), "same" or an amount that is placed as the credit is; a
    funder without it pays without such a limit.
    """

    funder: Funder
    exercise: Exercise
    amount_per_contract: Euros | None = None
    amount: Euros | None = None
    split: Literal["equal", "population", "caseload", "mix", "explicit"] | None = None
    mix: dict[Key, Annotated[int, Field(ge=1, le=1000)]] | None = None
    explicit: dict[ContractCode, Euros] | None = None
    payment_credits: PaymentCredits | None = None

    @model_validator(mode="after")
    def _amount_once(self) -> Self:
        if (self.amount_per_contract is None) == (self.amount is None):
            raise ValueError("give either amount_per_contract, or amount with split")
        if (self.amount is None) != (self.split is None):
            raise ValueError('amount goes with split: "equal", "population", "caseload", "mix" or "explicit"')
        if (self.split == "explicit") != (self.explicit is not None):
            raise ValueError('split = "explicit" goes with a table explicit = { CV219 = "…" }')
        if (self.split == "mix") != bool(self.mix):
            raise ValueError('split = "mix" goes with a table mix = { population = 70, equal = 30 }')
        if self.split == "explicit" and self.payment_credits not in (None, SAME):
            raise ValueError('split = "explicit" takes payment_credits = "same", or none')
        return self

    @property
    def keys(self) -> dict[Key, int]:
        """The keys that split it, and how much each counts; none for explicit amounts and amounts per contract."""
        if self.mix is not None:
            return self.mix
        return {self.split: 1} if self.split in ("equal", "population", "caseload") else {}


class Programme(Closed):
    """A whole programme file."""

    programme: ProgrammeName
    contract: list[ContractTerms] = Field(min_length=1)
    credit: list[Credit] = Field(min_length=1)
    rules: list[RuleTerms] = Field(default_factory=list)
    merger: list[MergerTerms] = Field(default_factory=list)
    annulment: list[AnnulmentTerms] = Field(default_factory=list)


class ProgrammeInvalid(ProgrammeError):
    """The file cannot be used; `problems` says where and how to mend it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Opening:
    """One envelope that the programme opens; `payment_cents` is None for a funder without payment credits."""

    contract: str
    funder: Funder
    exercise: int
    amount_cents: int
    payment_cents: int | None = None

    @property
    def envelope_id(self) -> str:
        """The envelope's name."""
        return envelope_id(self.contract, self.funder, self.exercise)


def parse(text: str) -> Programme:
    """Read a programme file. Raises ProgrammeInvalid with the line of each problem and how to mend it."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgrammeInvalid([f"not TOML: {error}"]) from error
    try:
        programme = Programme.model_validate(content)
    except ValidationError as error:
        found = [(problem["loc"], _remedy(problem)) for problem in error.errors(include_url=False)]
        raise ProgrammeInvalid(_located(text, found)) from error
    if found := [*_contradictions(programme)]:
        raise ProgrammeInvalid(_located(text, found))
    return programme


def _located(text: str, problems: Iterable[tuple[Location, str]]) -> list[str]:
    return [f"line {_line(text, location)}: {_path(location)}: {remedy}" for location, remedy in problems]


def _remedy(problem: ErrorDetails) -> str:
    match problem["type"]:
        case "string_type":
            found = problem["input"]
            return f'write it between quotes: "{found:.2f}"' if isinstance(found, float) else "write it between quotes"
        case _:
            return remedy(problem)


def _contradictions(programme: Programme) -> Iterator[tuple[Location, str]]:
    """Say what one table alone cannot show."""
    codes = [contract.code for contract in programme.contract]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield ("contract", place, "code"), f"{code} is listed above: list each contract once"
    lines = [(credit.funder, credit.exercise) for credit in programme.credit]
    for place, credit in enumerate(programme.credit):
        if lines[place] in lines[:place]:
            yield ("credit", place), f"{credit.funder} has a credit of {credit.exercise} above: make them one"
        said_in = "mix" if credit.mix is not None else "split"
        for key in credit.keys:
            if problem := _weightless(programme, key):
                yield ("credit", place, said_in), problem
        for code in sorted((credit.explicit or {}).keys() - set(codes)):
            yield ("credit", place, "explicit", code), f"{code} is not a contract of this file: list it or remove it"
        if credit.explicit is not None and credit.amount is not None:
            total, whole = sum(map(cents, credit.explicit.values())), cents(credit.amount)
            if total != whole:
                said = f"they add up to {Decimal(total).scaleb(-2)}, amount is {credit.amount}: make them equal"
                yield ("credit", place, "explicit"), said
    yield from rule_problems(programme.rules, codes, [exercise for _, exercise in lines])
    yield from territory_problems(_attachments(programme), programme.merger, programme.annulment)


def _weightless(programme: Programme, key: Key) -> str | None:
    """Say why a key cannot split anything over these contracts."""
    if key == "caseload" and (silent := [c.code for c in programme.contract if c.caseload is None]):
        return f"{', '.join(silent)} say no caseload: give caseload in each contract, or split otherwise"
    if any(contract.weight(key) for contract in programme.contract):
        return None
    said = "inhabitants: give qpv_population" if key == "population" else "caseload: give caseload"
    return f"no contract has {said}, or split otherwise"


def _path(location: Location) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in location) or "the file"


def _line(text: str, location: Location) -> int:
    """Find the line of a location: the n-th table of its name, then the key within it."""
    if not location:
        return 1
    table, index = str(location[0]), next((step for step in location if isinstance(step, int)), 0)
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[?{re.escape(table)}\]?\]", line)]
    start = starts[index] if index < len(starts) else 0
    keys = [str(step) for step in location[1:] if isinstance(step, str)]
    for number in range(start + 1, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if keys and re.match(rf"\s*{re.escape(keys[0])}\s*=", lines[number]):
            return number + 1
    return start + 1


def openings(programme: Programme) -> list[Opening]:
    """List the envelopes that the programme opens, every cent of each credit placed."""
    return [
        Opening(contract, credit.funder, credit.exercise, amount, payments.get(contract))
        for credit in programme.credit
        for payments in (payment_shares(programme, credit),)
        for contract, amount in shares(programme, credit).shares.items()
    ]


def ruled(programme: Programme) -> list[tuple[str, int, Rules]]:
    """List what the programme's rules say of each contract and exercise."""
    return [
        (contract.code, table.exercise, table.of(contract.code, priority=contract.priority))
        for contract in programme.contract
        for table in programme.rules
    ]


def territory_changes(programme: Programme) -> list[Change]:
    """List what the programme says of the territory, in the order in which it is told."""
    ends = [annulment_told(each, programme.merger) for each in programme.annulment]
    return [*_attachments(programme), *(each.told() for each in programme.merger), *ends]


def _attachments(programme: Programme) -> list[Attachment]:
    return [Attachment(contract.code, contract.epci_siren, contract.name) for contract in programme.contract]


def shares(programme: Programme, credit: Credit) -> Split:
    """Place one credit over the contracts, by its key."""
    codes = [contract.code for contract in programme.contract]
    if credit.amount is None:
        return Split(dict.fromkeys(codes, cents(credit.amount_per_contract or "0.00")), ())
    if credit.explicit is not None:
        return Split({code: cents(amount) for code, amount in credit.explicit.items()}, ())
    parts = [(count, {c.code: c.weight(key) for c in programme.contract}) for key, count in credit.keys.items()]
    return split_amount(cents(credit.amount), mixed_weights(parts))


def payment_shares(programme: Programme, credit: Credit) -> dict[str, int]:
    """Place what may be paid as what may be engaged is placed; empty for a funder without payment credits."""
    if credit.payment_credits is None:
        return {}
    if credit.payment_credits == SAME:
        return shares(programme, credit).shares
    paid = "amount" if credit.amount is not None else "amount_per_contract"
    return shares(programme, credit.model_copy(update={paid: credit.payment_credits})).shares


def odd_cents(programme: Programme) -> dict[str, tuple[str, ...]]:
    """Say, for each credit that does not divide evenly, which contracts received one cent more than the others."""
    found = {f"{c.funder}.{c.exercise}": shares(programme, c).odd_cents_to for c in programme.credit}
    return {credit: contracts for credit, contracts in found.items() if contracts}
