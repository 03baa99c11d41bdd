"""What an answer has to be: a type, a JSON schema for the provider, an object for the user.

Providers want an object at the top and keep to the schema only where they can. So what is no object
is asked for in one, and an answer is read with and without it, and out of a fence too; what counts
is that it is valid in the end.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NotRequired, Required

from copilot_magics.answers.expressions import MEND, Table, evaluated, is_frame
from copilot_magics.answers.schemas import Unfit, closed_object, restored, strict
from copilot_magics.display.fences import Fence, blocks
from copilot_magics.display.inert import plain
from copilot_magics.errors import BadInput
from copilot_magics.texts import can_be_sent
from copilot_magics.words import one_line

_TOLD = 5
"""Problems of an answer that are told: whoever mends one mends its likes."""

_FENCES = 10
"""Fences of an answer that are tried."""


class Shape:
    """A type that an answer has to have.

    Parameters
    ----------
    kind : type or str
        What pydantic can validate: a Pydantic model, a dataclass, a TypedDict, ``list[…]`` and the
        like; or a DataFrame, or an expression for one of them.
    namespace : mapping
        The names that an expression may use.

    Attributes
    ----------
    name : str
        How it is called.
    schema : dict
        Its JSON schema, as a provider can enforce it.

    Raises
    ------
    BadInput
        It cannot be a JSON schema.
    """

    def __init__(self, kind: Any, namespace: Mapping[str, Any] | None = None) -> None:
        self.name = kind if isinstance(kind, str) else _name(kind)
        if isinstance(kind, str):
            kind = evaluated(kind, namespace or {})
        elif is_frame(kind):
            kind = Table()
        self._table = kind if isinstance(kind, Table) else None
        self._inside = "value"
        if self._table is not None:
            from copilot_magics.answers.frames import rows_schema, rows_type

            self._inside, kind = "rows", rows_type(self._table)
        self._adapter, self._loose = _adapter(kind, self.name)
        if _is_object(self._loose):
            self._inside = ""
        self.schema = self._wrapped(strict(self._loose))
        if self._table == Table():
            self.schema = rows_schema()
        if not can_be_sent(self.schema):
            raise BadInput(
                f"{self.name} holds what cannot be sent as JSON: half a character, NaN, a number "
                f"that is too large, or types too deep in each other; nothing was sent.",
                "Take it out of the type.",
            )

    def _wrapped(self, schema: dict[str, Any]) -> dict[str, Any]:
        if not self._inside:
            return schema
        inside = {word: value for word, value in schema.items() if word != "$defs"}
        defs = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        return {**closed_object({self._inside: inside}), **defs}

    def read(self, text: str) -> Any:
        """Return an answer as an object.

        Parameters
        ----------
        text : str
            The answer: JSON, or Markdown with JSON in a fence.

        Raises
        ------
        Unfit
            It is neither, or not of this type.
        """
        why = ""
        for data in _found(text):
            within = self._inside and isinstance(data, dict) and set(data) == {self._inside}
            for candidate in [data[self._inside], data] if within else [data]:
                try:
                    return self._made(candidate)
                except Unfit as error:
                    # The first is the likeliest to be meant.
                    why = why or str(error)
        raise Unfit(why or "it is not JSON")

    def _made(self, data: Any) -> Any:
        from pydantic import ValidationError
        from pydantic_core import to_json

        if self._table is not None:
            from copilot_magics.answers.frames import as_rows, column_names

            names, data = column_names(data), as_rows(data, self._table)
        data = restored(data, self._loose)
        try:
            made = self._adapter.validate_json(to_json(data), by_alias=True, by_name=True)
        except ValidationError as error:
            raise Unfit(_problems(error)) from None
        except Exception as error:
            # A validator of the user's.
            raise Unfit(_briefly(f"{type(error).__name__}: {error}")) from None
        if self._table is None:
            return made
        from copilot_magics.answers.frames import frame

        return frame(made, self._table, names)


def _adapter(kind: Any, name: str) -> tuple[Any, dict[str, Any]]:
    from pydantic import TypeAdapter

    what = f"{name} cannot be the type of an answer"
    # Of a function pydantic would make what calls it.
    if kind is None or inspect.isroutine(kind) or inspect.ismodule(kind):
        raise BadInput(f"{what}; nothing was sent.", MEND)
    try:
        adapter = TypeAdapter(readable(kind))
        return adapter, adapter.json_schema()
    except Exception as error:
        # Pydantic's own, and whatever it meets in what is no type.
        if not isinstance(kind, type) and hasattr(type(kind), "model_fields"):
            mend = f"Give its class, {type(kind).__name__}."
            raise BadInput(f"{what}; nothing was sent.", mend) from None
        raise BadInput(f"{what}{_reason(str(error))}; nothing was sent.", MEND) from None


def readable(kind: Any) -> Any:
    """Return a type with `typing`'s TypedDicts as those that pydantic reads before Python 3.12."""
    from typing_extensions import TypedDict, is_typeddict

    if is_typeddict(kind):
        if type(kind).__module__ != "typing":
            return kind
        hints = typing.get_type_hints(kind, include_extras=True)
        needed = {name: _field(kind, name, hint) for name, hint in hints.items()}
        make: Any = TypedDict
        made = make(kind.__name__, needed)
        made.__doc__ = kind.__doc__
        return made
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is None or origin in (Literal, typing.Annotated):
        return kind
    parts = tuple(readable(part) if not isinstance(part, list) else part for part in arguments)
    if parts == arguments:
        return kind
    if origin is types.UnionType:
        return functools.reduce(operator.or_, parts)
    return origin[parts if len(parts) > 1 else parts[0]]


def _field(kind: Any, name: str, hint: Any) -> Any:
    """Return the type of a TypedDict's field, with whether it may be missing."""
    needed: Any = typing.get_origin(hint)
    if needed in (Required, NotRequired):
        # The class itself does not know where its annotations are texts.
        return needed[readable(typing.get_args(hint)[0])]
    needed = Required if name in kind.__required_keys__ else NotRequired
    return needed[readable(hint)]


def _is_object(schema: dict[str, Any]) -> bool:
    """Whether a schema is that of an object with names of its own, and not of a mapping."""
    return "properties" in schema or schema.get("additionalProperties") is False


def _found(text: str) -> Iterator[Any]:
    """Yield the JSON that an answer is, or holds in fences: those marked so first, from the end."""
    from pydantic_core import from_json

    fences = [block for block in blocks(text) if isinstance(block, Fence)]
    fences.sort(key=lambda fence: fence.language.casefold() == "json")
    for candidate in (text, *(fence.code for fence in fences[: -_FENCES - 1 : -1])):
        with contextlib.suppress(ValueError):
            yield from_json(candidate)


def _problems(error: Any) -> str:
    told = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"])
        told.append(_briefly(f"{place}: {problem['msg']}" if place else str(problem["msg"])))
    more = len(told) - _TOLD
    return "; ".join(told[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _briefly(problem: str) -> str:
    # A validator of the user's may say what the model said.
    return one_line(plain(problem), 200)


def _reason(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "").partition(". ")[0].rstrip(".")
    # It says no more than that pydantic does not know it.
    vague = line.startswith(("Unable to generate", "`TypeAdapter[")) or len(line) < 10
    return f" ({one_line(line, 120)})" if line and not vague else ""


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else repr(kind)
