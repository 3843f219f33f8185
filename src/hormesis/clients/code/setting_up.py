"""Setup and teardown of the scripts of a run: once for each file, around all of its loads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from hormesis.clients.python import Python
from hormesis.words.client import ClientKind


@asynccontextmanager
async def set_up(clients: Sequence[ClientKind]) -> AsyncIterator[list[ClientKind]]:
    """Run the ``setup`` of every script among *clients*; give the clients with what it returned.

    ``teardown`` runs when the block is left, however it is left, and when a ``setup`` failed.

    Raises:
        InputTrouble: a script cannot be imported, or one of these functions raised.
    """
    given: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        made: list[ClientKind] = []
        for client in clients:
            script = client.script() if isinstance(client, Python) else None
            if not isinstance(client, Python) or script is None:
                made.append(client)
                continue
            if script.where not in given:
                given[script.where] = await stack.enter_async_context(script.prepared())
            made.append(client.with_setup_data(given[script.where]))
        yield made
