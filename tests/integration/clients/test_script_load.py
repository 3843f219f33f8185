"""Scripts played by the engine, against a real server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hormesis.clients.python import Python
from hormesis.engine.loading.player import Player
from hormesis.record.op_record import RECORD
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.load import Finite, Load, Open, Shape
from hormesis.words.metric import MetricSlice
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted
from tests.integration.clients.users import Stage

pytestmark = pytest.mark.anyio

LOCUST = """
from hormesis.load import HttpUser, SequentialTaskSet, task, between

class WebsiteUser(HttpUser):
    wait_time = between(0.001, 0.002)

    def on_start(self):
        self.client.post("/login", json={"user": self.number})

    @task(2)
    def index(self):
        with self.client.get("/", catch_response=True) as response:
            if response.text != "no":
                response.failure("wrong text")

    @task
    class Order(SequentialTaskSet):
        @task
        def look(self):
            self.client.get("/items/7", name="/items/:id")

        @task
        def buy(self):
            if not self.client.post("/orders", {"item": 7}).ok:
                self.interrupt()

    def on_stop(self):
        self.client.get("/logout")
"""

ASYNC = """
from hormesis.load import HttpUser, Trend, constant, task

sizes = Trend("size")

class Visitor(HttpUser):
    @task
    async def visit(self):
        with self.group("front"):
            answer = await self.http.get("/a", name="a")
            self.check("ok", answer.ok)
            sizes.add(len(answer.body))
"""


class Shaped(Load):
    """A load of any shape."""

    def model_post_init(self, context: Any, /) -> None:
        self._made: Shape = context

    def shape(self) -> Shape:
        return self._made


class Kept:
    """What a player put out."""

    def __init__(self) -> None:
        self.loads: dict[str, LoadRecord] = {}
        self.slices: list[MetricSlice] = []
        self.chunks: list[bytes] = []
        self.rows: list[Any] = []

    def ops(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    def labels(self, rows: list[Any]) -> None:
        self.rows += rows

    def values(self, values: list[Any]) -> None:
        pass

    def metrics(self, slices: list[MetricSlice]) -> None:
        self.slices += slices

    def load(self, record: LoadRecord) -> None:
        self.loads[record.load] = record


async def played(folder: Path, text: str, url: str, shape: Shape) -> Kept:
    (folder / "script.py").write_text(text)
    client = Python.model_validate(
        {"use": "script.py", "with": {"base": url}}, context={"folder": str(folder)}
    )
    load = Shaped()
    load._made = shape
    stage, kept = Stage(), Kept()
    player = Player(
        [LoadTrack("l", load, client, graceful_stop_s=2.0)],
        part=0, parts=1, seed=7, clock=stage.clock, meter=stage.meter, output=kept,
    )  # fmt: skip
    await player.play(stage.clock.now())
    return kept


def counted(kept: Kept) -> Counter[tuple[str, int]]:
    found: Counter[tuple[str, int]] = Counter()
    for chunk in kept.chunks:
        for _, _, _, _, _, label in RECORD.iter_unpack(chunk):
            _, name, outcome, *_ = kept.rows[label]
            found[name, outcome] += 1
    return found


async def serve_all(server: Scripted, visit: Visit) -> None:
    while await visit.request():
        visit.writer.write(OK)


async def test_a_locust_file_with_another_import(tmp_path: Path) -> None:
    async with scripted(serve_all) as server:
        kept = await played(tmp_path, LOCUST, server.url, Finite(3, 8, True, 20.0))
    found = counted(kept)
    assert kept.loads["l"].trouble == ""
    assert kept.loads["l"].iterations == 24
    assert found["POST /login", 0] == found["GET /logout", 0] == 3
    assert found["GET /", 1] + found["/items/:id", 0] == 24
    assert found["/items/:id", 0] == found["POST /orders", 0] > 0


async def test_asynchronous_users_in_an_open_model(tmp_path: Path) -> None:
    shape = Open(lambda n: n * 0.005 if n < 100 else None, users_max=20, duration_s=0.5)
    async with scripted(serve_all) as server:
        waiting = ASYNC.replace("    @task", "    wait_time = constant(60)\n\n    @task")
        kept = await played(tmp_path, waiting, server.url, shape)
    assert kept.loads["l"].trouble == ""
    assert counted(kept) == {("a", 0): 100}
    totals: Counter[str] = Counter()
    for one in kept.slices:
        totals[one.metric] += round(one.total)
    assert (totals["checks"], totals["size"], totals["iterations"]) == (100, 200, 100)
    assert totals["data_received"] == 100 * len(OK)


async def test_nobody_answers(tmp_path: Path) -> None:
    kept = await played(tmp_path, ASYNC, "http://127.0.0.1:1", Finite(2, 3, True, 20.0))
    assert counted(kept) == {("a", 1): 6}
    assert kept.loads["l"].trouble == ""
