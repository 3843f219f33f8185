"""Frames: the keys that a file's own parts have, beside the parameters of kinds.

They are decoded by the same machinery as kinds, and the JSON Schema is made from them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from hormesis.words.units import Bytes, Seconds, Share, Span, share_from

_NOES = frozenset({"false", "no", "0"})


class Frame(BaseModel):
    """A part of the file; unknown keys are problems."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _pick_from(value: object) -> int | float | None:
    expected = "expected how many (1, 2 …) or which share (50%, 0.5)"
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(expected)
        return value
    try:
        share = share_from(value)
    except ValueError:
        raise ValueError(expected) from None
    if share == 0:
        raise ValueError(expected)
    return None if share == 1 else share


Pick = Annotated[
    int | float | None,
    BeforeValidator(_pick_from),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$", "examples": ["50%"]},
            ]
        }
    ),
]
Word = Annotated[str, Field(min_length=1)]
Raw = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""A text for which any scalar will do: it is taken exactly as written."""
Unless = Annotated[str, AfterValidator(lambda text: "" if text.strip().lower() in _NOES else text)]
"""A text that leaves something out; a variable that says no says the same as an empty one."""


def _number_from(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"expected a whole number, found {str(value).lower()}")
    return value


Port = Annotated[int, Field(ge=1, le=65535), BeforeValidator(_number_from)]
Pid = Annotated[int, Field(ge=1, le=2**22), BeforeValidator(_number_from)]


def _container_from(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class ReadyFrame(Frame):
    """When a started process counts as ready: one of ``tcp``, ``http`` or ``line``."""

    tcp: str = ""
    """``host:port`` that must accept a connection."""
    http: str = ""
    """A URL that must answer with a status of 200 to 299."""
    line: str = ""
    """A text that must appear in its output."""
    within: Seconds = 30.0
    """How long it may take."""


class StopFrame(Frame):
    """How a process is asked to stop."""

    signal: Literal["TERM", "INT", "QUIT", "HUP", "KILL"] = "TERM"
    """The signal that asks it to."""
    grace: Seconds = 5.0
    """How long it may take before it is killed."""


class ProcessFrame(Frame):
    """A process that the run starts, and stops at its end."""

    run: Annotated[list[Raw], Field(min_length=1)]
    """The program and its arguments, one list element each."""
    env: dict[str, Raw] = {}
    """Environment variables it gets besides those of the toolkit's own environment."""
    cwd: str = ""
    """Where it runs, relative to the file's folder; left out: where the run was started."""
    unless: Unless = ""
    """A text; when it is neither empty nor a no (`false`, `no`, `0`) the process is left out."""
    count: Annotated[int, Field(ge=0, le=1000)] | None = None
    """How many of it are started, called NAME-1, NAME-2 …; left out: one, called NAME."""
    depends_on: list[Word] | None = None
    """The processes, of those above it, that must be ready before it is started; left out: all."""
    ready: ReadyFrame | None = None
    """When it counts as ready; left out: as soon as it runs."""
    stop: StopFrame = StopFrame()
    """How it is asked to stop."""
    restart: Literal["never", "on-exit"] = "never"
    """``on-exit``: start it again after an exit that nobody planned, as a supervisor would."""
    clock: Literal["machine", "adjustable"] = "machine"
    """``adjustable``: its wall clock can be set by faults; it must use the C library's clock."""


class LinkFrame(Frame):
    """A connection between two parts that runs through the fault proxy."""

    upstream: Word
    """Where it leads: ``host:port`` or a URL."""


class VolumeFrame(Frame):
    """A folder that the run mounts before it starts any process, and unmounts at its end."""

    kind: Literal["tmpfs", "loop", "fuse"] = "tmpfs"
    """In memory, an ext4 file system in a file, or a folder whose operations faults can touch."""
    size: Bytes = 0
    """How much it holds; 0: as much as its backing (not for ``loop``)."""
    inodes: Annotated[int, Field(ge=0)] = 0
    """How many files and folders it holds; 0: no limit of its own (not for ``fuse``)."""


class ContainerFrame(Frame):
    """Which running containers: those to which all that is given applies."""

    name: Word | None = None
    """A container's name, or a pattern such as ``web-*``."""
    label: Word | None = None
    """A label, ``key`` or ``key=value``."""
    compose: Word | None = None
    """The name of a service of a compose file, ``service`` or ``project/service``."""
    docker: Word = "/var/run/docker.sock"
    """The socket of the container engine."""


class ChildrenFrame(Frame):
    """Children of a process: slots, for each of which a living child is found at each injection."""

    of: Word
    """The parent: the name of a process, or of a target with process, pid or port."""
    matching: str = ""
    """A piece of the child's command line, or a pattern for one such as ``worker-* --port 80*``;
    left out: every child. All descendants are searched, but none below one that is found."""
    count: Annotated[int, Field(ge=1, le=1000)]
    """How many slots there are, called NAME-1, NAME-2 …: the most that a fault can hit at once."""
    order: Literal["oldest", "newest"] = "oldest"
    """Which living child the first slot stands for."""


