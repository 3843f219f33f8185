"""Several processes together do exactly what one would do alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.loads.parts.stage import Path
from hormesis.words.load import Burst, Closed, Finite, Open

PARTS = st.integers(1, 9)


@given(st.integers(0, 5000), PARTS)
def test_parts_of_users_are_all_users_at_any_time(users: int, parts: int) -> None:
    path = Path((10.0,), (0.0, float(users)))
    whole = Closed(path.whole_at, users, 10.0, pace_s=0.5, ramp_down_grace_s=3.0)
    shares = [whole.part(index, parts) for index in range(parts)]
    for moment in (0.0, 3.3, 9.99, 10.0):
        assert sum(one.users_at(moment) for one in shares) == whole.users_at(moment)
    assert sum(one.users_max for one in shares) == users
    counts = [one.users_at(7.0) for one in shares]
    assert max(counts) - min(counts) <= 1
    assert {(one.duration_s, one.pace_s, one.ramp_down_grace_s) for one in shares} == {
        (10.0, 0.5, 3.0)
    }


@given(st.integers(0, 300), st.integers(1, 50), PARTS)
def test_parts_of_arrivals_are_all_arrivals(count: int, users: int, parts: int) -> None:
    whole = Open(lambda n: n * 0.1 if n < count else None, users, 30.0, users_ready=users)
    dues: list[float] = []
    for index in range(parts):
        part = whole.part(index, parts)
        number = 0
        while (due := part.due_at(number)) is not None:
            dues.append(due)
            number += 1
    assert sorted(dues) == [n * 0.1 for n in range(count)]
    shares = [whole.part(index, parts) for index in range(parts)]
    assert sum(one.users_max for one in shares) == users
    assert sum(one.users_ready for one in shares) == users


@given(st.integers(1, 50), st.integers(1, 1000), PARTS)
def test_parts_of_work_are_all_of_it(users: int, iterations: int, parts: int) -> None:
    shared = Finite(users, iterations, each=False, duration_s_max=60.0)
    own = Finite(users, iterations, each=True, duration_s_max=60.0)
    assert sum(shared.part(i, parts).iterations for i in range(parts)) == iterations
    assert sum(shared.part(i, parts).users for i in range(parts)) == users
    done = [own.part(i, parts).users * own.part(i, parts).iterations for i in range(parts)]
    assert sum(done) == users * iterations


@pytest.mark.parametrize("parts", [1, 3])
def test_a_burst_is_one_processs(parts: int) -> None:
    whole = Burst(50, 2, 1.0)
    assert [whole.part(index, parts).users for index in range(parts)] == [50] + [0] * (parts - 1)
