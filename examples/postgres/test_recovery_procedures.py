"""Repairs: all that can be proven, nothing that cannot, and never what somebody is working on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import psycopg
import pytest
from psycopg import Connection
from stratum import (
    Migration,
    MigrationFailed,
    Version,
    add_column,
    commit,
    define,
    find_branch,
    history,
    journal,
    migrate,
    recorded,
    repair,
)

from hormesis.testing import ChaosInjector

pytestmark = [pytest.mark.chaos, pytest.mark.recovery]

SAY_BEGUN = "DO $$ BEGIN RAISE NOTICE 'begun'; END $$"


def event_of_beginning(conn: Connection) -> Event:
    """A notice comes at once, long before the transaction ends: so nobody has to guess or poll."""
    begun = Event()
    conn.add_notice_handler(lambda notice: begun.set())
    return begun


def test_a_head_is_found_again_from_the_commits(sync_conn: Connection) -> None:
    made = [commit(sync_conn, "main", text) for text in ("one", "two", "three")]
    sync_conn.execute("UPDATE stratum_branch SET version = 1, head = NULL WHERE name = 'main'")
    repair(sync_conn)
    found = find_branch(sync_conn, "main")
    assert (found.version, found.head) == (3, made[2].stamp)
    assert commit(sync_conn, "main", "four").parent == made[2].stamp


def test_a_repair_makes_nothing_up(sync_conn: Connection) -> None:
    """A false stamp is evidence. A repair that made it fit would have destroyed it."""
    for text in ("one", "two"):
        commit(sync_conn, "main", text)
    sync_conn.execute("UPDATE stratum_commit SET message = 'forged' WHERE version = 1")
    before = list(history(sync_conn, "main"))
    assert repair(sync_conn).mended == []
    assert list(history(sync_conn, "main")) == before


def test_a_table_that_drifted_is_adopted_as_it_is(sync_conn: Connection) -> None:
    """What somebody added by hand may hold data by now: it is recorded, not dropped."""
    define(sync_conn, "main", "orders", [("id", "integer")])
    sync_conn.execute("ALTER TABLE orders ADD COLUMN discount integer")
    sync_conn.execute("INSERT INTO orders VALUES (1, 5)")
    mended = repair(sync_conn).mended
    assert [(one.kind, one.subject) for one in mended] == [("drift", "orders")]
    assert recorded(sync_conn, "orders") == [["id", "integer"], ["discount", "integer"]]
    assert sync_conn.execute("SELECT * FROM orders").fetchall() == [(1, 5)]
    add_column(sync_conn, "main", "orders", "note", "text")


def test_a_repair_twice_does_nothing_the_second_time(sync_conn: Connection) -> None:
    commit(sync_conn, "main", "one")
    sync_conn.execute("UPDATE stratum_branch SET version = 0, head = NULL WHERE name = 'main'")
    repair(sync_conn)
    assert repair(sync_conn).mended == []


def test_a_migration_whose_runner_died_can_run_again(
    sync_conn: Connection, db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    long = Migration(Version(1, 0, 0), "long", (SAY_BEGUN, "SELECT pg_sleep(30)"))
    doomed = psycopg.connect(db_connection_string)
    begun = event_of_beginning(doomed)
    with ThreadPoolExecutor(1) as pool, closing(doomed):
        running = pool.submit(migrate, doomed, [long])
        assert begun.wait(10)
        chaos_injector.terminate(doomed)
        with pytest.raises(MigrationFailed):
            running.result(10)
    assert [one.state for one in journal(sync_conn)] == ["running"]  # nobody could write the end
    repair(sync_conn)
    assert [one.state for one in journal(sync_conn)] == ["failed"]
    sync_conn.commit()
    again = Migration(long.version, long.name, ("CREATE TABLE orders (id integer)",))
    assert migrate(sync_conn, [again]) == [again.version]


def test_a_migration_that_is_being_run_is_left_alone(
    sync_conn: Connection, db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    """It waits for a lock and looks dead; it is not, and will write its own end."""
    define(sync_conn, "main", "orders", [("id", "integer")])
    alter = "ALTER TABLE orders ADD COLUMN price integer"
    waits = Migration(Version(1, 0, 0), "waits", (SAY_BEGUN, alter))
    with psycopg.connect(db_connection_string) as deployer, ThreadPoolExecutor(1) as pool:
        begun = event_of_beginning(deployer)
        with chaos_injector.hold_lock("orders"):
            running = pool.submit(migrate, deployer, [waits])
            assert begun.wait(10)
            repair(sync_conn)
            assert [one.state for one in journal(sync_conn)] == ["running"]
            sync_conn.commit()
        assert running.result(10) == [waits.version]
    assert [one.state for one in journal(sync_conn)] == ["done"]
