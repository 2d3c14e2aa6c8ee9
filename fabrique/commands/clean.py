"""`clean`: forget the local stack."""

from fabrique.commands.screen import say
from fabrique.stack.folder import state_folder


def clean() -> None:
    """Forget all data, logs and secrets of the local stack; the downloads are kept."""
    folder = state_folder()
    say(f"{folder.path} removed" if folder.erase() else f"there was nothing in {folder.path}")
