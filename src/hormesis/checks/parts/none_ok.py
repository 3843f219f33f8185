"""None ok: why no operation showed what a check is about, with the reasons that they ended with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hormesis.words.history import History
from hormesis.words.not_ok import told_not_ok
from hormesis.words.op import Ended, Op


def told_none_ok(history: History, names: Sequence[str], undecided: int, wanted: str = "") -> str:
    """Return that no operation called one of *names* ended ok with *wanted*, and why.

    *names* are those that checks refer to: an operation's, or ``load.name``.
    """
    named = " or ".join(repr(name) for name in names)
    told = f"no operation {named} ended ok{f' with {wanted}' if wanted else ''}"
    without = sum(op.outcome is Ended.OK for op in _called(history, names)) if wanted else 0
    reasons = [f"{without:,} ended ok without it"] if without else []
    if failed := told_not_ok(_called(history, names)):
        reasons.append(failed)
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return f"{told}{why}; {undecided} are undecided"


def _called(history: History, names: Sequence[str]) -> Iterator[Op]:
    return (op for name in dict.fromkeys(names) for op in history.ops_named(name))
