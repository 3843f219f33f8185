"""A statement fails, of the migration or of yoyo itself: can the migration be applied again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from project import ITEMS, ORDERS, Project
from yoyo.exceptions import LockTimeout

if TYPE_CHECKING:
    from hormesis.testing import ChaosInjector

pytestmark = [pytest.mark.chaos, pytest.mark.migration]

NOT_MARKED = pytest.mark.xfail(
    reason="what the migration did is committed before it is marked",
    raises=psycopg.errors.DuplicateTable,
    strict=True,
)


STILL_OPEN = pytest.mark.xfail(
    reason="after a commit that failed the transaction is held to be open still",
    raises=psycopg.errors.NoActiveSqlTransaction,
    strict=True,
)


@pytest.mark.parametrize("sqlstate", ["40001", "53100", "57014"])
@pytest.mark.parametrize(
    ("statement", "skip"),
    [
        pytest.param("SAVEPOINT", 0, id="savepoint"),
        pytest.param("CREATE TABLE orders", 0, id="first step"),
        pytest.param("CREATE TABLE items", 0, id="last step"),
        pytest.param("COMMIT", 1, id="commit of the migration"),
        pytest.param('INSERT INTO "_yoyo_log"', 0, id="log", marks=NOT_MARKED),
        pytest.param('INSERT INTO "_yoyo_migration"', 0, id="mark", marks=NOT_MARKED),
        pytest.param("COMMIT", 2, id="commit of the mark", marks=STILL_OPEN),
    ],
)
def test_after_an_error_the_migration_can_be_applied_again(
    project: Project, chaos_injector: ChaosInjector, statement: str, skip: int, sqlstate: str
) -> None:
    """A serialization failure, a full disk, a statement that was cancelled or took too long."""
    project.apply()
    project.write("0001-orders", ORDERS, ITEMS)
    with (
        chaos_injector.fail_statements(statement, sqlstate, first=1, skip=skip),
        pytest.raises(psycopg.errors.lookup(sqlstate)),
    ):
        project.apply()
    project.apply()
    state = project.state()
    assert (state.tables, state.marked) == ({"orders", "items"}, {"0001-orders"})


@pytest.mark.xfail(
    reason="what the migration did is committed before it is marked",
    raises=AssertionError,
    strict=True,
)
def test_after_an_error_data_is_changed_only_once(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    """Nothing is there already that could stop it, and afterwards everything looks well."""
    project.write("0001-orders", ORDERS)
    project.apply()
    project.write("0002-filled", ("INSERT INTO orders VALUES (1)", ""))
    with (
        chaos_injector.fail_statements('INSERT INTO "_yoyo_log"', "57014", first=1),
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        project.apply()
    project.apply()
    assert project.rows("orders") == 1


def test_a_constraint_that_fails_at_commit_leaves_nothing(project: Project) -> None:
    """PostgreSQL looks at deferred constraints when it commits, after all steps went well."""
    project.write(
        "0001-orders",
        ("CREATE TABLE orders (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)", ""),
        ("INSERT INTO orders VALUES (1), (1)", ""),
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.apply()
    state = project.state()
    assert (state.tables, state.marked, state.locked) == (set(), set(), False)


def test_steps_without_a_transaction_are_undone_one_by_one(project: Project) -> None:
    project.write_sql("0001-orders", "-- transactional: false\n\nCREATE TABLE orders (id int);")
    (project.folder / "0001-orders.rollback.sql").write_text("DROP TABLE orders;")
    project.write("0002-items", ITEMS, ("SELECT 1 / 0", ""))
    text = (project.folder / "0002-items.py").read_text()
    (project.folder / "0002-items.py").write_text(f"__transactional__ = False\n{text}")
    with pytest.raises(psycopg.errors.DivisionByZero):
        project.apply()
    state = project.state()
    assert bool(state.tables) == bool(state.marked), state


@pytest.mark.xfail(
    reason="PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error",
    raises=AssertionError,
    strict=True,
)
def test_what_was_rolled_back_is_not_marked(project: Project) -> None:
    """A step in Python that lives with an error, as one that may find its work done already."""
    (project.folder / "0001-orders.py").write_text(
        "from yoyo import step\n\n\n"
        "def fill(connection):\n"
        "    try:\n"
        "        connection.execute('INSERT INTO orders SELECT id FROM old_orders')\n"
        "    except Exception:\n"
        "        pass  # There are no old orders where this is installed anew.\n\n\n"
        "step('CREATE TABLE orders (id integer)', 'DROP TABLE orders')\n"
        "step(fill)\n"
    )
    project.apply()
    state = project.state()
    assert bool(state.tables) == bool(state.marked), state


@pytest.mark.xfail(
    reason="the lock is given back by one statement, once", raises=LockTimeout, strict=True
)
def test_after_an_error_the_lock_is_free(project: Project, chaos_injector: ChaosInjector) -> None:
    project.write("0001-orders", ORDERS)
    with (
        chaos_injector.fail_statements('DELETE FROM "yoyo_lock"', "57014", first=1),
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        project.apply()
    project.write("0002-items", ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}


@pytest.mark.xfail(
    reason="each error while the lock is taken is held for a lock that someone else has",
    raises=LockTimeout,
    strict=True,
)
def test_an_error_while_the_lock_is_taken_is_told_as_what_it_is(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    """Nobody holds the lock; a server that fails is no reason to run ``yoyo break-lock``."""
    project.apply()
    project.write("0001-orders", ORDERS)
    with (
        chaos_injector.fail_statements("COMMIT", "53100", first=1),
        pytest.raises(psycopg.errors.DiskFull),
    ):
        project.apply()
