"""A convincing load run, made from a seed: a shop at a constant rate whose database freezes."""

from __future__ import annotations

from functools import cache
from random import Random

from hormesis.record.histogram import Histogram
from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.history import FaultRecord, History, LoadRecord, Phase
from hormesis.words.judging import judge_run
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Drop, Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

LASTS_S, RATE = 60.0, 60
FROZEN, SLOW = (24.0, 30.0), (42.0, 50.0)
NAMES = (("/", "GET", 5, 0.004), ("/search", "GET", 3, 0.031), ("/cart", "POST", 2, 0.012),
         ("/order", "POST", 1, 0.055))  # fmt: skip


@cache
def load_run(seed: int = 5) -> Judged:
    """Return the run; the same seed gives the same run."""
    rng = Random(seed)
    ops, drops, waited = _ops(rng)
    history = History(
        manifest={
            "run": "00b1c0de", "title": "The shop through a frozen database", "seed": seed,
            "command": ["hormesis", "run", "shop.yaml", "--seed", str(seed)],
            "started_wall": 1795212000.0, "version": "0.1.0", "experiment": "shop.yaml",
            "time_scale": 1.0, "tracks": [],
            "checks": [
                {"kind": "threshold", "fields": {"expression": "http_req_duration p(95)<200",
                                                 "before": "freeze"}},
                {"kind": "threshold", "fields": {
                    "expression": "http_req_duration{name:/order} p(95)<500"}},
                {"kind": "threshold", "fields": {"expression": "http_req_failed rate<0.01",
                                                 "after": "slow", "last": "5s"}},
                {"kind": "threshold", "fields": {"expression": "checks rate>0.99"}},
            ],
        },
        ops=ops,
        drops=drops,
        metrics=_metrics(rng, ops, waited),
        faults=[
            FaultRecord("freeze-1", "freeze", "pause", "postgres", FROZEN[0] - 0.02, FROZEN[0],
                        FROZEN[0] + 0.3, FROZEN[1], FROZEN[1] + 0.4, "postgres did not run for "
                        "0.3 s", "postgres runs", "", "engine"),
            FaultRecord("slow-1", "slow", "link-latency", "shop → postgres", SLOW[0] - 0.02,
                        SLOW[0], SLOW[0] + 0.2, SLOW[1], SLOW[1] + 0.2,
                        "203 chunks delayed by 81 ms", "delay 0 ms", "", "engine"),
        ],
        loads=[LoadRecord("shoppers", 0.0, LASTS_S, 90, len(ops) - 7, len(drops),
                          loop_lag_s=0.0042, waited=len(waited), processes=2, cpu_share=0.31)],
        phases=[Phase("starting", -1.0), Phase("tracks", 0.0), Phase("steady-after", LASTS_S)],
        end={"time": LASTS_S + 1.0, "reason": "completed", "dirty": []},
    )  # fmt: skip
    verdicts = _verdicts()
    evidence = judge_run(history, ()).verdicts
    reason = "1 of 4 thresholds was crossed: http_req_duration{name:/order} p(95)<500."
    return Judged("shop", history, RunVerdict(Outcome.FAIL, reason, (*verdicts, *evidence)))


def _verdicts() -> list[Verdict]:
    return [
        Verdict("http_req_duration p(95)<200 before freeze", "threshold", Outcome.PASS,
                "p(95) is 78 ms, allowed < 200 ms"),
        Verdict("http_req_duration{name:/order} p(95)<500", "threshold", Outcome.FAIL,
                "p(95) is 4.31 s, allowed < 500 ms",
                [Finding("op 1712 (/order, user 31) took 6.1 s, due at 24.1 s", ("op 1712",))],
                {"value_s": 4.31, "limit_s": 0.5}, "Bound every wait for the database."),
        Verdict("http_req_failed rate<0.01 after slow last 5s", "threshold", Outcome.PASS,
                "rate is 0%"),
        Verdict("checks rate>0.99", "threshold", Outcome.UNKNOWN, "no samples"),
    ]  # fmt: skip


