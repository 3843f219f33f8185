"""A good file becomes the experiment that it describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hormesis.spec.locate import locate
from hormesis.words.experiment import Link, Ready
from hormesis.words.target import Facet, Target
from tests.unit.spec.reading import GOOD, SYSTEM, read_text, troubles
from tests.unit.spec.small_kinds import Eventually, Http, NeverDuplicate, Python


def test_services(tmp_path: Path) -> None:
    it = read_text(tmp_path, GOOD)
    assert [one.name for one in it.services] == ["db", "web", "worker-1", "worker-2"]
    db, web, first, _ = it.services
    assert db.run == ("db", "--port", "20001")
    assert db.ready == Ready(tcp="127.0.0.1:20001", within_s=3.0)
    assert web.run[-1] == "postgresql://app:pw@127.0.0.1:20003/app?x=1"
    assert web.env == {"TOKEN": "abcd", "DEBUG": "no"}
    assert web.restart and not db.restart
    assert first.run == ("worker", "1")


def test_links_and_targets(tmp_path: Path) -> None:
    it = read_text(tmp_path, GOOD)
    assert it.links[0] == Link("db", "127.0.0.1:20003", "127.0.0.1:20001")
    assert it.targets["web"] == (
        Target(
            "web",
            service="web",
            restartable=True,
            link="web",
            http="http://127.0.0.1:20004/base",
        ),
    )
    assert [one.name for one in it.targets["workers"]] == ["workers/worker-1", "workers/worker-2"]
    assert it.attached_addresses == ()


def test_tracks(tmp_path: Path) -> None:
    it = read_text(tmp_path, GOOD)
    stop, kill = it.faults
    assert (stop.name, stop.at_s, stop.for_s, stop.pick) == ("stop", 10.0, 5.0, None)
    assert (kill.at_s, kill.for_s, kill.pick) == (12.0, 0.0, 0.5)
    assert stop.place is not None
    assert stop.place.line == GOOD.splitlines().index("  - fault: stop") + 1
    load = it.loads[0]
    assert isinstance(load.client, Http)
    assert load.client.steps[0].think == 1.0
    assert it.probes[0].every_s == 0.5
    assert it.steady_state[0].within_s == 20.0
    assert it.final_probes[0].name == "jobs"
    assert isinstance(it.checks[0], NeverDuplicate)
    assert isinstance(it.checks[2], Eventually)
    assert it.checks[2].probe == "ready"
    assert it.limits.settle_s == 2.0


def test_json_and_yaml_read_alike(tmp_path: Path) -> None:
    from_yaml = read_text(tmp_path, GOOD)
    text = json.dumps(locate(tmp_path / "it.yaml").data, indent="\t")
    for name in ("it.json", "it.experiment"):
        from_json = read_text(tmp_path, text, name)
        assert from_json.checks == from_yaml.checks
        assert from_json.services == from_yaml.services
        assert from_json.loads == from_yaml.loads


def test_time_scale_shrinks_the_shape_and_nothing_else(tmp_path: Path) -> None:
    it = read_text(tmp_path, GOOD, time_scale=0.1)
    assert (it.faults[0].at_s, it.faults[0].for_s) == (1.0, 0.5)
    assert it.loads[0].load.shape().duration_s == pytest.approx(3.0)  # type: ignore[union-attr]
    assert it.probes[0].every_s == 0.5
    assert it.checks[2].within == 20.0  # type: ignore[attr-defined]
    assert it.limits.settle_s == 2.0
    assert it.time_scale == 0.1


def test_time_scale_has_a_least_value(tmp_path: Path) -> None:
    text = GOOD.replace("limits: {", "limits: {time_scale_min: 0.5, ")
    assert read_text(tmp_path, text, time_scale=0.1).faults[0].at_s == 5.0
    assert read_text(tmp_path, text, time_scale=2).faults[0].at_s == 20.0


def test_seed(tmp_path: Path) -> None:
    assert read_text(tmp_path, "title: T").seed == 1
    assert read_text(tmp_path, "title: T\nseed: 7").seed == 7
    assert read_text(tmp_path, "title: T\nseed: 7", seed=9).seed == 9


def test_yaml_of_2009_not_1999(tmp_path: Path) -> None:
    text = "title: T\nvars: {a: no, b: on, c: 12:30, d: 1_000, e: 0777, f: 2024-01-02}"
    assert read_text(tmp_path, text).variables == {
        "a": "no", "b": "on", "c": "12:30", "d": "1_000", "e": "0777", "f": "2024-01-02",
    }  # fmt: skip


def test_secrets_are_masked(tmp_path: Path) -> None:
    text = (
        "title: T\n"
        "vars: {admin_token: s3cret, auth: 'Bearer ${admin_token}', url: 'redis://u:pw@h/0',"
        " empty_password: '', tokens_per_s: 5}\n"
        "targets: {r: {redis: 'redis://u:pw@h/0'}}"
    )
    it = read_text(tmp_path, text)
    assert it.variables == {
        "admin_token": "***",
        "auth": "Bearer ***",
        "url": "redis://u:***@h/0",
        "empty_password": "",
        "tokens_per_s": "***",
    }
    assert "s3cret" not in str(it.document)
    assert ":pw@" not in str(it.document)
    assert it.targets["r"][0].redis == "redis://u:pw@h/0"


def test_attached_systems(tmp_path: Path) -> None:
    text = """title: Attached
system:
  links: {db: {upstream: "postgresql://db.example/app"}}
targets:
  db: {link: db, postgres: "${link.db.url}", port: 5432, start: [pg, start]}
  app: {pid: 4711}
  cache: {redis: "redis://localhost", address: "[::1]:80"}
