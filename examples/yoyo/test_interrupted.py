"""A migrator is interrupted in the middle: is the database one or the other, and can one go on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project import ITEMS, ORDERS, Project, go_on, middle

if TYPE_CHECKING:
    from hormesis.testing import ChaosInjector
    from hormesis.testing.hormesis_fixture import HormesisFixture

pytestmark = [pytest.mark.chaos, pytest.mark.migration]


def test_a_killed_migrator_leaves_nothing_half(project: Project, hormesis: HormesisFixture) -> None:
    """The transaction of the migration goes with its connection."""
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        with hormesis.fault("kill", process=yoyo.pid):
            yoyo.wait(10)
    state = project.state()
    assert state.tables == state.marked == set()


@pytest.mark.xfail(reason="a row of its table is yoyo's lock, and outlives its owner", strict=True)
def test_after_a_killed_migrator_the_next_one_goes_on(
    project: Project, hormesis: HormesisFixture
) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        with hormesis.fault("kill", process=yoyo.pid):
            yoyo.wait(10)
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().tables == {"orders", "items"}


def test_after_a_killed_migrator_and_break_lock_the_next_one_goes_on(
    project: Project, hormesis: HormesisFixture
) -> None:
    """What yoyo's message says is enough."""
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        with hormesis.fault("kill", process=yoyo.pid):
            yoyo.wait(10)
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


@pytest.mark.xfail(reason="the mark is made on another connection, after the commit", strict=True)
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


@pytest.mark.xfail(reason="the mark is made in another transaction", strict=True)
def test_a_migrator_killed_between_commit_and_mark_can_be_started_again(
    project: Project, chaos_injector: ChaosInjector, hormesis: HormesisFixture
) -> None:
    project.write("0001-orders", ORDERS, ITEMS, paused=True)
    with project.command() as yoyo:
        middle(yoyo)
        with chaos_injector.delay_statements('INSERT INTO "_yoyo_log"', ms=30_000) as bite:
            assert yoyo.stdin is not None
            yoyo.stdin.write("\n")
            yoyo.stdin.flush()
            bite.wait()
            with hormesis.fault("kill", process=yoyo.pid):
                yoyo.wait(10)
    project.break_lock()
    project.write("0001-orders", ORDERS, ITEMS)
    project.apply()
    assert project.state().marked == {"0001-orders"}


@pytest.mark.xfail(reason="the mark is taken back on another connection", strict=True)
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
    assert project.state().tables == {"orders", "items"}


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
