"""The throttle queue: accepted orders wait here and go to the broker at its pace."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence

from proving_ground.database_trouble import DatabaseTrouble
from proving_ground.leader.broker_client import BrokerClient, BrokerTrouble, RateLimited, Refused
from proving_ground.leader.canaries import (
    ORDER_SENT_AGAIN_UNDER_A_NEW_KEY,
    RETRY_AFTER_IGNORED,
    THROTTLE_BYPASSED,
    THROTTLE_NEVER_DRAINS,
    UNBOUNDED_THROTTLE_QUEUE,
)
from proving_ground.leader.heartbeats import ORDER, Heartbeats
from proving_ground.leader.ledger import Deposed, Ledger, Order
from proving_ground.leader.settings import LeaderSettings
from proving_ground.leader.trader import NotTrading, Trader

_LOG = logging.getLogger(__name__)
_UNDER_WAY_MAX = 16
_IDLE_S = 0.05
_AGAIN_S = 0.25
_STUCK_AT = 60
_TAKE_UP_EVERY_S = 2.0
_FINISH_S = 1.0


class QueueFull(Exception):
    """No more orders can wait."""


class Throttle:
    """Sends at most ``order_rate`` orders a second, and slower when the broker says so.

    Orders are in the database before they are here; from there the leader takes up, again and
    again, what its predecessor left and what was written although its answer was lost.
    """

    def __init__(
        self,
        settings: LeaderSettings,
        trader: Trader,
        ledger: Ledger,
        broker: BrokerClient,
        heartbeats: Heartbeats,
    ) -> None:
        self._settings = settings
        self._trader = trader
        self._ledger = ledger
        self._broker = broker
        self._heartbeats = heartbeats
        self._waiting: deque[Order] = deque()
        self._known: set[int] = set()
        self._kept = 0
        self._attempts: dict[int, int] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._not_before_s = 0.0
        self._take_up_at_s = 0.0
        self._stuck = False
        self.executed_total = 0

    @property
    def depth(self) -> int:
        """How many orders wait."""
        return len(self._waiting)

    @contextlib.contextmanager
    def room(self) -> Iterator[None]:
        """Keep room for one more order while it is written; raises ``QueueFull``.

        Orders that are with the broker count too: they may come back.
        """
        bounded = UNBOUNDED_THROTTLE_QUEUE not in self._settings.canaries
        taken = len(self._known) + self._kept
        if bounded and taken >= self._settings.queue_max:
            raise QueueFull(f"{taken} orders wait")
        self._kept += 1
        try:
            yield
        finally:
            self._kept -= 1

    def add(self, orders: Sequence[Order]) -> None:
        """Put *orders* behind the others, without those that are here already."""
        fresh = [order for order in orders if order.order_id not in self._known]
        self._known.update(order.order_id for order in fresh)
        if THROTTLE_BYPASSED in self._settings.canaries:
            for order in fresh:
                self._begin(self._send(order))
            return
        self._waiting.extend(fresh)

    def forget(self) -> None:
        """Drop what waits: whoever leads next takes it up from the database."""
        for order in self._waiting:
            self._known.discard(order.order_id)
        self._waiting.clear()
        self._take_up_at_s = 0.0

    async def run(self) -> None:
        """Go on until cancelled."""
        canaries = self._settings.canaries
        while True:
            self._heartbeats.beat(ORDER)
            self._stuck |= self.depth >= _STUCK_AT and THROTTLE_NEVER_DRAINS in canaries
            await self._take_up()
            idle = not self._waiting or self._trader.paused or self._stuck
            if idle or len(self._under_way) >= _UNDER_WAY_MAX:
                await asyncio.sleep(_IDLE_S)
            elif (wait_s := self._not_before_s - time.monotonic()) > 0:
                await asyncio.sleep(min(wait_s, 1.0))
            else:
                self._not_before_s = max(self._not_before_s, time.monotonic() - _IDLE_S)
                self._not_before_s += 1 / self._settings.order_rate
                self._begin(self._send(self._waiting.popleft()))

    async def finish(self) -> None:
        """Let what is with the broker end while the lock is still ours, and begin nothing new."""
        self._waiting.clear()
        under_way = set(self._under_way)
        if under_way:
            _ended, late = await asyncio.wait(under_way, timeout=_FINISH_S)
            for task in late:
                task.cancel()

    async def _take_up(self) -> None:
        """Now and then: take up the orders that are not known to be executed."""
        now_s = time.monotonic()
        if not self._trader.leadership.term or now_s < self._take_up_at_s:
            return
        try:
            self.add(await self._ledger.open_orders())
        except DatabaseTrouble as trouble:
            _LOG.warning("open orders cannot be taken up yet: %s", trouble)
        self._take_up_at_s = now_s + _TAKE_UP_EVERY_S

    def _begin(self, sending: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(sending, name="send")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, order: Order) -> None:
        """Send one order; whatever goes wrong, it is neither lost nor executed twice."""
        try:
            if not await self._ledger.begin_sending(order, self._trader.token()):
                self._known.discard(order.order_id)
                return
            execution_id = await self._broker.place(order, self._key(order))
        except (NotTrading, Deposed) as trouble:
            _LOG.warning("order %d was not sent: %s", order.order_id, trouble)
            self._known.discard(order.order_id)
        except RateLimited as limit:
            if RETRY_AFTER_IGNORED not in self._settings.canaries:
                not_before_s = time.monotonic() + limit.retry_after_s
                self._not_before_s = max(self._not_before_s, not_before_s)
            await self._again(order, 0.0)
        except (DatabaseTrouble, BrokerTrouble) as trouble:
            _LOG.warning("order %d goes back to the queue: %s", order.order_id, trouble)
            await self._again(order, _AGAIN_S)
        except Refused as trouble:
            _LOG.warning("order %d was refused: %s", order.order_id, trouble)
            await self._end(order, "refused", None)
        except Exception:  # noqa: BLE001 - the last resort: logged, and the order goes back
            _LOG.exception("order %d goes back to the queue", order.order_id)
            await self._again(order, _AGAIN_S)
        else:
            self.executed_total += 1
            await self._end(order, "executed", execution_id)

    async def _again(self, order: Order, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if THROTTLE_BYPASSED in self._settings.canaries:
            self._begin(self._send(order))
        elif order.order_id in self._known:
            self._waiting.appendleft(order)

    async def _end(self, order: Order, status: str, execution_id: str | None) -> None:
        """Write down what happened, however long the database is away."""
        while True:
            try:
                await self._ledger.end(order, status, execution_id)
            except DatabaseTrouble as trouble:
                _LOG.warning("the end of order %d waits: %s", order.order_id, trouble)
                await asyncio.sleep(_AGAIN_S)
                if ORDER_SENT_AGAIN_UNDER_A_NEW_KEY in self._settings.canaries:
                    tried = self._attempts.get(order.order_id, 0)
                    self._attempts[order.order_id] = tried + 1
                    self._waiting.appendleft(order)
                    return
            else:
                self._known.discard(order.order_id)
                return

    def _key(self, order: Order) -> str:
        """Return the idempotency key: the same however often the order is sent."""
        attempt = self._attempts.get(order.order_id, 0)
        return f"{order.client_order_id}#{attempt}" if attempt else order.client_order_id
