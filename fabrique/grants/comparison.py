"""Splits what was really granted in each exercise by several keys, and sets the shares beside what was given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fabrique.demo.programme import euros_text, programme_text
from fabrique.grants.play import Answered, play
from fabrique.grants.reading import Grants
from services.funding.programme import ContractTerms, Credit, Programme, openings, parse, shares
from services.reporting.domain.grants import Key, Placed, Unusable
from shared.kernel.funders import Funder

HALF_AND_HALF: dict[str, int] = {"population": 1, "equal": 1}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every contract in every exercise under every key, and what could not be used."""

    placed: Sequence[Placed]
    unusable: Sequence[Unusable]


def compare(grants: Grants) -> Comparison:
    """Compare, for each exercise, the split by each key with what was given; the same grants give the same answer."""
    return Comparison([*_placed(grants)], grants.unusable)


def _placed(grants: Grants) -> Iterator[Placed]:
    for exercise in grants.exercises:
        counts, cents = grants.counts(exercise), grants.cents(exercise)
        for key in Key:
            programme = programme_by(key, exercise, grants)
            if programme is None:
                continue
            split = shares(programme, programme.credit[0])
            answered = play(openings(programme), grants.of(exercise))
            for contract in programme.contract:
                code = contract.code
                yield Placed(
                    exercise=exercise, key=key, contract=code, inhabitants=contract.qpv_population,
                    given_count=counts[code], given_cents=cents[code], share_cents=split.shares[code],
                    odd_cent=int(code in split.odd_cents_to), **answered.get(code, Answered()).named(),
                )  # fmt: skip


def programme_by(key: Key, exercise: int, grants: Grants) -> Programme | None:
    """Return the programme whose State credit is what was granted in an exercise, split by a key.

    None for the caseload of an exercise of which the year before is not in the file: nobody could have split by it.
    """
    before = grants.counts(exercise - 1)
    if key is Key.CASELOAD and not before:
        return None
    signed = parse(programme_text())
    contracts = [contract.model_copy(update={"caseload": before[contract.code]}) for contract in signed.contract]
    _all_known(grants, exercise, contracts)
    amount = euros_text(grants.cents(exercise).total())
    credit = {"funder": Funder.STATE, "exercise": exercise, "amount": amount, "split": key.value}
    if key is Key.MIX:
        credit["mix"] = HALF_AND_HALF
    return Programme(programme=signed.programme, contract=contracts, credit=[Credit.model_validate(credit)])


def _all_known(grants: Grants, exercise: int, contracts: Sequence[ContractTerms]) -> None:
    """Raise LookupError for a grant of a contract that is not of the programme: its money would vanish."""
    strangers = grants.counts(exercise).keys() - {contract.code for contract in contracts}
    if strangers:
        raise LookupError(f"grants of {exercise} name contracts that the programme has not: {sorted(strangers)}")
