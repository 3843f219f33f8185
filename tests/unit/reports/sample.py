"""A convincing suite of twelve judged runs, made from a seed; the reports are looked at with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random

from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.judging import judge_run
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

LOCK_ADVICE = (
    "Claim with one statement that locks the row and skips locked ones "
    "(SELECT … FOR UPDATE SKIP LOCKED), and back it with a unique constraint on job and attempt."
)
RETRY_ADVICE = (
    "Put a circuit breaker in front of the call and retry with exponential backoff and jitter; "
    "keep the pool's connections under a health check, so that dead ones are not handed out."
)
MACHINE = {"system": "Linux 6.18", "cpus": 2, "memory": "24 GB", "python": "3.11.7"}


@dataclass(frozen=True)
class Weather:
    """How operations go from ``start`` to ``end``: times slower, share that fails and why."""

    start: float
    end: float
    slower: float = 1.0
    failing: float = 0.0
    error: str = "timeout"
    undecided: float = 0.0


@dataclass(frozen=True)
class Scene:
    """What one scenario is made of."""

    name: str
    duration: float
    rate: float
    outcome: Outcome
    reason: str
    verdicts: Sequence[Verdict]
    faults: Sequence[FaultRecord] = ()
    weather: Sequence[Weather] = ()
    processes: Sequence[ProcessRecord] = ()
    notes: Sequence[Note] = ()
    base_ms: float = 12.0
    scale: float = 1.0
    gauge: str = ""
    dirty: Sequence[str] = field(default=())


@cache
def sample_suite(seed: int = 7) -> tuple[Judged, ...]:
    """Return the twelve scenarios; the same seed gives the same suite."""
    made = [_judged(number, make(), Random(seed + number)) for number, make in enumerate(SCENES)]
    return tuple(made)


@cache
def sample_run(seed: int = 7) -> Judged:
    """Return the one run that shows most: a partition that was not survived."""
    return _judged(6, _partition(), Random(seed + 6))


def make_ops(rng: Random, duration: float, rate: float, base_ms: float,
             weather: Sequence[Weather] = ()) -> list[Op]:  # fmt: skip
    """Return operations due at a constant rate, with the given weather; in order of due time."""
    ops = []
    for number in range(int(duration * rate)):
        due = number / rate
        sky = next((one for one in weather if one.start <= due < one.end), Weather(0, 0))
        lag = abs(rng.gauss(0.0, 0.0004))
        service = base_ms / 1000 * rng.lognormvariate(0, 0.42) * sky.slower
        chance = rng.random()
        outcome, error = Ended.OK, ""
        if chance < sky.failing:
            outcome, error = Ended.FAIL, sky.error
            service = 2.0 if error == "timeout" else service
        elif chance < sky.failing + sky.undecided:
            outcome, error, service = Ended.INFO, "timeout", 2.0
        ops.append(
            Op(number, "bots", "claim" if number % 3 else "complete", number % 50, round(due, 6),
               round(due + lag, 6), round(due + lag + service, 6), outcome, error,
               {"job": f"job-{number // 3}"})
        )  # fmt: skip
    return ops


def _judged(number: int, scene: Scene, rng: Random) -> Judged:
    source = f"jobs/{scene.name.split(' ')[0].lower()}.yaml"
    scaled = ["--time-scale", f"{scene.scale:g}"] if scene.scale != 1 else []
    history = History(
        manifest={
            "run": f"{number + 1:04x}c{rng.randrange(4096):03x}",
            "title": scene.name,
            "seed": 7,
            "command": ["hormesis", "run", source, "--seed", "7", *scaled],
            "started_wall": 1795212000.0 + 95 * number,
            "version": "0.1.0",
            "experiment": source,
            "time_scale": scene.scale,
            "machine": MACHINE,
            "tracks": [],
        },
        ops=make_ops(rng, scene.duration, scene.rate, scene.base_ms, scene.weather),
        faults=scene.faults,
        probes=_probes(scene, rng),
        processes=[ProcessRecord("postgres", -1.2, "started", 4101),
                   ProcessRecord("server", -0.4, "started", 4117), *scene.processes],
        loads=[LoadRecord("bots", 0.0, scene.duration, 50, 3 * int(scene.duration), 0)],
        notes=scene.notes,
        phases=[Phase("starting", -1.5), Phase("steady-before", -0.3), Phase("tracks", 0.0),
                Phase("steady-after", scene.duration)],
        end={"time": scene.duration + 0.8, "reason": "completed", "dirty": list(scene.dirty)},
    )  # fmt: skip
    evidence = judge_run(history, ()).verdicts
    verdict = RunVerdict(scene.outcome, scene.reason, (*scene.verdicts, *evidence), scene.dirty)
    return Judged(scene.name, history, verdict)


def _probes(scene: Scene, rng: Random) -> list[ProbeRecord]:
    """Return a health probe that follows the weather, and a queue that builds up in bad weather."""
    found: list[ProbeRecord] = []
    depth = 4.0
    for tick in range(int(scene.duration * 2)):
        time = tick / 2
        bad = any(one.start <= time < one.end and one.failing > 0.3 for one in scene.weather)
        slow = any(one.start <= time < one.end for one in scene.weather)
        depth = max(0.0, depth + (rng.uniform(2, 9) if slow else rng.uniform(-9, 3)))
        miss = "status is 503, expected 200" if bad else ""
        fields: dict[str, Scalar] = {"value": 503 if bad else 200}
        reason = "no answer within 2 s" if bad and rng.random() < 0.15 else ""
        found.append(ProbeRecord("health", time, {} if reason else fields, reason,
                                 "" if reason else miss, True))  # fmt: skip
        found.append(ProbeRecord("orphaned bots", time + 0.1, {"value": 0}, "", "", True))
        if scene.gauge:
            found.append(ProbeRecord(scene.gauge, time + 0.2, {"value": round(depth)}))
    return found


def passing(check: str, kind: str, summary: str, **figures: Scalar) -> Verdict:
    """Return a verdict that passed."""
    return Verdict(check, kind, Outcome.PASS, summary, figures=figures)


def _chain(id: str, track: str, kind: str, target: str, at: float, until: float, proof: str,
           gone: str, bite: float = 0.4, heal: float = 0.6) -> FaultRecord:  # fmt: skip
    return FaultRecord(id, track, kind, target, at, at + 0.012, at + bite, until, until + heal,
                       proof, gone, "", "engine")  # fmt: skip


def _quick(kind: str = "http_req_duration p(95) < 100ms", p95: float = 21.4) -> Verdict:
    return passing(kind, "threshold", f"{p95:g} ms over 3,000 samples", p95_ms=p95)


def _no_duplicates(claims: int = 2000) -> Verdict:
    return passing("no job claimed twice", "never-duplicate", f"{claims} claims, all of them "
                   "different jobs", claims=claims, undecided=0)  # fmt: skip


def _race_barrier() -> Scene:
    return Scene("J-RACE-1 simultaneous claim", 6, 60, Outcome.PASS,
                 "50 bots claimed one job at the same instant; exactly one got it.",
                 [passing("exactly one bot gets the job", "threshold", "1 success of 50 attempts",
                          spread_ms=2.1), _no_duplicates(1)])  # fmt: skip


def _race_continuous() -> Scene:
    findings = [
        Finding(f"Job job-{310 + 7 * n} claimed {2 + n % 2} times, by bots "
                f"{', '.join(str((11 * n + k) % 100) for k in range(2 + n % 2))}",
                (f"op {2190 + 41 * n}", f"op {2191 + 41 * n}", f"{24 + n * 0.6:.1f} s"),
                {"key": f"job-{310 + 7 * n}"})
        for n in range(27)
    ]  # fmt: skip
    return Scene("J-RACE-2 high concurrency", 60, 90, Outcome.FAIL,
                 "27 jobs were claimed by more than one bot.",
                 [Verdict("no job claimed twice", "never-duplicate", Outcome.FAIL,
                          "27 of 1,782 jobs were claimed more than once; first at 24.0 s.",
                          findings, {"claims": 1811, "duplicates": 27, "undecided": 3},
                          LOCK_ADVICE),
                  _quick(p95=38.2), passing("no job lost", "never-lost", "1,782 of 1,782 found")],
                 base_ms=19, gauge="queue depth")  # fmt: skip


def _race_loaded() -> Scene:
    return Scene("J-RACE-3 claiming under database load", 60, 60, Outcome.PASS,
                 "All 3 checks held.",
                 [_no_duplicates(), _quick(p95=74.0),
                  passing("success above 95 %", "threshold", "99.2 %", success_share=0.992)],
                 base_ms=31,
                 weather=[Weather(10, 50, 1.4, 0.008)], gauge="queue depth")  # fmt: skip


def _load_heavy() -> Scene:
    return Scene(
        "J-LOAD-heavy claim and complete",
        60,
        120,
        Outcome.PASS,
        "All 3 checks held.",
        [_quick(p95=29.8), passing("success above 95 %", "threshold", "100 %"), _no_duplicates()],
        base_ms=14,
        scale=0.2,
        notes=[Note(0.0, "info", "load", "50 users, 120 operations a second")],
    )


def _database_delay() -> Scene:
    fault = _chain(
        "db-delay-1",
        "db-delay",
        "link-latency",
        "postgres",
        20,
        40,
        "312 chunks delayed by 1,003 ms on average",
        "delay 0 ms over 40 chunks",
    )
    return Scene("J-CHAOS-1 database delays", 60, 40, Outcome.PASS,
                 "Slow while the database was slow, and back within 1.2 s.",
                 [passing("recovers after db-delay", "recovers", "good again 1.2 s after the "
                          "release", detect_s=0.42, recover_s=1.2), _no_duplicates(800),
                  _quick("http_req_duration p(95) < 100ms outside db-delay")],
                 [fault], [Weather(20, 40, 70, 0.02, "timeout", 0.01), Weather(40, 41.2, 9)],
                 gauge="queue depth")  # fmt: skip


def _connections() -> Scene:
    faults = [_chain(f"kill-{n}", "kill-connections", "pg-terminate", "postgres", 10 + 9 * n,
                     10.3 + 9 * n, f"{3 + n % 3} of 20 back ends terminated",
                     "20 connections again", 0.08, 0.7 + 0.2 * n) for n in range(5)]  # fmt: skip
    weather = [Weather(10 + 9 * n, 11 + 9 * n, 3, 0.22, "connection-lost") for n in range(5)]
    return Scene("J-CHAOS-2 killed database connections", 60, 50, Outcome.PASS,
                 "All 2 checks held.",
                 [passing("recovers after kill-connections", "recovers", "worst of 5: 1.5 s",
                          worst_s=1.5), _no_duplicates()],
                 faults, weather)  # fmt: skip


def _partition() -> Scene:
    delay = _chain(
        "slow-net-1",
        "slow-network",
        "link-latency",
        "bots → server",
        12,
        26,
        "884 chunks delayed by 2,004 ms on average",
        "delay 0 ms over 52 chunks",
    )
    cut = _chain("partition-1", "partition", "link-partition", "server → postgres", 38, 56,
                 "0 bytes passed for 1.0 s on 20 open connections",
                 "18,240 bytes passed within 1.0 s", 1.1, 9.4)  # fmt: skip
    findings = [
        Finding("Still failing 31.2 s after the release of partition: status is 503, expected 200",
                ("partition-1", "56.0 s", "op 6213")),
        Finding("6 connections of the pool were never replaced; the operations on them timed out",
                ("op 5730", "op 5744", "op 5761", "op 5790")),
    ]  # fmt: skip
    return Scene(
        "J-CHAOS-3 delay and partition", 90, 80, Outcome.FAIL,
        "The server did not recover within 30 s of the partition's end.",
        [Verdict("recovers after partition", "recovers", Outcome.FAIL,
                 "Health was not steadily good again within 30 s of the release.", findings,
                 {"detect_s": 1.6, "recover_s": 31.2, "limit_s": 30.0}, RETRY_ADVICE),
         Verdict("http_req_failed rate < 5% outside partition", "threshold", Outcome.FAIL,
                 "11.3 % of 5,760 samples, limit 5 %.",
                 [Finding("653 of 5,760 operations failed, 641 of them with timeout",
                          ("56.0 s", "87.2 s"))], {"failed_share": 0.113}, RETRY_ADVICE),
         passing("recovers after slow-network", "recovers", "good again 0.8 s after the release",
                 detect_s=0.3, recover_s=0.8),
         _no_duplicates(2391)],
        [delay, cut],
        [Weather(12, 26, 60, 0.01), Weather(38, 56, 4, 0.94, "timeout", 0.04),
         Weather(56, 87, 6, 0.42, "timeout")],
        [ProcessRecord("server", 61.3, "exited", 4117, -9, False),
         ProcessRecord("server", 63.0, "started", 4160)],
        [Note(61.3, "warning", "custodian", "server exited with signal 9, which was not planned"),
         Note(63.0, "info", "custodian", "server started again, generation 2")],
        gauge="queue depth",
    )  # fmt: skip


def _corruption() -> Scene:
    fault = _chain("corrupt-1", "corrupt-state", "sql", "postgres", 15, 30,
                   "3 orphaned bots, 2 duplicate assignments, 4 stuck jobs", "0 rows of each",
                   0.2, 4.1)  # fmt: skip
    return Scene("J-CHAOS-4 corrupted assignments", 50, 30, Outcome.PASS,
                 "The cleanup repaired every inconsistency within 4.1 s.",
                 [passing("no orphaned bots at the end", "invariant", "0 rows"),
                  passing("cleanup within 30 s", "eventually", "met 4.1 s after the release",
                          took_s=4.1)], [fault])  # fmt: skip


def _worker_crash() -> Scene:
    fault = _chain("crash-1", "crash", "kill", "worker-2", 20, 24,
                   "worker-2 was running, is gone (signal 9)", "worker-2 runs, generation 2",
                   0.05, 1.9)  # fmt: skip
    return Scene("WC-001 worker crash during inference", 45, 45, Outcome.PASS, "All 2 checks held.",
                 [passing("recovers after crash", "recovers", "good again after 1.9 s",
                          recover_s=1.9), _quick(p95=44.0)], [fault],
                 [Weather(20, 25.9, 2.2, 0.31, "reset")],
                 [ProcessRecord("worker-2", -0.2, "started", 4130),
                  ProcessRecord("worker-2", 20.02, "exited", 4130, -9, True),
                  ProcessRecord("worker-2", 24.01, "started", 4199)], base_ms=24)  # fmt: skip


def _video_memory() -> Scene:
    fault = FaultRecord("vram-1", "fill-vram", "vram", "worker-1", 10, skipped="no GPU")
    return Scene("RE-005 video memory exhaustion", 20, 20, Outcome.UNKNOWN,
                 "The fault fill-vram was skipped: no GPU.",
                 [_quick()], [fault])  # fmt: skip


def _leader() -> Scene:
    fault = _chain("stop-redis-1", "stop-redis", "stop", "redis", 20, 60,
                   "redis was running, is gone", "redis runs, generation 2", 0.3, 8.2)  # fmt: skip
    return Scene("L-LOCK leader lock lost and found", 100, 25, Outcome.PASS,
                 "Paused while Redis was away, and leader again 8.2 s after it came back.",
                 [passing("ready within 90 s of stop-redis", "eventually", "8.2 s", took_s=8.2),
                  passing("the process never exited", "never-exit", "one generation throughout"),
                  _no_duplicates(612)], [fault],
                 [Weather(20.5, 67, 0.4, 0.9, "http-503")],
                 [ProcessRecord("redis", -1.0, "started", 4090),
                  ProcessRecord("redis", 20.1, "exited", 4090, 0, True),
                  ProcessRecord("redis", 60.1, "started", 4222)],
                 gauge="order heartbeat age")  # fmt: skip


def _never_bit() -> Scene:
    fault = FaultRecord("slow-cpu-1", "burn-cpu", "cpu", "server", 10, 10.02, None, 30.0, None,
                        trouble="the busy time of the cores rose by 4 %, expected at least 60 %",
                        released_by="engine")  # fmt: skip
    return Scene("RE-003 processor saturation", 40, 40, Outcome.UNKNOWN,
                 "The fault burn-cpu never bit, so surviving it proves nothing.",
                 [_quick(), _no_duplicates(533)], [fault])  # fmt: skip


SCENES: Sequence[Callable[[], Scene]] = (
    _race_barrier, _race_continuous, _race_loaded, _load_heavy, _database_delay, _connections,
    _partition, _corruption, _worker_crash, _video_memory, _leader, _never_bit,
)  # fmt: skip


def renamed(run: Judged, name: str) -> Judged:
    """Return *run* under another name."""
    return replace(run, name=name)
