from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import wait_until
from hormesis.probes.command import Command
from hormesis.probes.http import Http
from hormesis.probes.prometheus import Prometheus
from hormesis.probes.tcp import Tcp
from hormesis.words.expect import miss_of
from hormesis.words.kind import Scalar
from hormesis.words.probe import Observation, Probe
from tests.integration.clients.scripted_server import Scripted, Visit, scripted

pytestmark = pytest.mark.anyio

HEALTH = b'{"status": "unhealthy", "checks": [{"name": "db", "ok": false, "more": [1]}], "at": {}}'
METRICS = b'jobs{status="pending",kind="a"} 3\njobs{status="pending",kind="b"} 4\nbad NaN\n'


class NoWorld:
    async def service(self, name: str) -> Mapping[str, Scalar]:
        raise AssertionError("this probe needs no service")


async def seen_by(probe: Probe) -> Observation:
    return await probe.observe(NoWorld())


async def pages(server: Scripted, visit: Visit) -> None:
    while request := await visit.request():
        path = request.split(b" ")[1]
        if path == b"/silent":
            continue
        status, body = {
            b"/health?full=1": (503, HEALTH),
            b"/metrics": (200, METRICS),
            b"/text": (200, b"hello"),
        }.get(path, (404, b""))
        visit.writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)))
        visit.writer.write(body)


async def test_http_statuses_are_values() -> None:
    async with scripted(pages) as server:
        seen = await seen_by(Http(get=server.url + "/health?full=1"))
    assert (seen.value, seen.fields["status"], seen.reason) == (503, 503, "")
    assert str(seen.fields["body"]).startswith('{"status"')
    assert float(str(seen.fields["ms"])) > 0


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("status", "unhealthy", ""),
        ("checks.0.ok", False, ""),
        ("checks", 1, ""),
        ("at", None, "is a mapping"),
        ("nothing.here", None, "nothing at 'nothing'"),
    ],
)
async def test_http_values_by_path(path: str, value: Scalar, reason: str) -> None:
    async with scripted(pages) as server:
        given = {"get": server.url + "/health?full=1", "json": path}
        seen = await seen_by(Http.model_validate(given))
    assert seen.value == value
    assert reason in seen.reason
    assert bool(reason) == bool(seen.reason)
    assert seen.fields["status"] == 503


async def test_http_lists_have_rows() -> None:
    async with scripted(pages) as server:
        given = {"get": server.url + "/health?full=1", "json": "checks"}
        seen = await seen_by(Http.model_validate(given))
    assert seen.rows == ({"name": "db", "ok": False, "more": "[1]"},)
    assert seen.fields["count"] == 1
    async with scripted(pages) as server:
        given |= {"get": server.url + "/health?full=1", "rows_max": 0}
        cut = await seen_by(Http.model_validate(given))
    assert (cut.rows, cut.fields["count"]) == ((), 1), "a list that was cut short must say so"


async def test_http_reasons() -> None:
    async with scripted(pages) as server:
        text = Http.model_validate({"get": server.url + "/text", "json": "a"})
        assert "is no JSON" in (await seen_by(text)).reason
        silent = Http.model_validate({"get": server.url + "/silent", "timeout": "50ms"})
        assert (await seen_by(silent)).reason.startswith("timeout")
        gone = Http(get=server.url)
    assert (await seen_by(gone)).reason.startswith("refused")


async def test_prometheus() -> None:
    async with scripted(pages) as server:
        url = server.url + "/metrics"
        one = await seen_by(Prometheus(url=url, metric="jobs", labels={"kind": "a"}))
        both = await seen_by(Prometheus(url=url, metric="jobs", labels={"status": "pending"}))
        none = await seen_by(Prometheus(url=url, metric="jobs", labels={"kind": "c"}))
        absent = await seen_by(Prometheus(url=url, metric="job"))
        number = await seen_by(Prometheus(url=url, metric="bad"))
        lost = await seen_by(Prometheus(url=server.url + "/x", metric="jobs"))
    assert (one.value, one.fields["series"]) == (3, 1)
    assert (both.value, both.fields["series"]) == (7, 2)
    assert none.reason == "jobs: no series with these labels on the page"
    assert absent.reason == "job: no such metric on the page"
    assert number.reason == "bad: nan"
    assert lost.reason == "http-404"


async def test_tcp() -> None:
    async with scripted(pages) as server:
        address = f"127.0.0.1:{server.port}"
        assert (await seen_by(Tcp(address=address))).value == "open"
    refused = await seen_by(Tcp(address=address))
    assert refused.value is None
    assert refused.reason.startswith("refused")


async def test_command() -> None:
    code = "import sys; print('one'); print('two'); sys.exit(3)"
    seen = await seen_by(Command(run=(sys.executable, "-c", code)))
    assert (seen.value, seen.fields["exit"], seen.reason) == ("one", 3, "")
    assert seen.fields["stdout"] == "one\ntwo\n"


async def test_a_command_that_misses_tells_its_last_complaint_without_passwords() -> None:
    code = "import sys; sys.exit('first\\nno postgresql://ann:secret@db/tasks\\n')"
    probe = Command(run=(sys.executable, "-c", code), expect={"exit": 0})
    seen = await seen_by(probe)
    told = probe.told_miss(miss_of(probe.expect, seen.fields), seen)
    assert told.startswith(f"exit is 1, expected 0; the command `{sys.executable} -c import sys")
    assert told.endswith("said: no postgresql://ann:***@db/tasks"), told


async def test_a_command_with_much_output_does_not_block() -> None:
    code = "print('x' * 1_000_000)"
    seen = await seen_by(Command(run=(sys.executable, "-c", code)))
    assert len(str(seen.fields["stdout"])) == 64 * 1024


async def test_a_command_that_is_not_there() -> None:
    seen = await seen_by(Command(run=("no-such-program-here",)))
    assert seen.reason.startswith("cannot run no-such-program-here")


async def test_a_late_command_is_killed_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    script = f"sleep 60 & echo $! > {note}; wait"
    given = {"run": ["/bin/sh", "-c", script], "timeout": "500ms"}
    seen = await seen_by(Command.model_validate(given))
    assert seen.reason == "timeout: /bin/sh did not end in time"
    child = int(note.read_text())

    async def gone() -> bool:
        return not _runs(child)

    await wait_until(gone, what="the child is gone", deadline=5, clock=LoopClock())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
