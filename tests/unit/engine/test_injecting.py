from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import pytest

from hormesis.engine.injecting import ENDED_EARLY, HOLD_MARGIN_S, LOOK_S, MOMENT_S
from hormesis.words.experiment import Limits
from hormesis.words.history import FaultRecord
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Target
from tests.unit.engine.fake_custodian import Broken, FakeCustodian, FakeEyes, Moment, Sore, Theatre
from tests.virtual_time import virtually


def times(record: FaultRecord) -> list[float | None]:
    steps = (record.asked, record.injected, record.bitten, record.released, record.healed)
    return [None if step is None else round(step, 2) for step in steps]


@virtually
async def test_every_step_is_recorded_when_it_happens() -> None:
    theatre = Theatre()
    record = await theatre.play()
    assert times(record) == [1.0, 1.1, 1.1, 6.2, 6.2]
    assert (record.proof, record.proof_gone) == ("1 active", "nothing active")
    assert (record.released_by, record.trouble) == ("engine", "")
    assert theatre.custodian.words() == ["do sore-1/0", "undo sore-1/0"]
    assert theatre.custodian.holds == {"sore-1/0": 5.0 + HOLD_MARGIN_S}
    # The sink saw each step alone, in order, so that a crash in between leaves the truth.
    known = [sum(step is not None for step in times(one)) for one in theatre.records]
    assert known == sorted(known)
    assert set(known) == {1, 2, 3, 4, 5}
    assert theatre.live.faults_on == {}


@virtually
async def test_several_verbs_are_undone_last_in_first_out() -> None:
    theatre = Theatre(Sore(verbs_asked=("pause", "stop", "kill")))
    record = await theatre.play()
    assert theatre.custodian.words() == [
        *(f"do sore-1/{number}" for number in (0, 1, 2)),
        *(f"undo sore-1/{number}" for number in (2, 1, 0)),
    ]
    assert record.proof == "3 active"


@virtually
async def test_a_toxic_is_told_the_proxy_and_nothing_else_is() -> None:
    theatre = Theatre(Sore(verbs_asked=("toxic", "pause")))
    await theatre.play()
    toxic, pause = theatre.custodian.calls["sore-1/0"], theatre.custodian.calls["sore-1/1"]
    assert toxic.args == {
        "subject": "server", "control": "/run/proxy.sock", "name": "sore-1/0"
    }  # fmt: skip
    assert pause.args == {"subject": "server"}


@virtually
async def test_a_bite_that_comes_late_is_seen_late() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(custodian=custodian, eyes=FakeEyes(custodian, latent_s=2.0))
    record = await theatre.play()
    assert record.bitten is not None
    assert record.bitten == pytest.approx(3.1, abs=2 * LOOK_S)


@virtually
async def test_a_fault_that_never_bites_is_still_released() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(custodian=custodian, eyes=FakeEyes(custodian, blind=True))
    record = await theatre.play()
    assert (record.bitten, record.proof) == (None, "")
    assert times(record)[3] == 6.2
    assert custodian.active == []


@virtually
async def test_a_look_that_fails_proves_neither_bite_nor_healing() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian)
    theatre = Theatre(custodian=custodian, eyes=eyes, limits=Limits(heal_within_s=3.0))
    theatre.later(0.5, lambda: setattr(eyes, "error", "no answer"))
    record = await theatre.play()
    assert (record.bitten, record.healed) == (None, None)
    assert "not seen gone" in record.trouble


@virtually
async def test_without_a_reading_from_before_nothing_can_be_compared() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian, error="not known yet")
    theatre = Theatre(custodian=custodian, eyes=eyes)
    theatre.later(1.05, lambda: setattr(eyes, "error", ""))
    record = await theatre.play()
    assert record.bitten is None


@virtually
async def test_what_never_heals_is_trouble() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian, linger_s=3600.0)
    theatre = Theatre(custodian=custodian, eyes=eyes, limits=Limits(heal_within_s=8.0))
    record = await theatre.play()
    assert record.healed is None
    assert "not seen gone 8.0 s after release: it took too long" in record.trouble
    assert theatre.clock.now() == pytest.approx(6.2 + 8.0)


