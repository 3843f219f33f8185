from __future__ import annotations

from typing import Any

import pytest

from hormesis.probes.prometheus import Prometheus

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
