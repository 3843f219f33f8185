"""Large: many columns, many ids, a long history, and little memory to hold them in."""

from __future__ import annotations

import tracemalloc

import pytest
from psycopg import Connection
from stratum import check, define, history, recorded, stamp_of

pytestmark = [pytest.mark.chaos, pytest.mark.resource]


@pytest.mark.parametrize("count", [101, 500, 1600])
def test_every_column_of_a_wide_table_is_kept(sync_conn: Connection, count: int) -> None:
    """1600 is as far as PostgreSQL goes."""
    columns = [(f"column_{number}", "boolean") for number in range(count)]
    define(sync_conn, "main", "wide", columns)
    assert recorded(sync_conn, "wide") == [list(one) for one in columns]
    assert check(sync_conn) == []


def test_a_hundred_thousand_stamps_are_all_different() -> None:
    """With n bits, expect the first two alike after about 2 ** (n / 2) of them."""
    assert len({stamp_of("table", number) for number in range(100_000)}) == 100_000


def test_a_long_history_is_read_in_little_memory(sync_conn: Connection) -> None:
    """8 MB of messages, read one after the other, with never more than a page of them in hand."""
    commits, letters, page = 4_000, 2_000, 100
    sync_conn.execute(
        "INSERT INTO stratum_commit (stamp, branch, version, message) "
        "SELECT md5(n::text), 'main', n, repeat('x', %s) FROM generate_series(1, %s) n",
        (letters, commits),
    )
    tracemalloc.start()
    try:
        assert sum(1 for _ in history(sync_conn, "main", batch=page)) == commits
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * page * letters
