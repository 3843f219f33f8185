"""The suite file: what ``suite.yaml`` may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from hormesis.compose.option_form import WEB, OptionType, expectation
from hormesis.spec.address import DEFAULT_PORTS
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import Frame, Word
from hormesis.spec.scalars import told


def _as_written(value: object) -> object:
    return told(value) if isinstance(value, bool | int | float) else value


Written = Annotated[str, BeforeValidator(_as_written)]
"""A text for which any scalar will do."""


class SuiteOption(Frame):
    """A command-line option that fills a variable of every scenario that has it."""

    var: str = ""
    """The variable that it fills."""
    sets: Literal["out", "verbose", "yes"] | None = None
    """Instead of a variable: the option of ``hormesis run`` that it is another name of."""
    env: str = ""
    """The environment variable that is taken when the option is not given."""
    help: str = ""
    switch: bool = False
    """Whether it takes no value; given, it says ``yes``."""
    choices: list[Written] = Field(default_factory=list)
    """The values it takes; left out: any."""
    type: OptionType = "text"
    """What its value must be; ``seconds`` is a number of them, without a unit."""
    schemes: list[Word] = Field(default_factory=lambda: list(WEB))
    """The schemes of a ``url``."""
    default: Written = ""
    """The value when neither the option nor the environment says one."""
    implies: Mapping[str, Written] = Field(default_factory=dict)
    """The values that other options have when this one is said and they are not."""

    def expected(self, text: str) -> str:
        """Return what the value *text* should have been; empty when it is that."""
        if self.choices:
            return "" if text in self.choices else f"one of {', '.join(self.choices)}"
        return expectation(self.type, text, self.schemes)

    @model_validator(mode="after")
    def _sets_one_thing(self) -> SuiteOption:
        if bool(self.var) == bool(self.sets):
            found = "both" if self.var else "neither"
            raise ValueError(f"expected exactly one of var and sets, found {found}")
        if self.sets == "out" and self.switch:
            raise ValueError("expected an option that sets out to take a value, found a switch")
        if self.sets in ("verbose", "yes") and not self.switch:
            raise ValueError(f"expected an option that sets {self.sets} to be a switch")
        if self.switch and (self.choices or self.type != "text"):
            raise ValueError("expected a switch to have no choices and no type")
        if self.choices and self.type != "text":
            raise ValueError("expected an option with choices to have no type")
        if self.choices and self.default and self.default not in self.choices:
            raise ValueError(f"expected one of its choices as default, found {self.default}")
        if not self.switch and self.default and (expected := self.expected(self.default)):
            raise ValueError(f"expected {expected} as default, found {self.default}")
        if unknown := [one for one in self.schemes if one not in DEFAULT_PORTS]:
            known = ", ".join(DEFAULT_PORTS)
            raise ValueError(f"expected schemes to be of {known}, found {', '.join(unknown)}")
        return self


class SuiteSelection(Frame):
    """An option whose choices name scenarios."""

    option: Word
    help: str = ""
    default: str = "all"
    choices: Mapping[str, Sequence[str]] = Field(default_factory=dict)


class SuiteSet(Frame):
    """Scenarios and values that belong together, chosen by ``--set NAME``."""

    scenarios: list[str] = Field(default_factory=list)
    """The scenarios of the set; left out: all."""
    vars: dict[str, Any] = Field(default_factory=dict)
    """Values for variables of the scenarios that have them."""
    help: str = ""


class SuiteResults(Frame):
    """A report of the suite's own: ``file.py:Class``."""

    report: Word
    option: str = ""
    """The switch that asks for it."""
    help: str = ""
    always: bool = False
    """Whether it is written without being asked for."""
    folder: str = ""
    """Where copies are put, relative to where the command is started; left out: nowhere."""

    @model_validator(mode="after")
    def _can_be_had(self) -> SuiteResults:
        if not self.option and not self.always:
            raise ValueError("expected an option that asks for the report, or always: true")
        return self


class SuiteFile(Frame):
    """What ``suite.yaml`` may hold."""

    title: Word
    description: str = ""
    options: Mapping[str, SuiteOption] = Field(default_factory=dict)
    select: SuiteSelection | list[SuiteSelection] | None = None
    sets: Mapping[str, SuiteSet] = Field(default_factory=dict)
    results: SuiteResults | None = None
    short_form: str = ""
    """The file that every scenario in the short form includes; left out: there are none."""
    asks: bool = False
    """Whether, on a terminal, every step that breaks something is confirmed one by one."""
    may_skip: Sequence[str] = ()
    """Scenarios whose skip leaves the exit code of the others alone, because they need what few
    machines have. They are counted and shown as skipped all the same."""

    @model_validator(mode="after")
    def _implies_what_there_is(self) -> SuiteFile:
        for name, option in self.options.items():
            for other, text in option.implies.items():
                told = f"expected options.{name}.implies"
                if other == name or other not in self.options:
                    known = [one for one in self.options if one != name]
                    near = did_you_mean(other, known, noun="its options")
                    raise ValueError(f"{told} to name another option, found {other}; {near}")
                if expected := self.options[other].expected(text):
                    raise ValueError(f"{told} to give {other} {expected}, found {text}")
        return self

    @property
    def selections(self) -> tuple[SuiteSelection, ...]:
        """Return every selection there is."""
        if self.select is None:
            return ()
        return (self.select,) if isinstance(self.select, SuiteSelection) else tuple(self.select)

    @property
    def every_option(self) -> Mapping[str, SuiteOption]:
        """Return the options, with the one that a suite which asks always has."""
        if not self.asks or "noninteractive" in self.options:
            return self.options
        return {**self.options, "noninteractive": _UNASKED}


_UNASKED = SuiteOption(
    sets="yes",
    switch=True,
    env="NONINTERACTIVE",
    help="Ask nothing before a step that breaks something.",
)
