"""Orders in PostgreSQL, where a deposed leader's writes are refused.

The fencing token of whoever became leader last stands in the table ``fence``. Each write of an
order happens only when it bears that token, in the same statement: a leader that has slept through
the end of its lock cannot write, even when nobody has told it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.leader.canaries import (
    DUPLICATE_ORDER_AFTER_DATABASE_BLIP,
    ORDER_TWICE_UNDER_OTHER_ID,
    SPLIT_BRAIN_WITHOUT_FENCING,
    TOKEN_NOT_INCREASED,
)

# The number names the schema among advisory locks: instances that start together take turns.
_TABLES: LiteralString = """
SELECT pg_advisory_xact_lock(7305815);
CREATE TABLE IF NOT EXISTS orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_order_id text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity integer NOT NULL CHECK (quantity > 0),
    status text NOT NULL DEFAULT 'accepted'
        CHECK (status IN ('accepted', 'sending', 'executed', 'refused', 'cancelled')),
    fencing_token bigint NOT NULL,
    instance text NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    executed_at timestamptz,
    execution_id text
);
CREATE INDEX IF NOT EXISTS orders_open ON orders (order_id)
    WHERE status IN ('accepted', 'sending');
CREATE TABLE IF NOT EXISTS fence (one boolean PRIMARY KEY CHECK (one), token bigint NOT NULL);
INSERT INTO fence VALUES (true, 0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS terms (
    token bigint PRIMARY KEY,
    instance text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""
_ONE_EACH: LiteralString = """
CREATE UNIQUE INDEX IF NOT EXISTS orders_client_order_id ON orders (client_order_id);
"""
# The planted defect: a constraint was taken for an obstacle.
_ANY_NUMBER: LiteralString = """
DROP INDEX IF EXISTS orders_client_order_id;
CREATE INDEX IF NOT EXISTS orders_by_client_order_id ON orders (client_order_id);
"""
_BEGIN_TERM: LiteralString = """
WITH raised AS (
    UPDATE fence SET token = %(token)s WHERE token < %(token)s RETURNING token
), term AS (
    INSERT INTO terms (token, instance) SELECT token, %(instance)s FROM raised
    ON CONFLICT (token) DO NOTHING RETURNING token
)
SELECT EXISTS (SELECT FROM term) OR EXISTS (
    SELECT FROM terms t JOIN fence f ON f.token = t.token
    WHERE t.token = %(token)s AND (%(anybody)s OR t.instance = %(instance)s)
) AS began, (SELECT token FROM fence) AS token
"""
# FOR SHARE makes a later leader's term wait for this write, or this write see that term.
_FENCED: LiteralString = """
WITH fenced AS (SELECT 1 FROM fence WHERE token = %(token)s FOR SHARE)
"""
_UNFENCED: LiteralString = """
WITH fenced AS (SELECT 1)
"""
_ACCEPT: LiteralString = """
, made AS (
    INSERT INTO orders (client_order_id, symbol, side, quantity, fencing_token, instance)
    SELECT %(client_order_id)s, %(symbol)s, %(side)s, %(quantity)s, %(token)s, %(instance)s
    FROM fenced ON CONFLICT DO NOTHING RETURNING order_id, symbol, side, quantity
)
SELECT true AS made, order_id, symbol, side, quantity FROM made
UNION ALL
SELECT false, order_id, symbol, side, quantity FROM orders
WHERE client_order_id = %(client_order_id)s AND EXISTS (SELECT FROM fenced)
AND NOT EXISTS (SELECT FROM made)
"""
_BEGIN_SENDING: LiteralString = """
UPDATE orders SET status = 'sending'
WHERE order_id = %(order_id)s AND status IN ('accepted', 'sending')
AND EXISTS (SELECT FROM fenced) RETURNING order_id
"""
_ABORT: LiteralString = """
UPDATE orders SET status = 'cancelled' WHERE status = 'accepted'
AND EXISTS (SELECT FROM fenced) RETURNING order_id
"""
_END: LiteralString = """
UPDATE orders SET status = %(status)s, executed_at = clock_timestamp(),
execution_id = %(execution_id)s
WHERE order_id = %(order_id)s AND status IN ('accepted', 'sending')
"""
_OPEN: LiteralString = """
SELECT order_id, client_order_id, symbol, side, quantity FROM orders
WHERE status IN ('accepted', 'sending') ORDER BY order_id
"""


class Deposed(Exception):
    """A write was refused: its fencing token is not the last one."""


class Conflict(Exception):
    """The same ``client_order_id`` was used before, for another order."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order; ``order_id`` is the database's."""

    order_id: int
    client_order_id: str
    symbol: str
    side: str
    quantity: int


class Ledger:
    """The orders and the terms of leaders; every method raises ``DatabaseTrouble``."""

    def __init__(self, database: Database, instance: str, canaries: frozenset[str]) -> None:
        self._database = database
        self._instance = instance
        fenced = SPLIT_BRAIN_WITHOUT_FENCING not in canaries
        self._fenced: LiteralString = _FENCED if fenced else _UNFENCED
        self._any_term = TOKEN_NOT_INCREASED in canaries
        self._twice = ORDER_TWICE_UNDER_OTHER_ID in canaries
        self._from_memory = DUPLICATE_ORDER_AFTER_DATABASE_BLIP in canaries
        self._remembered: dict[str, Order] = {}
        self._remembered_at_loss = 0

    async def create_tables(self) -> None:
        """Create what is missing."""
        await self._database.fetch(_TABLES + (_ANY_NUMBER if self._from_memory else _ONE_EACH))

    async def begin_term(self, token: int) -> int:
        """Make *token* the one that writes must bear; return 0, or the token that is in its way.

        There is one when Redis has lost its counter, or when another leader came later.
        """
        asked = {"token": token, "instance": self._instance, "anybody": self._any_term}
        found = await self._database.fetch(_BEGIN_TERM, asked)
        return 0 if found[0]["began"] else int(found[0]["token"])

    async def accept(self, fields: dict[str, Any], token: int) -> tuple[Order, bool]:
        """Return the order of this ``client_order_id``, and whether it is new.

        Raises ``Deposed``, or ``Conflict`` when the one that is there already is different.
        """
        name = fields["client_order_id"]
        if self._from_memory and (known := self._recall(name)) is not None:
            return known, False
        asked = {**fields, "token": token, "instance": self._instance}
        found = await self._database.fetch(self._fenced + _ACCEPT, asked)
        if not found:
            # Another request may have made it after this statement's snapshot; now it is seen.
            found = await self._database.fetch(self._fenced + _ACCEPT, asked)
        if not found:
            raise Deposed(f"token {token} is not the last one")
        row = found[0]
        if self._twice and not row["made"]:
            again = {**asked, "client_order_id": f"{name}-2"}
            await self._database.fetch(self._fenced + _ACCEPT, again)
        order = Order(row["order_id"], name, row["symbol"], row["side"], row["quantity"])
        if any(fields[one] != row[one] for one in ("symbol", "side", "quantity")):
            raise Conflict(f"{name} is another order already")
        if self._from_memory:
            self._remembered[name] = order
        return order, bool(row["made"])

    async def begin_sending(self, order: Order, token: int) -> bool:
        """Note that *order* goes to the broker now; False when it need not any more.

        Raises ``Deposed``.
        """
        asked = {"order_id": order.order_id, "token": token}
        if await self._database.fetch(self._fenced + _BEGIN_SENDING, asked):
            return True
        if not await self._database.fetch(self._fenced + "SELECT 1 FROM fenced", asked):
            raise Deposed(f"token {token} is not the last one")
        return False

    async def end(self, order: Order, status: str, execution_id: str | None) -> None:
        """Note what the broker said; whoever leads, it has happened."""
        told = {"order_id": order.order_id, "status": status, "execution_id": execution_id}
        await self._database.fetch(_END, told)

    async def open_orders(self) -> Sequence[Order]:
        """Return what is accepted and not known to be executed, oldest first."""
        return [Order(**row) for row in await self._database.fetch(_OPEN)]

    async def abort(self, token: int) -> int:
        """Cancel every order that has not gone to the broker; return how many."""
        return len(await self._database.fetch(self._fenced + _ABORT, {"token": token}))

    def _recall(self, name: str) -> Order | None:
        """Return the order from memory: the planted defect, which forgets with a connection."""
        if self._database.lost_total != self._remembered_at_loss:
            self._remembered_at_loss = self._database.lost_total
            self._remembered.clear()
        return self._remembered.get(name)
