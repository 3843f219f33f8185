"""What makes two failures the same bug."""

from __future__ import annotations

import importlib.util
import linecache
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis.errors import FlakyFailure

from hormesis.testing.effectiveness.signature import is_flaky, is_own, sightings_of

SOURCE = """
def deep(value):
    assert value > 0, f"found {value}"


def fails(value):
    deep(value)


def fails_otherwise(value):
    return {}[value]


def of_the_library(value):
    import json
    json.loads(value)
"""


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., BaseException]:
    """Return a caller of the project's functions that hands their exceptions back."""

    def call(function: str, value: object, source: str = SOURCE) -> BaseException:
        file = tmp_path / "shop.py"
        file.write_text(source)
        linecache.checkcache(str(file))
        spec = importlib.util.spec_from_file_location("shop", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with pytest.raises(Exception) as caught:
            getattr(module, function)(value)
        return caught.value

    return call


def signatures(error: BaseException, root: Path, test: str = "t.py::test_a") -> set[str]:
    return {one.signature for one in sightings_of(error, run=1, test=test, root=root)}


def test_values_and_parameters_make_no_other_bug(
    own: Callable[..., BaseException], tmp_path: Path
) -> None:
    first = signatures(own("fails", -1), tmp_path, "t.py::test_a[x]")
    second = signatures(own("fails", -2), tmp_path, "t.py::test_a[y::z]")
    assert first == second
    (text,) = first
    assert text.startswith("t.py::test_a|AssertionError|shop.py:deep: assert value > 0")


def test_a_line_that_moved_makes_no_other_bug(
    own: Callable[..., BaseException], tmp_path: Path
) -> None:
    before = signatures(own("fails", -1), tmp_path)
    assert before == signatures(own("fails", -1, "\n\n# more\n" + SOURCE), tmp_path)


def test_another_place_another_type_or_another_test_is_another_bug(
    own: Callable[..., BaseException], tmp_path: Path
) -> None:
    first, second = own("fails", -1), own("fails_otherwise", 1)
    told = {
        *signatures(first, tmp_path),
        *signatures(second, tmp_path),
        *signatures(first, tmp_path, "t.py::test_b"),
    }
    assert len(told) == 3


def test_the_place_is_the_projects_not_the_librarys(
    own: Callable[..., BaseException], tmp_path: Path
) -> None:
    (one,) = sightings_of(own("of_the_library", "{"), run=1, test="t.py::a", root=tmp_path)
    assert one.place == "shop.py:of_the_library: json.loads(value)"


def test_failing_checks_are_the_place(own: Callable[..., BaseException], tmp_path: Path) -> None:
    error = own("fails", -1)
    error.checks = ("unique id", "exactly once")  # type: ignore[attr-defined]
    (one,) = sightings_of(error, run=1, test="t.py::a", root=tmp_path)
    assert one.place == "checks: exactly once, unique id"


def test_each_failure_of_a_group_is_a_bug(
    own: Callable[..., BaseException], tmp_path: Path
) -> None:
    group = BaseExceptionGroup(
        "several", [own("fails", -1), own("fails", -2), own("fails_otherwise", 1)]
    )
    assert len(signatures(group, tmp_path)) == 2


def test_what_never_went_through_own_code_has_no_place(tmp_path: Path) -> None:
    (one,) = sightings_of(KeyError("x"), run=1, test="t.py::a", root=tmp_path)
    assert one.place == ""


def test_hypothesis_says_when_something_is_flaky() -> None:
    assert is_flaky(FlakyFailure("unreliable", [ValueError("x")]))
    assert not is_flaky(ValueError("x"))


def test_installed_packages_and_the_toolkit_are_not_own(tmp_path: Path) -> None:
    assert is_own(tmp_path / "a.py", tmp_path)
    assert not is_own(tmp_path / "lib" / "site-packages" / "a.py", tmp_path)
    assert not is_own(Path(pytest.__file__), Path("/"))
    assert not is_own(Path(importlib.util.__file__), Path("/"))
