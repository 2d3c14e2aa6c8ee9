"""Keys: shown once, kept as hashes, felt to be revoked within two seconds."""

import pytest

from services.intake.app import create_key, list_keys, revoke_key
from services.intake.domain.scope import Scope
from services.intake.use_cases import keys
from services.intake.use_cases.keys import KeyTermsInvalid, KnownKeys
from shared.database.transaction import transaction
from shared.kernel.funders import Funder
from tests.services.intake.world import World, settings_of


async def test_a_key_lets_its_platform_tell_what_it_says_and_its_clear_form_is_kept_nowhere(world: World) -> None:
    made = await create_key(
        settings_of(world.url), platform="caisse", event_types=["PaymentMade"], funders=[Funder.CDC]
    )
    assert await KnownKeys(world.spine.engine).scope(made.key) == Scope(
        "caisse", frozenset({"PaymentMade"}), frozenset({Funder.CDC})
    )
    secret = made.key.split("_", 2)[2]
    assert len(secret) >= 43
    (row,) = await world.rows("SELECT * FROM api_key")
    assert secret not in str(row)
    assert len(row["hash"]) == 32


async def test_other_keys_are_not_known(world: World) -> None:
    made = await create_key(settings_of(world.url), platform="adie")
    known = KnownKeys(world.spine.engine)
    for key in ("", "fab_x_y", made.key + "x", made.key[:-1], made.key.replace(made.prefix, "0" * 10), made.prefix):
        assert await known.scope(key) is None
    assert await known.scope(made.key) is not None


async def test_a_revoked_key_is_known_for_two_seconds_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await create_key(settings_of(world.url), platform="adie")
    known = KnownKeys(world.spine.engine)
    now = 1000.0
    monkeypatch.setattr(keys.time, "monotonic", lambda: now)
    assert await known.scope(made.key) is not None
    assert await revoke_key(settings_of(world.url), made.prefix)
    assert not await revoke_key(settings_of(world.url), made.prefix)
    assert not await revoke_key(settings_of(world.url), "unknown")
    assert await known.scope(made.key) is not None
    now += keys.REMEMBERED_SECONDS
    assert await known.scope(made.key) is None
    (row,) = await list_keys(settings_of(world.url))
    assert row.revoked_at is not None


async def test_a_platforms_keys_that_stand_are_its_scope_on_kafka(world: World) -> None:
    settings = settings_of(world.url)
    await create_key(settings, platform="caisse", event_types=["PaymentMade"], funders=[Funder.CDC])
    await create_key(settings, platform="caisse", event_types=["PaymentReturned"], funders=[Funder.STATE])
    gone = await create_key(settings, platform="caisse")
    await revoke_key(settings, gone.prefix)
    async with transaction(world.spine.engine) as session:
        found = await keys.queries.scopes(session, ["caisse", "adie"])
    both = Scope("caisse", frozenset({"PaymentMade", "PaymentReturned"}), frozenset(Funder))
    assert found == {"caisse": both}


@pytest.mark.parametrize(("platform", "types"), [("Adie", ["*"]), ("", ["*"]), ("adie ", ["*"]), ("adie", ["Payment"])])
async def test_a_key_with_terms_that_cannot_be_is_not_made(world: World, platform: str, types: list[str]) -> None:
    with pytest.raises(KeyTermsInvalid):
        await create_key(settings_of(world.url), platform=platform, event_types=types)
    assert await list_keys(settings_of(world.url)) == []
