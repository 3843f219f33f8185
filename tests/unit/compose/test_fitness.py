"""Which scenarios a system can be tested with, and what each of the others lacks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hormesis.compose.fitness import Fitness, SuiteFitness, suite_fitness
from hormesis.compose.reach import unanswered
from hormesis.compose.suite import find_suite
from hormesis.words.trouble import InputTrouble

SHARED = """\
vars: {attached: "", recovery: 30s}
system: {use: nothing-installed, set: {attached: "${attached}"}}
skip: [{when: "${attached}", because: It runs already}]
tracks: [{name: health, probe: http, get: "${api}/health", expect: {status: 200}}]
checks: [{name: stays, always: health}]
"""
SCENARIOS = {
    "WATCHED": "",
    "STOPPED": "tracks: [{fault: stop, target: api, at: 1s, for: 1s}]\n",
    "CUT": "tracks: [{fault: down, target: database, at: 1s, for: 1s}]\n",
    "LOADED": """\
tracks:
  - load: constant-vus
    vus: 1
    for: "${recovery}"
    client: {http: "${link.front.url}", steps: [{name: home, get: /}]}
""",
    "NAMED": "checks: [{never: exit, of: worker}]\n",
    "ASKED": "final: [{name: alive, probe: process, service: worker, expect: running}]\n",
}
WHOLE = """\
vars: {api: "http://127.0.0.1:9"}
processes:
  web: {run: [sleep, "9"], env: {DATABASE: "${link.database.url}"}}
  worker: {run: [sleep, "9"]}
