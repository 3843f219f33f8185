"""The planted defects of the hive: all off unless named, each where such a bug would be."""

from __future__ import annotations

REGISTRATION_HALF_DONE = "registration-half-done"
HIVE_KEEPS_THE_DEAD = "hive-keeps-the-dead"
OOM_NOT_REMOVED = "oom-not-removed"
OOM_NOTICED_ONCE = "oom-noticed-once"
WORKER_COUNT_WRONG = "worker-count-wrong"
DISK_FULL_IS_500 = "disk-full-is-500"
CRASH_ON_DISK_FULL = "crash-on-disk-full"
HALF_WRITTEN_MODEL = "half-written-model"
TRUNCATED_MODEL_KEPT = "truncated-model-kept"
DISK_FULL_FOR_EVER = "disk-full-for-ever"
FULL_DISK_ACKNOWLEDGED = "full-disk-acknowledged"
CUT_MODEL_ACKNOWLEDGED = "cut-model-acknowledged"
DRAIN_WAITS_FOR_EVER = "drain-waits-for-ever"
SCALE_IGNORED = "scale-ignored"
LIST_REFUSED_FOR_EVER = "list-refused-for-ever"
HIVE_HANGS_WITHOUT_DESCRIPTORS = "hive-hangs-without-descriptors"
HIVE_BREAKS_OFF_WITHOUT_DESCRIPTORS = "hive-breaks-off-without-descriptors"
HEARTBEATS_REFUSED_WITHOUT_DESCRIPTORS = "heartbeats-refused-without-descriptors"

CANARIES: dict[str, str] = {
    REGISTRATION_HALF_DONE: (
        "a worker that has announced itself counts as ready before it has acknowledged"
    ),
    HIVE_KEEPS_THE_DEAD: "the hive never notices that a worker has died, and replaces none",
    OOM_NOT_REMOVED: "a worker that the kernel killed for want of memory stays listed as ready",
    OOM_NOTICED_ONCE: (
        "only the first kill for want of memory is told as one, all later ones as crashes"
    ),
    WORKER_COUNT_WRONG: "dead workers go on being counted as ready ones",
    DISK_FULL_IS_500: "a model that does not fit on the disk is answered 500 instead of 507",
    CRASH_ON_DISK_FULL: "the hive exits (70) when it cannot write a model",
    HALF_WRITTEN_MODEL: "what was written of a model that did not fit stays on the disk",
    TRUNCATED_MODEL_KEPT: (
        "a model is written under its own name from the start, and what did not fit stays there"
    ),
    DISK_FULL_FOR_EVER: "once the disk was full, every model is refused, also when there is room",
    FULL_DISK_ACKNOWLEDGED: (
        "every other model that does not fit on the disk is answered 201 and thrown away"
    ),
    CUT_MODEL_ACKNOWLEDGED: (
        "a model that does not fit on the disk is answered 201, and kept as far as it was written"
    ),
    DRAIN_WAITS_FOR_EVER: "a worker that does not stop when it is told to is waited for for ever",
    SCALE_IGNORED: "the hive says yes to another number of workers, and keeps those it has",
    LIST_REFUSED_FOR_EVER: (
        "once the hive was short of descriptors, it never tells who its workers are again"
    ),
    HIVE_HANGS_WITHOUT_DESCRIPTORS: (
        "without free descriptors the hive lets requests wait instead of refusing them"
    ),
    HIVE_BREAKS_OFF_WITHOUT_DESCRIPTORS: (
        "without free descriptors the hive breaks off its answers instead of refusing"
    ),
    HEARTBEATS_REFUSED_WITHOUT_DESCRIPTORS: (
        "without free descriptors the hive refuses its own workers' heartbeats as well, and then"
        " kills the workers for their silence"
    ),
}