def _ops(rng: Random) -> tuple[list[Op], list[Drop], list[float]]:
    ops: list[Op] = []
    drops: list[Drop] = []
    waited: list[float] = []
    names = [one for one in NAMES for _ in range(one[2])]
    for number in range(int(LASTS_S * RATE)):
        due = round(number / RATE, 6)
        name, method, _, base = rng.choice(names)
        lag = abs(rng.gauss(0.0, 0.00006))
        took = base * rng.lognormvariate(0, 0.35)
        outcome, error, status = Ended.OK, "", "200"
        if FROZEN[0] <= due < FROZEN[1]:
            left = FROZEN[1] - due
            if left < 0.2 and rng.random() < 0.5:
                drops.append(Drop("shoppers", due))
                continue
            if due > FROZEN[0] + 1.5:
                lag, took = left * rng.uniform(0.6, 1.0), base * rng.uniform(1, 9)
                waited.append(due)
            else:
                took = left + rng.uniform(0, 0.4)
            if rng.random() < 0.3:
                outcome, error, status = Ended.FAIL, "http-503", "503"
            elif took > 5.2:
                outcome, error, status = Ended.INFO, "timeout", ""
        elif SLOW[0] <= due < SLOW[1]:
            took += 0.08 * (1 + (name == "/order"))
        elif rng.random() < 0.001:
            outcome, error, status = Ended.FAIL, "reset", ""
        ops.append(Op(number + 1, "shoppers", name, number % 90 + 1, due, round(due + lag, 6),
                      round(due + lag + took, 6), outcome, error, {},
                      {"method": method, **({"status": status} if status else {})}))  # fmt: skip
    return ops, drops, waited


def _metrics(rng: Random, ops: list[Op], waited: list[float]) -> list[MetricSlice]:
    made: list[MetricSlice] = []
    for tick in range(int(LASTS_S * 4)):
        start = tick / 4
        mine = [op for op in ops if start <= op.ended < start + 0.25]
        users = 90 if FROZEN[0] + 1 < start < FROZEN[1] + 1 else 12 + int(rng.random() * 5)
        made.append(_gauge("vus", start, users))
        made.append(_gauge("generator_cpu", start, 0.12 + 0.01 * rng.random() + 0.002 * len(mine)))
        late = [op for op in waited if start <= op < start + 0.25]
        if late:
            made.append(_counter("waited_iterations", start, len(late)))
        if mine:
            times = [op.service_s for op in mine]
            made.append(_counter("data_received", start, 1200.0 * len(mine)))
            made.append(_trend("http_req_waiting", start, [0.9 * one for one in times]))
            held = sum(op.outcome is Ended.OK for op in mine)
            made += [
                _rate(start, "status is 200", "", len(mine), held),
                _rate(start, "has a price", "::shop::search", len(mine), len(mine)),
            ]
            made.append(_trend("basket_value", start, [rng.uniform(5, 80) for _ in mine],
                               {"currency": "EUR"}))  # fmt: skip
    return made


def _gauge(metric: str, start: float, value: float) -> MetricSlice:
    return MetricSlice(metric, MetricSort.GAUGE, "shoppers", start, 1, value, value, value, value)


def _counter(metric: str, start: float, value: float) -> MetricSlice:
    return MetricSlice(metric, MetricSort.COUNTER, "shoppers", start, 1, value, value, value, value)


def _rate(start: float, check: str, group: str, count: int, held: int) -> MetricSlice:
    tags = {"check": check, **({"group": group} if group else {})}
    return MetricSlice("checks", MetricSort.RATE, "shoppers", start, count, held, 0, 1, 1, tags)


def _trend(
    metric: str, start: float, values: list[float], tags: dict[str, str] | None = None
) -> MetricSlice:
    found = Histogram.of(values)
    return MetricSlice(metric, MetricSort.TREND, "shoppers", start, len(values), sum(values),
                       min(values), max(values), values[-1], tags or {},
                       dict(found.buckets))  # fmt: skip
