"""``hormesis proxy``: its flags, its one line, its end and its complaints."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer, command

BAD_INPUT, CAPABILITY_MISSING, USAGE = 65, 69, 64


def ended(*flags: str) -> tuple[int, str]:
    """Return the exit code and the complaints of a command that ends by itself."""
    process = command(*flags)
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_asked_to(number: int) -> None:
    server = ToxiproxyServer("-host", "127.0.0.1", "-seed", "5")
    assert f"http://127.0.0.1:{server.port}, seed 5" in server.told
    server.wanted("POST", "/proxies", {"name": "a", "upstream": "x"})
    assert server.end(number) == (0, "")


def test_it_starts_with_the_proxies_of_a_file_and_has_no_metrics_unasked(tmp_path: Path) -> None:
    file = tmp_path / "proxies.json"
    file.write_text(json.dumps([{"name": "a", "listen": "127.0.0.1:0", "upstream": "x"}]))
    server = ToxiproxyServer("-config", str(file))
    assert list(server.wanted("GET", "/proxies")) == ["a"]
    assert server.ask("GET", "/metrics")[0] == 404
    assert server.end() == (0, "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "bad request body"),
        ('[{"name": "a"}]', "missing required field: upstream at proxy 1"),
    ],
)
def test_a_bad_file_is_bad_input(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "proxies.json"
    file.write_text(text)
    code, errors = ended("--port", "0", "--config", str(file))
    assert code == BAD_INPUT
    assert f"{file}: {told}" in errors.replace("\n", "")


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    code, errors = ended("--config", str(tmp_path / "none.json"))
    assert code == BAD_INPUT
    assert "No such file" in errors


def test_a_taken_port_is_told(running: ToxiproxyServer) -> None:
    code, errors = ended("--port", str(running.port), "--host", "127.0.0.1")
    assert code == CAPABILITY_MISSING
    assert f"cannot listen on 127.0.0.1:{running.port}" in errors
    assert "in use" in errors


def test_an_unknown_flag_is_a_usage_error() -> None:
    assert ended("--nothing")[0] == USAGE
