"""Decisions that holders and limits make, from numbers alone."""

from __future__ import annotations

from hormesis.host.holders.cpu_burn import busy_share
from hormesis.host.holders.crash_in_flight import Debts
from hormesis.host.holders.crash_on_syscall import Calls, command
from hormesis.host.holders.duty_cycle import Quota
from hormesis.host.resource_limits import free_below, limit_leaving
from hormesis.host.tcp_diag import Connection

KEY = (b"one", 1)


def seen(
    received: int, sent: int, *, last_sent_ms: int = 0, last_received_ms: int = 0
) -> Connection:
    return Connection(KEY, 0, received, sent, last_sent_ms, last_received_ms)


def test_a_limit_bounds_numbers_and_not_counts() -> None:
    assert limit_leaving([0, 1, 2], 2) == 5
    assert limit_leaving([0, 1, 2, 100], 1) == 4
    assert limit_leaving([0, 2, 3], 0) == 1
    for taken in ([0, 1, 2], [0, 2, 3], [0, 1, 5, 6], []):
        for left in range(4):
            assert free_below(taken, limit_leaving(taken, left)) == left


def test_a_busy_process_gets_its_share_of_each_period() -> None:
    quota, step_s, used_s, stops = Quota(cpus=0.2, period_s=0.1), 0.005, 0.0, 0
    for _ in range(2000):  # ten seconds
        spent_s = 0.0 if quota.stopped else step_s
        used_s += spent_s
        was = quota.stopped
        stops += quota.judge(spent_s, step_s) and not was
    assert 1.9 < used_s < 2.2
    assert 50 < stops < 100


def test_an_idle_process_is_never_stopped() -> None:
    quota = Quota(cpus=0.2, period_s=0.1)
    assert not any(quota.judge(0.0005, 0.005) for _ in range(1000))


def test_an_answer_is_owed_from_the_request_until_the_first_byte_back() -> None:
    debts = Debts()
    debts.look([seen(100, 50)], 10.0)
    assert debts.owed(10.0) == []
    debts.look([seen(130, 50)], 10.5)
    debts.look([seen(140, 50)], 10.6)
    assert debts.owed(11.0) == [(40, 0.5)]
    assert debts.owed(11.0, age_s=0.6) == []
    debts.look([seen(140, 51)], 11.1)
    assert debts.owed(11.1) == []
    debts.look([seen(150, 51)], 12.0)
    debts.look([], 12.1)
    assert debts.owed(12.1) == []  # whoever hung up is owed nothing


def test_what_was_in_flight_before_is_known_from_the_kernels_times() -> None:
    debts = Debts()
    debts.look([seen(30, 10, last_sent_ms=500, last_received_ms=200)], 10.0)
    ((size, age_s),) = debts.owed(10.0)
    assert size == 30 and round(age_s, 3) == 0.2
    debts = Debts()
    debts.look([seen(30, 10, last_sent_ms=200, last_received_ms=500)], 10.0)
    assert debts.owed(10.0) == []


def test_busy_is_what_passed_between_two_looks() -> None:
    assert busy_share((100, 1000), (150, 1100)) == 0.5
    assert busy_share((100, 1000), (100, 1000)) == 0.0


def test_calls_are_counted_for_each_thread() -> None:
    calls = Calls("accept4")
    calls.hear(b"strace: Process 9 attached\n[pid  8] accept4(3, {sin_addr=inet_addr(1)}\nacce")
    calls.hear(b"pt4(3)\n[pid  8] accept4(3) = 4\n[pid 8] <... accept4 resumed>)\n[pid 8] read(4)")
    assert calls.most == 2


def test_strace_counts_what_it_kills_at() -> None:
    assert command(5, "fsync", 3)[-1] == "inject=fsync:signal=KILL:when=3"
