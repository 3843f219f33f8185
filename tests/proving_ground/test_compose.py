"""The whole as containers: the compose file is complete, and what it starts works."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from proving_ground.cli import command_line_parser
from proving_ground.up_program import PORTS, parts_of
from tests.container_engine import ContainerEngine, missing, started_engine
from tests.proving_ground.base_image import ENVIRONMENT, PROVING_GROUND, base_tree
from tests.proving_ground.wait import wait_for

COMPOSE = PROVING_GROUND / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
BOTS = ("bot-1", "bot-2")
TOKEN = "admin-secret-token"
_VARIABLE = re.compile(r"\$\{\w+:-(.*)\}")
_ADDRESS = re.compile(r"(?:postgresql|redis|http|ws)://(?:\w+@)?([\w.-]+):(\d+)")
_ASK = """
import sys, urllib.request
method, url, token, body = sys.argv[1:]
asked = urllib.request.Request(url, body.encode() or None, method=method, headers={
    "content-type": "application/json", "authorization": "Bearer " + token})
sys.stdout.write(urllib.request.urlopen(asked, timeout=10).read().decode())
"""


def environment(service: str) -> dict[str, str]:
    """Return what a service's container is given when nobody sets a variable."""
    given: dict[str, str] = SERVICES[service]["environment"]
    return {name: _VARIABLE.sub(r"\1", value) for name, value in given.items()}


@pytest.fixture
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PROVING_GROUND_")]:
        monkeypatch.delenv(name)


def test_each_part_is_a_service_with_its_usual_port_on_this_machine_only() -> None:
    assert set(SERVICES) == {*PORTS, *BOTS}
    for name, port in PORTS.items():
        (published,) = SERVICES[name]["ports"]
        assert _VARIABLE.sub(r"\1", published) == f"127.0.0.1:{port}:{port}"
        assert environment(name)["PROVING_GROUND_PORT"] == str(port)
        assert environment(name)["PROVING_GROUND_HOST"] == "0.0.0.0"
    assert {one["image"] for one in SERVICES.values()} == {SERVICES["queen"]["image"]}
    assert {tuple(one["networks"]) for one in SERVICES.values()} == {("proving-ground",)}
    assert "mem_limit" in SERVICES["hive"]


@pytest.mark.usefixtures("_no_settings_from_outside")
@pytest.mark.parametrize("service", SERVICES)
def test_each_variable_is_an_option_of_its_program(
    service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value)
    options = vars(command_line_parser().parse_args(SERVICES[service]["command"]))
    names = {name.removeprefix("PROVING_GROUND_").lower() for name in environment(service)}
    for name in names:
        # An empty variable says nothing, so that what holds is the default.
        assert options[name] == environment(service)[f"PROVING_GROUND_{name.upper()}"]
    told = next(one.options for one in parts_of(tmp_path, 0, TOKEN, 2) if one.name == service)
    assert {name.lower() for name in told} & options.keys() <= names


@pytest.mark.parametrize("service", SERVICES)
def test_each_address_is_a_variable_and_leads_to_a_part(service: str) -> None:
    given = SERVICES[service]["environment"]
    for name, value in environment(service).items():
        for host, port in _ADDRESS.findall(value):
            assert _VARIABLE.fullmatch(given[name]), f"{service}: {name} cannot be changed"
            assert PORTS[service if host == "127.0.0.1" else host] == int(port)
            assert host in ("127.0.0.1", *SERVICES[service]["depends_on"])


@pytest.mark.parametrize("service", SERVICES)
def test_each_health_is_asked_where_up_asks_it(service: str, tmp_path: Path) -> None:
    asked = SERVICES[service]["healthcheck"]["test"][-1]
    health = next(one.health for one in parts_of(tmp_path, 0, TOKEN, 2) if one.name == service)
    if service in BOTS:
        assert "$PROVING_GROUND_SERVER/ready" in asked
    else:
        assert f"//127.0.0.1:{PORTS[service]}" in asked.replace("postgres@", "")
        assert not health or asked == health


def no_compose() -> str:
    lacking = [one for one in ("docker-compose", "nsenter") if shutil.which(one) is None]
    return missing() or (f"{', '.join(lacking)} not installed" if lacking else "")


