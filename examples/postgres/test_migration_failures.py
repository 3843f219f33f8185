"""Migrations that fail, or start twice: whole or not at all, once, and the journal is true."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import Migration, MigrationChanged, MigrationFailed, Version, journal, migrate

from hormesis.testing import ChaosInjector, Race, Worker

pytestmark = [pytest.mark.chaos, pytest.mark.migration]

FIRST = Migration(Version(1, 0, 0), "orders", ("CREATE TABLE orders (id integer)",))
BROKEN = Migration(
    Version(1, 1, 0), "prices", ("ALTER TABLE orders ADD COLUMN price integer", "SELECT 1 / 0")
)
MENDED = Migration(BROKEN.version, BROKEN.name, BROKEN.statements[:1])


def columns(conn: Connection) -> list[str]:
    rows = conn.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 "
        "ORDER BY attnum"
    )
    return [name for (name,) in rows]


def test_a_migration_that_fails_leaves_nothing_of_itself(sync_conn: Connection) -> None:
    """Its first statement worked; after the second failed, the first must be gone too."""
    with pytest.raises(MigrationFailed, match="division by zero"):
        migrate(sync_conn, [FIRST, BROKEN])
    assert columns(sync_conn) == ["id"]


def test_the_journal_tells_what_failed_and_lets_it_run_again(sync_conn: Connection) -> None:
    with pytest.raises(MigrationFailed):
        migrate(sync_conn, [FIRST, BROKEN])
    assert [one.state for one in journal(sync_conn)] == ["done", "failed"]
    sync_conn.commit()
    assert migrate(sync_conn, [FIRST, MENDED]) == [MENDED.version]
    assert columns(sync_conn) == ["id", "price"]
    assert [(one.state, one.runs) for one in journal(sync_conn)] == [("done", 1), ("done", 2)]


def test_the_server_fails_in_the_middle(
    sync_conn: Connection, chaos_injector: ChaosInjector
) -> None:
    """It has no memory left at the second statement: not the migration is wrong, the day is."""
    two = Migration(Version(1, 1, 0), "two", ("CREATE TABLE a (id int)", "CREATE TABLE b (id int)"))
    with (
        chaos_injector.fail_statements("CREATE TABLE b", sqlstate="53200"),
        pytest.raises(MigrationFailed),
    ):
        migrate(sync_conn, [FIRST, two])
    assert sync_conn.execute("SELECT to_regclass('a')").fetchone() == (None,)
    assert [one.state for one in journal(sync_conn)] == ["done", "failed"]


def test_several_releases_start_at_once_and_one_migrates(race: Race) -> None:
    """Ten copies of the application start together, each runs its migrations first."""
    twofold = Migration(Version(1, 0, 0), "run me once", (
        "CREATE TABLE orders (id integer)", "SELECT pg_sleep(0.05)", "INSERT INTO orders VALUES (1)"
    ))  # fmt: skip

    def start(worker: Worker) -> dict[str, object]:
        return {"ran": len(migrate(worker.conn, [twofold]))}

    result = race({"migrate": start}, workers=5)
    assert not result.errors
    assert sum(one["ran"] for one in result.values) == 1


def test_a_migration_that_was_done_must_not_change(sync_conn: Connection) -> None:
    migrate(sync_conn, [FIRST])
    changed = Migration(FIRST.version, FIRST.name, ("CREATE TABLE orders (id bigint)",))
    with pytest.raises(MigrationChanged):
        migrate(sync_conn, [changed])
