"""Which variable is to blame when a system's answer does not fit."""

from __future__ import annotations

import pytest

from hormesis.compose.misfit import Misfit, misfit_of
from hormesis.compose.trial import Read, lack_of
from hormesis.probes.http import Http
from hormesis.probes.prometheus import Prometheus
from hormesis.probes.sql import Sql
from hormesis.words.probe import Observation, Probe

URL = "http://127.0.0.1:9/metrics"
PAGE = 'age_seconds{of="scan"} 3\nleads 0\n'
HEALTH = {"get": "http://127.0.0.1:9/ready", "expect": {"status": 200}}


def found(probe: Probe, seen: Observation, *, steady: bool = False) -> Misfit:
    made = misfit_of(probe, seen, steady=steady)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("asked", "why", "fields"),
    [
        ({"metric": "paused"}, "paused: no such metric on the page", ("metric", "url")),
        (
            {"metric": "age_seconds", "labels": {"of": "order"}},
            "age_seconds: no series with these labels on the page",
            ("labels", "metric", "url"),
        ),
        ({"matching": "trader_*"}, "no metric trader_* on the page", ("matching", "url")),
    ],
)
def test_what_a_page_does_not_have_is_the_fault_of_its_name(
    asked: dict[str, object], why: str, fields: tuple[str, ...]
) -> None:
    probe = Prometheus.model_validate({"url": URL, **asked})
    assert found(probe, probe.read(PAGE, 1.0)) == Misfit(f"GET {URL}: {why}", fields)


def test_a_metric_of_the_steady_state_is_told_by_its_name() -> None:
    probe = Prometheus(url=URL, metric="leads", expect=1)
    assert misfit_of(probe, probe.read(PAGE, 1.0), steady=False) is None
    told = found(probe, probe.read(PAGE, 1.0), steady=True)
    assert (told.fields, told.mendable) == (("metric", "url"), True)


@pytest.mark.parametrize(
    ("reason", "fields"),
    [("http-404", ("url",)), ("http-403", ("headers", "url")), ("refused", ("url",))],
)
def test_a_page_that_is_not_there_is_the_fault_of_its_address(
    reason: str, fields: tuple[str, ...]
) -> None:
    assert found(Prometheus(url=URL, metric="leads"), Observation(reason=reason)).fields == fields


@pytest.mark.parametrize(
    ("status", "fields", "mendable"),
    [(404, ("get",), False), (401, ("headers", "get"), False), (503, ("get",), True)],
)
def test_only_what_is_not_ready_yet_may_become_so(
    status: int, fields: tuple[str, ...], mendable: bool
) -> None:
    told = found(Http.model_validate(HEALTH), Observation({"status": status}), steady=True)
    assert (told.fields, told.mendable) == (fields, mendable)


def test_a_path_into_an_answer_is_told_by_its_name() -> None:
    probe = Http.model_validate({**HEALTH, "json": "up"})
    told = found(probe, Observation({"status": 200}, reason="nothing at 'up'"))
    assert told.fields == ("json", "get")


@pytest.mark.parametrize(("value", "mendable"), [(None, False), (2, True)])
def test_no_value_at_all_is_none_that_changes(value: int | None, mendable: bool) -> None:
    probe = Sql(query="SELECT 1 WHERE false", dsn="postgresql://127.0.0.1/x", expect=0)
    told = found(probe, Observation({"value": value, "count": 0}), steady=True)
    assert told.mendable is mendable


def test_the_nearest_field_with_a_variable_names_it() -> None:
    read = Read("paused", Prometheus(url=URL), {"url": ("api",), "metric": ("paused_metric",)})
    why = Misfit("no such metric", ("metric", "url"))
    assert str(lack_of(read, why, {})) == (
        "`paused_metric`: no such metric; override it under `overrides:`"
    )
    assert str(lack_of(read, Misfit("labels", ("labels", "url")), {"api": "mine.yaml:2:3"})) == (
        "`api`: labels; see mine.yaml:2:3"
    )
