"""The trader as real processes: the lock is lost and won, orders are taken once and executed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from proving_ground.cli import main
from tests.proving_ground.programs import Postgres, Program, free_port
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration
LOCK_TTL = "1s"


class Trader:
    """Redis, a broker and instances of the trader, on a database of their own."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self._folder = folder
        self._dsn = postgres.dsn(postgres.new_database())
        self._redis_port, self._broker_port = free_port(), free_port()
        self._stack = ExitStack()
        self.broker = self._client(self._broker_port)
        self.redis: Program | None = None

    def start_redis(self) -> None:
        data, port = str(self._folder / "redis"), str(self._redis_port)
        self.redis = self._program("redis", "redis", "--data", data, "--port", port)

    def start_broker(self) -> None:
        port = str(self._broker_port)
        self._program("broker", "broker", "--port", port, "--order-latency", "1ms")
        wait_for(lambda: answers(self.broker), within_s=15, what="the broker answers")

    def start(self, name: str, *, ready: bool = True) -> tuple[Program, httpx.Client]:
        """Start an instance; return it and what talks to it."""
        port = free_port()
        program = self._program(
            name,
            *("leader", "--port", str(port), "--instance", name, "--lock-ttl", LOCK_TTL),
            *("--redis-url", f"redis://127.0.0.1:{self._redis_port}/0"),
            *("--database-url", self._dsn, "--backoff-most", "300ms"),
            *("--broker-url", f"http://127.0.0.1:{self._broker_port}"),
        )
        client = self._client(port)
        path = "/ready" if ready else "/health"
        wait_for(lambda: answers(client, path), within_s=20, what=f"{name} answers {path}")
        return program, client

    def close(self) -> None:
        self._stack.close()

    def _program(self, name: str, *arguments: str) -> Program:
        program = Program(self._folder / f"{name}.log", *arguments)
        self._stack.callback(program.stop, signal.SIGKILL)
        return program

    def _client(self, port: int) -> httpx.Client:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        self._stack.callback(client.close)
        return client


def answers(client: httpx.Client, path: str = "/health") -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False


def place(client: httpx.Client, name: str, **fields: object) -> httpx.Response:
    return client.post("/orders", json={"client_order_id": name, **fields})


def executed(trader: Trader) -> list[str]:
    return sorted(one["client_order_id"] for one in trader.broker.get("/orders").json()["orders"])


def metric(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


@pytest.fixture
def trader(postgres: Postgres, tmp_path: Path) -> Iterator[Trader]:
    running = Trader(postgres, tmp_path)
    try:
        running.start_redis()
        running.start_broker()
        yield running
    finally:
        running.close()


def test_orders_are_taken_once_and_paused_cancelled_and_resumed(trader: Trader) -> None:
    _, client = trader.start("only")
    first = place(client, "a")
    again = place(client, "a")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert place(client, "a", quantity=2).status_code == 409
    assert place(client, "b", side="give").status_code == 400
    wait_for(lambda: executed(trader) == ["a"], within_s=10, what="the order is executed")
    assert client.post("/abort").json() == {"paused": True, "cancelled": 0}
    refused = place(client, "c")
    assert (refused.status_code, refused.json()["detail"]) == (503, "operator")
    assert client.get("/ready").status_code == 503
    assert client.post("/resume").json()["paused"] is False
    assert place(client, "c").status_code == 201
    wait_for(lambda: executed(trader) == ["a", "c"], within_s=10, what="the second is executed")
    assert metric(client, "trader_throttle_queue_depth") == 0


def test_a_leader_without_its_lock_pauses_lives_and_comes_back(trader: Trader) -> None:
    program, client = trader.start("only")
    token = metric(client, "trader_fencing_token")
    assert trader.redis is not None
    trader.redis.stop(signal.SIGTERM)
    wait_for(lambda: client.get("/ready").status_code == 503, within_s=5, what="the loss shows")
    assert metric(client, "trader_is_leader") == 0
    assert metric(client, "trader_paused") == 1
    assert client.get("/health").json()["status"] == "healthy"
    assert place(client, "a").json()["detail"] == "no-lock"
    trader.start_redis()
    wait_for(lambda: answers(client, "/ready"), within_s=15, what="it leads again")
    assert metric(client, "trader_fencing_token") > token
    assert place(client, "a").status_code == 201
    assert program.returncode is None


def test_a_standby_takes_over_and_takes_up(trader: Trader) -> None:
    first, client = trader.start("first")
    _, standby = trader.start("standby", ready=False)
    assert metric(standby, "trader_is_leader") == 0
    assert place(standby, "a").status_code == 503
    assert place(client, "a").status_code == 201
    first.stop(signal.SIGKILL)
    wait_for(lambda: answers(standby, "/ready"), within_s=10, what="the standby leads")
    assert metric(standby, "trader_fencing_token") == 2
    assert place(standby, "a").status_code == 200
    wait_for(lambda: executed(trader) == ["a"], within_s=10, what="the order is executed")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["leader", "--port", "8000", "--broker-url", "http://x", "--redis-url", "x"], "redis://"),
        (["leader", "--port", "8000"], "PROVING_GROUND"),
        (["broker", "--port", "8000", "--token-lifetime", "60"], "duration"),
        (["broker", "--port", "8000", "--canary", "no-backof"], "no-backoff"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 64
    text = capsys.readouterr().err
    assert told in text
    assert text.count("\n") == 1
