from __future__ import annotations

from typing import Any

import pytest

from hormesis.host.packets.aim import Aim
from hormesis.host.packets.discipline import class_figures, devices_of, script, untouched
from hormesis.host.packets.sockets import TCP, UDP

HTB = {"discipline": "htb", "rate": 10_000}
AIM = Aim(ways=("from",), endpoints=((TCP, 7001),))
ROOTS = {"lo": ("noqueue", "0:"), "eth0": ("fq_codel", "0:")}


def lines(told: dict[str, Any], aim: Aim = AIM, outside: bool = False) -> str:
    return "\n".join(script("lo", "4a:", aim, told, outside=outside))


def test_a_rate_becomes_a_class_that_only_the_ports_reach() -> None:
    made = lines(HTB)
    assert "qdisc add dev lo root handle 4a: htb default 0" in made
    assert "classid 4a:1 est 250ms 500ms htb rate 80000bit ceil 80000bit" in made
    assert "match ip protocol 6 0xff match ip sport 7001 0xffff flowid 4a:1" in made
    assert "match ip6 protocol 6 0xff match ip6 sport 7001 0xffff flowid 4a:1" in made
    assert "dport" not in made and "netem" not in made


@pytest.mark.parametrize(("told", "said"), [
    ({"delay_s": 0.025, "jitter_s": 0.005}, "delay 25000us 5000us"),
    ({"delay_s": 0.025, "jitter_s": 0.005, "distribution": "normal"},
     "delay 25000us 5000us distribution normal"),
    ({"loss": 0.3}, "loss 30%"),
    ({"loss": 0.3, "correlation": 0.25}, "loss 30% 25%"),
    ({"duplicate": 0.015}, "duplicate 1.5%"),
    ({"corrupt": 1.0}, "corrupt 100%"),
    ({"delay_s": 0.02, "reorder": 0.2}, "delay 20000us reorder 20%"),
])  # fmt: skip
def test_what_netem_is_told(told: dict[str, Any], said: str) -> None:
    made = lines({"discipline": "netem", **told})
    assert f"parent 4a:1 handle 4b: netem limit 100000 {said}\n" in made


def test_what_comes_from_outside_is_not_shaped_by_a_device_that_sends() -> None:
    both = Aim(endpoints=((UDP, 53),))
    assert "dport" in lines(HTB, both)
    assert "dport" not in lines(HTB, both, outside=True)


def test_an_address_narrows_its_own_family() -> None:
    made = lines(HTB, Aim(endpoints=((TCP, 80),), hosts=("10.0.0.9",), distant=True))
    assert "match ip dst 10.0.0.9" in made and "ip6" not in made


def test_the_devices_that_send_it() -> None:
    everything, distant = Aim(ways=("from",)), Aim(ways=("to",), distant=True)
    assert devices_of(AIM, ROOTS, everywhere=False) == ["lo"]
    assert devices_of(AIM, ROOTS, everywhere=True) == ["lo", "eth0"]
    assert devices_of(everything, ROOTS, everywhere=True) == ["eth0"]
    assert devices_of(distant, ROOTS, everywhere=False) == ["eth0"]
    with pytest.raises(ValueError, match="only what is sent"):
        devices_of(Aim(), ROOTS, everywhere=True)


def test_only_what_the_kernel_set_up_is_untouched() -> None:
    assert untouched("noqueue", "0:") and untouched("mq", "0:") and untouched("fq_codel", "0:")
    assert not untouched("htb", "1:") and not untouched("fq_codel", "8001:")


PRINTED = """class htb 4a:1 root leaf 4b: prio 0 rate 8Mbit ceil 8Mbit burst 4Kb cburst 1600b
 Sent 2002978 bytes 45 pkt (dropped 2, overlimits 23 requeues 0)
 rate 7.5Mbit 5pps backlog 0b 0p requeues 0
 lended: 0 borrowed: 0 giants: 0
"""


def test_the_figures_of_our_class_alone() -> None:
    assert class_figures(PRINTED, "4a:1") == {
        "matched": 45, "matched_bytes": 2002978, "delayed": 23, "lost": 2,
        "bytes_per_s": 937_500.0,
    }  # fmt: skip
    assert class_figures(PRINTED, "1:1")["matched"] == 0
