"""Finding the right control group, in folders that look like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.host import cgroups
from hormesis.host.cgroups import Hierarchy, NoCgroup, hierarchy_of


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A cgroup2 mount with one service below a slice that passes memory on."""
    slice_, service = tmp_path / "web.slice", tmp_path / "web.slice" / "shop.service"
    service.mkdir(parents=True)
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (slice_ / "cgroup.subtree_control").write_text("memory pids\n")
    (service / "cgroup.subtree_control").write_text("\n")
    (slice_ / "memory.max").write_text("1000000\n")
    (slice_ / "memory.current").write_text("250000\n")
    (service / "memory.max").write_text("max\n")
    return tmp_path


def mounts(second: Path) -> str:
    return (
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/with\\040space cgroup rw,freezer 0 0\n"
        f"cgroup2 {second} cgroup2 rw,nosuid 0 0\n"
    )


def test_a_controller_is_looked_for_in_both_versions(second: Path) -> None:
    assert hierarchy_of("cpu", mounts(second)) == Hierarchy(
        "cpu", 1, Path("/sys/fs/cgroup/cpu,cpuacct")
    )
    assert hierarchy_of("memory", mounts(second)) == Hierarchy("memory", 2, second)
    assert hierarchy_of("kill", mounts(second)) == Hierarchy("kill", 2, second)
    assert hierarchy_of("freezer", mounts(second)).mount == Path("/sys/fs/cgroup/with space")
    with pytest.raises(NoCgroup, match="does not have the controller hugetlb"):
        hierarchy_of("hugetlb", mounts(second))
    with pytest.raises(NoCgroup, match="no control group hierarchy with cpu"):
        hierarchy_of("cpu", "tmpfs / tmpfs rw 0 0\n")


def test_version_2_needs_a_parent_that_passes_the_controller_on(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = second / "web.slice" / "shop.service"
    monkeypatch.setattr(Hierarchy, "folder_of", lambda self, pid: service)
    assert Hierarchy("memory", 2, second).parent_for(1) == service.parent
    assert Hierarchy("freezer", 2, second).parent_for(1) == service
    with pytest.raises(NoCgroup, match=r"of cpu .* passes it on"):
        Hierarchy("cpu", 2, second).parent_for(1)


def test_the_nearest_limit_upwards_counts(second: Path) -> None:
    hierarchy = Hierarchy("memory", 2, second)
    service = second / "web.slice" / "shop.service"
    assert cgroups.memory_use(hierarchy, service) == (250_000, 1_000_000)
    (second / "web.slice" / "memory.max").write_text("max\n")
    assert cgroups.memory_use(hierarchy, service) == (0, 0)


def test_settings_of_both_versions() -> None:
    assert cgroups.cpu_settings(2, 0.25) == {"cpu.max": "25000 100000"}
    assert list(cgroups.cpu_settings(1, 1.5).items()) == [
        ("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "150000"),
    ]  # fmt: skip
    assert cgroups.cpu_settings(2, 0.001) == {"cpu.max": "1000 100000"}
    assert cgroups.memory_settings(2, 9)["memory.swap.max"] == "0"


def test_readings_of_both_versions(tmp_path: Path) -> None:
    (tmp_path / "cpu.stat").write_text("usage_usec 7\nnr_throttled 3\nthrottled_usec 5000\n")
    (tmp_path / "memory.events").write_text("low 0\nmax 4\noom_kill 2\n")
    (tmp_path / "memory.current").write_text("10\n")
    (tmp_path / "memory.max").write_text("20\n")
    assert cgroups.reading("cpu", 2, tmp_path) == {
        "nr_throttled": 3, "throttled_ms": 5, "cpu_ns": 7000,
    }  # fmt: skip
    assert cgroups.reading("memory", 2, tmp_path) == {
        "used": 10, "peak": 10, "limit": 20, "limit_hits": 4, "oom_kills": 2,
    }  # fmt: skip
    assert cgroups.reading("memory", 2, tmp_path / "gone") == {}
    (tmp_path / "cpu.stat").write_text("nr_throttled 3\nthrottled_time 5000000\n")
    assert cgroups.reading("cpu", 1, tmp_path) == {"nr_throttled": 3, "throttled_ms": 5}
