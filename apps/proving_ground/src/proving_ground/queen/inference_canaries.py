"""The planted defects of inference at the queen."""

from __future__ import annotations

UNBOUNDED_QUEUE = "unbounded-queue"
NO_INFERENCE_TIMEOUT = "no-inference-timeout"
LOST_CONNECTION_NOT_RETRIED = "lost-connection-not-retried"
WORKER_FAILURE_IS_500 = "worker-failure-is-500"
DESCRIPTOR_LEAK = "descriptor-leak"
QUEUE_NEVER_DRAINS = "queue-never-drains"
PLACE_LOST_WITH_THE_CLIENT = "place-lost-with-the-client"
HIVE_NEEDED_FOR_EVERY_REQUEST = "hive-needed-for-every-request"
HIVE_ASKED_WITHOUT_PAUSE = "hive-asked-without-pause"
WORKERS_ASKED_FOR_ONCE = "workers-asked-for-once"
WORKERS_FORGOTTEN_WHEN_REFUSED = "workers-forgotten-when-refused"
HALF_REGISTERED_GIVEN_WORK = "half-registered-given-work"
REFUSED_LATE = "refused-late"
CLOSED_AFTER_A_REFUSAL = "closed-after-a-refusal"
INFERENCE_STOPS_ONCE = "inference-stops-once"
QUEEN_HANGS_WITHOUT_DESCRIPTORS = "queen-hangs-without-descriptors"
CRASH_ON_CONNECTION_FLOOD = "crash-on-connection-flood"
SLOW_INFERENCE = "slow-inference"
LINGERING_INFERENCE = "lingering-inference"
FLAKY_INFERENCE = "flaky-inference"
ANSWERS_SWAPPED = "answers-swapped"

CANARIES: dict[str, str] = {
    UNBOUNDED_QUEUE: "any number of requests for inference may wait at the queen",
    NO_INFERENCE_TIMEOUT: "the queen waits for a worker as long as it takes",
    LOST_CONNECTION_NOT_RETRIED: (
        "a request whose worker is lost is given up, although another could serve it"
    ),
    WORKER_FAILURE_IS_500: "a request that no worker could serve is answered 500",
    DESCRIPTOR_LEAK: "each request for inference leaves four descriptors of the queen open",
    QUEUE_NEVER_DRAINS: "a request that is refused takes a place in the queue all the same",
    PLACE_LOST_WITH_THE_CLIENT: (
        "a request whose client has gone before it was answered never gives its place in the queue"
        " back"
    ),
    HIVE_NEEDED_FOR_EVERY_REQUEST: (
        "the queen refuses inference while the hive cannot be asked, although it knows the workers"
    ),
    HIVE_ASKED_WITHOUT_PAUSE: "a hive that does not answer is asked again every 50 ms, without end",
    WORKERS_ASKED_FOR_ONCE: "the queen goes on with the workers that it was told of first",
    WORKERS_FORGOTTEN_WHEN_REFUSED: (
        "the queen forgets all workers when the hive refuses to tell who they are"
    ),
    HALF_REGISTERED_GIVEN_WORK: (
        "the queen sends requests to workers that have announced themselves and not acknowledged"
    ),
    REFUSED_LATE: "a request for which there is no room is refused 8 s later",
    CLOSED_AFTER_A_REFUSAL: "once the queue was full, everybody is refused for 5 s",
    INFERENCE_STOPS_ONCE: "once, after a thousand requests, nobody is served for 4.5 s",
    QUEEN_HANGS_WITHOUT_DESCRIPTORS: (
        "without free descriptors the queen lets requests wait instead of refusing them"
    ),
    CRASH_ON_CONNECTION_FLOOD: "the queen exits (70) when it has more than 500 descriptors open",
    SLOW_INFERENCE: "each inference waits 2.5 s for something that it does not need",
    LINGERING_INFERENCE: "each inference waits 0.4 s for something that it does not need",
    FLAKY_INFERENCE: "every seventh inference answers 500 although nothing is wrong",
    ANSWERS_SWAPPED: "every twentieth request is answered with the answer of the one before it",
}
