"""By-hand fault: one fault that a program holds, seen to hurt and seen to be gone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType

from hormesis.compose.by_hand_trouble import EndedEarly, NoBite, NotDone, NotUndone, RunEnded
from hormesis.compose.faults_taken import FaultsTaken
from hormesis.compose.never_entered import called_from
from hormesis.compose.thread_waiting import awaited
from hormesis.engine.by_hand import Hand
from hormesis.engine.held_fault import Course, HeldFault
from hormesis.plan.by_hand import seen_on_use
from hormesis.words.experiment import FaultTrack
from hormesis.words.history import FaultRecord
from hormesis.words.look import Reading
from hormesis.words.timeline import FaultAction
from hormesis.words.trouble import CapabilityTrouble, UsageTrouble
from hormesis.words.units import seconds_from

_SHOWN = 12
_LETTERS_MAX = 60


class Bite:
    """A fault that is on, as the program sees it; may be asked from any thread."""

    def __init__(self, held: HeldFault, hand: Hand) -> None:
        self._held = held
        self._hand = hand

    @property
    def records(self) -> tuple[FaultRecord, ...]:
        """What is recorded of it so far, one for each target."""
        return tuple(one.record for one in self._held.courses)

    @property
    def seen(self) -> bool:
        """Whether it was seen to hurt every target."""
        return all(one.bitten is not None for one in self.records if not one.skipped)

    @property
    def proof(self) -> str:
        """The proof that it hurts, with numbers; empty while it was not seen."""
        return "; ".join(one.proof for one in self.records if one.proof)

    @property
    def by(self) -> str:
        """The mechanism."""
        return ", ".join(dict.fromkeys(one.by for one in self.records))

    @property
    def ids(self) -> tuple[str, ...]:
        """What it is called in the history, one for each target."""
        return tuple(one.id for one in self.records)

    def wait(self, within: str | float = "10s") -> str:
        """Return the proof once it was seen to hurt.

        Raises:
            NoBite: it was not seen *within* that time.
        """
        return self._proven(self._ask(within).result())

    async def wait_async(self, within: str | float = "10s") -> str:
        """Do as :meth:`wait`, without blocking the loop."""
        courses = await awaited(self._ask(within))
        return self._proven(courses)

    def _ask(self, within: str | float) -> Future[tuple[Course, ...]]:
        within_s = seconds_from(within) if isinstance(within, str) else float(within)
        return self._hand.ask(lambda: self._held.bitten(within_s))

    def _proven(self, courses: Sequence[Course]) -> str:
        _must_have_bitten(courses)
        return self.proof


class FaultByHand:
    """A context manager, for ``with`` and ``async with``; it can be entered once."""

    def __init__(
        self, track: FaultTrack, taken: FaultsTaken, hand: Hand, wait: bool | None
    ) -> None:
        self._track = track
        self._taken = taken
        self._hand = hand
        self._wait = wait
        self._actions: tuple[FaultAction, ...] = ()
        self._held: HeldFault | None = None
        self._begun: Future[HeldFault] | None = None
        self._is_entered = False
        self._where = called_from()

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return "" if self._is_entered else f"fault({self._track.fault.kind!r}, …) at {self._where}"

    def __enter__(self) -> Bite:
        begun = self._begin()
        try:
            held = begun.result()
            return self._on(held, self._hand.ask(lambda: self._reached(held)).result())
        except BaseException:
            self._leave().result()
            raise

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._off(self._leave().result(), error)

    async def __aenter__(self) -> Bite:
        begun = self._begin()
        try:
            held = await awaited(begun)
            reached = await awaited(self._hand.ask(lambda: self._reached(held)))
            return self._on(held, reached)
        except BaseException:
            await awaited(self._leave())
            raise

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        courses = await awaited(self._leave())
        self._off(courses, error)

    def through(self) -> str:
        """Let it happen for as long as it was asked to last; return the proof that it did.

        Raises:
            NoBite: it was not seen to hurt.
            NotUndone: it was not undone, or not seen to be gone.
        """
        held = self._begin().result()
        try:
            courses = self._hand.ask(held.over).result()
        except BaseException:
            self._leave().result()
            raise
        self._taken.give_back(self._actions)
        self._off(courses, None)
        return "; ".join(one.record.proof for one in courses if one.record.proof)

    def _begin(self) -> Future[HeldFault]:
        self._is_entered = True
        if self._begun is not None:
            raise UsageTrouble("a fault can be entered once", hint="ask for it anew: run.fault(…)")
        self._actions = self._taken.take(self._track)
        try:
            self._begun = self._hand.take(self._actions)
        except BaseException:
            self._taken.give_back(self._actions)
            raise
        return self._begun

    async def _reached(self, held: HeldFault) -> tuple[Course, ...]:
        """Return once it is as far as entering it promises."""
        courses = await held.injected()
        if self._waits:
            return await held.bitten(self._taken.limits.bite_within_s)
        return courses

    def _on(self, held: HeldFault, courses: Sequence[Course]) -> Bite:
        _must_be_done(courses)
        if self._waits:
            _must_have_bitten(courses)
        return Bite(held, self._hand)

    @property
    def _waits(self) -> bool:
        if self._wait is not None:
            return self._wait
        return not any(seen_on_use(one, self._taken.seed) for one in self._actions)

    def _leave(self) -> Future[tuple[Course, ...]]:
        """Let it go; done once nothing of it is left, also when the run is over by then."""
        done: Future[tuple[Course, ...]] = Future()
        begun = self._begun

        def begun_or_not(one: Future[HeldFault]) -> None:
            if one.cancelled() or one.exception() is not None:
                settle(())
                return
            held = one.result()

            async def over() -> tuple[Course, ...]:
                held.let_go()
                return await held.over()

            try:
                asked = self._hand.ask(over)
            except RunEnded:
                # The run releases it as it ends, and what became of it is known only then.
                self._hand.ended.add_done_callback(lambda _: settle(held.courses))
                return
            asked.add_done_callback(
                lambda two: settle(
                    held.courses if two.cancelled() or two.exception() else two.result()
                )
            )

        def settle(courses: tuple[Course, ...]) -> None:
            self._taken.give_back(self._actions)
            done.set_result(courses)

        if begun is None:
            settle(())
        else:
            begun.add_done_callback(begun_or_not)
        return done

    def _off(self, courses: Sequence[Course], error: BaseException | None) -> None:
        """Raise what is wrong with it; what the program itself raised goes before a bite unseen."""
        try:
            self._judge(courses)
        except NoBite as unseen:
            if error is None:
                raise
            error.add_note(f"and the fault: {unseen}")
        except NotUndone as left:
            if not self._hand.ended.done():
                raise
            # What is left when a run has ended, the run itself tells.
            raise RunEnded(f"the run ended while the fault was on: {left}") from None

    def _judge(self, courses: Sequence[Course]) -> None:
        _must_be_gone(courses)
        _must_be_done(courses)
        _must_have_bitten(courses)
        for one in courses:
            if one.ended_by:
                told = f"ended by {one.ended_by} before the block did"
                raise EndedEarly(f"{_what(one.record)} {told}")
            if one.record.trouble:
                raise NoBite(f"{_what(one.record)}: {one.record.trouble}")


def _must_be_done(courses: Sequence[Course]) -> None:
    for one in courses:
        record = one.record
        if record.skipped:
            raise CapabilityTrouble(f"{_what(record)}: {record.skipped}")
        if record.unreached:
            raise RunEnded(f"{_what(record)}: {record.unreached}")
        if record.injected is None and record.trouble:
            raise NotDone(f"{_what(record)}: {record.trouble}")


def _must_have_bitten(courses: Sequence[Course]) -> None:
    for one in courses:
        if one.record.bitten is None:
            why = one.record.trouble or one.unseen or _told(one.held)
            raise NoBite(f"{_what(one.record)} was not seen to hurt: {why}")


def _must_be_gone(courses: Sequence[Course]) -> None:
    for one in courses:
        record = one.record
        if record.injected is None:
            continue
        if record.released is None:
            why = record.trouble or "nothing tells that it was released"
            raise NotUndone(f"{_what(record)} was not undone: {why}")
        if record.healed is None:
            raise NotUndone(f"{_what(record)}: {_not_gone(one)}")


def _not_gone(course: Course) -> str:
    why = course.record.trouble or "it was released, but nothing shows that its bite is gone"
    return f"{why}; {_told(course.last)}"


def _what(record: FaultRecord) -> str:
    return f"fault {record.kind} on {record.target} ({record.id})"


def _told(reading: Reading) -> str:
    """Tell what was seen last."""
    values = [
        f"{name}={str(value)[:_LETTERS_MAX]}" for name, value in list(reading.items())[:_SHOWN]
    ]
    return f"the last reading was {', '.join(values)}" if values else "nothing could be read"
