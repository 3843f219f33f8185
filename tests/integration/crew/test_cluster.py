from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hormesis.record.history_reader import read_history
from hormesis.words.history import History
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome
from tests.integration.crew.cluster_engine import SECONDS
from tests.integration.crew.cluster_net import HUB, Net, lacking
from tests.proving_ground.wait import wait_for

LACKING = lacking() or ("" if importlib.util.find_spec("distributed") else "needs distributed")
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "has all it needs")
ROOT = Path(__file__).parents[3]
SERVER = str(Path(__file__).with_name("small_server.py"))
SCHEDULER = f"tcp://{HUB}:8786"
AHEAD_S = 5000
"""How far the clock of one machine is ahead."""


def dask(what: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "dask", what, *options, "--no-dashboard"]


class Cluster:
    """A server, a scheduler and three machines with a worker each, one with a clock of its own."""

    def __init__(self, net: Net, folder: Path) -> None:
        self.net = net
        self.run = folder / "run"
        self.run.mkdir()
        self.log, self.server_log = folder / "engine.log", folder / "server.log"
        net.start(HUB, "server.log", [sys.executable, SERVER, HUB, "8080"])
        net.start(HUB, "scheduler.log", dask("scheduler", "--host", HUB, "--port", "8786"))
        self.workers: dict[str, psutil.Process] = {}
        for number, ahead_s in ((2, 0), (3, 0), (4, AHEAD_S)):
            address = net.node(number, ahead_s)
            command = dask("worker", SCHEDULER, "--no-nanny", "--nthreads", "1", "--host", address)
            self.workers[address] = net.start(address, f"worker{number}.log", command)
        scheduler = folder / "scheduler.log"
        wait_for(
            lambda: scheduler.read_text().count("Register worker") == 3,
            within_s=30.0,
            what="three workers",
        )

    def play(self) -> psutil.Process:
        engine = [sys.executable, "-m", "tests.integration.crew.cluster_engine"]
        return self.net.start(
            HUB,
            "engine.log",
            ["env", "-C", str(ROOT), *engine, str(self.run), SCHEDULER, f"http://{HUB}:8080"],
        )

    def wait_until_busy(self, engine: psutil.Process, machine: str) -> None:
        """Wait until *machine* has played some of its share."""

        def busy() -> bool:
            assert engine.status() != psutil.STATUS_ZOMBIE, self.log.read_text()
            return f"{machine} 300\n" in self.server_log.read_text()

        wait_for(busy, within_s=30.0, what="its share of the load")

    def ended(self, engine: psutil.Process) -> History:
        """Wait for the engine's end and return what it recorded."""
        gone, _ = psutil.wait_procs([engine], timeout=40.0)
        history = read_history(self.run)
        assert gone and history.end, self.log.read_text()
        return history

    def served(self) -> Counter[str]:
        """Return how many requests the server has had from each machine."""
        url = f"http://{HUB}:8080/counts"
        asking = f"import urllib.request as r; print(r.urlopen({url!r}).read().decode())"
        return Counter(json.loads(self.net.output(HUB, [sys.executable, "-c", asking])))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Net(tmp_path) as net:
        yield Cluster(net, tmp_path)


def member_of(worker: psutil.Process) -> psutil.Process:
    return next(one for one in worker.children(recursive=True)
                if "hormesis.engine.crew.member" in one.cmdline())  # fmt: skip


@pytest.mark.prove
def test_a_machine_that_dies_in_the_middle_costs_its_share(cluster: Cluster) -> None:
    engine, victim = cluster.play(), "10.77.0.3"
    cluster.wait_until_busy(engine, victim)
    member = member_of(cluster.workers[victim])
    cluster.workers[victim].kill()
    psutil.wait_procs([member], timeout=2.0)
    assert not member.is_running()
    history = cluster.ended(engine)
    (record,) = history.loads
    told = re.fullmatch(
        r"worker (\d) of 3 \(tcp://10\.77\.0\.3:\d+\) was lost at (\d+\.\d) s "
        r"\(its connection was lost\): its third of load x was lost from then on",
        record.lost,
    )
    assert told, record.lost
    verdict = judge_run(history, [])
    assert verdict.outcome is Outcome.UNKNOWN
    assert record.lost in verdict.reason

    served, made = cluster.served(), Counter((op.number - 1) % 4 for op in history.ops)
    lost = int(told[1])
    machines = dict(zip((1, 2, 3), sorted(served), strict=True))
    assert machines[lost] == victim
    died = float(told[2])
    began = history.phases[0].start
    for worker, machine in machines.items():
        ends = [op.ended for op in history.ops if (op.number - 1) % 4 == worker]
        if worker == lost:
            # What it had not sent yet is lost too: less than a second of its work.
            assert served[machine] * 0.2 < made[worker] <= served[machine]
            assert died - 2.0 < max(ends) < died + 0.1
        else:
            assert made[worker] == served[machine]
            assert max(ends) - began == pytest.approx(SECONDS, abs=1.5)
            # On the run's clock, also where the machine's own is more than an hour ahead.
            assert min(ends) - began < 2.0

    clocks = [note.text for note in history.notes if note.source == "clock"]
    ahead = [float(match[1]) for text in clocks if (match := re.search(r"is ([+-][\d.]+) s", text))]
    assert [round(one) for one in ahead] == [0, 0, AHEAD_S]
    assert all(abs(one - round(one)) < 0.005 for one in ahead)


@pytest.mark.prove
def test_a_machine_that_is_cut_off_is_given_up_and_ends_its_part_itself(cluster: Cluster) -> None:
    engine, victim = cluster.play(), "10.77.0.4"
    cluster.wait_until_busy(engine, victim)
    member = member_of(cluster.workers[victim])
    cluster.net.cut(victim)
    (record,) = cluster.ended(engine).loads
    assert re.fullmatch(
        r"worker 3 of 3 \(tcp://10\.77\.0\.4:\d+\) was lost at \d+\.\d s "
        r"\(not heard of for 15 s\): its third of load x was lost from then on",
        record.lost,
    ), record.lost
    assert re.search(r"was not heard of for 15\.\d s", record.trouble)
    # Nobody can tell it to end; its own lease does.
    gone, _ = psutil.wait_procs([member], timeout=20.0)
    assert gone
