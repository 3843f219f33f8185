"""What the setting of the template may name, and what is said when it names nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.testing.options import Options
from hormesis.testing.template import template_of
from hormesis.words.trouble import InputTrouble


def options(root: Path, template: str) -> Options:
    return Options(
        database="", postgres="", pool_size=5, workers=10, isolation="schema",
        transaction_isolation="", seed=1, run_dir=root, allow_unknown=False, recover=False,
        report=None, last=10, template=template, rootdir=root,
    )  # fmt: skip


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert template_of(options(tmp_path, "")) is None


def test_a_file_and_a_function_are_found_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "tables.sql").write_text("\ufeffSELECT 1;")
    (tmp_path / "own_template_module.py").write_text("def install(conn):\n    pass\n")
    found = template_of(options(tmp_path, "tables.sql"))
    assert found is not None
    assert found.statements == "SELECT 1;"
    found = template_of(options(tmp_path, "own_template_module:install"))
    assert found is not None
    assert callable(found.function)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("none.sql", "No such file"),
        ("no_such_module_here:install", "cannot be imported: ModuleNotFoundError"),
        ("faulty_template_module:install", "faulty_template_module.py:2"),
        ("empty_template_module:install", "install is not there in empty_template_module"),
        ("empty_template_module:VALUE", "VALUE is not callable"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(tmp_path: Path, given: str, told: str) -> None:
    (tmp_path / "faulty_template_module.py").write_text("x = 1\ny = 1 / 0\n")
    (tmp_path / "empty_template_module.py").write_text("VALUE = 1\n")
    with pytest.raises(InputTrouble) as raised:
        template_of(options(tmp_path, given))
    assert told in str(raised.value)
    assert "chaos_template" in str(raised.value)
    assert len(raised.value.problems) == 1
