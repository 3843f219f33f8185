"""Packet faults for real: each bites, tells the truth about it, and is gone afterwards."""

from __future__ import annotations

import os
import signal
import threading
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.packets.playing import HERE, OTHER, Holder, Station, hurting

V6 = {"host": "::1", "port": HERE["port"]}
ELSEWHERE = {"host": "127.0.0.1", "port": OTHER}


def connects(station: Station, times: int = 1, **where: Any) -> list[str]:
    answer = station.ask("connects", **{**HERE, **where}, times=times, timeout_s=0.3)
    results: list[str] = answer["results"]
    return results


def datagrams(station: Station, times: int, **where: Any) -> list[int]:
    answer = station.ask("datagrams", **{**HERE, **where}, times=times, gap_s=0.0005)
    came: list[int] = answer["came"]
    return came


def test_a_partition_drops_all_and_only_its_ports(station: Station) -> None:
    with hurting(station, action="drop") as holder:
        assert connects(station) == connects(station, **V6) == ["TimeoutError"]
        assert connects(station, **ELSEWHERE) == ["ok"]
        assert not datagrams(station, 5)
        seen = holder.figures()
        assert seen["hit"] == seen["matched"] >= 7
        assert holder.end() == 0
    assert connects(station) == connects(station, **V6) == ["ok"]


def test_the_knock_from_inside_shows_the_partition(station: Station) -> None:
    with hurting(station, action="drop") as holder:
        holder.report()
        assert "connect" not in holder.report(), "nobody else has sent anything yet"
        datagrams(station, 1)
        while "connect" not in (seen := holder.report()):
            continue
    assert (seen["connect_before"], seen["connect"]) == ("ok", "timeout")
    assert seen["connect_ms_before"] < 50 < seen["connect_ms"]


def test_what_waits_when_it_ends_is_not_lost(station: Station) -> None:
    came: list[int] = []
    with hurting(station, action="shape", shape={"delay_s": 0.15}) as holder:
        sender = threading.Thread(target=lambda: came.extend(datagrams(station, 40)))
        sender.start()
        while holder.report()["hit"] < 20:
            continue
        assert holder.end() == 0
    sender.join()
    assert len(came) == 40


@pytest.mark.parametrize(("direction", "arrive"), [("in", 0), ("out", 5)])
def test_a_one_way_partition(station: Station, direction: str, arrive: int) -> None:
    before = station.ask("heard")["datagrams"]
    with hurting(station, action="drop", direction=direction) as holder:
        assert not datagrams(station, 5)
        assert station.ask("heard")["datagrams"] - before == arrive
        assert holder.figures()["hit"] >= 5
    assert len(datagrams(station, 5)) == 5


def test_only_new_connections_hang(station: Station) -> None:
    station.ask("keep", **HERE)
    with hurting(station, action="drop", new_only=True):
        assert connects(station) == ["TimeoutError"]
        assert station.ask("kept", say=True) == {"got": "y"}


def test_refused_connections_and_datagrams(station: Station) -> None:
    station.ask("keep", **HERE)
    with hurting(station, action="refuse"):
        assert connects(station) == connects(station, **V6) == ["ConnectionRefusedError"]
        refused = station.ask("datagrams", **HERE, times=1)
        assert (refused["came"], refused["ended"]) == ([], "ConnectionRefusedError")
        assert station.ask("kept", say=True) == {"got": "y"}


def test_a_reset_ends_idle_connections_too(lone: Station) -> None:
    lone.ask("keep", **HERE)
    with hurting(lone, action="reset") as holder:
        assert lone.ask("kept", say=False) == {"error": "ConnectionResetError"}
        assert connects(lone) == ["ConnectionRefusedError"]
        assert holder.figures()["aborted"] == 1


def test_a_reset_after_a_while(station: Station) -> None:
    with hurting(station, action="reset", after_s=0.2):
        station.ask("keep", **HERE)
        assert station.ask("kept", say=False) == {"error": "ConnectionResetError"}


def test_the_asked_share_is_lost(station: Station) -> None:
    with hurting(station, action="drop", share=0.3, direction="in") as holder:
        came = datagrams(station, 600)
        seen = holder.figures()
    assert 370 <= len(came) <= 470
    assert abs(seen["hit"] / seen["matched"] - 0.3) < 0.08


def test_the_asked_delay_is_added_each_way(station: Station) -> None:
    with hurting(station, action="shape", shape={"delay_s": 0.02}, direction="out") as holder:
        one_way = station.ask("rtt", **HERE, times=10)["p50"]
        mean = holder.figures()["delay_ms_mean"]
    with hurting(station, action="shape", shape={"delay_s": 0.02}):
        both = station.ask("rtt", **V6, times=5)["p50"]
    assert 20 <= one_way < 30 and 20 <= mean < 30 and 40 <= both < 60
    assert station.ask("rtt", **HERE, times=10)["p50"] < 5


def test_a_rate_is_kept_to(station: Station) -> None:
    size, rate = 400_000, 1_000_000
    with hurting(station, action="shape", shape={"rate": rate}, direction="out") as holder:
        whole = station.ask("bulk", **HERE, size=size)["bytes_per_s"]
        seen = holder.figures()["bytes_per_s"]
    assert whole == pytest.approx(rate, rel=0.15)
    assert seen == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("where", [HERE, pytest.param(V6, marks=pytest.mark.prove)])
