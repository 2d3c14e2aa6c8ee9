"""Envelopes by EPCI: who stands where, with which sums, on both sides of a merger and of its end."""

from datetime import date

from services.funding.domain.by_epci import Group, as_posted, by_epci, is_known, turns
from services.funding.domain.envelope import Account, Envelope
from services.funding.domain.outlook import Sum
from services.funding.domain.territory import Annulment, Attachment, Merger, Territory
from shared.kernel.funders import Funder
from tests.support.territory import tell

MERGED, ANNULLED = date(2017, 1, 1), date(2019, 7, 2)
MERGER = Merger("m", ("A", "B"), "S", "Sud", MERGED, day_is_known=False)


def envelope(contract: str, funder: Funder = Funder.CDC, exercise: int = 2016, authorised: int = 0) -> Envelope:
    return Envelope(f"{contract}.{funder}.{exercise}", contract, funder, exercise, authorised=authorised)


def territory(*more: Merger | Annulment) -> Territory:
    """CV218 in A and CV220 in B, which become S; CV224 in C beside them."""
    told = Territory()
    homes = Attachment("CV218", "A", "Aa"), Attachment("CV220", "B", "Bassée"), Attachment("CV224", "C", "Calaisis")
    for change in (*homes, MERGER, *more):
        told, answer = tell(told, change)
        assert answer == "told"
    return told


ENVELOPES = [envelope("CV220", authorised=20), envelope("CV218", authorised=3), envelope("CV999", authorised=500),
             envelope("CV901"), envelope("CV218", Funder.STATE, authorised=4)]  # fmt: skip


def seen(groups: list[Group]) -> list[tuple[str, str, list[str], list[str]]]:
    return [(g.epci, g.name, [*g.contracts], [e.envelope_id for e in g.envelopes]) for g in groups]


def test_each_envelope_stands_with_its_contract_and_what_is_attached_to_none_comes_last() -> None:
    last = ("", "", ["CV901", "CV999"], ["CV901.CDC.2016", "CV999.CDC.2016"])
    assert seen(by_epci(territory(), ENVELOPES, date(2016, 12, 31))) == [
        ("A", "Aa", ["CV218"], ["CV218.CDC.2016", "CV218.STATE.2016"]), ("B", "Bassée", ["CV220"], ["CV220.CDC.2016"]),
        ("C", "Calaisis", ["CV224"], []), last,
    ]  # fmt: skip
    assert seen(by_epci(territory(), ENVELOPES, MERGED)) == [
        ("C", "Calaisis", ["CV224"], []),
        ("S", "Sud", ["CV218", "CV220"], ["CV218.CDC.2016", "CV218.STATE.2016", "CV220.CDC.2016"]), last,
    ]  # fmt: skip
    assert by_epci(Territory(), [], MERGED) == []


def test_a_group_adds_up_by_exercise_and_funder_in_order() -> None:
    state = envelope("CV218", Funder.STATE, 2016, 7)
    group = Group("A", "Aa", ["CV218", "CV220"], [envelope("CV218", exercise=2017, authorised=1), state,
                  envelope("CV218", authorised=10), envelope("CV220", authorised=5)])  # fmt: skip
    assert [*group.by_funder().items()] == [
        ((2016, Funder.CDC), Sum(authorised=15, room=15)), ((2016, Funder.STATE), Sum(authorised=7, room=7)),
        ((2017, Funder.CDC), Sum(authorised=1, room=1)),
    ]  # fmt: skip


def test_a_merger_and_its_end_are_told_from_both_sides_and_hold_the_same_contracts() -> None:
    told = territory(Annulment("m", ANNULLED))
    merged, ended = turns(told, ENVELOPES)
    apart = [("A", "Aa", ["CV218"], ["CV218.CDC.2016", "CV218.STATE.2016"]),
             ("B", "Bassée", ["CV220"], ["CV220.CDC.2016"])]  # fmt: skip
    together = [("S", "Sud", ["CV218", "CV220"], ["CV218.CDC.2016", "CV218.STATE.2016", "CV220.CDC.2016"])]
    assert (seen([*merged.before]), seen([*merged.after])) == (apart, together)
    assert (seen([*ended.before]), seen([*ended.after])) == (together, apart)
    assert (merged.merger.name, merged.annulment, merged.day, merged.day_is_known) == ("m", None, MERGED, False)
    assert (ended.merger.name, ended.annulment, ended.day, ended.day_is_known) == (
        "m", told.annulment_of("m"), ANNULLED, True,
    )  # fmt: skip


def test_the_turns_of_one_epci_are_those_it_takes_part_in_and_the_eve_is_the_day_before() -> None:
    short = Merger("n", ("S", "C"), "G", "Grand", date(2017, 1, 2))
    told = territory(short)
    assert [turn.merger.name for turn in turns(told, [])] == ["m", "n"]
    for epci, names in {"A": ["m"], "S": ["m", "n"], "C": ["n"], "G": ["n"], "X": []}.items():
        assert [turn.merger.name for turn in turns(told, [], epci)] == names, epci
    assert [group.epci for group in turns(told, [])[1].before] == ["C", "S"]


def test_mergers_of_one_day_are_told_in_the_order_of_their_number() -> None:
    both = Merger("n", ("S",), "T", "t", MERGED, number=2), Merger("m", ("A",), "S", "s", MERGED, number=1)
    assert [turn.merger.name for turn in turns(Territory((Attachment("CV218", "A", "a"),), both), [])] == ["m", "n"]
    same = tuple(Merger(name, ("A",), "S", "s", MERGED) for name in "nm")
    assert [turn.merger.name for turn in turns(Territory((), same), [])] == ["n", "m"]


def test_an_epci_is_known_by_an_attachment_or_by_either_side_of_a_merger() -> None:
    told = territory(Merger("n", ("C", "D"), "C", "Calaisis", MERGED))
    assert [epci for epci in ("A", "B", "C", "D", "S", "X", "") if is_known(told, epci)] == ["A", "B", "C", "D", "S"]
    assert is_known(Territory((Attachment("CV218", "A", "a"),)), "A")


def test_an_envelope_as_posted_stands_on_what_its_accounts_add_up_to() -> None:
    kept = Envelope("CV218.STATE.2016", "CV218", Funder.STATE, 2016, payment_credits=1)
    debits = {
        Account.VOTED: -100, Account.FROZEN: 1, Account.RESERVED: 20, Account.WAITLISTED: 300, Account.ENGAGED: 4,
        Account.LAPSED: 5, Account.PAID: 6, Account.PAYMENT_FROZEN: 7, Account.PAYMENT_VOTED: -80,
    }  # fmt: skip
    assert as_posted(kept, debits) == Envelope(
        "CV218.STATE.2016", "CV218", Funder.STATE, 2016, authorised=100, frozen=1, reserved=20, waitlisted=300,
        engaged=4, lapsed=5, paid=6, payments_frozen=7, payment_credits=80,
    )  # fmt: skip
    assert as_posted(kept, {}) == Envelope("CV218.STATE.2016", "CV218", Funder.STATE, 2016, payment_credits=0)
    assert as_posted(envelope("CV218"), debits).payment_credits is None
