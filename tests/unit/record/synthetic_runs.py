"""Runs whose response times are known: lognormal, with seconds that are slow together."""

from __future__ import annotations

import numpy as np

from hormesis.record.op_columns import RecordedColumns
from hormesis.record.op_table import OpTable
from hormesis.record.value_table import ValueTable
from hormesis.words.history import History, Phase
from hormesis.words.op import Ended, Label


def synthetic_run(
    seed: int,
    *,
    seconds: int = 60,
    rate: int = 20,
    slower: float = 1.0,
    failed: float = 0.01,
    alike: float = 0.6,
    level: float = 0.1,
    names: tuple[str, ...] = ("page",),
) -> History:
    """Return a run of *seconds* with *rate* operations in each.

    Its median is 20 ms times *slower*. The level of a second varies by the share *level*, and
    follows the one before with correlation *alike*, as when a machine is busy for a while.
    """
    rng = np.random.default_rng(seed)
    count = seconds * rate
    due = 1.0 + np.sort(rng.random(count)) * seconds
    levels = np.empty(seconds)
    last = rng.normal()
    for second in range(seconds):
        last = alike * last + (1 - alike**2) ** 0.5 * rng.normal()
        levels[second] = level * last
    spread = levels[np.minimum((due - 1.0).astype(int), seconds - 1)]
    took = 0.02 * slower * np.exp(spread + 0.5 * rng.normal(size=count))
    bad = rng.random(count) < failed
    labels = [
        Label("main", name, outcome, error)
        for name in names
        for outcome, error in ((Ended.OK, ""), (Ended.FAIL, "x"))
    ]
    numbers = np.arange(1, count + 1)
    columns = RecordedColumns(
        number=numbers,
        user=np.ones(count, dtype=np.int64),
        label=2 * (numbers % len(names)) + bad,
        due_us=(due * 1e6).astype(np.int64),
        lag_us=np.zeros(count, dtype=np.int64),
        took_us=(took * 1e6).astype(np.int64),
        values=ValueTable(b"", np.empty(0), np.empty(0)),
    )
    return History(
        manifest={"title": "t", "time_scale": 1.0, "machine": {"cores": 2}},
        ops=OpTable(columns, labels),
        phases=(Phase("tracks", 1.0),),
        end={"time": seconds + 2.0, "reason": "completed"},
    )
