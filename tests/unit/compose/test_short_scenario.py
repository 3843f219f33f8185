"""The seed's short form: a toxic with its attributes becomes a whole experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.registry import catalogue
from hormesis.compose.request import RunRequest
from hormesis.compose.short_toxics import TOXICS
from hormesis.compose.suite import Suite
from hormesis.compose.suite_prepare import check_all, requests_of
from hormesis.proxy.toxiproxy.toxic_types import TYPES
from hormesis.words.experiment import Experiment
from hormesis.words.trouble import InputTrouble, UsageTrouble
from tests.unit.compose.suite_folders import experiment, short, suite_at, write


def with_files(folder: Path, **files: Any) -> Suite:
    """Return a suite to which the files of another folder are added."""
    for name, content in files.items():
        write(folder / "extra" / name.replace("_", "."), content)
    return suite_at(folder / "mine").with_folders([folder / "extra"])


def experiment_of(suite: Suite, name: str, **variables: str) -> Experiment:
    request = RunRequest(Path("-"), suite.folder / "out", overrides=variables)
    requests = requests_of({name: suite.scenarios[name]}, request, {})
    return prepare(requests[name]).experiment


def problems(folder: Path, **files: Any) -> list[str]:
    with pytest.raises(InputTrouble) as caught:
        suite = with_files(folder, **files)
        check_all(requests_of(suite.scenarios, RunRequest(Path("-"), folder), {}))
    return [str(one).replace(f"{folder}/", "") for one in caught.value.problems]


def test_it_is_a_fault_between_warmup_and_recovery(tmp_path: Path) -> None:
    made = experiment_of(with_files(tmp_path, a_json=short()), "NF-9")
    assert (made.id, made.title, made.description) == ("NF-9", "New scenario", "Description")
    (fault,) = made.faults
    assert fault.fault.describe() == "latency(delay=1s)"
    assert (fault.name, fault.target, fault.at_s, fault.for_s) == ("toxic", "shop", 1.0, 60.0)
    assert fault.place is not None and fault.place.file.endswith("extra/a.json")
    (load,) = made.loads
    assert "for=63s" in load.load.describe() or "for=1m3s" in load.load.describe()


def test_variables_of_the_short_form_may_be_set(tmp_path: Path) -> None:
    made = experiment_of(with_files(tmp_path, a_json=short()), "NF-9", warmup="7s")
    assert made.faults[0].at_s == 7.0


@pytest.mark.parametrize(
    ("toxic", "attributes", "described"),
    [
        ("latency", {"latency": 500, "jitter": 100}, "latency(delay=500ms, jitter=100ms)"),
        ("latency", {"delay": "2s"}, "latency(delay=2s)"),
        ("latency", {"delay": 250.5}, "latency(delay=250.5ms)"),
        ("bandwidth", {"rate": 10}, "bandwidth(rate=10KB)"),
        ("bandwidth", {"rate": "1MB"}, "bandwidth(rate=1MB)"),
        ("slow_close", {"delay": 1000}, "slow-close(delay=1s)"),
        ("timeout", {"timeout": 0}, "timeout(timeout=0s)"),
        ("reset_peer", {"timeout": 1500}, "reset(after=1.5s)"),
        ("reset", {"after": 1500}, "reset(after=1.5s)"),
        ("slicer", {"average_size": 64, "size_variation": 32, "delay": 10},
         "slicer(average_size=64B, delay=0.01ms, size_variation=32B)"),
        ("limit_data", {"bytes": 1000}, "limit-data(bytes=1KB)"),
        ("down", {}, "down"),
        ("pause", {}, "pause"),
    ],
)  # fmt: skip
def test_numbers_count_as_in_toxiproxy(
    toxic: str, attributes: dict[str, Any], described: str, tmp_path: Path
) -> None:
    suite = with_files(tmp_path, a_json=short(toxic=toxic, attributes=attributes))
    (fault,) = experiment_of(suite, "NF-9").faults
    assert fault.fault.describe() == described


def test_every_toxic_of_toxiproxy_s_has_its_fault() -> None:
    assert set(TOXICS) == {*TYPES, "down"} - {"noop"}
    for name, form in TOXICS.items():
        fields = catalogue().faults[form.fault].model_fields
        assert all(parameter in fields for parameter, _ in form.attributes.values())
        if name in TYPES:
            assert set(form.attributes) == set(TYPES[name].attributes)


def test_toxicity_and_stream_are_the_fault_s(tmp_path: Path) -> None:
    given = short(toxicity=0.5, stream="upstream")
    (fault,) = experiment_of(with_files(tmp_path, a_json=given), "NF-9").faults
    assert fault.fault.describe() == "latency(delay=1s, share=0.5, stream=upstream)"


@pytest.mark.parametrize(
    ("toxic", "attributes", "more", "variables"),
    [
        ("latency", {"latency": 5}, {}, {"may_fail": ""}),
        ("bandwidth", {"rate": 5}, {}, {"may_fail": ""}),
        ("slicer", {"average_size": 5}, {}, {"may_fail": ""}),
        ("slow_close", {"delay": 5}, {}, {"may_fail": ""}),
        ("timeout", {"timeout": 5}, {}, {"may_fail": "yes"}),
        ("reset_peer", {}, {}, {"may_fail": "yes"}),
        ("limit_data", {"bytes": 5}, {}, {"may_fail": "yes"}),
        ("down", {}, {}, {"may_fail": "yes"}),
        ("pause", {}, {}, {"may_fail": "yes"}),
        ("down", {}, {"failed_most": "40%"}, {"may_fail": "", "failed_most": "40%"}),
        ("latency", {"latency": 5}, {"failed_most": "2.5%"},
         {"may_fail": "", "failed_most": "2.5%"}),
    ],
)  # fmt: skip
def test_it_says_whether_requests_may_fail(
    toxic: str,
    attributes: dict[str, Any],
    more: dict[str, Any],
    variables: dict[str, str],
    tmp_path: Path,
) -> None:
    suite = with_files(tmp_path, a_json=short(toxic=toxic, attributes=attributes, **more))
    written = suite.scenarios["NF-9"].written
    assert written is not None
    assert written.data["vars"] == {"duration": "60s", **variables}


def test_what_toxiproxy_takes_for_every_toxic_is_taken(tmp_path: Path) -> None:
    given = short(toxic="reset_peer", attributes={}, stream="downstream", toxicity=1)
    assert experiment_of(with_files(tmp_path, a_json=given), "NF-9").faults


@pytest.mark.parametrize(
    "content",
    [
        [short("A"), short("B")],
        {"scenarios": [short("A"), short("B")]},
    ],
    ids=["list", "mapping"],
)
def test_a_file_may_hold_several(content: Any, tmp_path: Path) -> None:
    suite = with_files(tmp_path, a_json=content, c_yaml=experiment("C"), part_yaml="vars: {x: 1}")
    assert list(suite.scenarios)[-3:] == ["A", "B", "C"]
    assert suite.scenarios["A"].title == "New scenario"


def test_one_that_is_broken_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, a_json=[short("A"), "B"], b_json=short("C"))
    assert told.endswith("[1]: expected a mapping, found 'B'")


def test_a_suite_s_own_folder_may_hold_them(tmp_path: Path) -> None:
    write(tmp_path / "network.json", [short("NF-7")])
    assert "NF-7" in suite_at(tmp_path).scenarios


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        a_json=short(toxic="latncy"),
        b_yaml="id: X\nname: n\ntoxic: latency\nattributes: {latncy: 5, jitter: 1x}\n"
        "duration_seconds: 0\n",
        c_json="{",
        d_yaml=experiment("NF-1"),
        e_json=short("NF-2"),
    )
    assert [one.partition(": ")[0] for one in told] == [
        "extra/a.json:4:11",
        "extra/b.yaml:4:14",
        "extra/b.yaml:4:33",
        "extra/b.yaml:5:19",
        "extra/c.json:1:2",
        "extra/d.yaml",
        "extra/e.json:2:8",
    ]
    assert told[0].endswith("found 'latncy'; did you mean latency?")
    assert told[1].endswith("attributes.latncy: expected a known key, found latncy; "
                            "did you mean latency?")  # fmt: skip
    assert "mine/NF-1.yaml has as well" in told[5]


def test_problems_of_the_experiment_have_their_place_in_the_short_file(tmp_path: Path) -> None:
    told = problems(
        tmp_path, a_json=short(target="shoop"), b_yaml="title: t\ntracks: [{fault: paus}]\n"
    )
    assert told[0].startswith("extra/a.json:10:12: tracks[0].target: expected the name of a target")
    assert "extra/b.yaml:2:18: tracks[0].fault: expected the name of a fault" in "\n".join(told)


@pytest.mark.parametrize(
    ("given", "tail"),
    [
        ({"attributes": {"latency": 5, "delay": 6}},
         "expected one of latency and delay, which are the same, found both"),
        ({"toxicity": 2}, "toxicity: expected at most 1.0, found 2"),
        ({"failed_most": "many"}, "found 'many'"),
        ({"attributes": {"latncy": 5}}, "found latncy; did you mean latency?"),
        ({"attributes": None}, "expected the key attributes with latency below it, found none"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once(given: dict[str, Any], tail: str, tmp_path: Path) -> None:
    made = {key: value for key, value in short(**given).items() if value is not None}
    (told,) = problems(tmp_path, a_json=made)
    assert told.endswith(tail)


def test_an_attribute_beside_attributes_is_told_where_it_belongs(tmp_path: Path) -> None:
    made = {**short(), "delay": 5}
    del made["attributes"]
    assert "; move delay below attributes" in problems(tmp_path, a_json=made)[0]


def test_an_unknown_toxic_is_compared_with_both_vocabularies(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, a_json=short(toxic="slow_clsoe"))
    assert told.endswith("did you mean slow_close?")
    (told,) = problems(tmp_path / "2", a_json=short(toxic="disc_full"))
    assert told.endswith("did you mean disk-full?")


def test_a_suite_without_a_short_form_takes_none(tmp_path: Path) -> None:
    write(tmp_path / "extra" / "a.json", short())
    suite = suite_at(tmp_path / "mine", "title: t\n")
    with pytest.raises(InputTrouble, match=r"a\.json:1:1: expected an experiment, because suite"):
        suite.with_folders([tmp_path / "extra"])


def test_a_folder_without_scenarios_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match="expected scenarios, found none in 1 file;"):
        with_files(tmp_path, part_yaml="vars: {x: 1}")
    with pytest.raises(UsageTrouble, match="expected a folder, found nothing there"):
        suite_at(tmp_path / "mine").with_folders([tmp_path / "nowhere"])


def test_the_suite_s_own_folder_adds_nothing(tmp_path: Path) -> None:
    suite = suite_at(tmp_path / "mine")
    again = suite.with_folders([tmp_path / "mine" / "loads"])
    assert list(again.scenarios) == list(suite.scenarios)
