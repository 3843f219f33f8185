"""The session: what all chaos tests of one pytest process share; made when the first needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hormesis.testing.options import Options
from hormesis.testing.run_folders import RunFolder
from hormesis.words.randomness import stream_of

if TYPE_CHECKING:
    from hormesis.testing.database import SessionDatabase
    from hormesis.testing.server import Server

_KEY = pytest.StashKey["ChaosSession"]()
_SEED_MAX = 2**32
_NAME_MAX = 80
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


class ChaosSession:
    """One per pytest process, so one per xdist worker; every worker has the same seed."""

    def __init__(self, options: Options, environment: Mapping[str, str], stamp: str) -> None:
        self.options = options
        self.environment = environment
        """The environment of the process when the session began."""
        self.seed = options.seed
        self._folder = RunFolder(
            options.run_dir, stamp, keep=options.keep, environment=environment
        )
        self.run_dir = self._folder.path
        """The folder of this process's runs; it is there once something is recorded."""
        self._effects: dict[str, list[tuple[str, str]]] = {}
        self._open = ExitStack()
        self._open.callback(self._folder.close)
        self._server: Server | None = None
        self._database: SessionDatabase | None = None

    @staticmethod
    def of(config: pytest.Config) -> ChaosSession:
        """Return the session of this process.

        Raises:
            KeyError: no test has needed one yet.
        """
        return config.stash[_KEY]

    @staticmethod
    def known(config: pytest.Config) -> ChaosSession | None:
        """Return the session of this process, None when no test has needed one yet."""
        return config.stash.get(_KEY, None)

    def put_into(self, config: pytest.Config) -> None:
        """Make this the session of this process."""
        config.stash[_KEY] = self

    def seed_of(self, nodeid: str) -> int:
        """Return the seed of one test: the same whatever other tests run, and in what order."""
        return stream_of(self.seed, "test", nodeid).randrange(_SEED_MAX)

    def directory_of(self, nodeid: str) -> Path:
        """Return the folder for the runs of one test; it need not be there."""
        name = _NOT_IN_NAMES.sub("-", nodeid).strip("-.")
        return self.run_dir / name[-_NAME_MAX:].lstrip("-.")

    def recording(self, nodeid: str = "") -> Path:
        """Return the folder for runs, of one test or of all, kept out of version control."""
        folder = self._folder.made()
        return self.directory_of(nodeid) if nodeid else folder

    def note_effect(self, nodeid: str, word: str, proof: str) -> None:
        """Note that a test really did something to the system, with the proof.

        *word* is the kind of a fault, or one of those that the effectiveness report knows.
        """
        self._effects.setdefault(nodeid, []).append((word, proof))

    def effects(self, nodeid: str) -> list[tuple[str, str]]:
        """Return what a test was noted to have done: words and proofs."""
        return list(self._effects.get(nodeid, ()))

    @property
    def postgres(self) -> str:
        """Which PostgreSQL serves the tests, and where it is from; empty while none was needed."""
        return "" if self._server is None else self._server.described

    def server(self) -> Server:
        """Return the PostgreSQL server; the first call starts or reaches it."""
        if self._server is None:
            from hormesis.testing.server import Server

            self._server = Server(
                self.options, self.recording(), self.seed, self.environment
            )
            self._open.callback(self._server.close)
        return self._server

    def database(self) -> SessionDatabase:
        """Return this process's own database; the first call makes it."""
        if self._database is None:
            from hormesis.testing.database import SessionDatabase

            self._database = SessionDatabase(self.server(), self.options)
            self._open.callback(self._database.close)
        return self._database

    def close(self) -> None:
        """Drop the database and stop the server, as far as they were needed."""
        self._open.close()