def test_duplicates_arrive_twice_and_in_order(station: Station, where: dict[str, Any]) -> None:
    shape = {"duplicate": 0.5}
    with hurting(station, action="shape", shape=shape, direction="in") as holder:
        came = datagrams(station, 200, **where)
        seen = holder.figures()
    assert len(came) > 260
    # A connect to the target knocks too, hence a few packets that are no datagrams.
    assert 0 <= seen["duplicated"] - (len(came) - 200) < 15
    assert set(came) == set(range(200))


def test_damaged_packets_are_thrown_away_by_the_receiver(station: Station) -> None:
    shape = {"corrupt": 0.5}
    with hurting(station, action="shape", shape=shape, direction="in") as holder:
        came = datagrams(station, 200)
        seen = holder.figures()
    assert 0 <= seen["corrupted"] - (200 - len(came)) < 10
    assert 60 < len(came) < 140


def test_packets_are_overtaken(station: Station) -> None:
    shape = {"reorder": 0.3, "reorder_by_s": 0.01}
    with hurting(station, action="shape", shape=shape, direction="in"):
        came = datagrams(station, 100)
    assert sorted(came) == list(range(100)) != came


@pytest.mark.prove
def test_losses_come_in_bursts(station: Station) -> None:
    shape = {"loss": 0.3, "correlation": 0.8}
    with hurting(station, action="shape", shape=shape, direction="in"):
        came = datagrams(station, 1000)
    gaps = sum(1 for one, following in pairwise(came) if following - one > 1)
    lost = 1000 - len(came)
    assert 150 < lost < 450
    assert lost / gaps > 3


@pytest.mark.parametrize("config", [
    {"action": "drop"}, {"action": "shape", "shape": {"delay_s": 5.0}},
])  # fmt: skip
def test_a_killed_holder_leaves_nothing(station: Station, config: dict[str, Any]) -> None:
    with hurting(station, **config) as holder:
        assert connects(station) == ["TimeoutError"]
        holder.kill()
        assert connects(station) == ["ok"]
    assert not station.queues()


@pytest.mark.parametrize("config", [
    {"action": "drop"},
    pytest.param({"action": "shape", "shape": {"delay_s": 5.0}}, marks=pytest.mark.prove),
])  # fmt: skip
def test_a_frozen_holder_lets_everything_pass_in_time(
    station: Station, config: dict[str, Any]
) -> None:
    with hurting(station, **config, hold_s=0.8) as holder:
        os.kill(holder.process.pid, signal.SIGSTOP)
        assert connects(station) == ["TimeoutError"]
        answer = station.ask("connects", **HERE, times=1, timeout_s=5.0)
        assert answer["results"] == ["ok"]


def test_a_holder_ends_by_itself_when_its_time_is_over(station: Station) -> None:
    with hurting(station, action="drop", hold_s=0.3) as holder:
        assert holder.process.wait(5) == 0
    assert connects(station) == ["ok"]


def test_what_waits_is_let_go_at_the_end(station: Station) -> None:
    with hurting(station, action="shape", shape={"delay_s": 1.0}, direction="out") as holder:
        assert not datagrams(station, 5)
        assert holder.end() == 0


def test_two_faults_on_one_target(station: Station) -> None:
    shape = {"delay_s": 0.01}
    with (
        hurting(station, action="shape", shape=shape, direction="in"),
        hurting(station, action="shape", shape=shape, direction="in"),
    ):
        assert station.ask("rtt", **HERE, times=10)["p50"] >= 20


def test_it_says_what_it_lacks(station: Station) -> None:
    holder = Holder(station, inside=False, pids=[], netns="/run/netns/no-such")
    said = holder.first
    assert not said["ready"] and "no network namespace /run/netns/no-such" in said["missing"]
    assert holder.end() == 69
    nowhere = Holder(station, pids=[], ports=[], action="drop")
    assert "expected ports, an address or a process" in nowhere.first["error"]
    nowhere.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root enters a network namespace from outside")
def test_root_enters_from_outside(station: Station) -> None:
    path = f"/proc/{station.pid}/ns/net"
    with hurting(station, inside=False, pids=[], netns=path, action="drop") as holder:
        assert connects(station) == ["TimeoutError"]
        assert holder.figures()["connect_before"] == "ok"


@pytest.mark.prove
@pytest.mark.parametrize("delay_ms", [2, 25, 100])
def test_delays_are_exact(station: Station, delay_ms: int) -> None:
    """Within 1 ms and 2 % at the median."""
    plain = station.ask("rtt", **HERE, times=200)["p50"]
    shape = {"delay_s": delay_ms / 1000}
    with hurting(station, action="shape", shape=shape, direction="out"):
        seen = station.ask("rtt", **HERE, times=max(30, 3000 // delay_ms))["p50"]
    assert abs(seen - plain - delay_ms) <= 1 + 0.02 * delay_ms


@pytest.mark.prove
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_losses_are_exact(station: Station, share: float) -> None:
    """Within 3 points over 5,000 packets, for which chance alone stays within 2."""
    with hurting(station, action="drop", share=share, direction="in"):
        came = datagrams(station, 5000)
    assert abs(1 - len(came) / 5000 - share) <= 0.03


@pytest.mark.prove
@pytest.mark.parametrize("rate", [50_000, 300_000, 3_000_000, 20_000_000])
def test_rates_are_exact(station: Station, rate: int) -> None:
    """Within 10 %, whole."""
    with hurting(station, action="shape", shape={"rate": rate}, direction="out"):
        whole = station.ask("bulk", **HERE, size=3 * rate)["bytes_per_s"]
    assert whole == pytest.approx(rate, rel=0.1)
