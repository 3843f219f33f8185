from __future__ import annotations

from typing import Any

import pytest

from hormesis.engine.crew.cluster_crew import ClusterCrew
from hormesis.engine.crew.messages import Configure
from hormesis.engine.crew.worker import Worker
from hormesis.host.dask_cluster import DaskCluster, DaskMember, WorkerGone
from hormesis.words.history import Note
from hormesis.words.trouble import CapabilityTrouble
from tests.unit.engine.crew.test_worker import FakeLine, Taken
from tests.virtual_time import virtual_clock, virtually

SECOND = 10**9
CONFIGURE = Configure((), seed=1, zero_ns=0, wall=0.0, first=2, step=3, version="")


class FakeCluster:
    """A cluster whose clocks are ahead by *ahead_ns*, read in *round_trips_ns* in turn."""

    def __init__(self, ahead_ns: dict[str, int], round_trips_ns: list[int]) -> None:
        self.ahead_ns = ahead_ns
        self.closed = False
        self._trips = round_trips_ns
        self._readings = 0

    async def workers(self) -> list[str]:
        return sorted(self.ahead_ns)

    async def clock_reading(self, machine: str) -> tuple[int, int, int]:
        if self.ahead_ns[machine] < 0:
            raise WorkerGone("it has left the cluster")
        self._readings += 1
        trip = self._trips[self._readings % len(self._trips)]
        return 0, trip // 2 + self.ahead_ns[machine], trip

    async def close(self) -> None:
        self.closed = True


class Stand:
    def __init__(self, patch: pytest.MonkeyPatch, cluster: FakeCluster) -> None:
        async def connect(address: str) -> FakeCluster:
            return cluster

        patch.setattr(DaskCluster, "connect", connect)

        async def start(*given: Any) -> FakeLine:
            return FakeLine()

        patch.setattr(DaskMember, "start", start)
        self.cluster = cluster
        self.clock = virtual_clock()
        self.notes: list[Note] = []
        self.crew = ClusterCrew("tcp://there:1", "r1", self.clock, self.notes.append)

    async def worker(self, index: int) -> Worker:
        worker = Worker(index + 1, 2, CONFIGURE, clock=self.clock, output=Taken())
        self.crew.place(index, worker)
        await self.crew.start(worker, "module", lambda text: None)
        return worker


def test_clocks_are_compared_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    @virtually
    async def live() -> None:
        ahead = {"tcp://a:1": 0, "tcp://b:1": 5 * SECOND}
        stand = Stand(monkeypatch, FakeCluster(ahead, [9_000_000, 600_000, 2_000_000]))
        assert await stand.crew.connect() == 2
        assert [stand.crew.offset_ns(index) for index in (0, 1)] == [0, 5 * SECOND]
        workers = [await stand.worker(index) for index in (0, 1)]
        stand.crew.tell_clocks()
        assert [(note.level, note.text) for note in stand.notes] == [
            ("info", "the clock of worker 1 of 2 (tcp://a:1) is +0.000000 s from ours, ± 0.30 ms"),
            ("info", "the clock of worker 2 of 2 (tcp://b:1) is +5.000000 s from ours, ± 0.30 ms"),
        ]
        stand.cluster.ahead_ns["tcp://b:1"] += 7_000_000
        await stand.clock.sleep_until(60.0)
        assert [worker.shift_us() for worker in workers] == [0, -7000]
        stand.crew.tell_clocks()
        assert "; it drifted by +7.00 ms, which is taken out" in stand.notes[-1].text
        await stand.crew.close()
        assert stand.cluster.closed

    live()


def test_a_clock_that_is_badly_known_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    @virtually
    async def live() -> None:
        stand = Stand(monkeypatch, FakeCluster({"tcp://a:1": 0}, [6_000_000]))
        await stand.crew.connect()
        await stand.worker(0)
        stand.crew.tell_clocks()
        (note,) = stand.notes
        assert note.level == "warning"
        assert note.text.endswith(
            "± 3.00 ms: more than 1 ms, so moments of different workers cannot be compared that "
            "finely"
        )
        await stand.crew.close()

    live()


def test_a_cluster_without_workers_or_with_a_bad_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @virtually
    async def live() -> None:
        empty = Stand(monkeypatch, FakeCluster({}, [1]))
        with pytest.raises(CapabilityTrouble, match="tcp://there:1 has no workers; start one"):
            await empty.crew.connect()
        bad = Stand(monkeypatch, FakeCluster({"tcp://a:1": 0, "tcp://b:1": -1}, [1]))
        with pytest.raises(CapabilityTrouble, match="worker tcp://b:1 cannot be used: it has left"):
            await bad.crew.connect()

    live()
