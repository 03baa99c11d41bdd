"""Signatures as JSON schemas, and a model's arguments as a function's own."""

from __future__ import annotations

import datetime
import enum
import functools
import json
import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, Optional, TypedDict

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


class Typed(TypedDict):
    n: int
    text: NotRequired[str]


class Unending(enum.Enum):
    NAN = math.nan


class Loose(BaseModel):
    high: float = math.inf
    default: int = Field(3, description="caf\udce9")
    title: dict[str, Any] = {"title": "kept"}


class Half(BaseModel):
    number: Annotated[float, Field(examples=[math.nan])]


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

    def placed(a: int = 1, b: int = 2, /, c: int = 3) -> tuple[int, ...]:
        return a, b, c

    assert called(placed, {"b": 0}) == (1, 0, 3)
    assert called(placed, {"c": 0}) == (1, 2, 0)


def test_a_default_of_none_may_be_given_as_such() -> None:
    def function(
        n: int = None,  # type: ignore[assignment]  # noqa: RUF013
        options: dict[str, int] = None,  # type: ignore[assignment]  # noqa: RUF013
        data: int | pd.DataFrame = None,  # type: ignore[assignment]
    ) -> object:
        return n, options, data

    told = schema(function)["properties"]
    assert told["n"] == {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    assert called(function, {"n": None, "options": None, "data": None}) == (None, None, None)
    assert called(function, {"n": 1, "options": {"a": 1}, "data": 2}) == (1, {"a": 1}, 2)


@pytest.mark.parametrize(
    "annotation",
    [
        Iterable[int],
        Collection[int],
        Iterable[int] | None,
        Annotated[Iterable[int], Field(description="Some.")],
    ],
)
def test_what_is_gone_through_is_a_list(annotation: Any) -> None:
    def function(given: object) -> object:
        return given

    function.__annotations__["given"] = annotation
    assert called(function, {"given": [1, 2]}) == [1, 2]
    with pytest.raises(Unfit, match="valid integer"):
        called(function, {"given": [1, "x"]})

    def several(*rest: Iterable[Any], many: dict[str, list[Iterable[int]]]) -> object:
        return rest, many

    given = {"rest": [[1], ["a"]], "many": {"a": [[1]]}}
    assert called(several, given) == (([1], ["a"]), {"a": [[1]]})


def test_a_typed_dict_of_any_library_is_taken() -> None:
    def function(
        one: Typed, many: list[Typed], maybe: Annotated[Typed | None, "told"] = None
    ) -> object:
        return one, many, maybe

    given = {"one": {"n": "1"}, "many": [{"n": 2, "text": "a"}]}
    assert called(function, given) == ({"n": 1}, [{"n": 2, "text": "a"}], None)
    with pytest.raises(Unfit, match=r"one\.n: Field required"):
        called(function, {"one": {}, "many": []})


def test_what_a_function_returns_is_not_asked() -> None:
    def function(n: int) -> Missing:  # type: ignore[name-defined]  # noqa: F821
        return n

    assert called(function, {"n": 1}) == 1
    assert called(functools.wraps(function)(lambda n: n), {"n": 1}) == 1


class Pairs(enum.Enum):
    ONE = (1, 2)


class Days(enum.Enum):
    ONE = datetime.date(2026, 11, 24)


class Found(enum.Enum):
    ONE = (1, 2)

    @classmethod
    def _missing_(cls, value: object) -> Found:
        return cls.ONE


def test_an_enumeration_that_json_cannot_choose_from_is_refused() -> None:
    for kind in (Pairs, Days, Pairs | None, list[Pairs]):

        def function(given: object) -> object:
            return given

        function.__annotations__["given"] = kind
        with pytest.raises(BadInput, match=r"JSON has no such values as those of (Pairs|Days)"):
            schema(function)
    function.__annotations__["given"] = Found
    assert called(function, {"given": [1, 2]}) is Found.ONE


def test_a_default_that_cannot_be_told_is_the_functions_own() -> None:
    kept = pd.DataFrame({"a": [1]})

    def function(n: int, data: Any = kept) -> object:
        return data

    assert "default" not in schema(function)["properties"]["data"]
    assert called(function, {"n": 1}) is kept


@pytest.mark.parametrize(
    "default",
    [
        math.nan,
        [1, -math.inf],
        {"a": "\ud800"},
        {"\ud800": 1},
        {(1, 2): 3},
        [10**400],
        [10**5000],
        [object()],
        Unending.NAN,
        ["x" * 10_000],
        json.loads("[" * 100 + "]" * 100),
    ],
)
def test_a_default_that_cannot_be_sent_is_left_out(default: Any) -> None:
    def function(given: Any = default) -> object:
        return given

    assert schema(function)["properties"] == {"given": {}}
    assert called(function, {}) is default


def test_a_default_is_told_as_json() -> None:
    def function(a: Colour = Colour.RED, b: Any = (1, {2}), c: Any = {"title": [1]}) -> None: ...  # noqa: B006

    told = [one["default"] for one in schema(function)["properties"].values()]
    assert told == ["red", [1, [2]], {"title": [1]}]


def test_what_models_hold_is_sent_only_where_it_can_be() -> None:
    def function(one: Loose, *, text: str = "") -> None: ...

    told = schema(function, text="Read caf\udce9.")
    assert json.dumps(told, allow_nan=False, ensure_ascii=False).encode()
    assert told["properties"]["text"]["description"] == "Read caf\\udce9."
    properties = told["$defs"]["Loose"]["properties"]
    assert properties["high"] == {"type": "number"}
    assert properties["default"]["default"] == 3
    assert properties["default"]["description"] == "caf\\udce9"
    assert properties["title"]["default"] == {"title": "kept"}


@pytest.mark.parametrize(
    "annotation",
    [
        Literal[10**400],
        Literal["\ud800"],
        Unending,
        Half,
        Annotated[int, Field(json_schema_extra={"\ud800": 1})],
        Annotated[str, Field(pattern="\ud800")],
        Annotated[int, Field(lt=10**400)],
    ],
)
def test_an_annotation_that_cannot_be_sent_is_refused(annotation: Any) -> None:
    def function(given: object) -> None: ...

    function.__annotations__["given"] = annotation
    with pytest.raises(BadInput) as refused:
        schema(function)
    assert "\n" not in refused.value.what


def test_what_a_parameter_is_annotated_with_describes_it() -> None:
    def function(n: Annotated[int, Field(description="How many.")]) -> None: ...

    assert schema(function)["properties"]["n"]["description"] == "How many."
    assert schema(function, n="So many.")["properties"]["n"]["description"] == "So many."


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
    ("annotation", "kind"),
    [
        (pd.DataFrame | None, "DataFrame"),
        (pd.DataFrame | pd.Series, "DataFrame or Series"),
        (list[pd.DataFrame], "list[DataFrame]"),
        (dict[str, list[pd.DataFrame]], "dict[str, list[DataFrame]]"),
        (Callable[[int], int], "Callable[[int], int]"),
        (Annotated[pd.DataFrame, "sold"], "DataFrame"),
        (Annotated[pd.DataFrame | None, "sold"], "DataFrame"),
    ],
)
def test_what_is_named_is_told_as_it_is_checked(annotation: Any, kind: str) -> None:
    def function(given: object) -> None: ...

    function.__annotations__["given"] = annotation
    told = schema(function)["properties"]["given"]["description"]
    assert told == f"Name of a variable of the notebook that holds a {kind}."


