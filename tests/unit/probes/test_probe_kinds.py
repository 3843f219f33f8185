from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.host.http_origin import Origin
from hormesis.probes.command import Command
from hormesis.probes.http import Http
from hormesis.probes.process import Process
from hormesis.probes.prometheus import Prometheus
from hormesis.probes.sql import Sql
from hormesis.probes.tcp import Tcp
from hormesis.words.kind import Kind, Scalar

pytestmark = pytest.mark.anyio


class FakeWorld:
    def __init__(self, reading: Mapping[str, Scalar]) -> None:
        self.reading = reading

    async def service(self, name: str) -> Mapping[str, Scalar]:
        return self.reading


async def test_a_process_is_its_state() -> None:
    world = FakeWorld({"state": "running", "pid": 12, "generation": 2})
    seen = await Process(service="server").observe(world)
    assert (seen.value, seen.reason) == ("running", "")
    assert seen.fields == {"value": "running", "state": "running", "pid": 12, "generation": 2}


@pytest.mark.parametrize("reading", [{"error": "no service 'x'"}, {}])
async def test_an_unknown_process_is_a_reason(reading: dict[str, Scalar]) -> None:
    seen = await Process(service="x").observe(FakeWorld(reading))
    assert seen.value is None
    assert "x" in seen.reason


@pytest.mark.parametrize(
    ("kind", "given", "fragment"),
    [
        (Http, {"get": "/ready"}, "expected a URL"),
        (Http, {"get": "http://x", "json": "a..b"}, "dotted path"),
        (Http, {"get": "http://x", "timeout": "0s"}, "greater than 0"),
        (Tcp, {"address": "host"}, "expected host:port"),
        (Tcp, {"address": "host:99999"}, "expected host:port"),
        (Prometheus, {"url": "http://x/metrics", "metric": "a b"}, "match pattern"),
        (Prometheus, {"url": "x", "metric": "a"}, "expected a URL"),
        (Command, {"run": []}, "at least 1 item"),
        (Sql, {"query": "", "dsn": "x"}, "at least 1 character"),
    ],
)
def test_problems_are_found_before_the_run(
    kind: type[Kind], given: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(given)
    assert fragment in str(caught.value)


def test_descriptions_hold_no_secrets() -> None:
    secret = {"Authorization": "Bearer hidden"}
    told = [
        Http.model_validate({"get": "http://x/a", "json": "b", "headers": secret}).describe(),
        Prometheus(url="http://x", metric="up", labels={"a": "b"}, headers=secret).describe(),
        Sql(query="SELECT  1", dsn="postgresql://u:hidden@h/d").describe(),
        Command(run=("true", "-x"), env={"TOKEN": "hidden"}).describe(),
    ]
    assert told == ["http(http://x/a b)", 'prometheus(up{a="b"})', "sql(SELECT 1)",
                    "command(true -x)"]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("http://h", "h", "/"),
        ("http://h:80/a?b=c#d", "h", "/a?b=c"),
        ("https://h:8443/a", "h:8443", "/a"),
        ("http://[::1]:3001/x", "[::1]:3001", "/x"),
    ],
)
def test_urls_are_taken_apart(url: str, authority: str, target: str) -> None:
    origin, found = Origin.and_target(url)
    assert (origin.authority, found) == (authority, target)


def test_the_base_keeps_its_path() -> None:
    assert Origin.of("http://h:3001/api/").prefix == "/api"
    with pytest.raises(ValueError, match="without"):
        Origin.of("http://h/?a=b")
