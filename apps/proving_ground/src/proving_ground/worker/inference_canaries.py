"""The planted defects of inference and registration at a worker."""

from __future__ import annotations

INFERENCE_NOT_IDEMPOTENT = "inference-not-idempotent"
DRAIN_DROPS_REQUESTS = "drain-drops-requests"
WORKER_CRASH_ON_MEMORY = "worker-crash-on-memory"
HEARTBEATS_END_WITHOUT_MEMORY = "heartbeats-end-without-memory"

CANARIES: dict[str, str] = {
    INFERENCE_NOT_IDEMPOTENT: (
        "a request for inference that comes a second time is executed and recorded again"
    ),
    DRAIN_DROPS_REQUESTS: "a worker that is told to stop drops the requests that it has in hand",
    WORKER_CRASH_ON_MEMORY: "a worker that is refused memory exits (70) instead of saying so",
    HEARTBEATS_END_WITHOUT_MEMORY: (
        "a worker that was refused memory once sends no more heartbeats"
    ),
}
