"""What counts as another code."""

from __future__ import annotations

from pathlib import Path

from hormesis.testing.effectiveness.fingerprint import fingerprint, source_files


def project(root: Path) -> Path:
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("x = 1\n")
    (root / "schema.sql").write_text("create table t ();\n")
    return root


def test_it_stays_while_nothing_changes(tmp_path: Path) -> None:
    assert fingerprint(project(tmp_path)) == fingerprint(tmp_path)


def test_an_edit_a_new_file_and_a_new_name_change_it(tmp_path: Path) -> None:
    told = [fingerprint(project(tmp_path))]
    (tmp_path / "pkg" / "a.py").write_text("x = 2\n")
    told.append(fingerprint(tmp_path))
    (tmp_path / "pkg" / "b.py").write_text("")
    told.append(fingerprint(tmp_path))
    (tmp_path / "pkg" / "b.py").rename(tmp_path / "pkg" / "c.py")
    told.append(fingerprint(tmp_path))
    (tmp_path / "schema.sql").write_text("create table t (a int);\n")
    told.append(fingerprint(tmp_path))
    assert len(set(told)) == 5


def test_what_is_no_source_does_not_count(tmp_path: Path) -> None:
    before = fingerprint(project(tmp_path), [tmp_path / "runs"])
    names = (".hidden/a.py", "venv/a.py", "node_modules/a.py", "runs/a.yaml", "notes.txt")
    for name in (*names, "hormesis-runs/a.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("other")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    assert fingerprint(tmp_path, [tmp_path / "runs"]) == before
    assert {one.name for one in source_files(tmp_path, [tmp_path / "runs"])} == {
        "a.py",
        "schema.sql",
    }


def test_another_folder_with_the_same_code_is_the_same(tmp_path: Path) -> None:
    assert fingerprint(project(tmp_path / "one")) == fingerprint(project(tmp_path / "two"))
