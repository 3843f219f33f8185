"""Win the lock, keep it, notice its loss at once, and win it again."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from random import Random

from proving_ground.database_trouble import DatabaseTrouble
from proving_ground.leader.backoff import Backoff
from proving_ground.leader.canaries import (
    CONSTANT_BACKOFF,
    CRASH_ON_REDIS_LOSS,
    NEVER_REACQUIRES,
    NO_BACKOFF,
    PAUSES_WHEN_THE_LOCK_ENDS,
    SPLIT_BRAIN_WITHOUT_FENCING,
    STANDBY_ASKS_SELDOM,
    STANDBY_NEVER_TAKES_OVER,
)
from proving_ground.leader.ledger import Ledger
from proving_ground.leader.lock import Lock, LockTrouble
from proving_ground.leader.recent_attempts import RecentAttempts
from proving_ground.leader.settings import LeaderSettings

_LOG = logging.getLogger(__name__)
EXIT_REDIS_LOST = 70
_HAMMERING_S = 0.02
_CONSTANT_S = 1.0
_ATTEMPTS_OF_CANARY = 3
_STANDBY_S = 1.0
_SELDOM_S = 9.5
_TERM_RETRY_S = 0.25


class Leadership:
    """Whether this instance leads: it has the lock, and its time to live is not over.

    The time counts from before the lock was asked for, on the monotonic clock: an instance that
    has slept knows by itself that it may have been deposed. It may act (``term``) once the
    database knows its token, so that no earlier leader can write any more.
    """

    def __init__(
        self,
        settings: LeaderSettings,
        ledger: Ledger,
        rng: Random,
        *,
        on_won: Callable[[], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._rng = rng
        self._on_won = on_won
        self._on_lost = on_lost
        self._lock = Lock(
            settings.redis_url,
            settings.lock_key,
            owner=settings.instance,
            ttl_s=settings.lock_ttl_s,
            timeout_s=settings.redis_timeout_s,
            canaries=settings.canaries,
        )
        self._lease_until_s = 0.0
        self._lost_once = False
        self.token = 0
        self.term = 0
        self.attempts = RecentAttempts()
        self.changes_total = 0
        self.redis_trouble = ""

    @property
    def leads(self) -> bool:
        """Whether the lock is ours for certain, right now."""
        if SPLIT_BRAIN_WITHOUT_FENCING in self._settings.canaries:
            return self.token != 0
        return self.token != 0 and time.monotonic() < self._lease_until_s

    async def run(self) -> None:
        """Go on until cancelled."""
        while await self._win():
            self._on_won()
            beginning = asyncio.create_task(self._begin_term(), name="term")
            try:
                await self._keep()
            finally:
                beginning.cancel()
                await asyncio.wait([beginning])
                self._lose()
        _LOG.error("gave up the lock for good")

    async def resign(self) -> None:
        """Give the lock back, so that another need not wait for its end."""
        try:
            await self._lock.release()
        except LockTrouble as trouble:
            _LOG.warning("the lock could not be given back: %s", trouble)
        finally:
            await self._lock.close()

    async def _win(self) -> bool:
        """Ask until the lock is ours; False: never again, which only planted defects do."""
        settings = self._settings
        backoff = Backoff(settings.backoff_first_s, settings.backoff_most_s, self._rng)
        tries = 0
        while True:
            tries += 1
            pause_s = self._standby_s()
            if await self._attempt():
                return True
            if self.redis_trouble:
                constant = CONSTANT_BACKOFF in settings.canaries
                pause_s = _CONSTANT_S if constant else backoff.pause_s()
            else:
                backoff.reset()
                if STANDBY_NEVER_TAKES_OVER in settings.canaries:
                    return False
            if NO_BACKOFF in settings.canaries and self._lost_once:
                pause_s = _HAMMERING_S
            gives_up = NEVER_REACQUIRES in settings.canaries and self._lost_once
            if gives_up and tries >= _ATTEMPTS_OF_CANARY:
                return False
            await asyncio.sleep(pause_s)

    async def _attempt(self) -> bool:
        asked_s = time.monotonic()
        self.attempts.note(asked_s)
        try:
            token = await self._lock.acquire()
        except LockTrouble as trouble:
            self._note_trouble(str(trouble))
            return False
        self._note_trouble("")
        if not token:
            return False
        self.token = token
        self._lease_until_s = asked_s + self._settings.lock_ttl_s
        self.changes_total += 1
        _LOG.info("leads with token %d", token)
        return True

    async def _keep(self) -> None:
        """Renew the lock until it is lost or nobody knows any more."""
        while True:
            await asyncio.sleep(self._settings.renew_every_s)
            asked_s = time.monotonic()
            try:
                ours = await self._lock.renew()
            except LockTrouble as trouble:
                self._note_trouble(str(trouble))
                if PAUSES_WHEN_THE_LOCK_ENDS in self._settings.canaries and self.leads:
                    continue
                return
            if not ours:
                return
            self._lease_until_s = asked_s + self._settings.lock_ttl_s

    async def _begin_term(self) -> None:
        """Let the database know the token; until then nothing may be written."""
        while True:
            token = self.token
            try:
                in_the_way = await self._ledger.begin_term(token)
            except DatabaseTrouble as trouble:
                _LOG.warning("the term cannot begin: %s", trouble)
                await asyncio.sleep(_TERM_RETRY_S)
                continue
            if not in_the_way:
                self.term = token
                return
            _LOG.warning("token %d is behind %d: Redis lost its counter", token, in_the_way)
            try:
                await self._lock.raise_token(in_the_way)
                self.token = await self._lock.acquire() or token
            except LockTrouble as trouble:
                self._note_trouble(str(trouble))
                await asyncio.sleep(_TERM_RETRY_S)

    def _lose(self) -> None:
        self._lost_once = True
        token, self.token, self.term, self._lease_until_s = self.token, 0, 0, 0.0
        self.changes_total += 1
        reason = self.redis_trouble or "another instance has it, or its time was over"
        _LOG.warning("lost the lock of token %d: %s", token, reason)
        self._on_lost(reason)

    def _note_trouble(self, trouble: str) -> None:
        if trouble and not self.redis_trouble:
            _LOG.warning("Redis gives no answer: %s", trouble)
            if CRASH_ON_REDIS_LOSS in self._settings.canaries:
                logging.shutdown()
                os._exit(EXIT_REDIS_LOST)
        self.redis_trouble = trouble

    def _standby_s(self) -> float:
        if STANDBY_ASKS_SELDOM in self._settings.canaries:
            return _SELDOM_S
        return min(_STANDBY_S, self._settings.lock_ttl_s / 3) * self._rng.uniform(0.75, 1.0)
