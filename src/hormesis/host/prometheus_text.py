"""The Prometheus text format, as far as reading single values needs it.

After the exposition format's specification, version 0.0.4, and OpenMetrics 1.0 for exemplars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)\s*(?:\{(.*?)\}(?=\s))?\s+(\S+)(?:\s+\S+)?\s*(?:#.*)?")
_LABEL = re.compile(r'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: a metric's name, its labels, its value."""

    name: str
    labels: dict[str, str]
    value: float


def samples_of(text: str, name: str) -> Iterator[Sample]:
    """Yield the samples of the metric *name*; lines that are no samples are passed over."""
    for line in text.splitlines():
        if not line.startswith(name) or (match := _SAMPLE.fullmatch(line)) is None:
            continue
        if match[1] != name:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        pairs = _LABEL.findall(match[2] or "")
        yield Sample(name, {key: _ESCAPE.sub(_plain, quoted) for key, quoted in pairs}, value)


def _plain(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]