@virtually
async def test_a_slow_healing_is_waited_for() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(custodian=custodian, eyes=FakeEyes(custodian, linger_s=4.0))
    record = await theatre.play()
    assert record.healed == pytest.approx(6.1 + 4.0, abs=2 * LOOK_S)
    assert record.trouble == ""


@virtually
async def test_a_momentary_fault_ends_once_it_was_seen_to_bite() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian, latent_s=0.5)
    theatre = Theatre(Moment(), for_s=0.0, custodian=custodian, eyes=eyes)
    record = await theatre.play()
    assert record.bitten == pytest.approx(1.6, abs=2 * LOOK_S)
    assert record.released == pytest.approx(1.7, abs=3 * LOOK_S)


@virtually
async def test_a_momentary_fault_is_not_looked_at_for_ever() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(
        Moment(), for_s=0.0, custodian=custodian, eyes=FakeEyes(custodian, blind=True)
    )
    record = await theatre.play()
    assert record.bitten is None
    assert record.released == pytest.approx(1.1 + MOMENT_S + 0.1, abs=LOOK_S)


@virtually
async def test_a_momentary_fault_with_a_duration_lasts_that_long() -> None:
    theatre = Theatre(Moment(), for_s=5.0)
    record = await theatre.play()
    assert times(record) == [1.0, 1.1, 1.1, 6.2, 6.2]


@virtually
async def test_a_holder_is_looked_at_by_its_effect() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian)
    theatre = Theatre(
        Sore(holder=True, verbs_asked=("pause", "holder")), custodian=custodian, eyes=eyes
    )
    await theatre.play()
    assert eyes.looks[0] == EffectLook()
    assert set(eyes.looks[1:]) == {EffectLook(effect="sore-1/1")}


@virtually
async def test_stopping_before_its_time_injects_nothing() -> None:
    theatre = Theatre(at_s=3600.0)
    theatre.later(2.0, theatre.stop.set)
    await theatre.injection.play(theatre.clock.now())
    assert theatre.clock.now() == pytest.approx(2.0)
    assert theatre.custodian.told == []
    assert theatre.records == []


@virtually
async def test_stopping_in_the_middle_releases_at_once() -> None:
    theatre = Theatre(for_s=60.0)
    theatre.later(3.0, theatre.stop.set)
    record = await theatre.play()
    assert times(record) == [1.0, 1.1, 1.1, 3.1, 3.1]


@virtually
async def test_stopping_ends_the_wait_for_a_healing() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(custodian=custodian, eyes=FakeEyes(custodian, linger_s=3600.0))
    theatre.later(8.0, theatre.stop.set)
    record = await theatre.play()
    assert theatre.clock.now() == pytest.approx(8.0, abs=2 * LOOK_S)
    assert "the run was stopped" in record.trouble


