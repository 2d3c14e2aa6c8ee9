"""Composes a service inside a command, on the running local stack's settings, else on those of the environment."""

import importlib
from typing import Any, NamedTuple

from fabrique.stack.addresses import find, of_running_stack
from fabrique.stack.folder import StateFolder
from fabrique.stack.stack import service_settings


class Composition(NamedTuple):
    """A service's composition root (its module `app`) and the settings to call its functions with."""

    app: Any
    settings: Any


def compose(service: str, folder: StateFolder) -> Composition:
    """Find a service's composition root and its settings; nothing is opened.

    Raises StackUnknown when neither a running stack nor the environment says where it is.
    """
    local = of_running_stack(folder)
    if local is None:
        find(folder)
    app = importlib.import_module(f"services.{service}.app")
    return Composition(app, app.Settings(**(service_settings(folder, local, service) if local else {})))
