from __future__ import annotations

from typing import Any

import pytest

from hormesis.probes.prometheus import Prometheus
from hormesis.words.probe import Observation

PAGE = """\
# TYPE trader_is_leader gauge
trader_is_leader 1.0
trader_heartbeat_age_seconds{of="scan"} 0.25
trader_heartbeat_age_seconds{of="order"} 4.5
python_gc 12
trader_odd NaN
"""


def probe(**fields: Any) -> Prometheus:
    return Prometheus(url="http://x/metrics", **fields)


@pytest.mark.parametrize(("reduce", "value"), [("sum", 4.75), ("max", 4.5), ("min", 0.25)])
def test_several_series_become_one_value(reduce: str, value: float) -> None:
    metric = "trader_heartbeat_age_seconds"
    seen = probe(metric=metric, reduce=reduce).read(PAGE, 1.0)
    assert seen.fields == {"value": value, "series": 2, "ms": 1.0}


def test_without_a_metric_each_series_is_a_field() -> None:
    seen = probe(matching="trader_*").read(PAGE, 1.0)
    assert seen.fields == {
        "trader_is_leader": 1,
        'trader_heartbeat_age_seconds{of="scan"}': 0.25,
        'trader_heartbeat_age_seconds{of="order"}': 4.5,
        "value": 3,
        "ms": 1.0,
    }
    assert probe(labels={"of": "scan"}).read(PAGE, 1.0).value == 1


def test_a_snapshot_of_nothing_is_a_reason() -> None:
    assert probe(matching="other_*").read(PAGE, 1.0).reason == "no metric other_* on the page"


def test_it_tells_what_it_reads() -> None:
    assert probe(matching="trader_*").describe() == "prometheus(trader_*)"
    assert probe(metric="up", labels={"of": "a"}).describe() == 'prometheus(up{of="a"})'


def grown(pages: list[str], **fields: Any) -> list[Observation]:
    """Return what is told of each page after the first."""
    one = probe(metric="lost", since="start", **fields)
    before = one.read(pages[0], 1.0)
    told = []
    for page in pages[1:]:
        told.append(one.compared(one.read(page, 1.0), before))
        before = told[-1] if told[-1].carried is not None else before
    return told


def test_since_the_start_it_tells_the_growth() -> None:
    still, more = grown(["lost 40", "lost 40", "lost 43"])
    assert still.fields == {"value": 0, "reading": 40, "series": 1, "ms": 1.0}
    assert more.fields == {"value": 3, "reading": 43, "series": 1, "ms": 1.0}


def test_after_a_reset_a_counter_counts_from_0() -> None:
    pages = ["lost 40", "lost 45", "lost 2", "lost 2", "lost 5", "lost 1"]
    assert [one.value for one in grown(pages)] == [5, 7, 7, 10, 11]


SEVERAL = 'lost{by="a"} 100\nlost{by="b"} 5\n'


def test_each_series_grows_by_itself() -> None:
    reset = 'lost{by="b"} 7\nlost{by="a"} 1\n'
    assert [grown([SEVERAL, reset], reduce=how)[0].value for how in ("sum", "max", "min")] == [
        3, 2, 1,
    ]  # fmt: skip
    assert grown([SEVERAL, reset], labels={"by": "b"})[0].value == 2


def test_a_series_that_is_gone_is_no_reset_of_the_others() -> None:
    gone, back = grown([SEVERAL, 'lost{by="a"} 101\n', SEVERAL])
    assert (gone.value, gone.fields["series"]) == (1, 1)
    assert back.value == 1 + 100


def test_what_was_not_there_at_the_start_counts_from_0() -> None:
    new, both = grown(["other 1", "lost 3", 'lost 3\nlost{by="late"} 2'])
    assert (new.value, both.value) == (3, 5)


def test_a_page_without_the_metric_has_no_growth() -> None:
    missing, after = grown(["lost 4", "other 1", "lost 6"])
    assert (missing.value, missing.reason) == (None, "lost: no such metric on the page")
    assert after.value == 2


def test_no_number_is_nothing_to_compare_with() -> None:
    assert probe(metric="trader_odd", since="start").read(PAGE, 1.0).carried is None
    nan, after = grown(["lost 4", "lost NaN", "lost 6"])
    assert (nan.reason, nan.carried, after.value) == ("lost: nan", None, 2)


def test_only_a_metric_grows() -> None:
    with pytest.raises(ValueError, match="since needs a metric"):
        probe(since="start")
    assert probe(metric="lost", since="start").needs_first_look
    assert not probe(metric="lost").needs_first_look
    assert probe(metric="lost", since="start").describe() == "prometheus(lost since start)"
