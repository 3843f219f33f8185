"""The database fixtures, with every plugin for asyncio or none, alone and by several workers."""

from __future__ import annotations

import pytest

from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
TESTS = """
import psycopg, pytest
from hypothesis import given, strategies as st

@pytest.fixture
def database(sync_conn):
    return sync_conn.info.dbname

def test_isolated(isolated_schema, db_connection_string, database):
    print("database:", database)
    with psycopg.connect(db_connection_string) as connection:
        assert connection.execute("SELECT current_schema()").fetchone() == (isolated_schema,)
    with isolated_schema.fresh() as other:
        assert other != isolated_schema

@pytest.mark.parametrize("turn", [1, 2])
def test_each_begins_empty(sync_conn, temp_table, turn, database):
    print("database:", database)
    assert sync_conn.execute(f"SELECT count(*) FROM {temp_table}").fetchone() == (0,)
    sync_conn.execute("CREATE TABLE mine (id int)")
    sync_conn.commit()

def test_pool(conn_pool, request):
    with conn_pool.connection() as one, conn_pool.connection() as two:
        assert one.info.backend_pid != two.info.backend_pid
        name, = one.execute("SHOW application_name").fetchone()
    assert name == "hormesis:test_pool"
    assert conn_pool.max_size == 3

async def used(conn, pool, table, schema):
    await conn.execute(f"INSERT INTO {table} (name, value) VALUES ('a', 1)")
    await conn.commit()
    async with pool.connection() as other:
        cursor = await other.execute(f"SELECT name, value, current_schema() FROM {table}")
        assert await cursor.fetchall() == [("a", 1, schema)]

async def test_by_whoever_runs_it(
    async_conn, async_conn_pool, async_temp_table, async_isolated_schema
):
    await used(async_conn, async_conn_pool, async_temp_table, async_isolated_schema)

@MARK
async def test_by_a_plugin(async_conn, async_conn_pool, async_temp_table, async_isolated_schema):
    await used(async_conn, async_conn_pool, async_temp_table, async_isolated_schema)

@given(number=st.integers(1, 9))
async def test_property_by_whoever_runs_it(async_conn, number):
    cursor = await async_conn.execute("SELECT %s::int", (number,))
    assert await cursor.fetchone() == (number,)
"""


@pytest.mark.parametrize(
    ("mark", "arguments"),
    [
        ("pytest.mark.chaos", (*PLAIN, "-p", "no:anyio", "-p", "no:cacheprovider")),
        pytest.param(
            "pytest.mark.asyncio",
            ("-p", "asyncio", "--asyncio-mode=strict", "-p", "no:randomly"),
            marks=pytest.mark.prove,
        ),
        pytest.param(
            "pytest.mark.anyio",
            ("-p", "no:asyncio", "--import-mode=importlib"),
            marks=pytest.mark.prove,
        ),
    ],
    ids=["nothing", "asyncio-strict", "anyio-in-random-order"],
)
def test_one_process(pytester: pytest.Pytester, mark: str, arguments: tuple[str, ...]) -> None:
    pytester.makepyfile(TESTS.replace("MARK", mark) + _backend(mark))
    result = pytester.runpytest_subprocess(
        *arguments, "--chaos-pool-size=3", "-W", "error::ResourceWarning"
    )
    result.assert_outcomes(passed=7)


@pytest.mark.prove
def test_each_worker_has_a_database_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS.replace("MARK", "pytest.mark.chaos"))
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    result = pytester.runpytest_subprocess(
        "-n2", "--dist=each", "--asyncio-mode=auto", "--chaos-pool-size=3", "-rP"
    )
    result.assert_outcomes(passed=14)
    seen = {line for line in result.outlines if line.startswith("database: ")}
    assert len(seen) == 2


def test_properties_shrink_over_a_real_database(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies as st

        @given(number=st.integers(0, 10_000))
        def test_breaks_from_a_hundred_on(sync_conn, number):
            # What fails aborts the transaction; the next example must not notice.
            sync_conn.execute("SELECT 1 / greatest(0, 100 - %s)", (number,))

        @pytest.fixture
        def mine():
            return object()

        @given(number=st.integers())
        def test_fixtures_of_others_are_still_refused(sync_conn, mine, number): pass
        """
    )
    result = pytester.runpytest_subprocess(
        *PLAIN, "--hypothesis-show-statistics", "--hypothesis-seed=3"
    )
    result.assert_outcomes(failed=2)
    text = result.stdout.str()
    assert "number=100," in text
    assert "DivisionByZero" in text and "InFailedSqlTransaction" not in text
    assert "uses a function-scoped fixture" in text
    assert "--hypothesis-seed=3" in next(x for x in result.outlines if x.startswith("again: "))
    assert "Hypothesis Statistics" in text


EXAMPLES = """
import pytest
from hypothesis import given, settings, strategies as st

@pytest.fixture
def begun(sync_conn, async_conn):
    sync_conn.execute("SET statement_timeout = '7s'")
    sync_conn.commit()

FOUND = "SELECT current_setting('statement_timeout'), current_setting('work_mem'), current_schema()"

@settings(max_examples=3)
@given(number=st.integers())
def test_one(sync_conn, begun_once, number):
    line = sync_conn
    assert not line.autocommit and line.isolation_level is None
    row = line.execute(FOUND).fetchone()
    begun_once.add(row)
    line.rollback()
    line.autocommit = True
    line.isolation_level = 3
    line.execute("SET statement_timeout = '1ms'; SET work_mem = '1MB'; SET search_path = public")

@pytest.fixture
def begun_once(begun, isolated_schema):
    seen = set()
    yield seen
    assert {(one, three) for one, _, three in seen} == {("7s", isolated_schema)}
    assert len(seen) == 1

@settings(max_examples=3)
@given(number=st.integers())
async def test_other(async_conn, number):
    assert not async_conn.autocommit
    cursor = await async_conn.execute("SHOW work_mem")
    assert await cursor.fetchone() != ("1MB",)
    await async_conn.rollback()
    await async_conn.set_autocommit(True)
    await async_conn.execute("SET work_mem = '1MB'")
"""


@pytest.mark.prove
def test_what_an_example_sets_is_put_back_for_the_next(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        from hypothesis import HealthCheck, settings
        settings.register_profile("all", suppress_health_check=list(HealthCheck))
        settings.load_profile("all")
        """
    )
    pytester.makepyfile(EXAMPLES)
    pytester.runpytest_subprocess(*PLAIN, "-p", "no:anyio").assert_outcomes(passed=2)


def test_what_is_missing_is_told_in_one_sentence(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *more: (
            None if name == "psycopg_pool" else real(name, *more))
        """
    )
    pytester.makepyfile("def test_one(sync_conn): pass")
    result = pytester.runpytest_subprocess(*PLAIN)
    result.stdout.fnmatch_lines(["*needs psycopg_pool: pip install 'hormesis[[]pytest[]]'"])
    other = pytester.runpytest_subprocess(*PLAIN, "--chaos-database=postgresql://127.0.0.1:1/none")
    assert "/testing/" not in other.stdout.str()


def _backend(mark: str) -> str:
    if "anyio" not in mark:
        return ""
    return "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
