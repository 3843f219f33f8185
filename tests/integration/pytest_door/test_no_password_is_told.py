"""A password in the database's address is told nowhere: not on the terminal, not in a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.testing.server import Server
from tests.integration.pytest_door.own_servers import options
from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
TESTS = """
def test_one(chaos_injector, hormesis, sync_conn, isolated_schema, db_connection_string):
    sync_conn.execute("CREATE TABLE jobs (id int)")
    sync_conn.commit()
    with chaos_injector.hold_lock("jobs"):
        pass
    for where in (db_connection_string, isolated_schema.dsn):
        with hormesis.fault("postgres-lock", postgres=where, table="jobs"):
            pass
    assert 0
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("server")
    server = Server(options(root), root, 1)
    yield server.dsn().partition("@")[2]
    server.close()


def test_nothing_that_is_told_or_kept_has_it(pytester: pytest.Pytester, address: str) -> None:
    host, _, rest = address.partition(":")
    port = rest.partition("/")[0]
    given = f"host={host} port={port} user=postgres dbname=postgres password='Xs3 cretX'"
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(
        *PLAIN, f"--chaos-database={given}", "--junitxml=junit.xml", "-p", "no:cacheprovider"
    )
    result.assert_outcomes(failed=1)
    told = result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["again: HORMESIS_DATABASE=*password=[*][*][*]*pytest *"])
    kept = [one for one in pytester.path.rglob("*") if one.is_file()]
    assert {"junit.xml", "ledger.jsonl", "manifest.json"} <= {one.name for one in kept}
    ledgers = [one for one in kept if one.name == "ledger.jsonl"]
    assert any(_holds(one, "***") for one in ledgers)
    for secret in ("Xs3", "cretX"):
        assert secret not in told
        assert [one for one in kept if _holds(one, secret)] == []


def test_an_address_that_cannot_be_read_is_told_without_any_of_it(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_one(sync_conn): pass")
    given = "postgresql://u:s3cr#t/pw@h:1x"
    result = pytester.runpytest_subprocess(*PLAIN, f"--chaos-database={given}", "--junitxml=j.xml")
    result.assert_outcomes(errors=1)
    told = result.stdout.str() + (pytester.path / "j.xml").read_text()
    assert "no connection to postgresql://***: it can be read in two ways" in told
    for piece in ("s3c", "cr#t", "cr%23t", "t/pw", "t%2Fpw", "@h"):
        assert piece not in told


def _holds(file: Path, secret: str) -> bool:
    return secret.encode() in file.read_bytes()
