"""A migrator is interrupted in the middle: is the database one or the other, and can one go on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project import ITEMS, ORDERS, SLOW_COMMIT, Project, begin_again, go_on, kill, middle
from psycopg.errors import DuplicateTable
from yoyo.exceptions import LockTimeout

if TYPE_CHECKING:
    from hormesis.testing import ChaosInjector
    from hormesis.testing.hormesis_fixture import HormesisFixture

pytestmark = [pytest.mark.chaos, pytest.mark.migration]


def test_a_killed_migrator_leaves_nothing_half(project: Project) -> None:
    """The transaction of the migration goes with its connection."""
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        kill(yoyo)
    state = project.state()
    assert state.tables == state.marked == set()


@pytest.mark.xfail(
    reason="the lock is a row of a table, and outlives its owner", raises=LockTimeout, strict=True
)
def test_after_a_killed_migrator_the_next_one_goes_on(project: Project) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        kill(yoyo)
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}


def test_after_a_killed_migrator_and_break_lock_the_next_one_goes_on(project: Project) -> None:
    """What yoyo's message says is enough."""
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        kill(yoyo)
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}


def test_a_migration_whose_own_connection_is_lost_can_be_applied_again(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        chaos_injector.terminate(project.session("idle in transaction"))
        status, _ = go_on(yoyo)
    assert status != 0
    state = project.state()
    assert (state.tables, state.marked, state.locked) == (set(), set(), False)
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}


@pytest.mark.xfail(
    reason="the mark is made on another connection, after the commit",
    raises=DuplicateTable,
    strict=True,
)
def test_a_migration_that_outlasts_its_other_connection_can_be_applied_again(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    """A connection that idles while a long migration runs is what firewalls and poolers cut."""
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        chaos_injector.terminate(project.session("idle"))
        status, _ = go_on(yoyo)
    assert status != 0
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().marked == {"0001-orders"}


@pytest.mark.xfail(
    reason="the mark is made in another transaction", raises=DuplicateTable, strict=True
)
def test_a_migrator_killed_between_commit_and_mark_can_be_started_again(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        with chaos_injector.hold_lock("_yoyo_log"):
            begin_again(yoyo)
            project.until_waiting()
            kill(yoyo)
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().marked == {"0001-orders"}


@pytest.mark.xfail(
    reason="the mark is made in another transaction", raises=DuplicateTable, strict=True
)
def test_a_network_cut_while_the_server_commits_can_be_overcome(
    project: Project, hormesis: HormesisFixture
) -> None:
    """The server commits and cannot say so; a mark in the same transaction would be there."""
    project.write("0001-orders", ORDERS, *SLOW_COMMIT)
    with (
        hormesis.proxy(project.dsn) as proxy,
        Project(project.folder, proxy.url).command() as yoyo,
    ):
        project.until_waiting("Timeout")
        with proxy.fault("down"):
            status, _ = go_on(yoyo)
    project.until_alone()
    assert status != 0
    project.break_lock()
    project.write("0001-orders", ORDERS)
    project.apply()
    assert project.state().marked == {"0001-orders"}


@pytest.mark.xfail(
    reason="the mark is taken back on another connection", raises=AssertionError, strict=True
)
def test_what_was_rolled_back_is_not_said_to_be_applied(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    """Worse than an error: ``apply`` then has nothing to do, and says so."""
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command("rollback") as yoyo:
        middle(yoyo)
        chaos_injector.terminate(project.session("idle"))
        status, _ = go_on(yoyo)
    assert status != 0
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert bool(project.state().tables) == bool(project.state().marked)


def test_a_crash_of_the_server_leaves_nothing_half(
    project: Project, chaos_injector: ChaosInjector
) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        chaos_injector.crash_server()
        status, _ = go_on(yoyo)
    assert status != 0
    state = project.state()
    assert state.tables == state.marked == set()
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}
