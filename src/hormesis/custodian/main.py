"""The custodian's process: make it safe, take over the run, say ready, serve, leave.

It is started by :mod:`hormesis.custodian.launch` and is the child of nobody's goodwill: it has its
own session, hears no terminal signal, and adopts the orphans of what it starts.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hormesis.custodian.channel import Channel
from hormesis.custodian.effects import Effects
from hormesis.custodian.failpoint import Failpoint
from hormesis.custodian.keeper import Keeper
from hormesis.custodian.loop import Loop
from hormesis.custodian.registry import pointer_of, register_run
from hormesis.custodian.requests import Requests
from hormesis.host.children import Children
from hormesis.host.owner import Owner
from hormesis.host.process import Identity, boot_id
from hormesis.host.services import Services
from hormesis.record.ledger import Ledger
from hormesis.words.permit import Permit

_PR_SET_CHILD_SUBREAPER = 36
_ORDERS_S = 10.0


def main() -> None:
    """Serve one engine; the arguments are the descriptors of the socket and the engine's pidfd."""
    link_fd, engine_fd = int(sys.argv[1]), int(sys.argv[2])
    for fd in (link_fd, engine_fd):
        os.set_inheritable(fd, False)
    wakeup_fd = _shield()
    channel = Channel(socket.socket(fileno=link_fd))
    orders = _orders(channel)
    if orders is None:
        return
    try:
        keeper = _take_over(orders, Loop(channel, engine_fd, wakeup_fd))
    except Exception as error:  # noqa: BLE001  (told to the engine, whatever it is)
        channel.send({"ready": False, "error": f"{type(error).__name__}: {error}"})
        sys.exit(1)
    channel.send({"ready": True, "pid": os.getpid()})
    keeper.serve(Requests(keeper).answer)
    sys.exit(keeper.exit_status)


def _shield() -> int:
    """Hear no terminal or shutdown signal, adopt orphans; return what wakes on a child's end.

    The signals get a handler and are not ignored: being ignored would pass to every service.
    """
    read_end, write_end = os.pipe()
    for fd in (read_end, write_end):
        os.set_blocking(fd, False)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda number, frame: None)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return read_end


def _orders(channel: Channel) -> dict[str, Any] | None:
    """Return the first message; None when the engine dies or dawdles before it sends one."""
    poller = select.poll()
    poller.register(channel.fileno(), select.POLLIN)
    poller.poll(_ORDERS_S * 1000)
    messages = channel.receive()
    return messages[0] if messages else None


def _take_over(orders: Mapping[str, Any], loop: Loop) -> Keeper:
    run, engine = str(orders["run"]), int(orders["engine"])
    me, master = Identity.of(os.getpid()), Identity.of(engine)
    if me is None or master is None:
        raise ProcessLookupError("the engine is gone already")
    ledger = Ledger(Path(orders["ledger"]))
    state = Path(orders["state"])
    # The header first: a run that is known must have a ledger that says where it is known.
    pointer = pointer_of(state, run)
    owner = Owner.from_json(orders.get("owner"))
    ledger.start(
        run=run, boot=boot_id(), pointer=str(pointer), custodian=me.to_json(),
        owner=owner.to_json() if owner is not None else None,
    )  # fmt: skip
    register_run(state, run, ledger.path, me, master)
    services = Services(run, Children(owner), loop.channel.send)
    effects = Effects(ledger, Failpoint.from_environment(engine))
    return Keeper(
        run=run, permit=Permit.from_json(orders["permit"]), ledger=ledger, pointer=pointer,
        effects=effects, services=services, loop=loop, lease_s=float(orders["lease_s"]),
    )  # fmt: skip