class Whole:
    """The containers of one project at a private engine."""

    def __init__(self, engine: ContainerEngine) -> None:
        self._engine = engine

    def compose(self, *words: str, **variables: str) -> str:
        told = {
            "DOCKER_HOST": f"unix://{self._engine.socket}",
            "DOCKER_CONFIG": str(self._engine.folder),
            "PROVING_GROUND_BASE": "proving-ground-base",
            "PROVING_GROUND_PIP_OPTIONS": "--no-index --no-build-isolation",
            "COMPOSE_DOCKER_CLI_BUILD": "0",
            **variables,
        }
        done = subprocess.run(
            ["docker-compose", "-f", str(COMPOSE), "-p", "whole", *words],
            env={**os.environ, **told}, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, part: str, path: str, body: object = None) -> Any:
        """Ask a part at the port that is published; fails for an answer that is no success."""
        return json.loads(self.text(method, f"http://127.0.0.1:{PORTS[part]}{path}", body))

    def text(self, method: str, url: str, body: object = None) -> str:
        text = json.dumps(body) if body is not None else ""
        done = subprocess.run(
            [*self._beside_the_engine(), "-c", _ASK, method, url, TOKEN, text],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{method} {url}: {done.stderr}"
        return done.stdout

    def _beside_the_engine(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._engine.pid}/ns/net", sys.executable]

    @contextmanager
    def proxy(self, part: str, port: int) -> Iterator[str]:
        """Put a fault proxy before a part; yield the address that leads containers through it."""
        said = json.loads(self._engine.docker("network", "inspect", "whole_proving-ground"))
        address = f"{said[0]['IPAM']['Config'][0]['Gateway']}:{port}"
        config = self._engine.folder / "proxies.json"
        upstream = f"127.0.0.1:{PORTS[part]}"
        config.write_text(json.dumps([{"name": part, "listen": address, "upstream": upstream}]))
        boot = "from hormesis.cli.main import main; main()"
        words = ["-c", boot, "proxy", "--config", str(config)]
        with subprocess.Popen(
            [*self._beside_the_engine(), *words], stdout=subprocess.PIPE
        ) as program:
            try:
                assert program.stdout is not None
                assert b"serves" in program.stdout.readline()
                yield f"http://{address}"
            finally:
                program.send_signal(signal.SIGINT)

    def sees_the_hive(self) -> bool:
        """Return whether the queen says that the hive answers her."""
        told = self.text("GET", f"http://127.0.0.1:{PORTS['queen']}/metrics")
        return "queen_hive_reachable 1.0\n" in told

    def healthy(self) -> bool:
        said = [self._engine.account(f"whole_{name}_1")["State"] for name in SERVICES]
        ended = [one for one in said if one["Status"] != "running"]
        assert not ended, ended
        return all(one["Health"]["Status"] == "healthy" for one in said)

    def left(self) -> str:
        found = [
            self._engine.docker("ps", "--all", "--quiet"),
            self._engine.docker("volume", "ls", "--quiet"),
            self._engine.docker("network", "ls", "--quiet", "--filter", "name=whole"),
        ]
        return "".join(found)


@contextmanager
def whole() -> Iterator[Whole]:
    with started_engine(bare=True) as engine:
        tree = engine.folder / "tree"
        base_tree(tree)
        archive = engine.folder / "base.tar"
        subprocess.run(["tar", "-C", str(tree), "-cf", str(archive), "."], check=True, timeout=60)
        path = f"ENV PATH={ENVIRONMENT}/bin:/bin"
        engine.docker("import", "--change", path, str(archive), "proving-ground-base")
        containers = Whole(engine)
        try:
            yield containers
        finally:
            containers.compose("down", "--volumes", "--timeout", "3")
            assert not containers.left()
    assert not engine.folder.exists()


@pytest.mark.integration
@pytest.mark.prove
@pytest.mark.skipif(bool(no_compose()), reason=no_compose())
def test_the_containers_start_work_and_leave_nothing() -> None:
    with whole() as containers:
        containers.compose("up", "--detach", "--build")
        wait_for(containers.healthy, within_s=90, what="every container is healthy", every_s=1.0)
        hive = containers.ask("GET", "hive", "/workers")
        assert {one["url"].split(":")[1] for one in hive["workers"]} == {"//hive"}
        answer = containers.ask("POST", "queen", "/v1/inference", {"prompt": "hello"})
        assert answer["worker"].startswith("worker-")
        task = {"type": "delay", "payload": {"seconds": 0}}
        task_id = containers.ask("POST", "queen", "/api/v1/tasks", task)["id"]
        order = {"client_order_id": "o-1", "symbol": "AAA", "side": "buy", "quantity": 1}
        assert containers.ask("POST", "leader", "/orders", order)["client_order_id"] == "o-1"

        def task_is_completed() -> bool:
            return bool(
                containers.ask("GET", "queen", f"/api/v1/tasks/{task_id}")["status"] == "completed"
            )

        wait_for(task_is_completed, within_s=20, what="the task is completed")

        def executed() -> list[str]:
            orders = containers.ask("GET", "broker", "/orders")["orders"]
            return [one["client_order_id"] for one in orders]

        assert wait_for(executed, within_s=20, what="the order is executed") == ["o-1"]
        assert len(containers.ask("GET", "server", "/api/bots")["bots"]) == len(BOTS)
        with containers.proxy("hive", 19201) as address:
            containers.compose("up", "--detach", "queen", QUEEN_HIVE_URL=address)
            wait_for(containers.healthy, within_s=60, what="the new queen is healthy", every_s=1.0)
            wait_for(containers.sees_the_hive, within_s=10, what="she reaches the hive")
            proxy = "http://127.0.0.1:8474/proxies/hive"
            containers.text("PATCH", proxy, {"enabled": False})
            wait_for(lambda: not containers.sees_the_hive(), within_s=10, what="the link is cut")
            # She knows the workers, and her link to them is another.
            assert containers.ask("POST", "queen", "/v1/inference", {"prompt": "hello"})
            containers.text("PATCH", proxy, {"enabled": True})
            wait_for(containers.sees_the_hive, within_s=10, what="she reaches the hive again")
