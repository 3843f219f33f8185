"""``depends_on``: the services that a process waits for, whatever they are instances of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.spec.reading import read_text, troubles

HEAD = """title: Order
system:
  vars: {first: db}
  processes:
    db: {run: [db]}
    bot: {run: [bot], count: 2}
    nothing: {run: [nothing], count: 0, depends_on: []}
    gone: {run: [gone], unless: "yes"}
"""


@pytest.mark.parametrize(
    ("said", "services"),
    [
        ("", None),
        ("depends_on: []", ()),
        ("depends_on: [db]", ("db",)),
        ("depends_on: [bot]", ("bot-1", "bot-2")),
        ("depends_on: [bot-2, '${first}']", ("db", "bot-2")),
        ("depends_on: [nothing]", ()),
        ("depends_on: [nothing-2]", ()),
    ],
)
def test_it_waits_for_these(tmp_path: Path, said: str, services: tuple[str, ...] | None) -> None:
    text = HEAD + f"    web: {{run: [web], {said}}}\n"
    web = next(one for one in read_text(tmp_path, text).services if one.name == "web")
    assert web.depends_on == services


def test_what_is_left_out_is_ready_with_what_it_would_wait_for(tmp_path: Path) -> None:
    text = HEAD + (
        "    one: {run: [one], unless: 'yes', depends_on: [bot]}\n"
        "    two: {run: [two], unless: 'yes', depends_on: [one]}\n"
        "    web: {run: [web], depends_on: [two]}\n"
        "    all: {run: [all], depends_on: [gone]}\n"
    )
    several = {one.name: one.depends_on for one in read_text(tmp_path, text).services}
    assert several["web"] == ("bot-1", "bot-2")
    assert several["all"] == ("db", "bot-1", "bot-2")


def test_all_instances_wait_for_the_same_and_not_for_each_other(tmp_path: Path) -> None:
    text = HEAD + "    web: {run: [web], count: 2, depends_on: [db]}\n"
    several = {one.name: one.depends_on for one in read_text(tmp_path, text).services}
    assert several["web-1"] == several["web-2"] == ("db",)
    assert several["bot-2"] is None


def test_each_instance_may_wait_for_another(tmp_path: Path) -> None:
    text = HEAD + "    web: {run: [web], count: 2, depends_on: ['bot-${index}']}\n"
    several = {one.name: one.depends_on for one in read_text(tmp_path, text).services}
    assert (several["web-1"], several["web-2"]) == (("bot-1",), ("bot-2",))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("dbb", "did you mean db?"), ("web", "above it are: bot, db, gone, nothing"),
     ("last", "above it are: bot, db, gone, nothing")],
)  # fmt: skip
def test_only_what_stands_above_can_be_waited_for(tmp_path: Path, name: str, hint: str) -> None:
    text = HEAD + f"    web: {{run: [web], depends_on: [{name}]}}\n    last: {{run: [last]}}\n"
    (told,) = troubles(tmp_path, text)
    assert f"depends_on[0]: expected the name of a process above it, found {name!r}" in told
    assert hint in told
