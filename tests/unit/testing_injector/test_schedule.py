from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.testing import ChaosInjector
from hormesis.testing.injector.acts import Act, Record, Script
from hormesis.testing.nemesis.schedule import MOMENTARY, Choice, choices_of, drawn_script

acts = st.builds(
    Act,
    st.floats(0, 1000).map(lambda at_s: round(at_s, 3)),
    st.text(min_size=1),
    st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans(), st.none())),
    st.none() | st.floats(0, 100),
)


@given(st.lists(acts))
def test_a_script_survives_its_text(several: list[Act]) -> None:
    script = Script(several)
    assert Script.read(script.text()) == script
    assert Script.read(script) == script


@pytest.mark.parametrize("text", ["", "7", "[[1]]", '[["x", "y", {}, null]]'])
def test_what_is_no_script_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Script"):
        Script.read(text)


@given(st.integers(), st.floats(0.01, 10), st.floats(0, 5), st.integers(1, 50))
def test_acts_come_one_after_the_other(
    seed: int, every_s: float, for_s: float, most: int
) -> None:
    choices = choices_of({"hold_lock": {"table": "jobs"}, "terminate_random": 2})
    script = drawn_script(choices, Random(seed), every_s=every_s, for_s=for_s, most=most)
    assert script == drawn_script(choices, Random(seed), every_s=every_s, for_s=for_s, most=most)
    assert len(script) == most
    over = 0.0
    for act in script:
        assert 0.49 * every_s - 0.002 <= act.at_s - over <= 1.51 * every_s + 0.002
        assert (act.for_s is None) == (act.name in MOMENTARY)
        over = act.at_s + (act.for_s or 0.0)


def test_weights_decide_what_comes() -> None:
    choices = choices_of([Choice("terminate_random", 9), Choice("restart_server", 1)])
    script = drawn_script(choices, Random(1), every_s=1, for_s=1, most=1000)
    assert 850 < sum(act.name == "terminate_random" for act in script) < 950


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ([], "at least one"),
        (["terminate_randon"], "did you mean terminate_random"),
        ({"hold_lock": 0}, "weight above 0"),
    ],
)
def test_nonsense_is_refused(faults: list[str] | dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        choices_of(faults)


def test_everything_a_nemesis_knows_is_there() -> None:
    for name in MOMENTARY:
        assert callable(getattr(ChaosInjector, name))


def test_a_record_tells_how_long_things_took() -> None:
    record = Record(lambda mode, proof: None)
    number = record.began("hold_lock", {"table": "jobs"})
    record.ended(number)
    (act,) = record.script()
    assert act.for_s is not None and act.for_s >= 0
    assert "hold_lock(table='jobs') for" in str(record.script())
