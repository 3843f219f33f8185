"""The pytest entry: options, markers and fixtures, and nothing else until a test asks for them.

It is loaded in every pytest session of an environment that has Hormesis, so it imports pytest and
nothing of the toolkit. What the fixtures give is made in :mod:`hormesis.testing`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Connection
    from psycopg_pool import AsyncConnectionPool, ConnectionPool

    from hormesis.compose.running import Finished
    from hormesis.testing.deadlock import DeadlockSetup
    from hormesis.testing.door import Door
    from hormesis.testing.hormesis_fixture import HormesisFixture
    from hormesis.testing.injector.injector import ChaosInjector
    from hormesis.testing.load_generator import LoadGenerator
    from hormesis.testing.monitor.transaction_monitor import TransactionMonitor
    from hormesis.testing.racing import Race
    from hormesis.testing.schemas import IsolatedSchema
    from hormesis.testing.temp_tables import TempTable

DOOR: Final = "hormesis-door"
SEED = pytest.StashKey[int]()

OPTIONS: Final = (
    ("database", "URL", "the PostgreSQL server that tests use; left out: an embedded one is "
     "started (also: HORMESIS_DATABASE)"),
    ("postgres", "VERSION|BINDIR", "which embedded or installed PostgreSQL is started"),
    ("pool-size", "N", "connections in conn_pool and async_conn_pool (5)"),
    ("workers", "N", "num_workers, and the workers of the race fixture (10)"),
    ("isolation", "schema|database|none", "what each test has to itself (schema)"),
    ("transaction-isolation", "LEVEL", "read-committed, repeatable-read or serializable; "
     "left out: what the server says"),
    ("run-dir", "DIR", "where runs are recorded (hormesis-runs/pytest)"),
    ("keep", "N", "how many sessions' runs are kept there, the newest included (20)"),
    ("last", "N", "how many sessions the effectiveness report looks back on, the newest included "
     "(10)"),
)  # fmt: skip
"""Options that are settings as well: ``--chaos-pool-size 5`` or, in an ini file,
``chaos_pool_size = 5``."""

SWITCHES: Final = (
    ("--chaos-seed N", "seed of everything that is drawn; left out: drawn, and printed"),
    ("--chaos-allow-unknown", "let experiments without enough evidence for a verdict pass; they "
     "are counted"),
    ("--chaos-recover", "undo what a dead run left on this machine before the first chaos test"),
    ("--chaos-report", "write the effectiveness report: bugs found, failure modes covered, "
     "stability"),
    ("--chaos-report-file FILE", "write it to FILE, which ends in .html"),
)  # fmt: skip
"""Options of one session."""

TEMPLATE: Final = (
    "what each test's fresh schema or database holds: `path.sql` or `module:function(conn)`"
)

MARKERS: Final = (
    ("chaos", "a chaos test"),
    ("property", "a property that holds for any input (Hypothesis)"),
    ("concurrent", "several workers at once"),
    ("transaction", "rollback, savepoints, constraint violations, partial failure"),
    ("resource", "at the limits: connections, memory, disk, size"),
    ("corruption", "data or schema changed behind the application's back"),
    ("migration", "migrations that fail or meet unexpected schemas"),
    ("recovery", "what happens after a crash"),
    ("load", "under load"),
    ("slow", "takes more than 30 seconds; not part of the smoke selection"),
    ("destructive", "needs a set-up of its own, or breaks more than its own schema; not part of "
     "the smoke selection"),
    ("experiment(file, *, variables=None, seed=None, time_scale=1.0, judge=True)", "run the "
     "experiment file before the test, which fails with what its checks found; the fixture "
     "`experiment` is the finished run"),
)  # fmt: skip

FIXTURES: Final = frozenset({
    "async_conn", "async_conn_pool", "async_isolated_schema", "async_temp_table", "chaos_injector",
    "chaos_seed", "conn_pool", "db_connection_string", "deadlock_setup", "experiment", "hormesis",
    "isolated_schema", "load_generator", "num_workers", "race", "sync_conn", "temp_table",
    "transaction_monitor",
})  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and their settings."""
    group = parser.getgroup("hormesis", "Hormesis: chaos tests")
    for name, metavar, told in OPTIONS:
        group.addoption(f"--chaos-{name}", metavar=metavar, default=None, help=told)
        parser.addini(f"chaos_{name.replace('-', '_')}", told, default="")
    told_of = dict(SWITCHES)
    group.addoption(
        "--chaos-seed", metavar="N", type=int, default=None, help=told_of["--chaos-seed N"]
    )
    # A switch takes no value that could be the path of a test.
    for switch in ("--chaos-allow-unknown", "--chaos-recover", "--chaos-report"):
        group.addoption(switch, action="store_true", default=False, help=told_of[switch])
    group.addoption(
        "--chaos-report-file", metavar="FILE", default=None,
        help=told_of["--chaos-report-file FILE"],
    )  # fmt: skip
    parser.addini("chaos_template", TEMPLATE, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known; everything else waits for a test that needs it."""
    refuse_misread_paths(config)
    for name, told in MARKERS:
        config.addinivalue_line("markers", f"{name}: {told}")
    # Its assertions are none that a test's author wrote, and rewriting costs a second at first.
    hook = getattr(config.pluginmanager, "rewrite_hook", None)
    getattr(hook, "_must_rewrite", set()).discard("hormesis")
    config.pluginmanager.register(Listener(config), "hormesis-listener")
    if config.getoption("--chaos-report") or config.getoption("--chaos-report-file") is not None:
        from hormesis.testing.reporting import report_effectiveness

        report_effectiveness(config, seed_of_session(config))


def refuse_misread_paths(config: pytest.Config) -> None:
    """Refuse a path after an option of ours that has made pytest look for its settings elsewhere.

    It reads its settings before it knows our options, and takes what stands apart for a place of
    tests.

    Raises:
        pytest.UsageError: that has happened.
    """
    asked = config.invocation_params
    if config.inipath is not None and config.rootpath in (asked.dir, *asked.dir.parents):
        return
    for option, value in zip(asked.args, asked.args[1:], strict=False):
        if str(option).startswith("--chaos-") and "=" not in str(option):
            path = asked.dir / str(value)
            if path.exists() and asked.dir not in (path, *path.parents):
                raise pytest.UsageError(
                    f"{option} {value}: pytest took this path for a place of tests and looked for "
                    f"its settings there; write {option}={value}"
                )


def seed_of_session(config: pytest.Config) -> int:
    """Return the session's one seed: given, of the xdist controller, or drawn."""
    if SEED not in config.stash:
        given = config.getoption("--chaos-seed")
        given = getattr(config, "workerinput", {}).get("hormesis_seed", given)
        drawn = int.from_bytes(os.urandom(4), "big")
        config.stash[SEED] = drawn if given is None else int(given)
    return config.stash[SEED]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every xdist worker the same seed."""
    node.workerinput["hormesis_seed"] = seed_of_session(node.config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Open the door when a test that was selected goes through it."""
    if any(is_ours(item) for item in items):
        door(config)


def is_ours(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of Hormesis, or its experiment marker."""
    used = getattr(item, "fixturenames", ())
    return not FIXTURES.isdisjoint(used) or item.get_closest_marker("experiment") is not None


def door(config: pytest.Config) -> Door:
    """Return what serves the chaos tests of a session; the first call loads it."""
    found: Door | None = config.pluginmanager.getplugin(DOOR)
    if found is None:
        from hormesis.testing.door import Door

        found = Door(config, seed_of_session(config))
        config.pluginmanager.register(found, DOOR)
    return found


class Listener:
    """Hears what chaos tests say in their reports, in this process or in a worker's."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._session: pytest.Session | None = None
        self._heard: list[tuple[pytest.TestReport, dict[str, str]]] = []
        self._left_by_workers: list[str] = []

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember what may have to be stopped."""
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a chaos test said; stop after one that left this machine dirty."""
        said = {name: str(value) for name, value in report.user_properties
                if name.startswith("hormesis_")}  # fmt: skip
        if not said or (report.when == "setup" and report.passed):
            return
        self._heard.append((report, said))
        if "hormesis_dirty" in said:
            for one in (self._session, self._config.pluginmanager.getplugin("dsession")):
                if one is not None:
                    one.shouldstop = f"hormesis: {said['hormesis_dirty']}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Keep what a worker of xdist could not undo at its end."""
        if dirt := getattr(node, "workeroutput", {}).get("hormesis_dirty"):
            self._left_by_workers.append(f"{node.gateway.id}: {dirt}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell the seed, what was allowed to be unknown, and what was left."""
        for told in self._left_by_workers:
            terminalreporter.write_line(f"hormesis: {told}", red=True)
        if self._heard:
            from hormesis.testing.summary import write_summary

            write_summary(terminalreporter, self._heard, seed_of_session(self._config))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End with the code that says so when this machine was left dirty."""
        if self._left_by_workers or any("hormesis_dirty" in said for _, said in self._heard):
            session.exitstatus = 3


# Connections and their database.


@pytest.fixture
def isolated_schema(request: pytest.FixtureRequest) -> Iterator[IsolatedSchema]:
    """A schema that only this test uses: its name, with ``.fresh()`` for one more."""
    with door(request.config).schema(request) as schema:
        yield schema


@pytest.fixture
def async_isolated_schema(isolated_schema: IsolatedSchema) -> IsolatedSchema:
    """The same schema, for asynchronous tests."""
    return isolated_schema


@pytest.fixture
def db_connection_string(
    request: pytest.FixtureRequest, isolated_schema: IsolatedSchema
) -> str:
    """The URL of the test's own schema or database, as psycopg and libpq take it."""
    return door(request.config).connection_string(request, isolated_schema)


@pytest.fixture
def sync_conn(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[Connection[Any]]:
    """A psycopg connection to the test's own schema; nothing is committed by itself."""
    with door(request.config).connection(request, db_connection_string) as connection:
        yield connection


@pytest.fixture
def async_conn(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[AsyncConnection[Any]]:
    """An asynchronous psycopg connection to the test's own schema."""
    with door(request.config).async_connection(request, db_connection_string) as connection:
        yield connection


@pytest.fixture
def conn_pool(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[ConnectionPool[Any]]:
    """A psycopg_pool.ConnectionPool of ``--chaos-pool-size`` connections."""
    with door(request.config).pool(request, db_connection_string) as pool:
        yield pool


@pytest.fixture
def async_conn_pool(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[AsyncConnectionPool[Any]]:
    """A psycopg_pool.AsyncConnectionPool, which opens when the test first uses it."""
    with door(request.config).async_pool(request, db_connection_string) as pool:
        yield pool


@pytest.fixture
def temp_table(
    request: pytest.FixtureRequest, isolated_schema: IsolatedSchema
) -> Iterator[TempTable]:
    """The name of an empty table (id, name, value); ``.create("a int")`` makes another."""
    with door(request.config).temp_table(isolated_schema) as table:
        yield table


@pytest.fixture
def async_temp_table(temp_table: TempTable) -> TempTable:
    """The same table, for asynchronous tests."""
    return temp_table


# Concurrency, chaos and load.


@pytest.fixture
def chaos_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test, from the session's and the test's name."""
    return door(request.config).session.seed_of(request.node.nodeid)


@pytest.fixture
def num_workers(request: pytest.FixtureRequest) -> int:
    """How many workers a concurrent test has: ``--chaos-workers``."""
    return door(request.config).session.options.workers


@pytest.fixture
def race(request: pytest.FixtureRequest) -> Race:
    """Workers that do operations at the same instant, every one recorded; see the how-to."""
    return door(request.config).race(request)


@pytest.fixture
def chaos_injector(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[ChaosInjector]:
    """Delays, failures and retries, and real faults of the connections and the server."""
    with door(request.config).injector(request, db_connection_string) as injector:
        yield injector


@pytest.fixture
def transaction_monitor(
    request: pytest.FixtureRequest, isolated_schema: IsolatedSchema
) -> Iterator[TransactionMonitor]:
    """Locks, waits, blockers, long transactions and deadlocks, as they happen."""
    with door(request.config).monitor(request, isolated_schema) as monitor:
        yield monitor


@pytest.fixture
def deadlock_setup(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[DeadlockSetup]:
    """Two connections and two tables that ``.provoke()`` brings into a real deadlock."""
    with door(request.config).deadlock(request, db_connection_string) as deadlock:
        yield deadlock


@pytest.fixture
def load_generator(
    request: pytest.FixtureRequest, db_connection_string: str
) -> Iterator[LoadGenerator]:
    """Load on the database, by rate or by users; its figures come back as data."""
    with door(request.config).load(request, db_connection_string) as generator:
        yield generator


# Experiments.


@pytest.fixture(name="hormesis")
def _hormesis(request: pytest.FixtureRequest) -> Iterator[HormesisFixture]:
    """Experiments, suites, faults and proxies from inside a test."""
    with door(request.config).hormesis(request) as fixture:
        yield fixture


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> Finished:
    """The finished run of the test's ``@pytest.mark.experiment("file.yaml")``."""
    return door(request.config).experiment(request)
