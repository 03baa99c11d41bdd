"""Signatures as JSON schemas, and a model's arguments as a function's own."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

import pandas as pd
import pytest
from pydantic import BaseModel, Field

from copilot_magics.errors import BadInput
from copilot_magics.tools.signatures import Signature, Unfit


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: float = 1.0


class Model(BaseModel):
    names: list[str]


def schema(function: Any, **described: str) -> dict[str, Any]:
    return Signature.read(function, described).schema


def called(function: Any, arguments: object, **variables: object) -> Any:
    bound = Signature.read(function, {}).bind(arguments, variables)
    return function(*bound.args, **bound.kwargs)


def test_a_schema_says_what_is_needed_and_what_it_is() -> None:
    def function(
        copy: int,
        schema: Literal["a", "b"] = "a",
        maybe: Optional[str] = None,  # noqa: UP045
        numbers: list[int] = [1],  # noqa: B006
        title: Annotated[float, Field(gt=0)] = 1.0,
        untyped=None,  # type: ignore[no-untyped-def]
    ) -> None: ...

    told = schema(function, copy="How many.")
    assert told["type"] == "object"
    assert told["required"] == ["copy"]
    assert told["additionalProperties"] is False
    properties = told["properties"]
    assert properties["copy"] == {"type": "integer", "description": "How many."}
    assert properties["schema"] == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert properties["maybe"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    numbers = {"type": "array", "items": {"type": "integer"}, "default": [1]}
    assert properties["numbers"] == numbers
    assert properties["title"] == {"type": "number", "exclusiveMinimum": 0, "default": 1.0}
    assert properties["untyped"] == {"default": None}


def test_arguments_become_the_functions_own() -> None:
    def function(
        point: Point, model: Model, colour: Colour, day: datetime.date, any_of: dict[str, int]
    ) -> tuple[object, ...]:
        return point, model, colour, day, any_of

    arguments = {
        "point": {"x": "3"},
        "model": {"names": ["a"]},
        "colour": "red",
        "day": "2026-11-24",
        "any_of": {"n": 1},
    }
    point, model, colour, day, any_of = called(function, arguments)
    assert point == Point(3)
    assert model == Model(names=["a"])
    assert colour is Colour.RED
    assert day == datetime.date(2026, 11, 24)
    assert any_of == {"n": 1}


def test_every_kind_of_parameter_is_given_its_place() -> None:
    def function(
        a: int, /, b: int = 2, *rest: int, only: int = 4, **named: str
    ) -> tuple[object, ...]:
        return a, b, rest, only, named

    assert called(function, {"a": 1}) == (1, 2, (), 4, {})
    assert called(function, {"a": 1, "rest": [5, 6]}) == (1, 2, (5, 6), 4, {})
    full = {"a": 1, "b": 3, "rest": [5], "only": 0, "named": {"x": "y"}}
    assert called(function, full) == (1, 3, (5,), 0, {"x": "y"})
    assert called(lambda: "nothing", None) == "nothing"

    class Thing:
        def method(self, n: int) -> int:
            return n

    assert called(Thing().method, {"n": 2}) == 2


def test_a_default_that_cannot_be_told_is_the_functions_own() -> None:
    kept = pd.DataFrame({"a": [1]})

    def function(n: int, data: Any = kept) -> object:
        return data

    assert "default" not in schema(function)["properties"]["data"]
    assert called(function, {"n": 1}) is kept


def test_what_json_cannot_express_is_named() -> None:
    def function(data: pd.DataFrame, other: pd.DataFrame | None = None) -> object:
        return data, other

    told = schema(function, data="The sales.")["properties"]["data"]
    assert told["type"] == "string"
    named = "Name of a variable of the notebook that holds a DataFrame. The sales."
    assert told["description"] == named
    table = pd.DataFrame()
    data, other = called(function, {"data": "table", "other": "table"}, table=table)
    assert data is table
    assert other is table
    for arguments, why in (
        ({"data": "tabel"}, "data: there is no variable 'tabel'. Did you mean 'table'?"),
        ({"data": "number"}, "data: the variable 'number' is of another class, int."),
        ({"data": "_hidden"}, "data: there is no variable '_hidden'."),
    ):
        with pytest.raises(Unfit) as unfit:
            called(function, arguments, table=table, number=3, _hidden=table)
        assert str(unfit.value) == why


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "n: Field required"),
        ({"n": "x"}, "n: Input should be a valid integer"),
        ({"n": 1, "m": 2}, "m: Extra inputs are not permitted"),
        ([1], "Input should be"),
        ("n", "Input should be"),
    ],
)
def test_what_does_not_fit_is_told(arguments: object, why: str) -> None:
    def function(n: int) -> None: ...

    with pytest.raises(Unfit) as unfit:
        called(function, arguments)
    assert str(unfit.value).startswith("The arguments do not fit:\n")
    assert why in str(unfit.value)


def test_what_cannot_be_read_is_said() -> None:
    def function(n: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(BadInput, match="An annotation of function cannot be understood"):
        schema(function)

    def other(n: 3) -> None: ...  # type: ignore[valid-type]

    # What is no type says nothing.
    assert schema(other)["properties"]["n"] == {}
    with pytest.raises(BadInput, match="signature"):
        schema(dict.update)
