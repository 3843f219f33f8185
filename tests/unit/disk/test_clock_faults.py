from __future__ import annotations

import json
from random import Random

import pytest
from pydantic import ValidationError

from hormesis.faults.clock_drift import ClockDrift
from hormesis.faults.clock_jump import ClockJump
from hormesis.faults.monotonic_shift import MonotonicShift
from hormesis.words.fault import Measure
from hormesis.words.look import EffectLook, ProcessLook, SqlLook
from hormesis.words.target import Target

SERVER = Target("server", service="server", clock="/s/clocks/server", restartable=True)
DATABASE = Target("db", service="db", clock="/s/clocks/db", postgres="postgresql://127.0.0.1:1/x")
HELD = {"set": True, "calls": 9, "held_s": 2.0, "over_s": 0.0, "real_s": 1e9}
BACK = {**HELD, "set": False, "shift_s": 0.0}


def test_a_jump_is_one_call_with_its_sign() -> None:
    back = ClockJump.model_validate({"back": "1h"})
    (call,) = back.verbs(SERVER, Random(1))
    assert call.verb == "clock"
    assert call.args == {"subject": "server", "path": "/s/clocks/server", "offset_s": -3600.0}
    assert json.loads(json.dumps(call.args)) == call.args
    assert ClockJump.model_validate({"ahead": "1h"}).offset_s == 3600.0
    assert back.look(SERVER) == (EffectLook(),)


def test_a_jump_bites_when_the_service_was_told_so() -> None:
    fault = ClockJump.model_validate({"back": "1h"})
    held = {**HELD, "shift_s": -3600.0}
    assert "behind" in fault.hurts({}, held)
    assert fault.measured({}, held) == Measure(-3600.0, -3600.0, "s")
    assert fault.hurts({}, {**held, "calls": 0}) == "", "it has not asked yet"
    assert fault.hurts({}, {**held, "shift_s": 0.0}) == ""
    assert fault.hurts({}, {**held, "set": False}) == "" == fault.hurts({}, {})


def test_what_a_database_answers_counts_before_its_clock_file() -> None:
    fault = ClockJump.model_validate({"ahead": "1h"})
    asked, effect = fault.look(DATABASE)
    assert isinstance(asked, SqlLook) and isinstance(effect, EffectLook)
    assert "ahead" in fault.hurts({}, {**HELD, "shift_s": 0.0, "value": 1e9 + 3600.1})
    assert fault.hurts({}, {**HELD, "shift_s": 3600.0, "value": 1e9}) == ""


def test_a_clock_is_right_again_when_the_service_was_told_so() -> None:
    fault = ClockJump.model_validate({"back": "1h"})
    assert fault.healed({}, BACK) == "its clock is 0.000 s off"
    assert fault.healed({}, {**BACK, "shift_s": -3600.0}) == ""
    assert fault.healed({}, {**HELD, "shift_s": 0.0}) == ""
    assert fault.healed({}, {**BACK, "calls": 0}) == ""
    assert "nobody" in fault.healed({}, {**BACK, "calls": 0, "over_s": 3.0})


def test_a_drift_bites_when_it_is_as_fast_as_asked() -> None:
    fault = ClockDrift.model_validate({"slower": "10%"})
    (call,) = fault.verbs(SERVER, Random(1))
    assert call.args["rate"] == -0.1
    assert fault.hurts({}, {**HELD, "shift_s": -0.2}) == (
        "its clock has come to be -0.200 s off (-10.0 %)"
    )
    assert fault.measured({}, {**HELD, "shift_s": -0.19}) == Measure(-10.0, -9.5, "%")
    assert fault.hurts({}, {**HELD, "shift_s": -0.05}) == "", "too little for its time"
    assert fault.hurts({}, {**HELD, "shift_s": 0.2}) == "", "the wrong way"
    assert fault.hurts({}, {**HELD, "held_s": 0.1, "shift_s": -0.01}) == "", "too soon to tell"
    assert fault.healed({}, BACK) and not fault.healed({}, {**BACK, "shift_s": -0.2})


def test_a_shift_bites_when_the_new_process_has_it() -> None:
    fault = MonotonicShift.model_validate({"ahead": "50d"})
    (call,) = fault.verbs(SERVER, Random(1))
    assert (call.verb, call.args["monotonic_s"]) == ("rerun", 50 * 86400)
    assert fault.look(SERVER) == (ProcessLook("server"), EffectLook())
    before = {"state": "running", "pid": 7, "generation": 1}
    held = {"state": "running", "pid": 8, "generation": 2, "monotonic_ahead_s": 4320000}
    assert fault.hurts(before, held)
    assert fault.hurts(before, {**held, "monotonic_ahead_s": 0}) == ""
    assert fault.hurts(before, {**held, "state": "gone"}) == ""
    again = {"state": "running", "pid": 9, "generation": 3, "ended": True}
    assert fault.healed(before, again) == "runs as pid 9 with the machine's monotonic clock"
    assert fault.healed(before, {**again, "state": "gone"}) == ""
    assert fault.measured(before, held) == Measure(4320000, 4320000, "s")


@pytest.mark.parametrize("given", [{}, {"ahead": "1h", "back": "1h"}, {"ahead": "0s"}])
def test_a_jump_goes_one_way(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ClockJump.model_validate(given)


@pytest.mark.parametrize("given", [{}, {"faster": "1%", "slower": "1%"}, {"slower": "0%"}])
def test_a_drift_goes_one_way(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ClockDrift.model_validate(given)
