"""The planted defects: all off unless named, and each sits where such a bug would really be."""

from __future__ import annotations

from proving_ground.broker.canaries import CANARIES as BROKER
from proving_ground.hive.canaries import CANARIES as HIVE
from proving_ground.leader.canaries import CANARIES as LEADER
from proving_ground.queen.canaries import CANARIES as QUEEN
from proving_ground.usage import UsageError, did_you_mean
from proving_ground.worker.canaries import CANARIES as WORKER

CLAIM_WITHOUT_LOCK = "claim-without-lock"
CLEANUP_OFF = "cleanup-off"
NO_RECONNECT = "no-reconnect"
CRASH_ON_DATABASE_LOSS = "crash-on-database-loss"
COMPLETION_NOT_IDEMPOTENT = "completion-not-idempotent"
JOB_LOST_ON_WORKER_DEATH = "job-lost-on-worker-death"
UNBOUNDED_WAIT = "unbounded-wait"
HEALTH_ALWAYS_HEALTHY = "health-always-healthy"
HEALTH_RATE_LIMITED = "health-rate-limited"
SLOW_CLAIM = "slow-claim"
FLAKY_CLAIM = "flaky-claim"
LOST_SUBMIT = "lost-submit"
INHERITED_CORRUPTION = "inherited-corruption"
SHORT_KEEP_ALIVE = "short-keep-alive"
CONSISTENCY_ALWAYS_CONSISTENT = "consistency-always-consistent"

CANARIES: dict[str, str] = {
    CLAIM_WITHOUT_LOCK: (
        "a claim reads a pending job, then updates it without lock or condition: "
        "concurrent claims get the same job at the same attempt"
    ),
    CLEANUP_OFF: "cleanup does nothing, in the background and when an administrator asks for it",
    NO_RECONNECT: (
        "lost database connections stay in the pool and no new one is ever opened: 503 for ever"
    ),
    CRASH_ON_DATABASE_LOSS: "the server exits (70) as soon as a database connection is lost",
    COMPLETION_NOT_IDEMPOTENT: (
        "a repeated completion is recorded a second time and answers already: false"
    ),
    JOB_LOST_ON_WORKER_DEATH: "cleanup frees a dead bot and deletes the job that it held",
    UNBOUNDED_WAIT: "requests wait for the database as long as it takes: no timeout of any kind",
    HEALTH_ALWAYS_HEALTHY: "/health and /ready answer 200 healthy without looking",
    HEALTH_RATE_LIMITED: (
        "/health answers 429 when it is asked more than once a second: "
        "a rate limiter that does not spare it"
    ),
    SLOW_CLAIM: "each claim waits 150 ms for something that it does not need",
    FLAKY_CLAIM: "every fifth claim answers 500 although nothing is wrong, and claims nothing",
    LOST_SUBMIT: (
        "a submission of more than 16 jobs is written in chunks of 16; a last, smaller chunk is "
        "forgotten, but acknowledged"
    ),
    INHERITED_CORRUPTION: (
        "the server starts with orphaned bots, a job held by two bots and a stuck job that an "
        "earlier version left behind, and cleanup skips them"
    ),
    SHORT_KEEP_ALIVE: (
        "idle HTTP connections are closed after 1 s: a client that is farther away than that "
        "writes its next request into a closed connection"
    ),
    CONSISTENCY_ALWAYS_CONSISTENT: (
        "/api/consistency answers that everything is consistent without looking"
    ),
}


def every_canary() -> dict[str, str]:
    """Return the canaries of all programs: of the main server, and of every part."""
    return {**CANARIES, **QUEEN, **WORKER, **HIVE, **BROKER, **LEADER}


def parse_canaries(text: str) -> frozenset[str]:
    """Return the canaries named in a comma-separated list; empty means none.

    Raises ``UsageError`` for an unknown name, with the nearest known one.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = every_canary()
    for name in names:
        if name not in known:
            raise UsageError(f"unknown canary {name!r};{did_you_mean(name, known)}")
    return frozenset(names)
