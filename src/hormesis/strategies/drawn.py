"""How many examples each strategy has given in this process."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from hypothesis import strategies as st

DRAWN: Counter[str] = Counter()
"""Examples drawn so far, by the name of the public strategy (``"tables"``, ``"values"``, …)."""

Drawn = TypeVar("Drawn")


def counted(name: str, strategy: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    """Return *strategy*, with each example counted in :data:`DRAWN` under *name*."""

    def count(example: Drawn) -> Drawn:
        DRAWN[name] += 1
        return example

    return strategy.map(count)
