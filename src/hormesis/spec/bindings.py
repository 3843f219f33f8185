"""Bindings: what only the running toolkit knows, and a file may refer to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bindings:
    """The values behind ``${run.dir}``, ``${run.scratch}``, ``${run.id}``, ``${python}``, ports.

    ``port_of`` hands out a free TCP port of 127.0.0.1; it is called once for each name in
    ``ports`` (with that name) and once for each link (with ``link.NAME``), in the file's order.
    """

    run_dir: str
    scratch: str
    run_id: str
    python: str
    port_of: Callable[[str], int]
