from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hormesis.host.holders.pg_kill import chosen_of

pid_lists = st.lists(st.integers(1, 10**6), unique=True, max_size=60)


@given(pid_lists, st.floats(0.001, 1), st.integers())
def test_the_share_is_kept_and_never_nobody(pids: list[int], share: float, seed: int) -> None:
    chosen = chosen_of(pids, share, Random(seed))
    assert set(chosen) <= set(pids)
    assert len(set(chosen)) == len(chosen)
    assert len(chosen) == (max(1, round(share * len(pids))) if pids else 0)


def test_the_choice_is_seeded() -> None:
    pids = list(range(100))
    assert chosen_of(pids, 0.3, Random(5)) == chosen_of(pids, 0.3, Random(5))
    assert chosen_of(pids, 0.3, Random(5)) != chosen_of(pids, 0.3, Random(6))


def test_everybody_and_nobody() -> None:
    assert sorted(chosen_of([3, 1, 2], 1.0, Random(0))) == [1, 2, 3]
    assert chosen_of([1, 2], 0.0, Random(0)) == []
