"""Packet faults where target and peers are apart: what leaves is hurt on its way out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.integration.packets.playing import OTHER, PORT, Station, hurting, joined

V4, V6 = "10.99.0.2", "fd00::2"

Wire = tuple[Station, Station]


@pytest.fixture(scope="module")
def wire(station: Station) -> Iterator[Wire]:
    """The clients' station and the server's one."""
    if shutil.which("ip") is None:
        pytest.skip("ip is not installed (apt-get install iproute2)")
    with joined() as stations:
        yield stations


def connects(client: Station, host: str, port: int = PORT) -> str:
    answer = client.ask("connects", host=host, port=port, times=1, timeout_s=0.3)
    return str(answer["results"][0])


@pytest.mark.parametrize(("host", "direction"), [
    (V4, "in"), (V6, "out"),
    *(pytest.param(*one, marks=pytest.mark.prove) for one in [(V6, "in"), (V4, "out")]),
])  # fmt: skip
def test_at_the_server(wire: Wire, host: str, direction: str) -> None:
    client, server = wire
    with hurting(server, action="drop", direction=direction) as holder:
        assert connects(client, host) == "TimeoutError"
        assert connects(client, host, OTHER) == "ok"
        assert holder.figures()["hit"] >= 1
    assert connects(client, host) == "ok"


@pytest.mark.parametrize(("host", "direction"), [
    (V6, "in"), (V4, "out"),
    *(pytest.param(*one, marks=pytest.mark.prove) for one in [(V4, "in"), (V6, "out")]),
])  # fmt: skip
def test_at_the_client_by_address(wire: Wire, host: str, direction: str) -> None:
    client, _ = wire
    address = f"[{host}]:{PORT}" if ":" in host else f"{host}:{PORT}"
    config = {"pids": [], "ports": [], "address": address, "direction": direction}
    with hurting(client, action="drop", **config) as holder:
        assert connects(client, host) == "TimeoutError"
        # The same port elsewhere is another target.
        assert connects(client, "127.0.0.1") == "ok"
        assert holder.figures()["connect_before"] == "ok"
    assert connects(client, host) == "ok"


def test_a_sender_is_not_told_of_what_vanishes(wire: Wire) -> None:
    """Not even of datagrams, whose sender would be told with EPERM."""
    client, _ = wire
    config = {"pids": [], "ports": [], "address": f"{V4}:{PORT}"}
    with hurting(client, action="drop", **config):
        answer = client.ask("datagrams", host=V4, port=PORT, times=3)
    assert (answer["came"], answer["ended"]) == ([], "TimeoutError")


def test_a_whole_namespace(wire: Wire) -> None:
    client, server = wire
    with hurting(server, action="drop", pids=[], ports=[], whole=True):
        assert connects(client, V4) == connects(client, V6, OTHER) == "TimeoutError"
        assert connects(server, "127.0.0.1") == "ok"
    assert connects(client, V4) == "ok"


@pytest.mark.parametrize("shape", [
    {"delay_s": 0.02}, {"duplicate": 1.0},
    pytest.param({"rate": 10_000_000}, marks=pytest.mark.prove),
])  # fmt: skip
def test_shaped_on_the_way_in_and_out(wire: Wire, shape: dict[str, float]) -> None:
    client, server = wire
    with hurting(server, action="shape", shape=shape) as holder:
        took = client.ask("rtt", host=V4, port=PORT, times=10)["p50"]
        came = client.ask("datagrams", host=V6, port=PORT, times=10)["came"]
        seen = holder.figures()
    assert took >= (40 if "delay_s" in shape else 0)
    # Each of the two copies that arrive is answered, and each answer is doubled.
    assert len(came) == (40 if "duplicate" in shape else 10)
    # A knock may be under way while the figures are taken.
    assert 0 <= seen["matched"] - seen["delayed"] < 8 and seen["delayed"] >= 40


def test_refused_and_reset_over_a_wire(wire: Wire) -> None:
    client, server = wire
    with hurting(server, action="refuse"):
        assert connects(client, V4) == connects(client, V6) == "ConnectionRefusedError"
    client.ask("keep", host=V4, port=PORT)
    with hurting(server, action="reset"):
        assert client.ask("kept", say=False) == {"error": "ConnectionResetError"}
    client.ask("keep", host=V4, port=PORT)
    config = {"pids": [], "ports": [], "address": f"{V4}:{PORT}"}
    with hurting(client, action="reset", **config) as holder:
        # The end that the kernel closes is ours here, and is told that it was aborted.
        assert client.ask("kept", say=False) == {"error": "ConnectionAbortedError"}
        assert connects(client, V4) == "ConnectionRefusedError"
        assert holder.figures()["aborted"] == 1


def test_a_whole_namespace_is_reset_but_for_its_own_talk(wire: Wire) -> None:
    client, server = wire
    client.ask("keep", host=V6, port=PORT)
    server.ask("keep", host="127.0.0.1", port=PORT)
    with hurting(server, action="reset", pids=[], ports=[], whole=True) as holder:
        assert client.ask("kept", say=False) == {"error": "ConnectionResetError"}
        assert server.ask("kept", say=True) == {"got": "y"}
        assert holder.figures()["aborted"] == 1
