"""Rounds in turn, and children that a fault is given for as long as it plays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random

from hormesis.engine.injecting import Injection, Surgery, in_rounds
from hormesis.engine.live import Live
from hormesis.words.experiment import Limits
from hormesis.words.history import FaultRecord
from hormesis.words.target import Descent, Target
from hormesis.words.timeline import FaultAction
from tests.unit.engine.fake_custodian import FakeCustodian, FakeEyes, Sore
from tests.virtual_time import virtually

KID = Target("kids-2", service="kids-2", descent=Descent(("hive",), "kid", "newest", 2, 4))
SORE = FaultAction("sore-1", "sore", Sore(), KID, 1.0, 5.0, "fault/sore/kids-2")


class Stage:
    """Injections of several actions that share one custodian."""

    def __init__(self, *actions: FaultAction, children: tuple[int, ...] = (77,)) -> None:
        self.custodian = FakeCustodian(children=children)
        self.eyes = FakeEyes(self.custodian)
        self.records: dict[str, FaultRecord] = {}
        self.chosen: list[tuple[str, int]] = []
        self.notes: list[str] = []
        self.stop = asyncio.Event()
        surgery = Surgery(
            custodian=self.custodian, eyes=self.eyes, clock=self.custodian.clock,
            limits=Limits(heal_within_s=3.0), control="", sink=self._sink, live=Live(),
            stop=self.stop, chosen=lambda *told: self.chosen.append(told),
            note=lambda *told: self.notes.append(" ".join(told)),
        )  # fmt: skip
        self.injections = [Injection(one, surgery, Random(1)) for one in actions]
        in_rounds(self.injections)

    def _sink(self, record: FaultRecord) -> None:
        self.records[record.id] = record

    async def play(self) -> list[str]:
        began = self.custodian.clock.now()
        await asyncio.gather(*(one.play(began) for one in self.injections))
        return [f"{word} {effect} {moment:.1f}" for moment, word, effect in self.custodian.told]


def rounds(*starts: float) -> list[FaultAction]:
    """Return rounds of one action each, on a target that is no slot."""
    plain = replace(SORE, target=Target("server", service="server"))
    return [
        replace(plain, id=f"sore-{number}", at_s=at_s, round=number)
        for number, at_s in enumerate(starts, start=1)
    ]


@virtually
async def test_a_child_is_chosen_before_the_first_look_and_given_up_last() -> None:
    stage = Stage(replace(SORE, share=0.5))
    assert await stage.play() == [
        "seat sore-1 1.0", "do sore-1/0 1.1", "undo sore-1/0 6.2", "leave sore-1 6.3",
    ]  # fmt: skip
    assert stage.eyes.read_at[0] == 1.1
    assert stage.chosen == [("kids-2", 77)]
    assert stage.custodian.seated["sore-1"] == {
        "slot": "kids-2", "draw": "sore/1", "of": ["hive"], "matching": "kid",
        "order": "newest", "number": 2, "share": 0.5,
    }  # fmt: skip
    assert stage.records["sore-1"].healed is not None


@virtually
async def test_a_slot_for_which_no_child_is_left_is_passed_over() -> None:
    stage = Stage(SORE, children=(0,))
    assert await stage.play() == ["seat sore-1 1.0", "leave sore-1 1.1"]
    assert stage.records == {}
    assert stage.notes[0].startswith("info fault sore-1: fewer children live")


@virtually
async def test_no_child_at_all_is_trouble() -> None:
    stage = Stage(SORE, children=())
    assert await stage.play() == ["seat sore-1 1.0"]
    record = stage.records["sore-1"]
    assert (record.injected, record.trouble) == (None, "seat refused")
    assert round(record.asked, 6) == 1.0


@virtually
async def test_a_fault_that_is_cut_off_gives_its_child_up() -> None:
    stage = Stage(SORE)
    playing = asyncio.create_task(stage.play())
    await stage.custodian.clock.sleep_until(2.0)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    await stage.injections[0].over.wait()
    assert stage.custodian.words()[-2:] == ["undo sore-1/0", "leave sore-1"]


@virtually
async def test_a_round_waits_until_the_one_before_it_is_over() -> None:
    stage = Stage(*rounds(1.0, 6.0, 20.0))
    assert await stage.play() == [
        "do sore-1/0 1.0", "undo sore-1/0 6.1",
        "do sore-2/0 6.2", "undo sore-2/0 11.3",
        "do sore-3/0 20.0", "undo sore-3/0 25.1",
    ]  # fmt: skip
    assert [round(one.asked, 1) for one in stage.records.values()] == [1.0, 6.2, 20.0]


@virtually
async def test_each_round_draws_anew_and_waits_for_all_of_the_one_before() -> None:
    other = replace(KID, name="kids-3", service="kids-3")
    first = [SORE, replace(SORE, id="sore-2", target=other, for_s=7.0)]
    stage = Stage(*first, replace(SORE, id="sore-3", at_s=6.0, round=2))
    told = await stage.play()
    words = [one.rpartition(" ")[0] for one in told]
    ends = [words.index(f"leave sore-{number}") for number in (1, 2)]
    assert words.index("seat sore-3") > max(ends)
    assert {one["draw"] for one in stage.custodian.seated.values()} == {"sore/1", "sore/2"}


@virtually
async def test_a_run_that_is_stopped_begins_no_further_round() -> None:
    stage = Stage(*rounds(1.0, 6.0, 11.0))
    asyncio.get_running_loop().call_later(3.0, stage.stop.set)
    await stage.play()
    assert list(stage.records) == ["sore-1"]
    assert all(one.over.is_set() for one in stage.injections)
