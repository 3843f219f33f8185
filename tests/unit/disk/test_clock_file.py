from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.host import clock_file


@pytest.fixture
def clock(tmp_path: Path) -> str:
    """Return the path of a clock file."""
    path = str(tmp_path / "clocks" / "server")
    clock_file.make(path)
    return path


def test_each_effect_has_a_slot_of_its_own(clock: str) -> None:
    one, two = clock_file.number_of("run/a"), clock_file.number_of("run/b")
    assert one != two
    assert clock_file.shift(clock, one, offset_s=5, rate=0)
    assert clock_file.shift(clock, two, offset_s=0, rate=0.1)
    assert clock_file.unshift(clock, one)
    assert not clock_file.unshift(clock, one)
    assert clock_file.shifted(clock, two) and not clock_file.shifted(clock, one)


def test_a_slot_that_is_set_again_takes_no_second_one(clock: str) -> None:
    for _ in range(20):
        assert clock_file.shift(clock, 9, offset_s=1, rate=0)
    others = [clock_file.shift(clock, 100 + n, offset_s=1, rate=0) for n in range(8)]
    assert others == [True] * 7 + [False]


def test_what_is_no_clock_file_is_left_alone(tmp_path: Path) -> None:
    for content in (b"", b"x" * clock_file.SIZE):
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not a clock file"):
            clock_file.shift(str(path), 1, offset_s=1, rate=0)
        assert path.read_bytes() == content


def test_nobody_has_asked_a_new_clock(clock: str) -> None:
    assert clock_file.heard(clock) == clock_file.Heard(0, 0.0)
