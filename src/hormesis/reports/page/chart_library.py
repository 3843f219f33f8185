"""Chart library: plotly's script, taken from the optional package and put into the page once.

It is packed once for each plotly, because that takes longer than all of the page: what is packed is
kept in the user's cache, with a checksum before it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from hormesis.host.cache_folder import cache_folder
from hormesis.record.atomic_write import write_atomically

INSTALL = "pip install 'hormesis[report]'"
"""How to get the charts."""
_LEVEL = 6


@cache
def packed_chart_library() -> str | None:
    """Return plotly.min.js, gzipped and in base64, or None when plotly is not installed.

    Packed it makes the page 2 MB instead of 5, and a browser unpacks it faster than a disk or a
    network delivers the difference.
    """
    script = _script()
    if script is None:
        return None
    state = script.stat()
    told = f"{script} {state.st_size} {state.st_mtime_ns} {_LEVEL}"
    file = cache_folder() / "charts" / hashlib.sha256(told.encode()).hexdigest()[:16]
    kept = _kept(file)
    if kept is None:
        packed = gzip.compress(script.read_bytes(), compresslevel=_LEVEL, mtime=0)
        kept = base64.b64encode(packed).decode("ascii")
        # A cache that cannot be written to is none.
        with suppress(OSError):
            _keep(file, kept)
    return kept


def _script() -> Path | None:
    # The package is only looked up: importing it takes longer than reading the script.
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder, "package_data", "plotly.min.js")
        if script.is_file():
            return script
    return None


def _kept(file: Path) -> str | None:
    """Return what *file* keeps; None when it is not there or damaged."""
    try:
        checksum, _, kept = file.read_text("ascii").partition("\n")
    except (OSError, ValueError):
        return None
    return kept if checksum == _checksum(kept) else None


def _keep(file: Path, packed: str) -> None:
    """Write *packed* to *file*, whole or not at all, and forget what other plotlys left there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    others = [one for one in file.parent.iterdir() if one != file]
    write_atomically(file, f"{_checksum(packed)}\n{packed}".encode("ascii"))
    for one in others:
        with suppress(OSError):
            one.unlink()


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()
