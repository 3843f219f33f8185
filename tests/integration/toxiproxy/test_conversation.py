"""The answers are those of the real Toxiproxy, byte for byte, to 230 requests in a row."""

from __future__ import annotations

import socket

import pytest

from tests.integration.toxiproxy.conversation import CONVERSATION, played, recorded
from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer

OTHER_VERSION = ('{"version": "git"}\n', '{"version": "2.12.0"}\n')
"""What the recorded server, built from source, calls itself; and what this one does."""


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="the recorded server had an IPv6 loopback address")
def test_each_answer_is_the_recorded_one() -> None:
    server = ToxiproxyServer("--proxy-metrics")
    try:
        answers = played(server.port)
    finally:
        ending = server.end()
    wanted = recorded()
    assert [one.pop("asked") for one in wanted] == [one.told for one in CONVERSATION]
    for want in wanted:
        if want["body"] == OTHER_VERSION[0]:
            want["body"] = OTHER_VERSION[1]
    for ask, want, got in zip(CONVERSATION, wanted, answers, strict=True):
        assert got == want, ask.told
    assert len(answers) > 150
    assert ending == (0, "")
