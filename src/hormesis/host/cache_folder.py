"""The user's cache folder: what costs much to make and nothing to lose."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of Hormesis below the user's caches; it need not be there."""
    own = os.environ.get("XDG_CACHE_HOME", "")
    return Path(own if os.path.isabs(own) else Path("~/.cache").expanduser()) / "hormesis"
