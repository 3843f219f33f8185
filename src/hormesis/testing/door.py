"""The door: what one pytest process offers its chaos tests, and what happens around each of them.

The entry, ``_hormesis_pytest``, makes one when the first test needs it; the fixtures there are
wrappers of the methods here. What only some tests need is imported when they ask for it.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from hormesis.testing.attached_sections import attach_sections
from hormesis.testing.clean_start import refuse_unless_clean
from hormesis.testing.coroutine_tests import play_coroutine_test
from hormesis.testing.dirt import dirt_of
from hormesis.testing.experiment_marker import judge_marked, marked, run_marked
from hormesis.testing.experiments import Experiments
from hormesis.testing.hypothesis_tests import is_plugins, prepared_for_hypothesis
from hormesis.testing.options import read_options
from hormesis.testing.own_frames import hide_own_frames, unless_refused
from hormesis.testing.progress import Progress
from hormesis.testing.replay import replay_command
from hormesis.testing.run_folders import refuse_unless_writable, stamp_of
from hormesis.testing.said import Said
from hormesis.testing.session import ChaosSession
from hormesis.testing.troubles import SkipTrouble, Trouble

if TYPE_CHECKING:
    from hormesis.compose.running import Finished
    from hormesis.testing.hormesis_fixture import HormesisFixture
    from hormesis.testing.racing import Race
    from hormesis.testing.schemas import IsolatedSchema
    from hormesis.testing.temp_tables import TempTable

NEEDED = ("psycopg", "psycopg_pool")
_FINISHED = pytest.StashKey["Finished"]()


class Door:
    """One per pytest process."""

    def __init__(self, config: pytest.Config, seed: int) -> None:
        self._config = config
        environment = dict(os.environ)
        options = read_options(config, seed, environment)
        refuse_unless_writable(options.run_dir)
        self.session = ChaosSession(options, environment, stamp_of(config))
        self.session.put_into(config)
        self._clean = False

    # Around each test.

    # Not in a wrapper: a test that is refused there would not be torn down as others expect it.
    @pytest.hookimpl(specname="pytest_runtest_setup", tryfirst=True)
    def pytest_setup_begins_clean(self, item: pytest.Item) -> None:
        """Begin on a machine that is clean."""
        if not self._serves(item):
            return
        Said(item).put("seed", self.session.seed_of(item.nodeid))
        Said(item).put("replay", self.replay(item))
        if not self._clean:
            refuse_unless_clean(item, self.session)
            self._clean = True

    @pytest.hookimpl(specname="pytest_runtest_setup", trylast=True)
    def pytest_setup_runs_marked(self, item: pytest.Item) -> None:
        """Run the experiment of a marked test, once its fixtures are there."""
        if marked(item) is not None:
            self.experiment(item._request)  # type: ignore[attr-defined]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Let what a fixture lacks be told in its own words, without the toolkit's frames."""
        __tracebackhide__ = unless_refused
        try:
            return (yield)
        except Trouble as trouble:
            if not is_plugins(fixturedef):
                raise
            if isinstance(trouble, SkipTrouble):
                raise pytest.skip.Exception(str(trouble)) from None
            told = dirt_of(trouble) or str(trouble)
            raise pytest.fail.Exception(told, pytrace=False) from None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Judge what the marker ran, and let Hypothesis use the fixtures."""
        __tracebackhide__ = unless_refused
        if not self._serves(item):
            return (yield)
        if _FINISHED in item.stash:
            judge_marked(item, item.stash[_FINISHED], self.experiments(item))
        with prepared_for_hypothesis(item):
            return (yield)

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> object | None:
        """Run a coroutine function that no other plugin runs."""
        return play_coroutine_test(pyfuncitem) if self._serves(pyfuncitem) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put into the report what helps to understand a failure, and to repeat it."""
        if not self._serves(item):
            return (yield)
        said = Said(item)
        if call.excinfo is not None:
            if (dirt := dirt_of(call.excinfo.value)) and not said.get("dirty"):
                said.put("dirty", dirt)
            hide_own_frames(call.excinfo)
        if self.session.postgres:
            said.put("postgres", self.session.postgres)
        report = yield
        if report.failed:
            attach_sections(item, report)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Stop the server, drop the database; say so if that cannot be done.

        After an interrupt the fixtures that use them are torn down by pytest's own hook before.
        """
        try:
            self.session.close()
        except Exception as error:  # noqa: BLE001 - told, and it decides the exit code
            dirt = dirt_of(error) or f"{type(error).__name__}: {error}"
            reporter = self._config.pluginmanager.getplugin("terminalreporter")
            if reporter is not None:
                reporter.write_line(f"hormesis: {dirt}", red=True)
            session.exitstatus = 3
            # A worker of xdist has no terminal, and its exit code is nobody's.
            getattr(self._config, "workeroutput", {})["hormesis_dirty"] = dirt

    def replay(self, item: pytest.Item) -> str:
        """Return the command that repeats one test."""
        return replay_command(self._config, item.nodeid, self.session.seed)

    def _serves(self, item: pytest.Item) -> bool:
        used = getattr(item, "fixturenames", ())
        return marked(item) is not None or any(_is_ours(item, name) for name in used)

    # What the fixtures give.

    def experiments(self, item: pytest.Item) -> Experiments:
        """Return what runs experiments for one test."""
        return Experiments(item, self.session, Progress(self._config, item))

    def experiment(self, request: pytest.FixtureRequest) -> Finished:
        """Return the finished run of a marked test; it is run once."""
        item = request.node
        if _FINISHED not in item.stash:
            item.stash[_FINISHED] = run_marked(request, self.experiments(item))
        finished: Finished = item.stash[_FINISHED]
        return finished

    @contextmanager
    def hormesis(self, request: pytest.FixtureRequest) -> Iterator[HormesisFixture]:
        """Give the `hormesis` fixture of one test."""
        from hormesis.testing.hormesis_fixture import HormesisFixture

        fixture = HormesisFixture(self.experiments(request.node), self.session)
        try:
            yield fixture
        finally:
            fixture.close()

    @contextmanager
    def schema(self, request: pytest.FixtureRequest) -> Iterator[IsolatedSchema]:
        """Give one test a schema of its own."""
        require(*NEEDED)
        from hormesis.testing.schemas import fresh

        with fresh(self.session.database(), self.session.options, request.node.name) as schema:
            yield schema

    def connection_string(self, request: pytest.FixtureRequest, schema: IsolatedSchema) -> str:
        """Return the URL of a test's schema, through the link if its injector needs that."""
        return schema.connection_string(wire="chaos_injector" in request.fixturenames)

    def connection(
        self, request: pytest.FixtureRequest, dsn: str
    ) -> AbstractContextManager[Any]:
        """Give a synchronous connection."""
        from hormesis.testing.connections import sync_conn

        return sync_conn(dsn, request.node.name)

    def async_connection(
        self, request: pytest.FixtureRequest, dsn: str
    ) -> AbstractContextManager[Any]:
        """Give an asynchronous connection."""
        from hormesis.testing.connections import async_conn

        return async_conn(dsn, request.node.name)

    def pool(self, request: pytest.FixtureRequest, dsn: str) -> AbstractContextManager[Any]:
        """Give a pool of connections."""
        from hormesis.testing.pools import conn_pool

        return conn_pool(dsn, self.session.options.pool_size, request.node.name)

    def async_pool(self, request: pytest.FixtureRequest, dsn: str) -> AbstractContextManager[Any]:
        """Give a pool of asynchronous connections."""
        from hormesis.testing.pools import async_conn_pool

        return async_conn_pool(dsn, self.session.options.pool_size, request.node.name)

    def temp_table(self, schema: IsolatedSchema) -> AbstractContextManager[TempTable]:
        """Give the name of a fresh table; it is made past the link, whatever hits that."""
        from hormesis.testing.temp_tables import temp_table

        return temp_table(schema.dsn)

    def race(self, request: pytest.FixtureRequest) -> Race:
        """Return the race of one test; it connects to the test's schema if a worker asks."""
        from hormesis.testing.racing import Race

        return Race(
            seed=self.session.seed_of(request.node.nodeid),
            workers=self.session.options.workers,
            dsn=partial(request.getfixturevalue, "db_connection_string"),
            note=self._note(request),
            allow_unknown=self.session.options.allow_unknown,
            on_unknown=partial(Said(request.node).add, "unknown"),
        )

    @contextmanager
    def injector(self, request: pytest.FixtureRequest, dsn: str) -> Iterator[Any]:
        """Give the injector of one test."""
        from hormesis.testing.injector.injector import ChaosInjector

        made = ChaosInjector(
            seed=self.session.seed_of(request.node.nodeid),
            connection_string=dsn,
            server=self.session.server(),
            run_dir=self.session.recording(request.node.nodeid),
            note=self._note(request),
        )
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def monitor(self, request: pytest.FixtureRequest, schema: IsolatedSchema) -> Iterator[Any]:
        """Give the monitor of one test, which is watching already, past the link."""
        from hormesis.testing.monitor.transaction_monitor import TransactionMonitor

        made = TransactionMonitor(schema.dsn, note=self._note(request))
        made.start()
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def deadlock(self, request: pytest.FixtureRequest, dsn: str) -> Iterator[Any]:
        """Give the deadlock of one test."""
        from hormesis.testing.deadlock import DeadlockSetup

        seed = self.session.seed_of(request.node.nodeid)
        made = DeadlockSetup(dsn, seed, note=self._note(request))
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def load(self, request: pytest.FixtureRequest, dsn: str) -> Iterator[Any]:
        """Give the load generator of one test."""
        from hormesis.testing.load_generator import LoadGenerator

        nodeid = request.node.nodeid
        made = LoadGenerator(
            dsn,
            seed=self.session.seed_of(nodeid),
            run_dir=self.session.recording(nodeid),
            note=self._note(request),
        )
        try:
            yield made
        finally:
            made.close()

    def _note(self, request: pytest.FixtureRequest) -> Any:
        return partial(self.session.note_effect, request.node.nodeid)


def require(*packages: str) -> None:
    """End the test with one clear sentence unless *packages* are installed."""
    missing = [one for one in packages if importlib.util.find_spec(one) is None]
    if missing:
        pytest.fail(
            f"this fixture needs {' and '.join(missing)}: pip install 'hormesis[pytest]'",
            pytrace=False,
        )


def _is_ours(item: pytest.Item, name: str) -> bool:
    """Whether the fixture that *item* means by *name* is one of the plugin's."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return False
    found = info.name2fixturedefs.get(name)
    return bool(found) and is_plugins(found[-1])
