"""Chart library: plotly's script, taken from the optional package and put into the page once."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from importlib import resources

INSTALL = "pip install 'hormesis[report]'"
"""How to get the charts."""


@cache
def packed_chart_library() -> str | None:
    """Return plotly.min.js, gzipped and in base64, or None when plotly is not installed.

    Packed it makes the page 2 MB instead of 5, and a browser unpacks it faster than a disk or a
    network delivers the difference.
    """
    try:
        script = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        return None
    return base64.b64encode(gzip.compress(script, compresslevel=6, mtime=0)).decode("ascii")
