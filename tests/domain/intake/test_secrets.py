"""Keys, seals and scopes: what is kept of a key, and what nobody reads without the secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.keyring import Keyring
from services.intake.domain.scope import Scope
from services.intake.store.sealing import SealBroken, opener, sealer
from shared.kernel import api_key
from shared.kernel.funders import Funder

KEYRING = Keyring(b"a secret of at least thirty-two characters")
OTHER = Keyring(b"another secret of thirty-two characters.")


@given(st.binary())
def test_what_is_sealed_is_opened_with_the_same_secret_only(content: bytes) -> None:
    sealed = sealer(KEYRING)(content)
    assert opener(KEYRING)(sealed) == content
    assert len(content) < 4 or content not in sealed
    assert sealer(KEYRING)(content) != sealed
    with pytest.raises(SealBroken):
        opener(OTHER)(sealed)


@given(st.binary(max_size=64), st.integers(0, 10_000))
def test_what_was_changed_or_never_sealed_is_not_opened(content: bytes, place: int) -> None:
    sealed = bytearray(sealer(KEYRING)(content))
    sealed[place % len(sealed)] ^= 1
    for broken in (bytes(sealed), content, b"", b"\x01", b"\x01" + bytes(11)):
        with pytest.raises(SealBroken):
            opener(KEYRING)(broken)


def test_a_key_is_found_by_its_prefix_and_known_by_its_hash() -> None:
    key = api_key.written("0123456789", "a_b-c")
    assert key == "fab_0123456789_a_b-c"
    assert api_key.prefix_of(key) == "0123456789"
    kept = api_key.hashed(key)
    assert api_key.is_same(key, kept)
    assert not api_key.is_same(key + "x", kept)
    assert b"a_b-c" not in kept


@pytest.mark.parametrize("key", ["", "fab", "fab_", "fab_x", "fab_x_", "fab__y", "abc_x_y", "é_x_y"])
def test_what_does_not_look_like_a_key_has_no_prefix(key: str) -> None:
    assert api_key.prefix_of(key) is None


def test_the_keys_of_a_platform_unite() -> None:
    one = Scope("caisse", frozenset({"PaymentMade"}), frozenset({Funder.CDC}))
    other = Scope("caisse", frozenset({"CommitmentEngaged"}), frozenset({Funder.STATE}))
    both = one | other
    assert both.may_emit("PaymentMade")
    assert both.may_emit("CommitmentEngaged")
    assert not both.may_emit("CommitmentClosed")
    assert both.funders == set(Funder)
    assert Scope("caisse", frozenset({"*"}), frozenset()).may_emit("CommitmentClosed")