class TargetFrame(Frame):
    """One thing that faults can hit: a name for some facets. At least one is needed."""

    process: Word | None = None
    """The name of a process, or a pattern such as ``bot-*`` that selects several."""
    link: Word | None = None
    """The name of a link."""
    address: Word | None = None
    """``host:port``."""
    http: Word | None = None
    """The URL of an HTTP server."""
    postgres: Word | None = None
    """The connection URL of a PostgreSQL database."""
    redis: Word | None = None
    """The URL of a Redis server."""
    pid: Pid | None = None
    """The process id of a running process to attach to."""
    port: Port | None = None
    """The TCP port that a running process to attach to listens on."""
    children: ChildrenFrame | None = None
    """Children of a process, which that starts and replaces by itself."""
    path: Word | None = None
    """A folder."""
    volume: Word | None = None
    """The name of a volume of the system."""
    container: Annotated[ContainerFrame | None, BeforeValidator(_container_from)] = None
    """Running containers; a text is their name or pattern."""
    netns: Word | None = None
    """A network namespace: its name (``ip netns``) or its path."""
    host: bool = False
    """The machine itself."""
    start: Annotated[list[str], Field(min_length=1)] | None = None
    """For ``pid`` and ``port``: the command that starts it again."""


class SystemUseFrame(Frame):
    """A system that an installed package brings, or that another file describes."""

    use: Word | None = None
    """The name of an installed system."""
    file: Word | None = None
    """The path of a system file, relative to this file."""
    set: dict[str, Any] = {}
    """Values for the system's variables."""


class GapFrame(Frame):
    """A gap that is drawn anew each time, from the seed."""

    min: Annotated[Span, Field(gt=0)]
    """The shortest."""
    max: Annotated[Span, Field(gt=0)]
    """The longest."""


class RepeatFrame(Frame):
    """How a fault comes again: until a moment, or so many times."""

    every: Annotated[Span, Field(gt=0)] | GapFrame
    """The time from one start to the next, but never before the fault before is over."""
    until: Annotated[Span | None, Field(gt=0)] = None
    """No round begins at this moment or later, from the start of the tracks."""
    times: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How many rounds there are in all."""


class FaultFrame(Frame):
    """A fault on the timeline."""

    target: Word
    """The name of the target that it hits."""
    name: Word | None = None
    """How the track is called; left out: as the fault."""
    at: Span = 0.0
    """When it begins, from the start of the tracks."""
    for_: Annotated[Span | None, Field(alias="for")] = None
    """How long it lasts; may be left out for faults that are over at once."""
    pick: Pick = None
    """How many, or which share, of the target's members are hit; left out: all of them."""
    repeat: RepeatFrame | None = None
    """How it comes again, each time on members that are picked anew; left out: it happens once."""


class LoadFrame(Frame):
    """A load on the timeline."""

    also_called: ClassVar[Mapping[str, str]] = {"startTime": "at", "gracefulStop": "graceful_stop"}

    name: Word | None = None
    """How the track is called; left out: as the load."""
    at: Span = 0.0
    """When it begins, from the start of the tracks."""
    graceful_stop: Seconds = 30.0
    """How long iterations that run when it ends may take to finish before they are cut off."""
    processes: Annotated[int, Field(ge=0, le=256)] = 0
    """How many processes play it; 0: one for few users, else as many as there are cores."""
    tags: dict[str, Raw] = {}
    """Tags of everything its users do, for thresholds and reports."""


class ProbeFrame(Frame):
    """A probe on the timeline, repeated until the tracks end."""

    name: Word | None = None
    """How its observations are called; left out: as the probe."""
    every: Annotated[Seconds, Field(gt=0)] = 1.0
    """The time from one observation to the next."""
    at: Span = 0.0
    """When it begins, from the start of the tracks."""


class ConditionFrame(Frame):
    """A probe that must meet its expectation before the tracks begin."""

    name: Word | None = None
    """How its observations are called; left out: as the probe."""
    within: Seconds = 10.0
    """How long it may take until it is met."""


class FinalFrame(ConditionFrame):
    """A probe that is read at the end."""

    unless: Unless = ""
    """A text; when it is neither empty nor a no (`false`, `no`, `0`) the probe is left out."""


class StopConditionFrame(Frame):
    """What ends the run at once: a probe that misses its expectation, or a check that fails."""

    name: Word | None = None
    """How it is called in the verdict; left out: as the probe or the check."""
    every: Annotated[Seconds, Field(gt=0)] = 1.0
    """How often it is looked at while the tracks run."""
    for_: Annotated[Seconds, Field(alias="for")] = 0.0
    """Of a probe: how long it must miss on end; left out: one miss is enough."""


