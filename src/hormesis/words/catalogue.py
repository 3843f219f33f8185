"""The catalogue: which kinds there are, handed down to the floors that may not look up.

``compose`` fills it from the shelves and from entry points; ``spec`` decodes files with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hormesis.words.check import Check
from hormesis.words.client import ClientKind
from hormesis.words.fault import Fault
from hormesis.words.load import Load
from hormesis.words.probe import Probe
from hormesis.words.report import Report
from hormesis.words.shaper import Toxic


@dataclass(frozen=True)
class Catalogue:
    """Kinds by configuration name, one mapping per shelf."""

    faults: Mapping[str, type[Fault]] = field(default_factory=dict)
    toxics: Mapping[str, type[Toxic]] = field(default_factory=dict)
    loads: Mapping[str, type[Load]] = field(default_factory=dict)
    clients: Mapping[str, type[ClientKind]] = field(default_factory=dict)
    probes: Mapping[str, type[Probe]] = field(default_factory=dict)
    checks: Mapping[str, type[Check]] = field(default_factory=dict)
    reports: Mapping[str, type[Report]] = field(default_factory=dict)

    def shelf(self, name: str) -> Mapping[str, type[Any]]:
        """Return one shelf's kinds by the shelf's name, for example ``faults``."""
        shelf: Mapping[str, type[Any]] = getattr(self, name)
        return shelf
