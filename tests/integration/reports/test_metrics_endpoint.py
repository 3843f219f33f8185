"""The endpoint of a running load, over a real connection."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress

import pytest

from hormesis.host.metrics_endpoint import MetricsEndpoint
from hormesis.host.prometheus_text import samples_of
from hormesis.record.load_tally import LoadTally

pytestmark = [pytest.mark.anyio, pytest.mark.integration]
OP = struct.Struct("<IIqIII")


async def ask(endpoint: MetricsEndpoint, request: bytes) -> tuple[str, dict[str, str], str]:
    """Return status line, headers and body of the answer to *request*."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


def counted() -> LoadTally:
    tally = LoadTally()
    tally.shard(0).labels([("shop", "read", 0, "", {})])
    return tally


async def test_every_scrape_sees_what_there_is_by_then() -> None:
    tally = counted()
    async with MetricsEndpoint(tally.families) as endpoint:
        for number in (1, 2, 3):
            tally.shard(0).ops(OP.pack(number, 1, 0, 0, 1000, 0))
            status, headers, body = await ask(endpoint, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status == "HTTP/1.1 200 OK"
            assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert int(headers["Content-Length"]) == len(body.encode())
            (one,) = samples_of(body, "hormesis_operations_total")
            assert (one.value, one.labels["name"]) == (number, "read")


async def test_what_it_serves_is_read_by_the_official_parser() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    tally = counted()
    tally.shard(0).ops(OP.pack(1, 1, 0, 0, 1000, 0))
    async with MetricsEndpoint(tally.families) as endpoint:
        _, _, body = await ask(endpoint, b"GET /metrics HTTP/1.0\r\n\r\n")
    names = {one.name for one in parser.text_string_to_metric_families(body)}
    assert {"hormesis_operations", "hormesis_response_seconds"} <= names


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET / HTTP/1.1", "404"),
        ("POST /metrics HTTP/1.1", "405"),
        ("GET /metrics?x=1 HTTP/1.1", "200"),
        ("HEAD /metrics HTTP/1.1", "200"),
        ("nonsense", "404"),
    ],
)
async def test_answers_nothing_else(request_line: str, status: str) -> None:
    tally = counted()
    tally.shard(0).ops(OP.pack(1, 1, 0, 0, 1000, 0))
    async with MetricsEndpoint(tally.families) as endpoint:
        told, headers, body = await ask(endpoint, f"{request_line}\r\n\r\n".encode())
        assert told.split(" ")[1] == status
        assert headers["Connection"] == "close"
        assert request_line.startswith("HEAD") == (body == "")


async def test_who_asks_too_much_or_goes_away_costs_nothing() -> None:
    async with MetricsEndpoint(counted().families) as endpoint:
        _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.close()
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 40_000 + b"\r\n\r\n")
        with suppress(ConnectionError):  # it may be told by a reset
            assert await reader.read() == b""
        writer.close()
        status, _, _ = await ask(endpoint, b"GET /metrics HTTP/1.1\r\n\r\n")
        assert status == "HTTP/1.1 200 OK"


async def test_listens_on_this_machine_only_and_no_longer_than_the_block() -> None:
    async with MetricsEndpoint(counted().families) as endpoint:
        assert endpoint.url == f"http://127.0.0.1:{endpoint.port}/metrics"
    with pytest.raises(OSError):
        await asyncio.open_connection(endpoint.host, endpoint.port)


async def test_a_port_that_is_taken_is_told() -> None:
    async with MetricsEndpoint(counted().families) as endpoint:
        with pytest.raises(OSError):
            await MetricsEndpoint(counted().families, port=endpoint.port).start()
