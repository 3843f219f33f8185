"""Figures of a load: what its operations came to, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.record.history_reader import read_history
from hormesis.record.load_table import LoadRow, load_ops, load_table
from hormesis.words.history import History
from hormesis.words.op import Ended


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What a load came to.

    ``fail`` operations certainly did not happen, of ``info`` nobody knows. ``rate`` is per second.
    Latencies are in milliseconds from when an operation was *due* to its end, so a stall counts for
    everybody who would have come meanwhile; None without operations. ``errors`` counts by SQLSTATE,
    or by a word such as ``disconnected`` or ``refused``. ``dropped`` arrivals were never begun.
    ``trouble`` says why the figures cannot be trusted: the generator itself was late.
    """

    count: int
    ok: int
    fail: int
    info: int
    rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    errors: Mapping[str, int]
    dropped: int
    lasted_s: float
    trouble: str
    directory: Path
    """Where every operation is recorded."""
    history: History = field(repr=False)
    """Every operation, for checks."""

    @property
    def failed_share(self) -> float:
        """Return the share, 0 to 1, that did not end well; 1 without any operation."""
        return 1 - self.ok / self.count if self.count else 1.0

    def __str__(self) -> str:
        errors = ", ".join(f"{name}: {count}" for name, count in self.errors.items())
        late = f"; {self.trouble}" if self.trouble else ""
        latency = (
            f"p50 {self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
            if self.p50_ms is not None else "no latency"
        )  # fmt: skip
        told = f"{self.count} operations at {self.rate:.1f}/s, {self.ok} ok, {latency}"
        return f"{told}, {self.dropped} dropped{f' ({errors})' if errors else ''}{late}"


def figures_of(directory: Path) -> LoadFigures:
    """Return the figures of the load that is recorded in *directory*."""
    history = read_history(directory)
    table = load_table(history)
    total = table.total
    ops = load_ops(history)
    errors: Counter[str] = Counter()
    for label, count in zip(ops.labels, ops.label_counts.tolist(), strict=True):
        if label.outcome is not Ended.OK and count:
            errors[label.error or label.outcome.value] += count
    return LoadFigures(
        count=total.count, ok=total.ok, fail=total.fail, info=total.info,
        rate=total.rate or 0.0,
        p50_ms=_ms(total, 50), p95_ms=_ms(total, 95), p99_ms=_ms(total, 99),
        max_ms=_ms(total, 100),
        errors=dict(errors.most_common()),
        dropped=table.dropped,
        lasted_s=table.lasted_s,
        trouble="; ".join(one.trouble for one in history.loads if one.trouble),
        directory=directory,
        history=history,
    )  # fmt: skip


def _ms(row: LoadRow, percent: float) -> float | None:
    value = row.response.percentile(percent)
    return None if value is None else round(1000 * value, 3)
