"""The keys of platforms that are kept in the state folder, so that the local stack's partners need no ceremony."""

from collections.abc import Collection, Iterable

from fabrique.stack.composition import Composition
from fabrique.stack.folder import StateFolder
from shared.kernel.funders import Funder

FILE = "keys"


async def local_key(
    folder: StateFolder,
    intake: Composition,
    platform: str,
    *,
    event_types: Collection[str] = ("*",),
    funders: Iterable[Funder] = (),
) -> str:
    """The platform's key of the local stack, made and kept (readable by its owner only) when there is none yet."""
    kept = folder.read(FILE)
    if platform not in kept:
        made = await intake.app.create_key(
            intake.settings, platform=platform, event_types=event_types, funders=funders
        )  # fmt: skip
        kept[platform] = made.key
        folder.write(FILE, kept)
    return str(kept[platform])
