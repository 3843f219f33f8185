"""Shapes written as code, by Locust's protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hormesis.loads.shape import Shape
from hormesis.words.load import Ticked

CODE = """
class Stairs:
    def tick(self):
        if self.get_run_time() > 20:
            return None
        return 10 * (1 + int(self.get_run_time() // 10)), 5

class Nothing:
    pass

class Odd:
    def tick(self):
        return "many"

class Choosing:
    def tick(self):
        return (1, 1, [Stairs])

class Counting:
    def tick(self):
        return self.get_current_user_count() + 1, 1, None
"""


def ticked(folder: Path, name: str, scale: float = 1.0) -> Ticked:
    (folder / "shapes.py").write_text(CODE)
    context = {"folder": str(folder), "time_scale": scale}
    made = Shape.model_validate({"shape": f"shapes.py:{name}"}, context=context).shape()
    assert isinstance(made, Ticked)
    return made


def test_a_class_is_asked_with_the_loads_own_time(tmp_path: Path) -> None:
    tick = ticked(tmp_path, "Stairs").make()
    assert [tick(t, 0) for t in (0.0, 10.0, 20.5)] == [(10, 5.0), (20, 5.0), None]
    assert ticked(tmp_path, "Counting").make()(0.0, 4) == (5, 1.0)


def test_the_scale_of_time_keeps_the_shape(tmp_path: Path) -> None:
    shape = ticked(tmp_path, "Stairs", scale=0.1)
    assert shape.duration_s_max == 3600.0
    assert shape.make()(1.0, 0) == (20, 50.0)


@pytest.mark.parametrize(
    ("name", "told"),
    [("Odd", "expected .users, spawn_rate. or None"), ("Choosing", "make one load per class")],
)
def test_an_odd_answer_is_told(tmp_path: Path, name: str, told: str) -> None:
    tick = ticked(tmp_path, name).make()
    with pytest.raises(ValueError, match=told):
        tick(0.0, 0)


def test_what_is_no_shape_is_told_when_the_load_begins(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no method tick"):
        ticked(tmp_path, "Nothing").make()


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("shapes.py", "expected path/to/file.py:Class"),
        ("shapes.py:Stair", "did you mean Stairs"),
        ("other.py:Stairs", "no file other.py"),
        ("no_such_module:Stairs", "no module no_such_module"),
    ],
)
def test_what_is_not_there_is_told_when_the_file_is_read(
    tmp_path: Path, reference: str, told: str
) -> None:
    (tmp_path / "shapes.py").write_text(CODE)
    with pytest.raises(ValidationError, match=told):
        Shape.model_validate({"shape": reference}, context={"folder": str(tmp_path)})