class EndConditionFrame(Frame):
    """What ends the tracks before their time: a probe that meets its expectation."""

    name: Word | None = None
    """How it is called in the verdict; left out: as the probe."""
    every: Annotated[Seconds, Field(gt=0)] = 1.0
    """How often it is looked at while the tracks run."""
    for_: Annotated[Seconds, Field(alias="for")] = 0.0
    """How long it must be met on end; left out: once is enough."""
    not_before: Span = 0.0
    """From when on it is looked at, from the start of the tracks."""
    settle: Seconds | None = None
    """How long the run then goes on watching; left out: as `limits` say, unless it does already."""


class GiveUpFrame(Frame):
    """What ends the tracks before their time: a probe whose values do not change any more."""

    give_up: Word
    """The name of a probe track."""
    unchanged_for: Annotated[Seconds, Field(gt=0)]
    """How long its values must have stayed the same; while it cannot be read does not count."""
    fields: list[Word] = []
    """Which of its fields must have; left out: all but times (`ms`), and its rows."""
    name: Word | None = None
    """How it is called in the verdict; left out: as the probe."""
    not_before: Span = 0.0
    """From when on that counts, from the start of the tracks."""
    settle: Seconds | None = None
    """How long the run then goes on watching; left out: as `limits` say, unless it does already."""


class CheckFrame(Frame):
    """What every check may say beside its own parameters."""

    unless: Unless = ""
    """A text; when it is neither empty nor a no (`false`, `no`, `0`) the check is left out."""


class OnFailFrame(Frame):
    """When something is done at the end of a run that does not pass."""

    when: Unless = "always"
    """A text; when it is empty or a no (`false`, `no`, `0`) it is not done."""
    unless: Unless = ""
    """A text; when it is neither empty nor a no (`false`, `no`, `0`) it is not done."""

    @property
    def meant(self) -> bool:
        """Return whether it is to be done."""
        return bool(self.when.strip()) and not self.unless.strip()


def _words_from(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"expected a command as a shell would take it: {error}") from None


class CommandFrame(OnFailFrame):
    """A command that is run once at the end of a run that does not pass."""

    run: Annotated[
        list[str],
        BeforeValidator(_words_from),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "string", "examples": ["make abort"]},
                ]
            }
        ),
    ]
    """The program and its arguments, as a list or as one text; without a shell."""
    env: dict[str, str] = {}
    """Environment variables to add."""
    timeout: Annotated[Seconds, Field(gt=0)] = 30.0
    """How long it may take."""


class SkipFrame(Frame):
    """When the experiment cannot be run on the given system, and what is missing there."""

    when: Unless
    """A text; when it is neither empty nor a no (`false`, `no`, `0`) the experiment is skipped."""
    because: Word
    """What is missing, in a sentence."""


class VariantsFrame(Frame):
    """Sets of variables, of which the value of another variable chooses one."""

    by: Word
    """The name of the variable whose value chooses."""
    of: dict[str, dict[str, Any]]
    """The variables of each choice; they count more than ``vars``, and ``--set`` more than they."""


class LimitsFrame(Frame):
    """What the run may do at most."""

    duration: Seconds = 3600.0
    """How long the whole run may last, from starting the system on, before it is stopped."""
    hold: Seconds = 600.0
    """How long any effect on the machine may last."""
    effects: Annotated[int, Field(ge=1)] = 256
    """How many effects may be active at once."""
    lease: Annotated[Seconds, Field(gt=0)] = 5.0
    """How long the engine may be silent before everything is put back."""
    bite_within: Seconds = 10.0
    """How long a fault that is over at once is looked at until it is seen to hurt, and at most two
    seconds longer than it lasts; one that lasts is looked at until its end."""
    heal_within: Seconds = 30.0
    """How long the hurt may last after the fault is released."""
    settle: Seconds = 0.0
    """How long the run goes on watching after the last track."""
    targets_max: Annotated[int, Field(ge=1)] | None = None
    """How many targets the faults may hit in all; left out: all that the tracks select."""
    share_max: Annotated[Share, Field(gt=0)] | None = None
    """The largest share of a target's members that one track may hit."""
    protected: list[Word] = []
    """Targets, processes, links and containers that no fault may hit."""
    time_scale_min: Annotated[float, Field(gt=0)] | None = None
    """The smallest ``--time-scale`` that still makes sense; a smaller one is raised to it."""


class HeadFrame(Frame):
    """The keys at the top of an experiment that hold plain values."""

    title: Word
    """One line that says what is claimed."""
    id: str = ""
    """A short stable name, such as ``J-RACE-1``."""
    description: str = ""
    """What happens and what healthy means, in a few sentences."""
    tags: list[Word] = []
    """Words to select experiments by."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Where all randomness of a run comes from."""