tracks:
  - {fault: stop, target: db, for: 3s}
  - {fault: kill, target: app}
"""
    it = read_text(tmp_path, text)
    db, app = it.services
    assert db.attached
    assert (db.port, db.run) == (5432, ("pg", "start"))
    assert (app.attached, app.pid) == (True, 4711)
    assert it.targets["app"][0].facets == {Facet.PROCESS, Facet.NETWORK}
    assert it.targets["db"][0].postgres == "postgresql://127.0.0.1:20001/app"
    assert it.attached_addresses == (
        "db.example:5432", "127.0.0.1:5432", "127.0.0.1:80", "127.0.0.1:6379", "pid:4711",
    )  # fmt: skip


def test_a_process_left_out_takes_its_facet_along(tmp_path: Path) -> None:
    variables = "  vars: {dsn: 'postgresql://h/d', workers: 0, admin_token: x}\n"
    rest = SYSTEM.partition("\n")[2].partition("\n")[2]
    text = "title: T\nsystem:\n" + variables + rest
    text = text.replace("db: {run: [db,", "db: {unless: '${dsn}', run: [db,")
    it = read_text(tmp_path, text)
    assert [one.name for one in it.services] == ["web"]
    assert Facet.PROCESS not in it.targets["db"][0].facets
    assert it.targets["db"][0].postgres == "postgresql://h/d"
    assert it.attached_addresses == ("h:5432",)
    assert it.targets["workers"][0].facets == frozenset()
    [problem] = troubles(tmp_path, text + "tracks: [{fault: kill, target: workers}]")
    assert "its process worker-* is not started" in problem


def test_counted_processes_answer_to_their_own_name(tmp_path: Path) -> None:
    text = (
        "title: T\nsystem: {processes: {bot: {run: [b], count: %s}},"
        " targets: {bots: {process: %s}}}"
    )
    for count, pattern, members in (
        ("1", "bot", ["bots"]),
        ("1", "bot-*", ["bots"]),
        ("2", "bot", ["bots/bot-1", "bots/bot-2"]),
        ("2", "bot-2", ["bots"]),
    ):
        it = read_text(tmp_path, text % (count, pattern))
        assert [one.name for one in it.targets["bots"]] == members


def test_client_forms(tmp_path: Path) -> None:
    def client(form: str) -> object:
        text = f"title: T\ntracks: [{{load: barrier, vus: 1, client: {form}}}]"
        return read_text(tmp_path, text).loads[0].client

    use = "a.py:User"
    assert client(use) == Python(use=use)
    assert client(f"{{python: {use}}}") == Python(use=use)
    options: dict[str, Any] = {"use": use, "with": {"n": 3, "on": "yes"}}
    assert client(f"{{python: {use}, with: {{n: 3, on: yes}}}}") == Python.model_validate(options)
    assert client(f"{{python: {{use: {use}}}}}") == Python(use=use)
    http = Http.model_validate({"base": "http://h", "steps": [{"name": "a"}]})
    assert client("{http: 'http://h', steps: [{name: a}]}") == http
    assert client("{http: {base: 'http://h', steps: [{name: a}]}}") == http


def test_the_same_probe_may_bear_the_same_name_twice(tmp_path: Path) -> None:
    one = "{probe: ask, get: /ready, name: ready}"
    it = read_text(tmp_path, f"title: T\nsteady_state: [{one}]\ntracks: [{one}]\nfinal: [{one}]")
    assert it.steady_state[0].probe == it.probes[0].probe == it.final_probes[0].probe


def test_what_is_included_comes_first(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.yaml").write_text(
        "vars: {n: 1, m: 1}\nlimits: {settle: 1s, lease: 9s}\nseed: 5\n"
        "tracks: [{probe: sql, name: first, query: '${n} ${m}'}]\n"
    )
    (tmp_path / "sub" / "more.yaml").write_text(
        "include: ../base.yaml\ntracks: [{load: barrier, vus: 1, client: '${folder}/a.py:A'}]\n"
    )
    it = read_text(
        tmp_path,
        "title: T\ninclude: [base.yaml, sub/more.yaml]\nvars: {m: 2}\nlimits: {settle: 3s}\n"
        "tracks: [{probe: sql, name: last, query: x}]\n",
    )
    assert [one.name for one in it.probes] == ["first", "last"]
    assert it.probes[0].probe.query == "1 2"  # type: ignore[attr-defined]
    assert (it.limits.settle_s, it.limits.lease_s, it.seed) == (3.0, 9.0, 5)
    assert it.loads[0].client == Python(use=f"{tmp_path}/sub/a.py:A")


def test_an_included_file_may_protect_what_other_systems_have(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("limits: {protected: [primary, elsewhere]}\n")
    it = read_text(tmp_path, "title: T\ninclude: base.yaml\ntracks: []\n")
    assert it.limits.protected == ("primary", "elsewhere")


def test_a_system_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "system.yaml").write_text(
        "vars: {n: 1}\nprocesses: {web: {run: ['${folder}/web', '${n}'], cwd: data}}\n"
    )
    run = tmp_path / "sub" / "web"
    for system, more in (
        ("{file: sub/system.yaml, set: {n: 4}}", {}),
        ("{use: web, set: {n: 4}}", {"systems": {"web": tmp_path / "sub" / "system.yaml"}}),
        ("{use: no, set: {n: 4}}", {"system": tmp_path / "sub" / "system.yaml"}),
    ):
        it = read_text(tmp_path, f"title: T\nsystem: {system}", **more)
        assert it.services[0].run == (str(run), "4")
        assert it.services[0].cwd == str(tmp_path / "sub" / "data")
