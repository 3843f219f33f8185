"""Which living child a slot stands for: looked up anew, never two slots one, never a stranger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.descent import children_of, command_line
from hormesis.host.process import Identity
from hormesis.host.seats import Seats, Wanted
from hormesis.host.service import Service
from hormesis.host.verb_protocol import NothingDone
from hormesis.words.permit import Permit
from hormesis.words.verb import Undone
from tests.crash.conversation import conversation
from tests.integration.processes.brood import BROOD
from tests.integration.processes.stage import Stage, wait_for


def living(stage: Stage, matching: str = "child") -> list[Identity]:
    return children_of([stage.services.need("stage").members(stage.run)], matching)


def wanted(number: int, *, slot: str = "", draw: str = "t/1", **more: Any) -> Wanted:
    name = slot or f"kids-{number}"
    options = {"of": ("stage",), "matching": "child", "number": number, **more}
    return Wanted(name, f"{draw}-{name}", draw, **options)


@contextmanager
def brood(stage: Stage, count: int) -> Iterator[list[Identity]]:
    """Adopt a parent and yield its children, oldest first."""
    process = stage.adopt([*BROOD, str(count)])
    try:
        wait_for(lambda: len(living(stage)) == count, "the children are there")
        yield living(stage)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(5)


def pid(service: Service | None) -> int:
    assert service is not None
    assert service.process is not None
    return service.process.pid


def slay(stage: Stage, who: Identity) -> None:
    """Kill a child and wait for its replacement."""
    count = len(living(stage))
    os.kill(who.pid, signal.SIGKILL)
    wait_for(lambda: not who.alive and len(living(stage)) == count, "it is replaced")


def test_slots_stand_for_children_in_order_and_a_replacement_counts(stage: Stage) -> None:
    with brood(stage, 3) as kids:
        seats = Seats(stage.services)
        assert [pid(seats.take(wanted(n))) for n in (1, 2, 3)] == [who.pid for who in kids]
        for n in (1, 2, 3):
            seats.leave(f"kids-{n}", f"t/1-kids-{n}")
        assert [one.name for one in stage.services] == ["stage"]
        slay(stage, kids[0])
        newest = living(stage)[-1]
        assert newest not in kids
        assert pid(seats.take(wanted(1, draw="t/2"))) == kids[1].pid
        order = {"draw": "t/3", "order": "newest", "slot": "young-1"}
        assert pid(seats.take(wanted(1, **order))) == newest.pid


def test_two_slots_never_stand_for_one_child(stage: Stage) -> None:
    with brood(stage, 2) as kids:
        seats = Seats(stage.services)
        assert pid(seats.take(wanted(4))) == kids[1].pid
        assert pid(seats.take(wanted(2))) == kids[0].pid
        # The others of its round have them all: that one is passed over, and is no trouble.
        assert seats.take(wanted(3)) is None
        with pytest.raises(NothingDone, match="all 2 living children of stage stand for other"):
            seats.take(wanted(1, slot="others-1", draw="other/1"))
        seats.leave("kids-4", "t/1-kids-4")
        assert pid(seats.take(wanted(1, slot="others-1", draw="other/1"))) == kids[1].pid


def test_children_that_another_target_holds_are_not_passed_over_in_silence(stage: Stage) -> None:
    with brood(stage, 3) as kids:
        seats = Seats(stage.services)
        assert pid(seats.take(wanted(2, slot="others-2", draw="other/1"))) == kids[1].pid
        assert [pid(seats.take(wanted(n))) for n in (1, 2)] == [kids[0].pid, kids[2].pid]
        with pytest.raises(NothingDone, match="1 of 3 living children of stage stand for other"):
            seats.take(wanted(3))


def test_a_round_goes_by_who_lived_when_it_began(stage: Stage) -> None:
    with brood(stage, 3) as kids:
        seats = Seats(stage.services)
        assert pid(seats.take(wanted(1))) == kids[0].pid
        slay(stage, kids[0])
        assert [pid(seats.take(wanted(n))) for n in (2, 3)] == [kids[1].pid, kids[2].pid]


def test_a_slot_that_two_faults_hold_is_one_child_until_that_ends(stage: Stage) -> None:
    with brood(stage, 3) as kids:
        seats = Seats(stage.services)
        assert pid(seats.take(wanted(2, draw="a/1"))) == kids[1].pid
        assert pid(seats.take(wanted(2, draw="b/1", order="newest"))) == kids[1].pid
        seats.leave("kids-2", "a/1-kids-2")
        assert pid(stage.services.find("kids-2")) == kids[1].pid
        slay(stage, kids[1])
        assert pid(seats.take(wanted(2, draw="c/1"))) == kids[2].pid
        service = stage.services.need("kids-2")
        assert (service.generation, service.expected, service.startable) == (2, True, False)


@pytest.mark.parametrize(("share", "hit"), [(0.5, 2), (0.25, 1), (0.9, 4), (0.1, 1)])
def test_a_share_is_one_of_those_that_live(stage: Stage, share: float, hit: int) -> None:
    with brood(stage, 4):
        seats = Seats(stage.services)
        taken = [seats.take(wanted(n, share=share)) for n in range(1, 5)]
        assert [one is not None for one in taken] == [n <= hit for n in range(1, 5)]


def test_nobody_there_is_told(stage: Stage) -> None:
    with brood(stage, 0):
        seats = Seats(stage.services)
        with pytest.raises(NothingDone, match="no child of stage with 'child' in its command"):
            seats.take(wanted(1))
        with pytest.raises(NothingDone, match="knows no service 'nowhere'"):
            seats.take(wanted(1, of=("nowhere",)))
        assert [one.name for one in stage.services] == ["stage"]


def test_only_descendants_count_and_none_below_one_that_matches(stage: Stage) -> None:
    nest = [*BROOD, "1", "inner"]
    twin = subprocess.Popen([*BROOD, "child", "stranger", "0"])
    outer = f"import subprocess; p = subprocess.Popen({nest!r}); print(flush=True); p.wait()"
    process = stage.adopt([sys.executable, "-S", "-c", outer])
    try:
        wait_for(lambda: len(living(stage, "child inner")) == 1, "the grandchild is there")
        (inner,) = living(stage, "inner")
        assert command_line(inner.pid).endswith("1 inner")
        (grand,) = living(stage, "child inner")
        assert grand.pid != inner.pid
        assert living(stage, "inner ?")[0] == grand
        assert living(stage, "") == [inner]
        assert twin.pid not in {who.pid for who in living(stage, "child")}
        assert living(stage, "inner [0-9]") == [grand]
    finally:
        os.kill(living(stage, "")[0].pid, signal.SIGTERM)
        process.wait(5)
        twin.kill()
        twin.wait(5)


def test_undo_means_whom_it_hit_and_not_who_sits_there_now(stage: Stage) -> None:
    with brood(stage, 2) as kids:
        seats = Seats(stage.services)
        seats.take(wanted(1))
        held = stage.held("pause", subject="kids-1")
        wait_for(lambda: _stopped(kids[0]), "it is stopped")
        slay(stage, kids[0])
        assert pid(seats.take(wanted(1, draw="t/2"))) == kids[1].pid
        os.kill(kids[1].pid, signal.SIGSTOP)
        wait_for(lambda: _stopped(kids[1]), "somebody else has stopped the other")
        assert held.undo() is Undone.GONE
        assert _stopped(kids[1])
        os.kill(kids[1].pid, signal.SIGCONT)


def test_a_child_that_died_since_is_not_mistaken_for_another(stage: Stage) -> None:
    with brood(stage, 1) as kids:
        Seats(stage.services).take(wanted(1))
        slay(stage, kids[0])
        for verb in ("pause", "kill"):
            with pytest.raises(NothingDone, match="'kids-1' is not running"):
                stage.held(verb, subject="kids-1")
        service = stage.services.need("kids-1")
        # Whoever gets its pid next is somebody else: it started at another moment.
        other = Identity(living(stage)[0].pid, kids[0].start - 1, kids[0].boot)
        service.process = other
        with pytest.raises(NothingDone, match="'kids-1' is not running"):
            stage.held("kill", subject="kids-1")
        assert living(stage)[0].alive


def test_a_killed_child_is_not_started_again_by_us(stage: Stage) -> None:
    with brood(stage, 2) as kids:
        seats = Seats(stage.services)
        seats.take(wanted(1))
        held = stage.held("kill", subject="kids-1")
        wait_for(lambda: kids[0] not in living(stage), "it is dead")
        wait_for(lambda: len(living(stage)) == 2, "its parent has started another")
        assert held.undo() is Undone.GONE
        assert len(living(stage)) == 2


def _stopped(who: Identity) -> bool:
    stat = who.stat()
    return stat is not None and stat.stopped


def test_the_permit_says_whose_children_a_slot_may_be(tmp_path: Path) -> None:
    permit = Permit(
        (("service", "hive"), ("service", "other"), ("pause", "kids-1")),
        children=(("kids-1", "hive"),),
    )
    options = {"holder": "t-1", "draw": "t/1", "matching": "child"}
    with conversation(tmp_path, permit=permit) as talk:
        talk.do("system/hive", "service", subject="hive", run=[*BROOD, "2"])
        for slot, of in (("kids-2", ["hive"]), ("kids-1", ["other"]), ("kids-1", ["hive", "web"])):
            refused = talk.ask("seat", slot=slot, of=of, **options)
            assert (refused["ok"], refused["why"]) == (False, "permit")
        talk.do("system/other", "service", subject="other", run=[*BROOD, "0"])
        assert talk.ask("service", name="kids-1")["ok"] is False

        def seat() -> dict[str, Any]:
            return talk.ask("seat", slot="kids-1", of=["hive"], **options)

        wait_for(lambda: bool(seat()["ok"]), "a child is there")
        kid = talk.state("kids-1")["pid"]
        talk.do("pause", "pause", subject="kids-1")
        assert talk.state("kids-1") == {"state": "stopped", "pid": kid, "generation": 1}
        assert talk.ask("undo", effect="pause")["result"] == {"undone": "done"}
        os.kill(kid, signal.SIGKILL)
        assert talk.event("exited", service="kids-1")["planned"] is True
        assert talk.ask("leave", slot="kids-1", holder="t-1")["ok"]
        assert talk.ask("service", name="kids-1")["ok"] is False
        wait_for(lambda: bool(seat()["ok"]), "another child is there")
        assert talk.state("kids-1")["pid"] != kid
        assert talk.state("kids-1")["generation"] == 2
