"""A run's whole course: what ends it, and that everything is put back whatever does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hormesis.custodian.recover import Replayed
from hormesis.engine import undoing as undoing_module
from hormesis.engine.conductor import DRAIN_S
from hormesis.engine.injecting import HOLD_MARGIN_S
from hormesis.words.client import ClientKind, User
from hormesis.words.experiment import Limits, LoadTrack, NamedProbe, ProbeTrack
from hormesis.words.history import History
from hormesis.words.load import Closed
from hormesis.words.probe import Observation
from hormesis.words.trouble import InputTrouble, Trouble
from hormesis.words.verb import Undone
from tests.unit.engine.fake_custodian import Sore
from tests.unit.engine.fake_run import Run, action
from tests.unit.engine.scripted_client import Scripted, Shaped, taking
from tests.unit.engine.test_observing import Scripted as ScriptedProbe
from tests.unit.engine.test_observing import Sight
from tests.virtual_time import virtually

Patch = pytest.MonkeyPatch


def visitors(duration_s: float = 10.0, takes: float = 0.5) -> LoadTrack:
    shape = Closed(lambda passed: 2, 2, duration_s)
    return LoadTrack("visitors", Shaped(given=shape), Scripted(work=taking(takes)))


def probe(value: int = 1, **given: Any) -> ScriptedProbe:
    sight = Sight(lambda moment: Observation({"value": value}))
    return ScriptedProbe(see=sight, expect=1, **given)


def phases(history: History) -> list[str]:
    return [phase.name for phase in history.phases]


def end_of(history: History) -> tuple[str, str]:
    assert history.end is not None
    return str(history.end["reason"]), str(history.end["detail"])


def fatal(history: History) -> list[str]:
    return [f"{note.source}: {note.text}" for note in history.notes if note.level == "fatal"]


@virtually
async def test_a_run_goes_through_its_phases(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {
        "steady_state": (NamedProbe("ready", probe()),),
        "prepare": (Scripted(work=taking(0.2, "submit")),),
        "finish": (Scripted(work=taking(0.2, "tidy-up")),),
        "loads": (visitors(),),
        "probes": (ProbeTrack("health", probe(), 1.0),),
        "final_probes": (NamedProbe("jobs", probe()),),
    }
    run = Run(tmp_path, monkeypatch, parts, (action(Sore()),))
    history = await run.play()
    assert phases(history) == [
        "starting", "steady-before", "preparing", "tracks", "steady-after", "finishing",
        "closing", "ended",
    ]  # fmt: skip
    assert end_of(history) == ("completed", "")
    assert history.end is not None and history.end["dirty"] == []
    (fault,) = history.faults
    assert fault.healed is not None and fault.released_by == "engine"
    assert {op.load for op in history.ops} == {"prepare", "visitors", "finish"}
    assert sorted(op.number for op in history.ops) == list(range(1, len(history.ops) + 1))
    looks = [one.probe for one in history.probes]
    assert (looks[0], looks[-1]) == ("ready", "jobs")
    assert len(history.observations("health")) in (10, 11)
    assert fatal(history) == []


@virtually
async def test_what_is_held_as_long_as_permitted_is_released_first(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    parts = {"limits": Limits(hold_s=8.0)}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore(), for_s=8.0),))
    await run.play()
    assert run.custodian.holds["sore-1/0"] == 8.0 + HOLD_MARGIN_S
    assert run.custodian.permit.hold_s_max == 8.0 + HOLD_MARGIN_S


@virtually
async def test_an_interrupted_run_ends_in_good_order(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {
        "loads": (visitors(3600.0),),
        "probes": (ProbeTrack("health", probe(), 600.0),),
        "steady_state": (NamedProbe("ready", probe()),),
    }
    actions = (action(Sore(), for_s=600.0), action(Sore(), number=2, at_s=1800.0))
    run = Run(tmp_path, monkeypatch, parts, actions, duration_s=3600.0)
    run.later(5.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    history = await run.play()
    assert run.clock.now() == pytest.approx(5.5, abs=1.0)
    assert end_of(history) == ("interrupted", "SIGINT received")
    assert phases(history)[-3:] == ["tracks", "closing", "ended"]
    assert [one.id for one in history.faults] == ["sore-1"]
    assert history.faults[0].released == pytest.approx(5.1, abs=0.2)
    assert all(load.ended is not None for load in history.loads)


@virtually
async def test_the_limit_stops_the_run(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {"loads": (visitors(3600.0),), "limits": Limits(duration_s=30.0)}
    run = Run(tmp_path, monkeypatch, parts, duration_s=3600.0)
    history = await run.play()
    assert end_of(history) == ("stopped", "the run reached its limit of 30 s")
    assert run.clock.now() == pytest.approx(30.0, abs=1.0)


@virtually
async def test_a_client_that_hangs_cannot_hold_up_the_limit(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    parts = {
        "prepare": (Scripted(work=taking(3600.0, "submit")),),
        "limits": Limits(duration_s=30.0),
    }
    run = Run(tmp_path, monkeypatch, parts)
    history = await run.play()
    assert end_of(history)[0] == "stopped"
    assert run.clock.now() == pytest.approx(30.0 + DRAIN_S, abs=0.5)
    assert [(op.name, op.error) for op in history.ops] == [("submit", "cut-off")]
    assert any("cut off" in note.text for note in history.notes)


@virtually
async def test_insisting_cuts_everything_off(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {"loads": (visitors(3600.0, takes=3600.0),)}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore(), for_s=600.0),), duration_s=3600.0)
    run.later(5.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    run.later(5.05, run.conductor.insist)
    history = await run.play()
    assert run.clock.now() == pytest.approx(5.2, abs=0.2)
    assert end_of(history)[0] == "interrupted"
    assert history.faults[0].released is not None
    assert {op.error for op in history.ops} == {"cut-off"}


@virtually
async def test_without_a_steady_state_nothing_is_broken(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {"steady_state": (NamedProbe("ready", probe(0), 2.0), NamedProbe("other", probe(1)))}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore()),))
    history = await run.play()
    reason, detail = end_of(history)
    assert reason == "not-steady"
    assert "ready: " in detail and "other" not in detail
    assert "tracks" not in phases(history)
    assert [word for _, word, effect in run.custodian.told if effect.startswith("sore")] == []


@pytest.mark.parametrize("where", ["making", "opening", "closing", "work"])
@virtually
async def test_a_failed_preparation_breaks_nothing(
    where: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    def bug(user: User) -> None:
        raise KeyError("no such job")

    async def waiting_bug(user: User) -> None:
        bug(user)

    given: dict[str, Any] = {"work": taking(0.1)}
    given[where] = bug if where == "making" else waiting_bug
    run = Run(tmp_path, monkeypatch, {"prepare": (Scripted(**given),)}, (action(Sore()),))
    history = await run.play()
    reason, detail = end_of(history)
    assert (reason, "KeyError" in detail) == ("not-prepared", True)
    assert "tracks" not in phases(history)


@virtually
async def test_when_the_custodian_dies_the_engine_reverts(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    parts = {"loads": (visitors(3600.0),)}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore(), for_s=600.0),), duration_s=3600.0)
    run.replayed = [Replayed("sore-1/0", "pause", None, "it does not answer")]
    run.later(5.0, run.custodian.die)
    history = await run.play()
    assert run.replays == 2, "at once, and again at the end, since something was left"
    assert end_of(history)[0] == "custodian-died"
    assert history.end is not None
    assert history.end["dirty"] == ["sore-1/0 (pause): it does not answer"]
    assert fatal(history) == [
        "custodian: the custodian died during the run",
        "engine: reverted system/*: the custodian died",
    ]
    (fault,) = history.faults
    assert (fault.released, fault.released_by) == (None, ""), "it is still on the host"
    assert run.clock.now() < 10.0


@virtually
async def test_a_fault_that_a_replay_puts_back_is_released(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore(), for_s=600.0),), duration_s=3600.0)
    run.replayed = [Replayed("sore-1/0", "pause", Undone.DONE)]
    run.later(5.0, run.custodian.die)
    history = await run.play()
    (fault,) = history.faults
    assert history.end is not None
    assert fault.released == pytest.approx(history.end["time"], abs=0.1)
    assert fault.released_by == "engine"


@pytest.mark.parametrize(
    ("dirty", "released_by"),
    [("sore-1/0 (pause): it does not answer", ""), ("sore-1/01 (pause): busy", "engine"), ("", "")],
)
@virtually
async def test_what_is_left_on_the_host_is_not_released(
    dirty: str, released_by: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore()),))
    run.custodian.refuse_undo = {"sore-1/0": "failed"}
    run.custodian.dirty = (dirty,)
    if not dirty:
        # Nobody knows what is left.
        run.custodian.close_refused = "the custodian is gone"

        def unreadable(ledger: Path) -> list[Replayed]:
            run.custodian.active.clear()
            raise OSError("the disk is broken")

        monkeypatch.setattr(undoing_module, "replay", unreadable)
    history = await run.play()
    assert history.faults[0].released_by == released_by
    assert (history.faults[0].released is not None) == bool(released_by)


@virtually
async def test_a_death_after_a_stop_is_seen_to_once(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {"loads": (visitors(3600.0),)}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore(), for_s=600.0),), duration_s=3600.0)
    run.later(5.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    run.later(5.01, run.custodian.die)
    # Whoever the death reaches first, the others come to it as well.
    run.later(5.02, run.conductor._custodian_died)
    history = await run.play()
    assert end_of(history)[0] == "interrupted"
    assert run.replays == 1, "a second one at the same time would be in its way"
    assert len(fatal(history)) == 2


@virtually
async def test_a_custodian_that_dies_while_closing_is_replaced(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore()),))
    run.custodian.close_refused = "the custodian is gone"
    history = await run.play()
    assert run.replays == 1
    assert fatal(history) == ["custodian: closing: the custodian is gone"]


@virtually
async def test_a_lost_lease_ends_the_run(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore(), for_s=600.0),), duration_s=3600.0)

    def lost() -> None:
        run.custodian.refuse_undo = {"sore-1/0": "lease"}
        run.custodian.active.clear()
        run.custodian.tells("reverted", effect="sore-1/0", because="lease", undone="done")

    run.later(5.0, lost)
    history = await run.play()
    assert end_of(history)[0] == "lease-lost"
    assert history.faults[0].released_by == "custodian: lease"
    assert history.faults[0].released == pytest.approx(5.0, abs=0.01)
    assert "behind the engine's back: lease" in fatal(history)[0]


@virtually
async def test_a_holder_that_dies_is_the_trouble_of_its_fault(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore()),))
    run.later(
        2.0, lambda: run.custodian.tells("ended", effect="sore-1/0", status=1, error="no database")
    )
    history = await run.play()
    assert history.faults[0].trouble == "its program ended by itself, status 1: no database"
    assert history.processes == ()
    assert end_of(history)[0] == "completed"


@virtually
async def test_a_proxy_that_dies_ends_the_run(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch, {"loads": (visitors(60.0),)}, duration_s=60.0)
    run.later(
        2.0, lambda: run.custodian.tells("ended", effect="system/hormesis-proxy", status=-9)
    )
    history = await run.play()
    assert end_of(history)[0] == "program-died"
    assert "system/hormesis-proxy: its program ended" in fatal(history)[0]


@virtually
async def test_processes_that_come_and_go_are_recorded(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch, {}, duration_s=5.0)
    run.later(1.0, lambda: run.custodian.tells("started", service="server", pid=11))
    ended = {"service": "server", "pid": 11, "status": -9, "planned": True}
    run.later(2.0, lambda: run.custodian.tells("exited", **ended))
    run.later(3.0, lambda: run.custodian.tells("dirty", effect="x-1/0", error="it hangs"))
    history = await run.play()
    assert [(one.change, round(one.time), one.planned) for one in history.processes] == [
        ("started", 1, False),
        ("exited", 2, True),
    ]
    assert fatal(history) == ["custodian: dirty x-1/0: it hangs"]


class Shapeless:
    """No shape at all, which shows when the load is to be played."""

    def part(self, index: int, parts: int) -> None:
        raise AttributeError("no shape at all")


@virtually
async def test_a_bug_in_the_engine_releases_everything_and_is_raised(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    broken = Scripted(work=taking(0.1))
    late = LoadTrack("late", Shaped(given=Shapeless()), broken, at_s=5.0, processes=1)
    parts = {"loads": (replace(visitors(3600.0), processes=1), late)}
    run = Run(tmp_path, monkeypatch, parts, (action(Sore(), for_s=600.0),), duration_s=3600.0)
    with pytest.raises(AttributeError):
        await run.play()
    history = run.history()
    assert end_of(history)[0] == "crashed"
    assert history.faults[0].released_by == "engine"
    assert run.custodian.left
    assert run.clock.now() < 7.0


@virtually
async def test_a_monitor_that_hangs_is_cut_off_and_told(tmp_path: Path, monkeypatch: Patch) -> None:
    parts = {"probes": (ProbeTrack("health", probe(takes=lambda moment: 3600.0), 1.0),)}
    run = Run(tmp_path, monkeypatch, parts)
    history = await run.play()
    assert run.clock.now() < 30.0
    assert "monitor: monitor 'health' was blind" in fatal(history)[0]


@virtually
async def test_a_system_that_does_not_start_is_trouble(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch)
    run.custodian.refuse_do = {"system/hormesis-scratch": "failed", "system/scratch": "failed"}
    with pytest.raises(Trouble, match="do refused"):
        await run.play()
    assert end_of(run.history())[0] == "failed-to-start"
    assert run.custodian.left


@virtually
async def test_what_could_not_be_undone_is_in_the_end(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch, duration_s=1.0)
    run.custodian.dirty = ("pause-1/0: gone wrong",)
    history = await run.play()
    assert history.end is not None
    assert history.end["dirty"] == ["pause-1/0: gone wrong"]


@virtually
async def test_what_follows_from_a_stop_does_not_hide_it(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch)
    run.custodian.refuse_do = {"system/hormesis-scratch": "failed", "system/scratch": "failed"}
    run.later(0.05, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    history = await run.play()
    assert end_of(history) == ("interrupted", "SIGINT received")
    assert any("while stopping" in note.text for note in history.notes)


class LeftBadly(Scripted):
    """Clients whose script cannot tidy up."""

    @asynccontextmanager
    async def prepared(self, given: dict[str, Any]) -> AsyncIterator[ClientKind]:
        yield self
        raise InputTrouble("shop.py: teardown() raised KeyError: 'token'")


@virtually
async def test_a_teardown_that_raises_makes_the_run_unknown_and_loses_nothing(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    load = replace(visitors(), client=LeftBadly(work=taking(0.5)))
    history = await Run(tmp_path, monkeypatch, {"loads": (load,)}).play()
    assert end_of(history) == ("completed", "")
    assert fatal(history) == ["load: shop.py: teardown() raised KeyError: 'token'"]
    assert len(history.ops) == 40


@virtually
async def test_the_picture_is_never_older_than_what_it_tells(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(tmp_path, monkeypatch, {}, (action(Sore()),), duration_s=3.07)
    shown: list[tuple[str, float]] = []
    run.conductor._watch = lambda live: shown.append((live.phase, live.now))
    history = await run.play()
    times = [now for _, now in shown]
    assert shown[-1][0] == "ended"
    assert times[-1] == pytest.approx(history.phases[-1].start)
    assert times == sorted(times)
