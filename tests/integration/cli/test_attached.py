"""Systems that were there before: they are attached, one run at a time, and left as they were."""

from __future__ import annotations

import signal

import pytest

from tests.integration.runs.shop import attached, experiment, frozen, running_shop, visitors
from tests.integration.runs.world import World, free_port, is_stopped

PASS, USAGE, MISSING = 0, 64, 69


@pytest.mark.prove
def test_only_one_run_tests_a_system_at_a_time(world: World) -> None:
    port = free_port()
    world.write("long.json", attached(port))
    short = {**attached(port), "tracks": [visitors("500ms"), frozen("100ms", "100ms")]}
    world.write("short.json", short)
    with running_shop(world.folder, port) as shop:
        first = world.start("run", "long.json", "--quiet")
        run = world.active("frozen-1/0")
        second = world.hormesis("run", "short.json", "--quiet")
        assert second.code == USAGE
        assert "another run is testing" in second.err
        assert str(port) in second.err
        first.send(signal.SIGINT)
        assert first.answer().code == 130
        assert run.remains() == []
        assert not is_stopped(shop.pid)
        assert world.hormesis("run", "short.json", "--quiet").code == PASS


def test_a_system_may_be_attached_only_to_be_watched(world: World) -> None:
    port = free_port()
    made = {
        **attached(port),
        "tracks": [visitors("300ms")],
        "checks": [{"never": "exit", "of": "shop"}],
    }
    world.write("watch.json", made)
    with running_shop(world.folder, port):
        answer = world.hormesis("run", "watch.json", "--json")
    assert (answer.code, answer.err) == (PASS, "")


def test_what_is_not_there_cannot_be_attached(world: World) -> None:
    port = free_port()
    world.write("none.json", attached(port))
    answer = world.hormesis("run", "none.json", "--quiet")
    assert answer.code == MISSING
    assert f"by port {port}" in answer.err
    assert "is it running, and may this user signal it?" in answer.err
    world.run().clean()


def test_an_experiment_that_starts_its_own_system_takes_no_lock(world: World) -> None:
    world.write("shop.json", experiment(tracks=[visitors("300ms")], checks=[
        {"threshold": "http_reqs count > 0"}
    ]))  # fmt: skip
    commands = [world.start("run", "shop.json", "--quiet") for _ in range(2)]
    assert [command.answer().code for command in commands] == [PASS, PASS]
