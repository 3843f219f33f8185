"""The engine's answers, read: versions, endpoints, limits, control groups, patterns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.compose.selecting_containers import Running, matching
from hormesis.host.containers import usage
from hormesis.host.containers.disconnecting import kept, networks_of
from hormesis.host.containers.limiting import UNLIMITED_BYTES, cpu_updates, memory_updates
from hormesis.host.containers.state import ContainerState
from hormesis.host.docker_api import Engine, NoEngine, agreed
from hormesis.host.steps import drive

VERSIONS = [
    ({"ApiVersion": "1.41", "MinAPIVersion": "1.12"}, "1.41"),
    ({"ApiVersion": "1.99", "MinAPIVersion": "1.44"}, "1.51"),
    ({}, "1.24"),
]


@pytest.mark.parametrize(("told", "version"), VERSIONS)
def test_the_newest_version_that_both_know_is_agreed(told: dict[str, str], version: str) -> None:
    assert agreed(told, "/x") == version


@pytest.mark.parametrize("told", [
    {"ApiVersion": "1.10"}, {"ApiVersion": "1.99", "MinAPIVersion": "1.90"},
])  # fmt: skip
def test_an_engine_that_knows_none_of_ours_is_none(told: dict[str, str]) -> None:
    with pytest.raises(NoEngine, match="speaks API"):
        agreed(told, "/x")


def test_a_socket_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoEngine, match="there is no container engine at"):
        drive(Engine(str(tmp_path / "none")).get("/info"))


NO_LIMITS = {"NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "Memory": 0, "MemorySwap": 0}
CPUS = [
    ({}, {"CpuQuota": 25_000}, {"CpuQuota": -1}),
    ({"CpuQuota": 80_000}, {"CpuQuota": 25_000}, {"CpuQuota": 80_000}),
    ({"CpuPeriod": 50_000}, {"CpuQuota": 12_500}, {"CpuQuota": -1}),
    ({"NanoCpus": 10**9}, {"NanoCpus": 25 * 10**7}, {"NanoCpus": 10**9}),
]


@pytest.mark.parametrize(("before", "ours", "theirs"), CPUS)
def test_a_cpu_limit_is_asked_in_the_words_of_the_former_one(
    before: dict[str, int], ours: dict[str, int], theirs: dict[str, int]
) -> None:
    assert cpu_updates(0.25, {**NO_LIMITS, **before}) == (ours, theirs)


@pytest.mark.parametrize(("swap", "restored"), [(0, 128), (64, 64), (200, 200)])
def test_a_memory_limit_takes_swap_along(swap: int, restored: int) -> None:
    ours, theirs = memory_updates(16, {**NO_LIMITS, "Memory": 64, "MemorySwap": swap})
    assert ours == {"Memory": 16, "MemorySwap": 16}
    assert theirs == {"Memory": 64, "MemorySwap": restored}


def test_no_memory_limit_is_put_back_as_one_beyond_any_machine() -> None:
    _, theirs = memory_updates(16, NO_LIMITS)
    # Version 2 of control groups counts swap alone: the difference.
    assert theirs["Memory"] >= UNLIMITED_BYTES
    assert theirs["MemorySwap"] - theirs["Memory"] >= UNLIMITED_BYTES // 2


def test_an_endpoint_is_made_anew_with_what_it_had() -> None:
    endpoint = {
        "NetworkID": "n1", "IPAddress": "10.0.0.5", "Aliases": ["shop", "0123456789ab"],
        "IPAMConfig": None, "Links": None, "DriverOpts": None,
    }  # fmt: skip
    again = kept("net", endpoint, "0123456789abcdef")
    assert again["config"] == {
        "Aliases": ["shop"], "IPAMConfig": {"IPv4Address": "10.0.0.5"},
    }  # fmt: skip
    assert again["chosen"] is False
    assert kept("bridge", endpoint, "0123456789abcdef")["config"] == {}


def test_a_network_without_an_endpoint_is_none_that_it_is_on() -> None:
    def on(running: bool) -> list[str]:
        networks = {"a": {"EndpointID": "e"}, "b": {"EndpointID": ""}}
        account: dict[str, Any] = {
            "State": {"Running": running}, "NetworkSettings": {"Networks": networks},
        }  # fmt: skip
        return list(networks_of(ContainerState.from_account(account)))

    assert on(True) == ["a"]
    assert on(False) == ["a", "b"]


ID = "f" * 64
ONE = f"9:pids:/docker/{ID}\n4:memory:/docker/{ID}\n2:cpuacct:/docker/{ID}\n1:cpu:/docker/{ID}\n"
FILES_ONE = {
    f"cpu/docker/{ID}/cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_time 5\n",
    f"cpuacct/docker/{ID}/cpuacct.usage": "1500000000\n",
    f"memory/docker/{ID}/memory.usage_in_bytes": "100\n",
    f"memory/docker/{ID}/memory.limit_in_bytes": "200\n",
    f"memory/docker/{ID}/memory.failcnt": "7\n",
    f"memory/docker/{ID}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
}
TWO = f"0::/system.slice/docker-{ID}.scope\n"
FILES_TWO = {
    f"system.slice/docker-{ID}.scope/{name}": text
    for name, text in {
        "cpu.stat": "usage_usec 1500000\nnr_throttled 4\n",
        "memory.current": "100\n",
        "memory.max": "200\n",
        "memory.events": "low 0\nhigh 0\nmax 7\noom 2\noom_kill 2\n",
    }.items()
}


@pytest.mark.parametrize(("groups", "files"), [(ONE, FILES_ONE), (TWO, FILES_TWO)])
def test_usage_is_read_from_either_version_of_control_groups(
    groups: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(usage, "read_proc", lambda pid, name: groups.encode())
    found = usage.usage_of(42, ID, tmp_path)
    assert found.pop("at_s") > 0
    assert found == {
        "cpu_s": 1.5, "throttled": 4, "memory_used_bytes": 100, "memory_limit_bytes": 200,
        "memory_refused": 7, "oom_kills": 2,
    }  # fmt: skip
    assert usage.usage_of(42, "e" * 64, tmp_path) == {}, "a reused pid is somebody else"


WEB = [
    Running("1" * 64, ("web-1",), {"tier": "a", "com.docker.compose.service": "web"}),
    Running("2" * 64, ("web-2", "other/alias"), {
        "tier": "b", "com.docker.compose.service": "web", "com.docker.compose.project": "shop",
    }),
    Running("3" * 64, ("db",), {}),
]  # fmt: skip
PATTERNS = [
    ("name:web-*", ["web-1", "web-2"]),
    ("name:db", ["db"]),
    ("name:" + "3" * 64, ["db"]),
    ("name:*", ["db", "web-1", "web-2"]),
    ("name:we", []),
    ("label:tier", ["web-1", "web-2"]),
    ("label:tier=b", ["web-2"]),
    ("compose:web", ["web-1", "web-2"]),
    ("compose:shop/web", ["web-2"]),
    ("name:web-*, label:tier=a", ["web-1"]),
]


@pytest.mark.parametrize(("pattern", "names"), PATTERNS)
def test_a_pattern_fits_what_all_its_parts_fit(pattern: str, names: list[str]) -> None:
    assert [one.name for one in matching(pattern, WEB)] == names
