from __future__ import annotations

import pickle
from random import Random

import pytest

from hormesis.engine.crew.messages import Begin, Ended, Health, Message, Messages, Ops, packed
from hormesis.host.frames import FRAME_BYTES_MAX, Frames, framed


def test_messages_arrive_whole_however_they_are_cut() -> None:
    sent: list[Message] = [Begin(1.5), Ops(bytes(100_000)), Health(3, "no"), Ops(b""), Ended()]
    stream = b"".join(packed(one) for one in sent)
    rng = Random(1)
    for _ in range(20):
        messages, at = Messages(), 0
        found: list[Message] = []
        while at < len(stream):
            size = rng.choice([1, 3, 4, 5, 60, 40_000])
            found += messages.feed(stream[at : at + size])
            at += size
        assert found == sent


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        list(Frames().feed((FRAME_BYTES_MAX + 1).to_bytes(4, "little")))
    with pytest.raises(ValueError, match="unreadable"):
        list(Messages().feed(framed(b"no pickle")))
    with pytest.raises(ValueError, match="int is no message"):
        list(Messages().feed(framed(pickle.dumps(5))))
