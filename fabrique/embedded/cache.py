"""Says where downloads are kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """FABRIQUE_CACHE_DIR, else `fabrique` under XDG_CACHE_HOME, else under the user's ~/.cache."""
    if chosen := os.environ.get("FABRIQUE_CACHE_DIR"):
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fabrique").absolute()
