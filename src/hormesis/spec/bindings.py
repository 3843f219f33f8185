"""Bindings: what only the running toolkit knows, and a file may refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bindings:
    """The values behind ``${run.dir}``, ``${run.scratch}``, ``${run.id}``, ``${python}``, ports.

    ``port_of`` hands out a free TCP port of 127.0.0.1; it is called once for each name in
    ``ports`` (with that name) and once for each link (with ``link.NAME``), in the file's order.
    ``why_not_startable`` takes a command, what is added to its environment and its folder (empty:
    the present one), and says why it could not be started here; by default nobody looks.
    """

    run_dir: str
    scratch: str
    run_id: str
    python: str
    port_of: Callable[[str], int]
    why_not_startable: Callable[[Sequence[str], Mapping[str, str], str], str] = (
        lambda run, env, cwd: ""
    )
