"""Checks name operations: of users written as data it is known which there are, before the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.clients.http import Http
from hormesis.clients.postgres import Postgres
from hormesis.clients.redis import Redis
from hormesis.clients.websocket import Websocket
from hormesis.compose.registry import catalogue
from hormesis.words.client import ClientKind
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import read_text

HEAD = """title: Shop
tracks:
  - load: constant-vus
    name: buyers
    vus: 1
    for: 3s
    tags: {scenario: shop}
    client: {http: "http://127.0.0.1:1", steps: [{name: pay, get: /pay}, {name: look, get: /}]}
  - {probe: http, name: health, get: "http://127.0.0.1:1/"}
"""
OTHERS = """  - load: constant-vus
    name: others
    vus: 1
    for: 3s
    client: {python: "users.py:Other"}
"""


def told(folder: Path, text: str) -> list[str]:
    (folder / "users.py").write_text("class Other:\n    async def iterate(self): ...\n")
    try:
        read_text(folder, text, catalogue=catalogue())
    except InputTrouble as trouble:
        return [str(one) for one in trouble.problems]
    return []


@pytest.mark.parametrize(
    ("check", "wanted"),
    [
        ("{threshold: 'http_reqs{name:pays,status:500} count < 1'}",
         "checks[0].threshold: expected the name of an operation, found 'pays'; did you mean pay?"),
        ("{threshold: 'http_req_duration{name:refund,load:buyers} p(95) < 1s'}",
         "expected the name of an operation of the load buyers, found 'refund'; "
         "there are: look, pay"),
        ("{threshold: 'http_req_duration{name:buyers.pay} p(95) < 1s'}",
         "expected the name of an operation, found 'buyers.pay'; there are: look, pay"),
        ("{threshold: 'http_req_duration{load:buyer} p(95) < 1s'}",
         "expected the name of a load, found 'buyer'; did you mean buyers?"),
        ("{threshold: 'http_req_duration{name:pay,load:buyers} p(95) < 1s'}", ""),
        ("{threshold: 'http_req_duration{name:pay} p(95) < 1s'}", ""),
        ("{threshold: 'http_req_duration{name:pay,scenario:shop} p(95) < 1s'}", ""),
        ("{threshold: 'iterations{load:buyers} count > 1'}", ""),
        ("{always: healthy}",
         "checks[0].always: expected the name of a probe, found 'healthy'; did you mean health?"),
        ("{exactly-once: pay, key: job, found_in: heath}",
         "checks[0].found_in: expected the name of a probe or of an operation, found 'heath'; "
         "did you mean health?"),
        ("{exactly-once: pay, key: job, found_in: health}", ""),
        ("{exactly-once: pay, key: job, found_in: look}", ""),
    ],
)  # fmt: skip
def test_a_name_that_nobody_performs_is_a_problem(
    tmp_path: Path, check: str, wanted: str
) -> None:
    problems = told(tmp_path, f"{HEAD}checks:\n  - {check}\n")
    assert len(problems) == (1 if wanted else 0), problems
    assert wanted in "".join(problems)


def test_users_of_code_may_perform_anything(tmp_path: Path) -> None:
    check = "checks: [{threshold: 'http_reqs{name:%s} count < 1'}]\n"
    assert told(tmp_path, HEAD + OTHERS + check % "pays") == []
    assert told(tmp_path, HEAD + OTHERS + check % "pays,load:others") == []
    assert told(tmp_path, HEAD + OTHERS + check % "pay,load:elsewhere") == []
    assert len(told(tmp_path, HEAD + OTHERS + check % "pays,load:buyers")) == 1


@pytest.mark.parametrize(
    ("client", "names"),
    [
        (Http(base="http://x", steps=({"name": "a", "get": "/"},)), {"a"}),
        (Redis(url="redis://x", steps=({"name": "a", "command": ("GET", "k")},)), {"a"}),
        (Postgres(dsn="postgresql://x", steps=({"name": "a", "sql": "SELECT 1"},)), {"a"}),
        (Websocket(url="ws://x", steps=({"name": "a", "send": "hi"},)), {"a", "connect"}),
    ],
    ids=lambda one: one.kind if isinstance(one, ClientKind) else "",
)
def test_users_written_as_data_tell_what_they_perform(client: ClientKind, names: set[str]) -> None:
    assert client.operations() == names
