"""What a load shows while it runs and when it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.cli.load_table import duration_told, rate_told, share_told
from hormesis.cli.load_view import Second, Seconds, bars, figures_line
from hormesis.engine.live import Live
from hormesis.words.history import LoadRecord
from hormesis.words.op import Ended, Op


def picture(now: float, *, phase: str = "tracks") -> Live:
    live = Live(phase=phase, now=now, users=3)
    for number in range(20):
        outcome = Ended.OK if number else Ended.FAIL
        due = now - 0.02 * number - 0.3
        live.figures.add_op(Op(number, "l", "home", 1, due, due + 0.1, due + 0.2, outcome))
    return live


def test_a_second_is_gathered_once_it_is_over() -> None:
    seconds = Seconds()
    seconds.look(picture(9.0, phase="starting"))
    for now in (10.0, 10.9):
        seconds.look(picture(now))
    assert not seconds.held
    seconds.look(picture(11.0))
    last = seconds.last
    assert last is not None
    assert last.users == 3
    assert last.errors == pytest.approx(0.05)
    assert last.p95 == pytest.approx(0.2, rel=0.02)


def test_the_line_of_figures_tells_what_waited() -> None:
    live = picture(11.0)
    seconds = Seconds()
    for now in (9.0, 11.0):
        live.now = now
        seconds.look(live)
    # Each process tells what it has itself.
    for shard, waited in ((1, 5), (2, 4), (2, 7)):
        live.load(shard, LoadRecord("l", 0.0, waited=waited))
    assert seconds.last is not None
    line = figures_line(seconds.last, live)
    assert "3 users" in line
    assert "p95 200 ms" in line
    assert "errors 5%" in line
    assert "waited 12" in line
    assert "lag p99 100 ms" in line
    assert "dropped" not in line


def test_the_line_of_figures_fits_a_terminal_and_tells_the_main_things() -> None:
    live = picture(11.0)
    second = Second(133_584.2, 0.1234, 0.0123, 0.456, 0.789, 0.0123, 12_345)
    assert "20 in all" in figures_line(replace(second, lag_p99=None, users=3), live)
    live.load(1, LoadRecord("l", 0.0, waited=123_456, dropped=123_456))
    for width in (80, 69):
        line = figures_line(second, live, width)
        assert len(line) <= width
        assert all(part in line for part in ("users", "/s", "p95", "errors", "waited"))


def test_bars_show_the_highest_full_and_what_is_not_nothing() -> None:
    assert bars([0, 1, 500, 1000]) == " ▁▄█"
    assert bars([0, 0]) == "  "
    assert bars([]) == ""


def test_figures_are_told_in_the_unit_people_read() -> None:
    assert [duration_told(one) for one in (None, 0.00012, 0.0123, 2.4)] == [
        "–", "120 µs", "12.3 ms", "2.4 s",
    ]  # fmt: skip
    assert [rate_told(one) for one in (None, 99.96, 33584.2)] == ["–", "99.96/s", "33,584/s"]


def test_some_failed_is_never_shown_as_none_nor_almost_all_as_all() -> None:
    assert [share_told(one) for one in (None, 0.0, 1e-6, 0.05, 0.999999, 1.0)] == [
        "–", "0", "<0.01%", "5%", ">99.99%", "100%",
    ]  # fmt: skip
