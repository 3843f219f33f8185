"""The control socket: private, patient with nonsense; the lifeline: absolute."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.looks.link import read_link
from hormesis.words.look import LinkLook
from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import SOURCE, Proxy, round_trip_s


def test_the_socket_is_its_owners(proxy: Proxy) -> None:
    assert stat.S_IMODE(Path(proxy.control).stat().st_mode) == 0o600


BAD_REQUESTS: list[tuple[Any, str]] = [
    ([], "expected a JSON object"),
    ({}, "expected one of the ops add, remove, read, links, found None"),
    ({"op": "add"}, "expected a text in `link`"),
    ({"op": "add", "link": "x"}, "there is no link 'x'; there are: echo, nobody"),
    ({"op": "add", "link": "echo"}, "expected a text in `toxic`"),
    ({"op": "add", "link": "echo", "toxic": "down"}, "expected a text in `name`"),
    (
        {"op": "add", "link": "echo", "toxic": "down", "attributes": 3},
        "expected an object in `attributes`",
    ),
    (
        {"op": "add", "link": "echo", "toxic": "down", "name": "d", "toxicity": "1"},
        "expected a number from 0 to 1 in `toxicity`",
    ),
    ({"op": "remove", "link": "echo"}, "expected a text in `name`"),
    ({"op": "read", "link": "echo"}, "expected a text in `toxic`"),
]


def test_each_bad_request_gets_a_sentence_and_the_next_one_its_due(proxy: Proxy) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(proxy.control)
        with link.makefile("rb") as replies:
            for request, expected in BAD_REQUESTS:
                link.sendall(json.dumps(request).encode() + b"\n")
                assert json.loads(replies.readline()) == {"ok": False, "error": expected}
            link.sendall(b'nonsense\n{"op": "links"}\n')
            assert "not JSON" in json.loads(replies.readline())["error"]
            assert json.loads(replies.readline())["ok"]


def test_a_name_is_taken_once(proxy: Proxy) -> None:
    proxy.add("echo", "t", "latency")
    again = proxy.ask(op="add", link="echo", name="t", toxic="latency")
    assert again == {"ok": False, "error": "toxic 't' is already on link 'echo'"}
    assert proxy.remove("echo", "t")
    proxy.add("echo", "t", "latency")
    assert proxy.read("echo", "t")["generation"] == 2


def test_links_are_listed_with_their_toxics(proxy: Proxy, server: EchoServer) -> None:
    proxy.add("echo", "t", "latency", delay="1s")
    first = proxy.ask(op="links")["links"][0]
    assert (first["name"], first["upstream"]) == ("echo", server.address)
    (toxic,) = first["toxics"]
    assert (toxic["name"], toxic["toxic"], toxic["stream"]) == ("t", "latency", "downstream")


@pytest.mark.anyio
async def test_a_look_reads_the_link(proxy: Proxy) -> None:
    proxy.add("echo", "t", "latency")
    reading = await read_link(proxy.control, LinkLook("echo", "t"))
    assert reading["active"] is True
    wrong = await read_link(proxy.control, LinkLook("x", "t"))
    assert wrong == {"error": "there is no link 'x'; there are: echo, nobody"}
    absent = await read_link(proxy.control + "x", LinkLook("echo", "t"))
    assert "cannot be read" in str(absent["error"])


@pytest.mark.parametrize("toxic", ["", "latency", "timeout", "down"])
def test_the_end_of_the_lifeline_ends_everything(proxy: Proxy, toxic: str) -> None:
    peer = proxy.connect("echo")
    round_trip_s(peer)
    if toxic:
        proxy.add("echo", "t", toxic)
    with peer:
        peer.sendall(b"x")
        assert proxy.end() == (0, "")
        peer.settimeout(5)
        assert b"x".startswith(peer.recv(10))
    assert not Path(proxy.control).exists()
    with pytest.raises(ConnectionRefusedError):
        proxy.connect("echo")


def test_a_stale_socket_of_a_killed_proxy_is_replaced(tmp_path: Path, server: EchoServer) -> None:
    first = Proxy(tmp_path / "control", {"echo": server.address})
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.communicate(timeout=5)
    assert (tmp_path / "control").exists()
    second = Proxy(tmp_path / "control", {"echo": server.address})
    assert second.ask(op="links")["ok"]
    assert second.end() == (0, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", "bad configuration"),
        (b"nonsense\n", "bad configuration"),
        (b'{"control": "/tmp/never", "links": [3]}\n', "expected links as"),
        (b'{"control": "/nowhere/at/all"}\n', "No such file"),
    ],
)
def test_a_proxy_that_cannot_start_says_why(line: bytes, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hormesis.proxy"], input=line, capture_output=True, timeout=20,
        env={**os.environ, "PYTHONPATH": SOURCE}, check=False,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["ready"] is False
    assert expected in answer["error"]
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_taken_address_is_named(tmp_path: Path, server: EchoServer) -> None:
    config = {
        "control": str(tmp_path / "control"),
        "links": [{"name": "db", "listen": server.address, "upstream": "127.0.0.1:1"}],
    }
    done = subprocess.run(
        [sys.executable, "-m", "hormesis.proxy"], input=json.dumps(config).encode() + b"\n",
        capture_output=True, timeout=20, env={**os.environ, "PYTHONPATH": SOURCE}, check=False,
    )  # fmt: skip
    error = json.loads(done.stdout)["error"]
    assert error.startswith(f"link 'db' cannot listen on {server.address}")
