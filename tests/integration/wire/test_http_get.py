from __future__ import annotations

import asyncio
import ssl

import pytest

from hormesis.wire.http_get import NoAnswer, http_get
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted

pytestmark = pytest.mark.anyio


async def test_a_header_given_takes_the_place_of_the_standing_one() -> None:
    async with scripted() as server:
        got = await http_get(server.url + "/a?b=1", headers={"accept": "text/plain"})
        head = server.requests[0].decode().split("\r\n")
    assert (got.answer.status, got.answer.body) == (200, b"ok")
    assert head[0] == "GET /a?b=1 HTTP/1.1"
    assert "accept: text/plain" in head
    assert "Accept: */*" not in head
    assert got.ms > 0


async def test_nobody_there_is_no_answer() -> None:
    async with scripted() as server:
        url = server.url
    with pytest.raises(NoAnswer, match=r"^refused: "):
        await http_get(url)


async def test_the_time_allowed_is_for_the_whole() -> None:
    async def drips(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(OK[:10])
        await visit.writer.drain()
        await asyncio.Event().wait()

    async with scripted(drips) as server:
        with pytest.raises(NoAnswer, match=r"^timeout: "):
            await http_get(server.url, timeout_s=0.05)


async def test_a_certificate_that_nobody_vouches_for_is_told(certificate: ssl.SSLContext) -> None:
    async with scripted(tls=certificate) as server:
        with pytest.raises(NoAnswer, match=r"^tls: "):
            await http_get(server.url)


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/a b", {}), ("/ä", {}), ("/", {"A": "b\r\nC: d"})],
    ids=["space", "umlaut", "two lines"],
)
async def test_what_cannot_be_asked_is_not_sent(path: str, headers: dict[str, str]) -> None:
    async with scripted() as server:
        with pytest.raises(NoAnswer, match=r"^bad-request: expected a"):
            await http_get(server.url + path, headers=headers)
        assert not server.connections


async def test_no_url_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="expected a URL"):
        await http_get("ftp://127.0.0.1/")
