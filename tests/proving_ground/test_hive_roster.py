"""What the hive knows of its workers, in its own time."""

from __future__ import annotations

from pathlib import Path

import pytest

from proving_ground.hive.deaths import OutOfMemoryKills
from proving_ground.hive.roster import (
    ANNOUNCED,
    CRASHED,
    DEAD,
    DRAINING,
    NEVER_REGISTERED,
    OOM,
    READY,
    SILENT,
    STARTING,
    Refused,
    Roster,
)


def roster(*canaries: str) -> Roster:
    """Return a roster with one worker that was started at 0 s."""
    made = Roster(frozenset(canaries), registration_timeout_s=5.0, heartbeat_timeout_s=3.0)
    made.started("w", 101, 0.0)
    return made


def ready(*canaries: str) -> Roster:
    """Return a roster whose worker is ready since 1 s."""
    made = roster(*canaries)
    made.acknowledge("w", made.announce("w", "127.0.0.1", 9000, 1.0), 1.0)
    return made


def only_state(made: Roster) -> list[str]:
    return [state for state, count in made.counts().items() if count]


def test_a_registration_has_two_steps() -> None:
    made = roster()
    assert only_state(made) == [STARTING]
    token = made.announce("w", "127.0.0.1", 9000, 1.0)
    assert only_state(made) == [ANNOUNCED]
    made.acknowledge("w", token, 1.1)
    assert only_state(made) == [READY]
    (told,) = made.documents(2.0)
    assert (told["url"], told["age_s"], told["silent_for_s"]) == ("http://127.0.0.1:9000", 2.0, 0.9)


def test_who_is_unknown_or_has_another_token_is_refused() -> None:
    made = ready()
    with pytest.raises(Refused, match="not a worker"):
        made.announce("other", "127.0.0.1", 1, 2.0)
    with pytest.raises(Refused, match="announce itself anew"):
        made.heartbeat("w", "wrong", 2.0)
    with pytest.raises(Refused, match="announce itself anew"):
        roster().acknowledge("w", "", 1.0)


def test_a_registration_that_is_not_completed_is_void() -> None:
    made = roster()
    for at_s in (1.0, 3.0, 4.9):
        made.announce("w", "127.0.0.1", 9000, at_s)
    assert made.overdue(5.0) == ()
    ((worker, cause),) = made.overdue(5.1)
    assert (worker.name, cause) == ("w", NEVER_REGISTERED)


def test_silence_is_death_and_a_heartbeat_is_not() -> None:
    made = ready()
    assert made.overdue(4.0) == ()
    assert [cause for _, cause in made.overdue(4.1)] == [SILENT]
    made.heartbeat("w", made.workers[0].token, 4.1)
    assert made.overdue(7.0) == ()


def test_the_dead_are_told_and_not_counted_as_ready() -> None:
    made = ready()
    assert made.died("w", CRASHED, -9, 8.0)
    assert only_state(made) == [DEAD]
    assert made.workers == ()
    (told,) = made.dead_documents(10.0)
    assert (told["cause"], told["exit_status"], told["dead_for_s"]) == (CRASHED, -9, 2.0)
    assert not made.died("w", CRASHED, -9, 9.0)


def test_a_draining_worker_is_neither_ready_nor_silent_nor_registered_again() -> None:
    made = ready()
    made.drain("w")
    assert only_state(made) == [DRAINING]
    assert made.overdue(100.0) == ()
    with pytest.raises(Refused, match="drained"):
        made.announce("w", "127.0.0.1", 9000, 5.0)


def test_registration_half_done() -> None:
    made = roster("registration-half-done")
    made.announce("w", "127.0.0.1", 9000, 1.0)
    assert only_state(made) == [READY]


@pytest.mark.parametrize(
    ("canary", "cause"), [("hive-keeps-the-dead", CRASHED), ("oom-not-removed", OOM)]
)
def test_the_dead_that_are_kept(canary: str, cause: str) -> None:
    made = ready(canary)
    assert not made.died("w", cause, -9, 2.0)
    assert only_state(made) == [READY]
    assert made.overdue(100.0) == ()


def test_worker_count_wrong() -> None:
    made = ready("worker-count-wrong")
    made.died("w", CRASHED, -9, 2.0)
    assert made.counts()[READY] == 1


def test_only_a_kill_beside_a_risen_count_is_for_memory(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"

    def counted(number: int) -> None:
        vmstat.write_text(f"nr_free_pages 17\noom_kill {number}\n")

    counted(3)
    kills = OutOfMemoryKills(vmstat)
    assert kills.cause_of(-9) == CRASHED
    counted(4)
    assert kills.cause_of(-9) == OOM
    assert kills.cause_of(-9) == CRASHED
    counted(5)
    assert kills.cause_of(1) == CRASHED
    vmstat.unlink()
    assert kills.cause_of(-9) == CRASHED
