"""The planted defects of a worker: all off unless named, each where such a bug would be."""

from __future__ import annotations

from proving_ground.worker import inference_canaries

NO_RETRY_BACKOFF = "no-retry-backoff"
BREAKER_NEVER_OPENS = "breaker-never-opens"
BREAKER_NEVER_CLOSES = "breaker-never-closes"
BREAKER_SHARED_BETWEEN_TYPES = "breaker-shared-between-types"
HALF_OPEN_LETS_ALL = "half-open-lets-all"
GIVES_UP_TOO_EARLY = "gives-up-too-early"
CANCELLED_RUNS_ON = "cancelled-runs-on"
LEASE_NOT_RENEWED = "lease-not-renewed"
RETRIES_WITHOUT_IDEMPOTENCY = "retries-without-idempotency"
WORK_DROPPED_ON_STOP = "work-dropped-on-stop"
COMPLETES_WITHOUT_WORKING = "completes-without-working"
ACK_BEFORE_WORK = "ack-before-work"
COMPLETION_HALF_WRITTEN = "completion-half-written"
RESULT_LOST_ON_RETRY = "result-lost-on-retry"
WORKER_LEAKS = "worker-leaks"
RETURNING_WORKER_NOT_COUNTED = "returning-worker-not-counted"
RETURNING_WORKER_IDLE = "returning-worker-idle"
WORK_WAITS_FOR_EVERY_BREAKER = "work-waits-for-every-breaker"
FAILED_TASK_FORGOTTEN = "failed-task-forgotten"
GIVEN_UP_AFTER_OUTAGE = "given-up-after-outage"
CLAIMED_WITHOUT_LEASE = "claimed-without-lease"

CANARIES: dict[str, str] = {
    NO_RETRY_BACKOFF: "a failed task is tried again at once",
    BREAKER_NEVER_OPENS: "failures are not counted: a breaker never opens",
    BREAKER_NEVER_CLOSES: "an open breaker stays open, its probe is never tried",
    BREAKER_SHARED_BETWEEN_TYPES: "one breaker serves all types of task",
    HALF_OPEN_LETS_ALL: "a breaker whose time is over lets every task through, not one",
    GIVES_UP_TOO_EARLY: "a task is given up one attempt too early",
    CANCELLED_RUNS_ON: "a task that was cancelled is tried all the same",
    LEASE_NOT_RENEWED: "a lease is not renewed, so that a long task is given to another as well",
    RETRIES_WITHOUT_IDEMPOTENCY: "a repeated webhook bears another idempotency key each time",
    WORK_DROPPED_ON_STOP: "a worker that is told to stop drops what it has in hand",
    COMPLETES_WITHOUT_WORKING: "delays are not waited for: more is completed than the work allows",
    ACK_BEFORE_WORK: "delays are called done before they are waited for",
    COMPLETION_HALF_WRITTEN: (
        "of every other task that is done only half is written: its execution stays open"
    ),
    RESULT_LOST_ON_RETRY: "the result of a task that was tried again is not written",
    WORKER_LEAKS: "a worker keeps 2 MiB of every task that it executes",
    RETURNING_WORKER_NOT_COUNTED: (
        "a worker that was stopped and comes back under its name stays listed as stopped"
    ),
    RETURNING_WORKER_IDLE: (
        "a worker that comes back under its name is heard of again, and claims nothing"
    ),
    WORK_WAITS_FOR_EVERY_BREAKER: "a worker takes no task while the breaker of any type is open",
    FAILED_TASK_FORGOTTEN: "a task that failed is deleted, and not tried again",
    GIVEN_UP_AFTER_OUTAGE: (
        "the first five tasks that a worker takes after it lost the database are given up"
    ),
    CLAIMED_WITHOUT_LEASE: (
        "a task is claimed without a lease, so that nobody notices when its worker dies"
    ),
    **inference_canaries.CANARIES,
}
