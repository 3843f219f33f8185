"""The Prometheus text format: families of samples as text, and single values read from such text.

After the exposition format's specification, version 0.0.4, and OpenMetrics 1.0 for exemplars.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hormesis.record.exposition import Buckets, Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
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


def exposition(families: Iterable[Family]) -> str:
    """Return the text; a family without samples is left out."""
    return "".join(line for family in families if family.samples for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    told = family.told.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {family.name} {told}\n"
    yield f"# TYPE {family.name} {family.sort.value}\n"
    for sample in family.samples:
        if isinstance(sample.value, Buckets):
            yield from _histogram(family.name, sample.labels, sample.value)
        else:
            yield f"{family.name}{_labels(sample.labels)} {number(sample.value)}\n"


def _histogram(name: str, labels: Mapping[str, str], buckets: Buckets) -> Iterator[str]:
    bounds = [*buckets.bounds, math.inf]
    seen = buckets.cumulative
    for bound, count in zip(bounds, seen, strict=True):
        yield f"{name}_bucket{_labels({**labels, 'le': number(bound)})} {count}\n"
    yield f"{name}_sum{_labels(labels)} {number(buckets.total)}\n"
    yield f"{name}_count{_labels(labels)} {seen[-1]}\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def number(value: float) -> str:
    """Write a number as the format wants it: ``3``, ``0.25``, ``+Inf``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
