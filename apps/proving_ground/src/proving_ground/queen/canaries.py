"""The planted defects of the queen: all off unless named, each where such a bug would be."""

from __future__ import annotations

from proving_ground.queen import inference_canaries

QUEEN_HEALTH_LIES = "queen-health-lies"
HEALTH_FLAPS = "health-flaps"
QUEEN_500_ON_DATABASE_LOSS = "queen-500-on-database-loss"
ACKNOWLEDGED_BEFORE_WRITTEN = "acknowledged-before-written"
SUBMISSION_NOT_IDEMPOTENT = "submission-not-idempotent"
IDEMPOTENCY_IN_MEMORY = "idempotency-in-memory"
IDEMPOTENCY_KEY_DROPPED = "idempotency-key-dropped"
IDEMPOTENCY_KEY_WRITTEN_LATE = "idempotency-key-written-late"
REPETITION_ANSWERED_ANEW = "repetition-answered-anew"
ROLES_NOT_CHECKED = "roles-not-checked"
STATS_IGNORE_TAG = "stats-ignore-tag"
DEAD_LETTER_RETRY_LOSES_TASK = "dead-letter-retry-loses-task"
BREAKER_NEVER_REFUSES = "breaker-never-refuses"
TASK_LOST_ON_SIGKILL = "task-lost-on-sigkill"
STUCK_IN_PROCESSING = "stuck-in-processing"
MEMORY_LEAK_UNDER_LOAD = "memory-leak-under-load"
RECOVERY_SLOWER_EVERY_CYCLE = "recovery-slower-every-cycle"
SLOW_START = "slow-start"
DEAD_WORKERS_COUNTED = "dead-workers-counted"
LISTS_FAIL_NOW_AND_THEN = "lists-fail-now-and-then"
SUBMISSIONS_FAIL_NOW_AND_THEN = "submissions-fail-now-and-then"
SUBMISSIONS_STAY_REFUSED = "submissions-stay-refused"
STATISTICS_SLOW = "statistics-slow"
LOST_SUBMISSION = "lost-submission"
TOKENS_LOST_ON_RESTART = "tokens-lost-on-restart"
MONITORING_BREAKS = "monitoring-breaks"
MONITORING_NEEDS_THE_API = "monitoring-needs-the-api"
MONITORING_SAYS_NOTHING = "monitoring-says-nothing"
BREAKER_REFUSES_LATE = "breaker-refuses-late"

CANARIES: dict[str, str] = {
    **inference_canaries.CANARIES,
    QUEEN_HEALTH_LIES: "/health and /ready of the queen answer 200 healthy without looking",
    HEALTH_FLAPS: "two of three answers of the queen's /health are 200 healthy without looking",
    QUEEN_500_ON_DATABASE_LOSS: "the queen answers 500 when the database is out of reach",
    ACKNOWLEDGED_BEFORE_WRITTEN: (
        "a submission is answered 201 although the database was out of reach, and is forgotten"
    ),
    SUBMISSION_NOT_IDEMPOTENT: (
        "a submission that is repeated with its idempotency key makes a second task"
    ),
    IDEMPOTENCY_IN_MEMORY: (
        "idempotency keys are kept in the queen's memory, and forgotten when it is restarted"
    ),
    IDEMPOTENCY_KEY_DROPPED: "the idempotency key of a submission is read, and not written",
    IDEMPOTENCY_KEY_WRITTEN_LATE: (
        "the idempotency key of a task is written after the task, half a second later and in a "
        "transaction of its own: whoever is killed in between leaves a task without its key"
    ),
    REPETITION_ANSWERED_ANEW: (
        "a submission that is repeated makes no second task, and is answered with an id of its own"
    ),
    ROLES_NOT_CHECKED: "every user may do what only administrators may",
    STATS_IGNORE_TAG: "the statistics of one tag count the tasks of all tags",
    DEAD_LETTER_RETRY_LOSES_TASK: (
        "a task that is retried from the dead-letter queue is forgotten"
    ),
    BREAKER_NEVER_REFUSES: "tasks of a type whose breaker is open are accepted",
    TASK_LOST_ON_SIGKILL: "the task of a worker that was killed is thrown away",
    STUCK_IN_PROCESSING: "the tasks of dead workers stay running for ever",
    MEMORY_LEAK_UNDER_LOAD: "the queen keeps 1 MiB of every task that is submitted",
    RECOVERY_SLOWER_EVERY_CYCLE: (
        "the queen's start takes a second longer each time, as it goes through the earlier ones"
    ),
    SLOW_START: "the queen is not ready for 25 s after a restart",
    DEAD_WORKERS_COUNTED: "workers that are dead or stopped are counted as alive",
    LISTS_FAIL_NOW_AND_THEN: "every third list of tasks is answered 500",
    SUBMISSIONS_FAIL_NOW_AND_THEN: "every other submission is answered 500, and not written",
    SUBMISSIONS_STAY_REFUSED: (
        "once the database was out of reach, or after a restart, submissions are refused for ever"
    ),
    STATISTICS_SLOW: "statistics take 50 ms for each task there is: they are counted one by one",
    LOST_SUBMISSION: "every fifth submission is acknowledged, and never written",
    TOKENS_LOST_ON_RESTART: "whoever has logged in has to do so again when the queen was restarted",
    MONITORING_BREAKS: "the administrators' statistics exit (70) as soon as a task was done",
    MONITORING_NEEDS_THE_API: "the administrators' statistics exit (69) while the queen is down",
    MONITORING_SAYS_NOTHING: "the administrators' statistics are zeros, whatever there is",
    BREAKER_REFUSES_LATE: "a task of a type whose breaker is open is refused only after 4 s",
}