@virtually
async def test_cancelling_still_releases() -> None:
    theatre = Theatre(Sore(verbs_asked=("pause", "stop")), for_s=60.0)
    task = asyncio.create_task(theatre.play())
    await theatre.clock.sleep_until(5.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert theatre.custodian.active == []
    assert theatre.last.released_by == "engine"
    assert theatre.live.faults_on == {}


@virtually
async def test_cancelling_between_two_verbs_releases_both() -> None:
    theatre = Theatre(Sore(verbs_asked=("pause", "stop")), for_s=60.0)
    task = asyncio.create_task(theatre.play())
    await theatre.clock.sleep_until(1.15)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert theatre.custodian.words() == [
        "do sore-1/0",
        "do sore-1/1",
        "undo sore-1/1",
        "undo sore-1/0",
    ]
    assert theatre.last.injected is None


@virtually
async def test_a_refusal_in_the_middle_undoes_what_was_done() -> None:
    custodian = FakeCustodian(refuse_do={"sore-1/1": "failed"})
    theatre = Theatre(Sore(verbs_asked=("pause", "stop", "kill")), custodian=custodian)
    record = await theatre.play()
    assert custodian.words() == ["do sore-1/0", "do sore-1/1", "undo sore-1/1", "undo sore-1/0"]
    assert custodian.active == []
    assert (record.injected, record.trouble) == (None, "do refused")


@pytest.mark.parametrize("why", ["failed", "lease", "gone"])
@virtually
async def test_what_could_not_be_released_is_not_called_released(why: str) -> None:
    custodian = FakeCustodian(refuse_undo={"sore-1/0": why})
    theatre = Theatre(Sore(verbs_asked=("pause", "stop")), custodian=custodian)
    record = await theatre.play()
    assert custodian.active == ["sore-1/0"], "the other one is undone all the same"
    assert (record.released, record.released_by, record.healed) == (None, "", None)
    assert "release of sore-1/0: undo refused" in record.trouble
    assert theatre.injection.lasting
    theatre.injection.mark(released=9.0, released_by="engine")
    assert not theatre.injection.lasting


@virtually
async def test_a_release_by_the_custodian_stays_on_record() -> None:
    theatre = Theatre(for_s=10.0)

    def reverted() -> None:
        assert theatre.injection.holds("sore-1/0")
        assert not theatre.injection.holds("other-1/0")
        theatre.custodian.active.clear()
        theatre.injection.mark(released=theatre.clock.now(), released_by="custodian: hold")

    theatre.later(4.0, reverted)
    record = await theatre.play()
    assert (record.released, record.released_by) == (pytest.approx(4.0), "custodian: hold")
    assert theatre.custodian.words() == ["do sore-1/0", "undo sore-1/0"]


@virtually
async def test_a_fault_with_a_bug_is_released_and_told() -> None:
    theatre = Theatre(Broken())
    record = await theatre.play()
    assert "the fault itself broke: ZeroDivisionError: oops" in record.trouble
    assert theatre.custodian.active == []
    assert record.released is not None


@virtually
async def test_what_is_somebody_elses_by_now_is_told_and_not_taken_for_healed() -> None:
    theatre = Theatre(custodian=FakeCustodian(foreign=frozenset({"sore-1/0"})))
    record = await theatre.play()
    assert "release of sore-1/0: what is there now is somebody else's" in record.trouble
    assert (times(record)[3], record.healed) == (6.2, None)


@virtually
async def test_a_state_that_is_gone_before_the_release_is_trouble() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(custodian=custodian, eyes=FakeEyes(custodian, fades_s=2.0))
    record = await theatre.play()
    assert record.bitten is not None and record.released is not None
    assert record.trouble == ENDED_EARLY


class Seen(Sore):
    """A fault whose bite is seen by its effect, such as a counter, alone."""

    def look(self, target: Target) -> Look:
        return EffectLook()


class Lasting(Seen):
    """One whose bite is to last."""

    holds: ClassVar[bool] = True


@dataclass
class EscapedEyes(FakeEyes):
    """Sees from *escaped_s* on, while the effect is held, that a process is outside of it."""

    escaped_s: float = 2.0

    async def read(self, look: Look) -> Reading:
        seen = await super().read(look)
        late = self._on is not None and self.custodian.clock.now() >= self._on + self.escaped_s
        return {"active": 0, "outside": 1} if late and self.custodian.active else seen


@virtually
async def test_a_bite_that_a_new_process_escaped_did_not_last() -> None:
    custodian = FakeCustodian()
    theatre = Theatre(Lasting(), custodian=custodian, eyes=EscapedEyes(custodian))
    record = await theatre.play()
    assert record.bitten is not None
    assert record.trouble == (
        "the bite did not last: 1 process of the service, born or started since, escaped it"
    )
    assert record.released is not None


@virtually
@pytest.mark.parametrize(("fault", "trouble"), [(Lasting(), ENDED_EARLY), (Seen(), "")])
async def test_only_a_bite_that_is_to_last_is_looked_for_at_the_end(
    fault: Sore, trouble: str
) -> None:
    custodian = FakeCustodian()
    theatre = Theatre(fault, custodian=custodian, eyes=FakeEyes(custodian, fades_s=2.0))
    record = await theatre.play()
    assert record.bitten is not None
    assert record.trouble == trouble


@virtually
async def test_a_lasting_fault_may_bite_late() -> None:
    custodian = FakeCustodian()
    eyes = FakeEyes(custodian, latent_s=3.0)
    theatre = Theatre(custodian=custodian, eyes=eyes, limits=Limits(bite_within_s=1.0))
    record = await theatre.play()
    assert record.bitten == pytest.approx(1.1 + 3.0, abs=2 * LOOK_S)
    assert record.trouble == ""
