"""A split places every cent, fairly, and says who got the odd ones."""

import random
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.funding.domain.split import mixed_weights, split_amount

POPULATIONS = {
    "CV217": 12411, "CV218": 1640, "CV219": 53545, "CV220": 4820, "CV221": 30332, "CV222": 14930, "CV223": 2797,
    "CV224": 12696, "CV225": 14674, "CV226": 973, "CV227": 1082,
}  # fmt: skip
cents = st.integers(0, 10**13)
weights = st.dictionaries(
    st.text("CV0123456789", min_size=1, max_size=5), st.one_of(st.just(0), st.integers(0, 10), st.integers(0, 10**7)),
    min_size=1, max_size=15,
).filter(lambda drawn: sum(drawn.values()) > 0)  # fmt: skip


@given(cents, weights)
def test_every_cent_is_placed(amount: int, by: dict[str, int]) -> None:
    split = split_amount(amount, by)
    assert sum(split.shares.values()) == amount
    assert split.shares.keys() == by.keys()


@given(cents, weights)
def test_each_share_is_within_one_cent_of_the_exact_one_and_the_odd_cents_are_named(
    amount: int, by: dict[str, int]
) -> None:
    split = split_amount(amount, by)
    for name, share in split.shares.items():
        exact = Fraction(amount * by[name], sum(by.values()))
        assert share == exact.__floor__() + (name in split.odd_cents_to)
        assert abs(share - exact) < 1
    assert list(split.odd_cents_to) == sorted(set(split.odd_cents_to))


@given(cents, weights)
def test_the_odd_cents_go_to_the_largest_remainders_and_equal_ones_by_name(amount: int, by: dict[str, int]) -> None:
    split, total = split_amount(amount, by), sum(by.values())
    order = {name: (-Fraction(amount * by[name] % total, total), name) for name in by}
    odd, others = set(split.odd_cents_to), by.keys() - set(split.odd_cents_to)
    assert all(order[lucky] < order[other] for lucky in odd for other in others)


@given(cents, weights, st.randoms(use_true_random=False))
def test_the_order_in_which_names_are_given_changes_nothing(
    amount: int, by: dict[str, int], chance: random.Random
) -> None:
    shuffled = list(by.items())
    chance.shuffle(shuffled)
    assert split_amount(amount, dict(shuffled)) == split_amount(amount, by)


@given(cents, weights)
def test_whoever_weighs_nothing_gets_nothing_and_whoever_weighs_more_never_gets_less(
    amount: int, by: dict[str, int]
) -> None:
    shares = split_amount(amount, by).shares
    assert all(shares[name] == 0 for name, weight in by.items() if weight == 0)
    assert all(shares[one] >= shares[two] for one in by for two in by if by[one] > by[two])


@settings(max_examples=50)
@given(cents, weights, st.integers(2, 9))
def test_only_the_proportions_of_the_weights_count(amount: int, by: dict[str, int], factor: int) -> None:
    assume(len(by) > 1)
    assert split_amount(amount, {name: weight * factor for name, weight in by.items()}) == split_amount(amount, by)


def test_the_million_and_a_half_of_the_state_is_shared_over_the_eleven_contracts_by_population() -> None:
    split = split_amount(150_000_000, POPULATIONS)
    assert sum(POPULATIONS.values()) == 149_900
    assert split.shares == {
        "CV217": 12_419_280, "CV218": 1_641_094, "CV219": 53_580_720, "CV220": 4_823_215, "CV221": 30_352_235,
        "CV222": 14_939_960, "CV223": 2_798_866, "CV224": 12_704_470, "CV225": 14_683_789, "CV226": 973_649,
        "CV227": 1_082_722,
    }  # fmt: skip
    assert split.odd_cents_to == ("CV217", "CV221", "CV222", "CV223", "CV224", "CV227")
    exact = {name: Fraction(150_000_000 * people, 149_900) for name, people in POPULATIONS.items()}
    assert sum(share.__floor__() for share in exact.values()) == 150_000_000 - len(split.odd_cents_to)
    assert all(split.shares[name] == exact[name].__ceil__() for name in split.odd_cents_to)


def test_a_cent_over_three_equal_contracts_goes_to_the_first_by_name() -> None:
    split = split_amount(100, {"CV219": 1, "CV217": 1, "CV218": 1})
    assert split.shares == {"CV217": 34, "CV218": 33, "CV219": 33}
    assert split.odd_cents_to == ("CV217",)


@pytest.mark.parametrize(
    ("amount", "by"),
    [(-1, {"CV219": 1}), (1, {}), (1, {"CV219": 0}), (1, {"CV217": -1, "CV219": 2})],
    ids=["a negative amount", "nobody", "nobody who weighs", "a negative weight"],
)
def test_what_cannot_be_split_is_refused(amount: int, by: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"^an amount and its weights are not negative, and some weight is positive$"):
        split_amount(amount, by)


parts = st.integers(1, 5).flatmap(
    lambda names: st.lists(
        st.tuples(
            st.integers(0, 1000), st.lists(st.integers(0, 10**6), min_size=names, max_size=names).filter(any)
        ).map(lambda drawn: (drawn[0], dict(zip("ABCDE", drawn[1], strict=False)))),
        min_size=1, max_size=3,
    )
)  # fmt: skip


@given(parts)
def test_a_mix_gives_each_name_the_mean_of_its_shares_weighted_by_what_each_key_counts(
    drawn: list[tuple[int, dict[str, int]]],
) -> None:
    assume(any(count for count, _ in drawn))
    mixed, counted = mixed_weights(drawn), sum(count for count, _ in drawn)
    for name, weight in mixed.items():
        exact = sum(Fraction(count * by[name], sum(by.values())) for count, by in drawn) / counted
        assert Fraction(weight, sum(mixed.values())) == exact


@pytest.mark.parametrize("wrong", [[], [(0, {"A": 1})], [(1, {"A": 0})], [(-1, {"A": 1}), (2, {"A": 1})]])
def test_a_mix_of_nothing_is_refused(wrong: list[tuple[int, dict[str, int]]]) -> None:
    with pytest.raises(ValueError, match=r"^keys count for something, and each has a positive weight$"):
        mixed_weights(wrong)
