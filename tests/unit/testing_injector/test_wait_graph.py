from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.testing.monitor.snapshot import Lock, Session, Snapshot
from hormesis.testing.monitor.wait_graph import told_session, wait_graph


def session(pid: int) -> Session:
    return Session(pid, f"app-{pid}", "active", f"UPDATE jobs SET n = {pid}", 1.5, 0.5)


def snapshot(blocked_by: Mapping[int, tuple[int, ...]], locks: tuple[Lock, ...] = ()) -> Snapshot:
    pids = {*blocked_by, *(pid for several in blocked_by.values() for pid in several)}
    return Snapshot(1.0, {pid: session(pid) for pid in pids}, locks, blocked_by)


def test_a_queue_is_a_tree() -> None:
    graph = wait_graph(snapshot({2: (1,), 3: (1,), 4: (3,)}))
    lines = graph.splitlines()
    assert lines[0] == "3 sessions wait for a lock"
    assert lines[1].startswith("pid 1 app-1")
    assert lines[2].startswith("├─ pid 2")
    assert lines[3].startswith("└─ pid 3")
    assert lines[4].startswith("   └─ pid 4")


def test_a_row_is_named_by_the_lock_that_keeps_the_place_in_its_queue() -> None:
    locks = (
        Lock(2, "transactionid", "ShareLock", False, "transaction 741", 0.7),
        Lock(2, "tuple", "ExclusiveLock", True, "row (0,3) of jobs"),
    )
    (wait,) = snapshot({2: (1,)}, locks).waits()
    assert (wait.on, wait.mode, wait.for_s) == ("row (0,3) of jobs", "ShareLock", 0.7)


def test_a_circle_is_told_as_one() -> None:
    graph = wait_graph(snapshot({7: (9,), 8: (7,), 9: (8,), 10: (7,)}))
    assert "deadlock at 1.00 s: 7 → 9 → 8 → 7" in graph
    assert graph.count("pid 10") == 1


def test_nobody_waits() -> None:
    assert wait_graph(snapshot({})) == "nobody waits for a lock"


def test_a_prepared_transaction_is_in_the_way() -> None:
    one = Snapshot(0, {2: session(2)}, (), {2: (0,)})
    assert "a prepared transaction" in told_session(one.roots()[0])


@pytest.mark.parametrize("length", [2, 3, 50])
def test_circles_are_found_once(length: int) -> None:
    ring = {pid: ((pid + 1) % length,) for pid in range(length)}
    (circle,) = snapshot(ring).circles()
    assert circle == tuple(range(length))


graphs = st.dictionaries(
    st.integers(1, 12), st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple)
)


@given(graphs)
def test_every_circle_is_one_and_everybody_is_told(blocked_by: dict[int, tuple[int, ...]]) -> None:
    one = snapshot(blocked_by)
    for circle in one.circles():
        for pid, following in zip(circle, (*circle[1:], circle[0]), strict=True):
            assert following in blocked_by[pid]
    graph = wait_graph(one)
    for pid in blocked_by:
        assert f"pid {pid} " in graph
