"""The load table: one row per name, three latencies, nothing lost and nothing made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.record.load_table import load_table, tables_together
from hormesis.words.history import History, LoadRecord, Phase
from hormesis.words.op import Ended, Op


def op(number: int, name: str = "read", *, load: str = "shop", due: float = 0.0, lag: float = 0.0,
       took: float = 0.1, outcome: Ended = Ended.OK, method: str = "GET") -> Op:  # fmt: skip
    return Op(number, load, name, 1, due, due + lag, due + lag + took, outcome, "",
              {}, {"method": method})  # fmt: skip


def history(*ops: Op, **loads: LoadRecord) -> History:
    return History({}, ops, loads=list(loads.values()), phases=[Phase("tracks", 0.0)],
                   end={"time": 10.0, "reason": "completed"})  # fmt: skip


def test_rows_are_by_load_name_and_method_and_the_most_frequent_comes_first() -> None:
    ops = [op(1), op(2, "write"), op(3, "write"), op(4, "write", method="PUT"), op(5, load="a")]
    found = [(row.load, row.name, row.method, row.count) for row in load_table(history(*ops))]
    assert found == [("a", "read", "GET", 1), ("shop", "write", "GET", 2),
                     ("shop", "read", "GET", 1), ("shop", "write", "PUT", 1)]  # fmt: skip


def test_the_three_latencies_are_due_to_end_sent_to_end_and_due_to_sent() -> None:
    (row,) = load_table(history(op(1, lag=2.0, took=0.5)))
    found = [one.percentile(50) for one in (row.response, row.service, row.lag)]
    assert found == pytest.approx([2.5, 0.5, 2.0])


def test_a_row_counts_how_operations_ended() -> None:
    ops = [op(1), op(2, outcome=Ended.FAIL), op(3, outcome=Ended.INFO), op(4)]
    (row,) = load_table(history(*ops))
    assert (row.ok, row.fail, row.info, row.failed, row.failed_share) == (2, 1, 1, 2, 0.5)


def test_the_rate_is_per_second_of_the_load_and_not_of_the_run() -> None:
    ops = [op(number, due=number / 10) for number in range(20)]
    table = load_table(history(*ops, shop=LoadRecord("shop", 0.0, 4.0, 1, 20)))
    assert table.total.rate == pytest.approx(5.0)
    assert table.lasted_s == pytest.approx(4.0)


def test_what_made_ready_and_tidied_up_is_in_no_row() -> None:
    ops = [op(1, load="prepare"), op(2), op(3, load="finish")]
    table = load_table(history(*ops))
    assert (table.total.count, [row.load for row in table]) == (1, ["shop"])


def test_the_row_of_everything_is_that_of_all_operations() -> None:
    ops = [op(number, f"n{number % 7}", took=number / 100) for number in range(1, 101)]
    total = load_table(history(*ops)).total
    assert total.count == 100
    assert total.response.percentile(95) == pytest.approx(0.95)


def test_without_operations_there_is_no_row_and_no_figure() -> None:
    table = load_table(history())
    assert table.rows == ()
    assert table.total.response.percentile(95) is None
    assert table.total.failed_share is None


def test_a_percentile_with_dropped_arrivals_is_unknown_once_it_lies_among_them() -> None:
    ops = [op(number, took=number / 100) for number in range(1, 91)]
    table = load_table(history(*ops, shop=LoadRecord("shop", 0.0, 10.0, 1, 90, dropped=10)))
    assert table.percentile_with_dropped(50) == pytest.approx(0.50)
    assert table.percentile_with_dropped(90) == pytest.approx(0.90)
    assert table.percentile_with_dropped(91) is None
    assert replace(table, dropped=0).percentile_with_dropped(100) == pytest.approx(0.90)


def test_runs_together_have_the_percentiles_of_all_their_operations() -> None:
    fast = load_table(history(*(op(n, took=0.1) for n in range(90))))
    slow = load_table(history(*(op(n, took=9.0) for n in range(10))))
    both = tables_together([fast, slow])
    assert both.total.count == 100
    assert both.total.response.percentile(90) == pytest.approx(0.1)
    assert both.total.response.percentile(91) == pytest.approx(9.0)
    assert both.lasted_s == pytest.approx(20.0)