links: {database: {upstream: "127.0.0.1:5432"}, front: {upstream: "http://127.0.0.1:9"}}
targets: {api: {process: web}, database: {link: database}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    suite = tmp_path / "suite"
    suite.mkdir()
    option = "options: {api: {var: attached, env: API}}\n"
    (suite / "suite.yaml").write_text("title: mine\n" + option)
    (suite / "shared.yaml").write_text(SHARED)
    for name, text in SCENARIOS.items():
        head = f"include: shared.yaml\nid: {name}\ntitle: {name.lower()}\n"
        (suite / f"{name}.yaml").write_text(head + text)
    return tmp_path


def fitness(folder: Path, system: str, **environment: str) -> SuiteFitness:
    """Return the fitness of a system in the file ``mine.yaml``."""
    (folder / "mine.yaml").write_text(system)
    suite = find_suite(str(folder / "suite"))
    assert suite is not None
    return suite_fitness(suite, folder / "mine.yaml", environment)


def lacks(told: SuiteFitness) -> dict[str, list[str]]:
    return {one.scenario: [str(lack) for lack in one.lacks] for one in told.scenarios}


def test_a_whole_system_lacks_nothing(folder: Path) -> None:
    assert not any(lacks(fitness(folder, WHOLE)).values())


@pytest.mark.parametrize(
    ("left_out", "put_in", "scenario", "told"),
    [
        ('api: "http://127.0.0.1:9"', "", "WATCHED", "the variable api; add `api:` to `vars`"),
        (", database: {link: database}", "", "CUT", "the target database; add `database:` to"),
        (
            ', front: {upstream: "http://127.0.0.1:9"}',
            "",
            "LOADED",
            "the link front; add `front: {upstream",
        ),
        ('  worker: {run: [sleep, "9"]}\n', "", "NAMED", "the process worker; add `worker:` with"),
        ('  worker: {run: [sleep, "9"]}\n', "", "ASKED", "the process worker; add `worker:` with"),
        (
            "targets: {api: {process: web}",
            "targets: {api: {port: 9}",
            "STOPPED",
            "`start:` in the target api, for the fault stop; say with `start:` how",
        ),
        (
            ', env: {DATABASE: "${link.database.url}"}',
            "",
            "CUT",
            "a part that connects through the link database, which the fault down breaks; let",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_next_step(
    left_out: str, put_in: str, scenario: str, told: str, folder: Path
) -> None:
    assert left_out in WHOLE
    lacking = lacks(fitness(folder, WHOLE.replace(left_out, put_in)))[scenario]
    assert len(lacking) == 1, lacking
    assert lacking[0].startswith(told)


def test_options_that_attach_the_system_that_is_replaced_count_for_nothing(folder: Path) -> None:
    assert not any(lacks(fitness(folder, WHOLE, API="http://127.0.0.1:1")).values())


def test_problems_of_the_target_file_are_told_with_their_place(folder: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        fitness(folder, 'title: mine\nvarss: {}\nvars: {api: "${env.NOT_SET}"}\n')
    told = [str(one) for one in caught.value.problems]
    assert len(told) == 2, told
    assert "mine.yaml:2:1: varss: expected a known key" in told[0]
    assert "mine.yaml:3:13: vars.api: expected the environment variable NOT_SET" in told[1]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("{status: 201, body: {a: 1}}", []),
        ("{status: [200, 201], body: {a: 1}}", []),
        ("{status: '< 300', body: [1]}", []),
        ("{status: 201, body: hello}", ["the step order sends the text 'hello' as JSON"]),
    ],
)
def test_what_a_step_sends_and_expects_is_looked_at(
    values: str, told: list[str], folder: Path
) -> None:
    send_orders(folder)
    told_of = fitness(folder, WHOLE + f"overrides: {values}\n")
    (sent,) = [one for one in told_of.scenarios if one.scenario == "SENT"]
    assert not sent.lacks
    assert [str(lack) for lack in sent.notes] == told


@pytest.mark.parametrize("status", ["'yes'", "yes", "[]", "['201', no]", "2xx"])
def test_a_status_that_is_none_is_told_with_its_place(status: str, folder: Path) -> None:
    send_orders(folder)
    with pytest.raises(InputTrouble) as caught:
        fitness(folder, WHOLE + f"overrides:\n  status: {status}\n")
    (told,) = caught.value.problems
    assert "mine.yaml:8:11: overrides.status: expected a status such as 201" in str(told)


def send_orders(folder: Path) -> None:
    """Add a scenario whose steps take body and status from variables."""
    (folder / "suite" / "SENT.yaml").write_text(
        """\
include: shared.yaml
id: SENT
title: sent
vars: {status: 200, body: {}}
tracks:
  - load: constant-vus
    vus: 1
    for: 1s
    client:
      http: "${link.front.url}"
      steps: [{name: order, post: /, json: "${body}", expect: {status: "${status}"}}]
"""
    )


@pytest.mark.parametrize("key", ["port", "pid"])
def test_a_truth_value_is_no_number(key: str, folder: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        fitness(folder, WHOLE.replace("api: {process: web}", f"api: {{{key}: true}}"))
    (told,) = caught.value.problems
    assert str(told).endswith(f"targets.api.{key}: expected a whole number, found true")


def test_an_override_that_nothing_reads_is_told(folder: Path) -> None:
    told = fitness(folder, WHOLE + "overrides: {recovry: 3s, recovery: 5s}\n")
    assert [str(one) for one in told.unused] == [
        "overrides.recovry is a variable of none of the 6 scenarios; did you mean recovery?"
    ]


def test_overrides_have_the_types_of_the_suite_s_options(folder: Path) -> None:
    suite = folder / "suite" / "suite.yaml"
    options = "{api: {var: attached}, patience: {var: recovery, type: number}}"
    suite.write_text(f"title: mine\noptions: {options}\n")
    with pytest.raises(InputTrouble) as caught:
        fitness(folder, WHOLE + "overrides: {recovery: soon}\n")
    assert "overrides.recovery: expected a number, found 'soon'" in str(caught.value)


def test_what_it_would_touch_is_what_no_process_of_the_run_serves(folder: Path) -> None:
    (watched, *_) = [one for one in fitness(folder, WHOLE).scenarios if one.scenario == "WATCHED"]
    assert watched == Fitness("WATCHED", "watched", addresses=("127.0.0.1:5432", "127.0.0.1:9"))


def test_addresses_that_answer_are_told_from_those_that_do_not() -> None:
    async def asked() -> dict[str, str]:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        there = f"127.0.0.1:{port}"
        answers = await unanswered([there, "pid:1", f"pid:{2**22}", "container web (abc)"])
        server.close()
        await server.wait_closed()
        gone = await unanswered([there])
        return {**answers, **gone}

    told = asyncio.run(asked())
    assert list(told.values()) == ["there is no such process", "Connection refused"]
