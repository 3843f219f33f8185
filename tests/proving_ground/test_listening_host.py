"""Programs listen on this machine only, unless they are told another address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proving_ground.cli import main
from proving_ground.hive.settings import HiveSettings
from proving_ground.listening_host import only_here, reached_at


def test_which_addresses_only_this_machine_reaches() -> None:
    assert all(map(only_here, ["127.0.0.1", "127.3.2.1", "::1", "localhost"]))
    assert not any(map(only_here, ["0.0.0.0", "::", "10.0.0.7", "hive"]))


def test_what_listens_everywhere_is_reached_here() -> None:
    assert [reached_at(host) for host in ("0.0.0.0", "::", "10.0.0.7", "hive")] == [
        "127.0.0.1", "127.0.0.1", "10.0.0.7", "hive",
    ]  # fmt: skip
    everywhere = HiveSettings(port=1, data=Path(), host="0.0.0.0")
    assert everywhere.url == "http://127.0.0.1:1"


class Became(Exception):
    """Stands for the program that this process would have become."""


@pytest.mark.parametrize(
    ("told", "bound", "open_to_others"),
    [([], "127.0.0.1", False), (["--host", "0.0.0.0"], "0.0.0.0", True)],
)
def test_redis_lets_others_in_only_when_it_is_told_to(
    told: list[str],
    bound: str,
    open_to_others: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def become(_program: str, arguments: list[str]) -> None:
        raise Became(*arguments)

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.delenv("PROVING_GROUND_HOST", raising=False)
    with pytest.raises(Became) as became:
        main(["redis", "--data", str(tmp_path), "--port", "1", *told])
    arguments = list(became.value.args)
    assert arguments[arguments.index("--bind") + 1] == bound
    assert ("--protected-mode" in arguments) is open_to_others
