"""The queen routes inference: retries elsewhere, a bounded queue, a deadline; without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from proving_ground.queen.inference import Inference, NotServed
from proving_ground.queen.inference_wire import Wire, WireLost
from proving_ground.queen.inference_workers import KnownWorkers
from proving_ground.queen.metrics import QueenMetrics
from proving_ground.queen.settings import QueenSettings
from proving_ground.request_body import Body

Answer = tuple[int, Mapping[str, Any]]
PORTS = {9001: "one", 9002: "two"}


def listed(*names: str, state: str = "ready") -> Mapping[str, Any]:
    """Return what the hive says of these workers."""
    ports = {name: port for port, name in PORTS.items()}
    return {
        "workers": [
            {"name": name, "state": state, "url": f"http://127.0.0.1:{ports[name]}"}
            for name in names
        ]
    }


class FakeWire(Wire):
    """Answers for the hive and the workers; remembers who was asked what."""

    def __init__(self, hive: Any, workers: Callable[[str], Awaitable[Answer]]) -> None:
        super().__init__()
        self.hive = hive
        self.workers = workers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def ask(
        self, method: str, host: str, port: int, path: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        if path == "/workers":
            if self.hive is None:
                raise WireLost("refused")
            if not self.hive:
                return 503, b"{}"
            return 200, json.dumps(self.hive).encode()
        self.asked.append((PORTS[port], json.loads(body)))
        status, told = await self.workers(PORTS[port])
        return status, json.dumps(told).encode()


async def serve(worker: str) -> Answer:
    return 200, {"text": "done", "worker": worker}


async def hang(_worker: str) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


def inference(
    wire: FakeWire, *canaries: str, queue: int = 5, timeout_s: float = 5.0
) -> Inference:
    """Return an inference whose connections are those of *wire*."""
    settings = QueenSettings(
        port=1,
        database_url="",
        admin_token="t",
        hive_url="http://127.0.0.1:9000",
        inference_queue=queue,
        inference_timeout_s=timeout_s,
        canaries=frozenset(canaries),
    )
    return Inference(settings, QueenMetrics(0.0), wire=wire)


async def ask(made: Inference, **more: Any) -> Mapping[str, Any]:
    return await made.admitted(Body({"prompt": "p", "request_id": "r", **more}))


async def refusal(made: Inference) -> tuple[int, str]:
    with pytest.raises(NotServed) as caught:
        await ask(made)
    return caught.value.status, caught.value.code


def test_a_lost_request_goes_to_another_worker_with_the_same_identity() -> None:
    async def lose_the_first(worker: str) -> Answer:
        if len(wire.asked) == 1:
            raise WireLost("reset")
        return await serve(worker)

    wire = FakeWire(listed("one", "two"), lose_the_first)

    async def run() -> Mapping[str, Any]:
        made = inference(wire)
        await made.workers.ask()
        return await ask(made)

    assert asyncio.run(run())["text"] == "done"
    (first, body), (second, again) = wire.asked
    assert {first, second} == {"one", "two"}
    assert (body["request_id"], again["request_id"]) == ("r", "r")
    assert (body["attempt"], again["attempt"]) == (1, 2)


@pytest.mark.parametrize(
    ("canaries", "status", "attempts"),
    [
        ((), 503, 4),
        (("lost-connection-not-retried",), 503, 1),
        (("worker-failure-is-500",), 500, 4),
    ],
)
def test_a_request_that_nobody_can_serve(
    canaries: Sequence[str], status: int, attempts: int
) -> None:
    async def lose(_worker: str) -> Answer:
        raise WireLost("reset")

    wire = FakeWire(listed("one", "two"), lose)

    async def run() -> tuple[int, str]:
        made = inference(wire, *canaries)
        await made.workers.ask()
        return await refusal(made)

    assert asyncio.run(run()) == (status, "no-worker-could")
    assert len(wire.asked) == attempts


def test_without_workers_it_is_refused() -> None:
    wire = FakeWire(listed("one", state="announced"), serve)

    async def run() -> tuple[int, str]:
        made = inference(wire)
        await made.workers.ask()
        return await refusal(made)

    assert asyncio.run(run()) == (503, "no-worker-could")
    assert wire.asked == []


def test_the_whole_request_has_a_deadline() -> None:
    wire = FakeWire(listed("one"), hang)

    async def run() -> tuple[int, str]:
        made = inference(wire, timeout_s=0.05)
        await made.workers.ask()
        return await refusal(made)

    assert asyncio.run(run()) == (504, "inference-timeout")


@pytest.mark.parametrize(("canary", "refused"), [("", 1), ("unbounded-queue", 0)])
def test_the_queue_is_bounded_and_drains(canary: str, refused: int) -> None:
    wire = FakeWire(listed("one"), hang)

    async def run() -> list[str]:
        made = inference(wire, *filter(None, [canary]), queue=0, timeout_s=0.2)
        await made.workers.ask()
        crowd = [asyncio.create_task(refusal(made)) for _ in range(97)]
        codes = [code for _, code in await asyncio.gather(*crowd)]
        assert await refusal(made) == (504, "inference-timeout")
        return codes

    assert asyncio.run(run()).count("queue-full") == refused


def test_queue_never_drains() -> None:
    async def serve_soon(worker: str) -> Answer:
        await asyncio.sleep(0.01)
        return await serve(worker)

    wire = FakeWire(listed("one"), serve_soon)

    async def run() -> tuple[int, str]:
        made = inference(wire, "queue-never-drains", queue=0)
        await made.workers.ask()
        await asyncio.gather(*(ask(made) for _ in range(200)), return_exceptions=True)
        return await refusal(made)

    assert asyncio.run(run()) == (503, "queue-full")


@pytest.mark.parametrize(("canary", "left"), [("", 2), ("workers-forgotten-when-refused", 0)])
def test_a_refused_list_is_no_empty_list(canary: str, left: int) -> None:
    wire = FakeWire(listed("one", "two"), serve)

    async def run() -> int:
        made = inference(wire, *filter(None, [canary]))
        await made.workers.ask()
        wire.hive = {}
        with pytest.raises(WireLost, match="503"):
            await made.workers.ask()
        return len(made.workers)

    assert asyncio.run(run()) == left


@pytest.mark.parametrize(("canary", "strange"), [("", []), ("answers-swapped", [20, 40])])
def test_each_request_gets_its_own_answer(canary: str, strange: Sequence[int]) -> None:
    async def name(_worker: str) -> Answer:
        return 200, {"request_id": wire.asked[-1][1]["request_id"]}

    wire = FakeWire(listed("one"), name)

    async def run() -> list[int]:
        made = inference(wire, *filter(None, [canary]))
        await made.workers.ask()
        transport = httpx.ASGITransport(Starlette(routes=made.routes()))
        wrong = []
        async with httpx.AsyncClient(transport=transport, base_url="http://queen") as client:
            for number in range(1, 46):
                asked = {"prompt": "p", "request_id": f"r{number}"}
                answer = await client.post("/v1/inference", json=asked)
                if answer.json()["request_id"] != asked["request_id"]:
                    wrong.append(number)
        return wrong

    assert asyncio.run(run()) == strange


def test_an_unreachable_hive_leaves_the_workers_that_are_known() -> None:
    wire = FakeWire(listed("one"), serve)

    async def run() -> None:
        made = inference(wire)
        await made.workers.ask()
        wire.hive = None
        with pytest.raises(WireLost):
            await made.workers.ask()
        assert (await ask(made))["worker"] == "one"
        wire.hive = listed("two")
        await made.workers.ask()
        assert (await ask(made))["worker"] == "two"

    asyncio.run(run())


def test_the_least_busy_is_chosen_and_who_failed_comes_last() -> None:
    async def run() -> None:
        workers = KnownWorkers(
            FakeWire(listed("one", "two"), serve),
            "http://127.0.0.1:9000",
            every_s=1.0,
            canaries=frozenset(),
            draws=Random(1),
        )
        await workers.ask()
        first = workers.choose((), 0.0)
        second = workers.choose((), 0.0)
        assert first is not None
        assert second is not None
        assert first.name != second.name
        workers.failed(first, 0.0)
        assert workers.choose((), 0.5) is second
        second.in_flight = 3
        assert workers.choose((), 0.5) is second
        assert workers.choose((), 1.5) is first
        assert workers.choose({"one", "two"}, 1.5) is first

    asyncio.run(run())


def test_a_name_that_moved_is_asked_where_it_is_now() -> None:
    moved = {"workers": [{"name": "one", "state": "ready", "url": "http://127.0.0.1:9002"}]}
    wire = FakeWire(listed("one"), serve)

    async def run() -> None:
        made = inference(wire)
        await made.workers.ask()
        wire.hive = moved
        await made.workers.ask()
        await ask(made)

    asyncio.run(run())
    assert [port_name for port_name, _ in wire.asked] == [PORTS[9002]]