def test_a_union_takes_a_value_or_a_name() -> None:
    def function(
        given: int | datetime.date | pd.DataFrame,
        text: str | pd.DataFrame = "",
        many: list[int | pd.DataFrame] | None = None,
    ) -> object:
        return given, text, many

    told = schema(function, given="What to add.")
    assert told["required"] == ["given"]
    given = told["properties"]["given"]
    assert given["anyOf"] == [
        {"type": "integer"},
        {"type": "string", "format": "date"},
        {"type": "string"},
    ]
    either = "Name of a variable of the notebook that holds a DataFrame, or the value itself."
    assert given["description"] == f"{either} What to add."
    table = pd.DataFrame()
    variables: dict[str, Any] = {"table": table, "region": "south", "tables": [table, 1]}
    for arguments, expected in (
        ({"given": 3}, (3, "", None)),
        ({"given": "3"}, (3, "", None)),
        ({"given": "2026-11-24"}, (datetime.date(2026, 11, 24), "", None)),
        ({"given": "table", "text": "region"}, (table, "region", None)),
        ({"given": 1, "text": "table", "many": "tables"}, (1, table, [table, 1])),
        ({"given": 1, "text": "no variable", "many": [1, 2]}, (1, "no variable", [1, 2])),
        ({"given": 1, "many": None}, (1, "", None)),
    ):
        for one, other in zip(called(function, arguments, **variables), expected, strict=True):
            assert one is other or one == other
    with pytest.raises(Unfit, match=r"given: there is no variable 'tabel'. Did you mean 'table'?"):
        called(function, {"given": "tabel"}, **variables)
    with pytest.raises(Unfit, match=r"given: the variable 'region' is of another class, str."):
        called(function, {"given": "region"}, **variables)


def test_a_name_that_is_null_is_left_out() -> None:
    kept = pd.DataFrame()

    def function(data: pd.DataFrame = kept) -> object:
        return data

    assert "default" not in schema(function)["properties"]["data"]
    assert called(function, {"data": None}) is kept


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
