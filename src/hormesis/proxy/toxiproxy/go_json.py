"""JSON as Go's ``encoding/json`` reads and writes it.

Reading takes the first value of a body and ignores what follows, matches the names of fields
whatever their case, lets ``null`` change nothing, and never takes ``1.0`` for an integer. Writing
is compact, escapes what HTML could trip over, and gives a float32 its shortest text.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

INT64 = range(-(1 << 63), 1 << 63)
_SPACE = " \t\r\n"
_HTML = str.maketrans({
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
})  # fmt: skip


class GoJsonError(ValueError):
    """A body is not JSON, or not of the type that is needed; the text is Go's."""


class Number(str):
    """A number as it was written: only its text tells ``1`` from ``1.0``."""

    __slots__ = ()


class Float32(float):
    """A number of single precision."""

    __slots__ = ()

    @classmethod
    def of(cls, value: float) -> Float32:
        """Return *value* rounded to single precision.

        Raises:
            OverflowError: it is too large.
        """
        return cls(struct.unpack("<f", struct.pack("<f", value))[0])


def decoded(body: bytes) -> Any:
    """Return the first JSON value of *body*; its numbers are of type :class:`Number`.

    Raises:
        GoJsonError: there is none.
    """
    text = body.decode("utf-8", "replace").lstrip(_SPACE)
    if not text:
        raise GoJsonError("EOF")
    try:
        return _DECODER.raw_decode(text)[0]
    except RecursionError as trouble:
        raise GoJsonError("exceeded max depth") from trouble
    except json.JSONDecodeError as trouble:
        if trouble.pos >= len(text.rstrip(_SPACE)) or trouble.msg.startswith("Unterminated"):
            raise GoJsonError("unexpected EOF") from trouble
        raise GoJsonError(_complaint(text, trouble.pos)) from trouble


def _complaint(text: str, at: int) -> str:
    for literal in ("null", "true", "false"):
        if text.startswith(literal[0], at):
            pairs = enumerate(zip(literal, text[at:], strict=False))
            wrong = next((i for i, (want, found) in pairs if want != found), None)
            if wrong is None:
                return "unexpected EOF"
            found, want = text[at + wrong], literal[wrong]
            return f"invalid character {found!r} in literal {literal} (expecting {want!r})"
    return f"invalid character {text[at]!r} looking for beginning of value"


def _no_constant(name: str) -> Any:
    raise GoJsonError(f"invalid character {name[0]!r} looking for beginning of value")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def plain(value: Any) -> Any:
    """Return a decoded value with its numbers as ``int`` and ``float``."""
    if isinstance(value, Number):
        return int(value) if value.removeprefix("-").isdigit() else float(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


class Fields:
    """An object's fields, read with the types of a Go struct."""

    def __init__(
        self, value: Any, go_type: str, *, within: str = "", struct: str | None = None
    ) -> None:
        """Take a decoded object or ``null``; errors in its fields name the *struct*.

        Raises:
            GoJsonError: it is something else.
        """
        if value is not None and not isinstance(value, dict):
            place = f"struct field {within}" if within else "value"
            raise GoJsonError(
                f"json: cannot unmarshal {_sort_of(value)} into Go {place} of type {go_type}"
            )
        self._values: Mapping[str, Any] = value or {}
        self._struct = go_type.rpartition(".")[2] if struct is None else struct

    def raw(self, name: str) -> Any:
        """Return the value of the field *name*, whatever it is; None when it is not there."""
        if name in self._values:
            return self._values[name]
        return next((v for n, v in self._values.items() if n.casefold() == name), None)

    def text(self, name: str, default: str = "") -> str:
        """Return the text *name*."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, Number) or not isinstance(value, str):
            raise self._wrong(value, name, "string")
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def boolean(self, name: str, default: T) -> bool | T:
        """Return the truth *name*."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(value, name, "bool")
        return value

    def integer(self, name: str, default: int, *, within: str = "") -> int:
        """Return the 64 bit integer *name*; *within* names the object for the error."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, Number):
            raise self._wrong(value, within + name, "int64")
        if not value.removeprefix("-").isdigit() or int(value) not in INT64:
            raise self._wrong(value, within + name, "int64", shown=f" {value}")
        return int(value)

    def float32(self, name: str, default: Float32) -> Float32:
        """Return the number *name* of single precision."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, Number):
            raise self._wrong(value, name, "float32")
        try:
            return Float32.of(float(value))
        except OverflowError as trouble:
            raise self._wrong(value, name, "float32", shown=f" {value}") from trouble

    def _wrong(self, value: Any, name: str, wanted: str, *, shown: str = "") -> GoJsonError:
        return GoJsonError(
            f"json: cannot unmarshal {_sort_of(value)}{shown} into Go struct field "
            f"{self._struct}.{name} of type {wanted}"
        )


def elements_of(value: Any, go_type: str) -> list[Any]:
    """Return the elements of a decoded list; ``null`` has none.

    Raises:
        GoJsonError: it is something else.
    """
    if value is not None and not isinstance(value, list):
        raise GoJsonError(
            f"json: cannot unmarshal {_sort_of(value)} into Go value of type []{go_type}"
        )
    return value or []


def _sort_of(value: Any) -> str:
    if isinstance(value, Number):
        return "number"
    sorts = {str: "string", bool: "bool", list: "array", dict: "object"}
    return sorts.get(type(value), "null")


def encoded(value: Any) -> bytes:
    """Return the compact JSON text of *value*."""
    return _text_of(value).encode()


def _text_of(value: Any) -> str:
    if isinstance(value, dict):
        inner = ",".join(f"{_text_of(name)}:{_text_of(one)}" for name, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text_of, value))}]"
    if isinstance(value, Float32):
        return float32_text(value)
    return json.dumps(value, ensure_ascii=False).translate(_HTML)


def float32_text(value: Float32) -> str:
    """Return the shortest text that reads as *value* in single precision, in Go's form."""
    text = next(
        text
        for text in (f"{float(value):.{digits}g}" for digits in range(1, 18))
        if digits_suffice(text, value)
    )
    if value and not Float32.of(1e-6) <= abs(value) < Float32.of(1e21):
        mantissa, _, exponent = f"{Decimal(text):e}".partition("e")
        power = int(exponent)
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power)}"
    return format(Decimal(text), "f")


def digits_suffice(text: str, value: Float32) -> bool:
    """Return whether *text* reads as *value* in single precision."""
    try:
        return Float32.of(float(text)) == value
    except OverflowError:
        return False
