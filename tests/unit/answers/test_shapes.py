"""Types of answers: how they are named, and what is read as one."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import typing
from typing import Any

import pandas as pd
import pytest
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    RootModel,
    computed_field,
    field_serializer,
    field_validator,
)

from copilot_magics.answers.schemas import Unfit
from copilot_magics.answers.shapes import Shape
from copilot_magics.errors import BadInput


class Person(BaseModel):
    name: str
    age: int = Field(ge=0)

    @field_validator("name")
    @classmethod
    def no_spaces(cls, name: str) -> str:
        if name == "broken":
            raise ZeroDivisionError("in the validator")
        if " " in name:
            raise ValueError(f"there is a \x1b[2Jspace in {name}")
        return name


@dataclasses.dataclass
class Point:
    x: float
    tags: dict[str, int] = dataclasses.field(default_factory=dict)


class Inner(typing.TypedDict, total=False):
    deep: int


class Row(typing.TypedDict):
    plan: str
    inner: typing.NotRequired[Inner]


class Colour(enum.Enum):
    RED = "red"


class Several(RootModel[list[int]]):
    pass


class Lost(typing.NamedTuple):
    where: Nowhere  # type: ignore[name-defined]  # noqa: F821 - on purpose


class Node(BaseModel):
    below: list[Node] = []


class Undefined:
    """Nothing that JSON could be."""


NAMES = dict(globals())
ADA = Person(name="Ada", age=3)
JSON = '{"name": "Ada", "age": 3}'


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("Person", JSON, ADA),
        (Person, f"\n {JSON} ", ADA),
        ("Person", f"Here it is:\n\n```json\n{JSON}\n```\nDone.", ADA),
        ("Person", f"```\nnot it\n```\n```\n{JSON}\n```", ADA),
        ("Person", f"```json\n{JSON}\n```\nAs in:\n```python\n3\n```", ADA),
        ("Person", f"```\n{JSON}\n```\nUnlike:\n```json\n{{}}\n```\n```\n[]\n```", ADA),
        ("int", "```JSON\n4\n```\nAs in:\n```python\n3\n```", 4),
        ("list[Person]", f'{{"value": [{JSON}]}}', [ADA]),
        ("list[Person]", f"[{JSON}]", [ADA]),
        (list[Person], "[]", []),
        ("Point", '{"x": 1, "tags": [{"key": "a", "value": 2}]}', Point(1.0, {"a": 2})),
        ("Point", '{"x": 1, "tags": {"a": 2}}', Point(1.0, {"a": 2})),
        ("Row", '{"plan": "b", "inner": {"deep": 1}}', {"plan": "b", "inner": {"deep": 1}}),
        ("Row | None", '{"value": null}', None),
        ("list[Row]", '[{"plan": "b"}]', [{"plan": "b"}]),
        ("dict[str, Row]", '{"a": {"plan": "b"}}', {"a": {"plan": "b"}}),
        ("dict[str, float]", '{"value": [{"key": "value", "value": 1}]}', {"value": 1.0}),
        ("dict[str, float]", '{"value": 1.5}', {"value": 1.5}),
        ("int", '{"value": 4}', 4),
        ("int", "5", 5),
        ("str", '"x"', "x"),
        ("Literal['yes', \"no\"]", '{"value": "no"}', "no"),
        ("Optional[Person]", JSON, ADA),
        ("Person | Point", '{"x": 2}', Point(2.0)),
        ("Colour", '{"value": "red"}', Colour.RED),
        ("Node", '{"below": [{"below": []}]}', Node(below=[Node()])),
        ("tuple[int, str]", '[1, "a"]', (1, "a")),
        ("set[int]", '{"value": [1, 1]}', {1}),
        ("date", '"2026-11-24"', datetime.date(2026, 11, 24)),
        ("datetime", '"2026-11-24T10:00:00"', datetime.datetime(2026, 11, 24, 10)),
        ("typing.Annotated[int, Field(gt=3)]", "4", 4),
        ("dict", '{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ("Any", "[1, null]", [1, None]),
    ],
)
def test_what_is_read(kind: Any, text: str, value: Any) -> None:
    shape = Shape(kind, NAMES)
    assert shape.read(text) == value
    assert shape.schema["type"] == "object"


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("Person", "I cannot.", "it is not JSON"),
        ("Person", "", "it is not JSON"),
        ("Person", f"{JSON} and more", "it is not JSON"),
        ("Person", "[]", "Input should be an object"),
        ("Person", '```json\n{"name": "Ada"}\n```\n```\n[]\n```', "age: Field required"),
        ("Person", '```\n[]\n```\n```python\n{"name": "Ada"}\n```', "age: Field required"),
        ("Person", f"```\n{JSON}\n```\n" + "```\n[]\n```\n" * 10, "Input should be an object"),
        ("Person", '{"name": 1}', "name: Input should be a valid string; age: Field required"),
        ("Person", '{"name": "a b", "age": 1}', "name: Value error, there is a [2Jspace in a b"),
        ("Person", '{"name": "broken", "age": 1}', "ZeroDivisionError: in the validator"),
        ("list[Person]", f'{{"value": [{JSON}, {{}}]}}', "1.name: Field required; 1.age: Field re"),
        ("list[int]", '["a", "b", "c", "d", "e", "f", "g"]', "; and 2 more"),
        ("Literal['a']", '"b"', "Input should be 'a'"),
        ("int", '{"value": 4, "other": 1}', "Input should be a valid integer"),
        ("DataFrame[a: int]", '[{"a": "x"}]', "0.a: Input should be a valid integer"),
        ("DataFrame", '{"columns": ["a"], "rows": [[1, 2]]}', "as many values as there are colum"),
        ("DataFrame", "4", "Input should be a valid array"),
        ("Any", "[" * 5000, "it is not JSON"),
    ],
)
def test_what_is_not_of_the_type_says_why(kind: str, text: str, why: str) -> None:
    with pytest.raises(Unfit) as caught:
        Shape(kind, NAMES).read(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("Persn", "There is no 'Persn' in this notebook; nothing was sent. Did you mean 'Person'"),
        ("list[Foo]", "There is no 'Foo' in this notebook"),
        ("", "'' is no type"),
        ("a b", "'a b' is no type"),
        ("list[int", "'list[int' is no type"),
        ("1 / 0", "'1 / 0' is no type (ZeroDivisionError: division by zero)"),
        ("print", "print cannot be the type of an answer; nothing was sent. Give a Pydantic"),
        ("lambda: 1", "cannot be the type"),
        ("None", "None cannot be the type"),
        ("pd", "pd cannot be the type"),
        ("pd.Series", "pd.Series cannot be the type"),
        ("list[pd.DataFrame]", "cannot be part of another type"),
        ("ADA", "ADA cannot be the type of an answer; nothing was sent. Give its class, Person."),
        ("typing.Callable", "cannot be the type"),
        ("Undefined", "cannot be the type"),
        (3, "3 cannot be the type"),
        ("DataFrame[]", "is no type"),
        ("DataFrame[a, a]", "The column 'a' is named twice"),
        ("DataFrame[3: int]", "has no name"),
        ("DataFrame[a: Persn]", "There is no 'Persn'"),
        ("DataFrame[a: pd]", "cannot be the type"),
        (
            "DataFrame[Persn]",
            "There is no 'Persn' in this notebook; nothing was sent. Did you mean",
        ),
        ("DataFrame[Colour]", "Colour has no fields that could be columns; nothing was sent. Give"),
        ("DataFrame[Several]", "Several has no fields that could be columns"),
        ("DataFrame[enum.Enum]", "enum.Enum has no fields that could be columns"),
        ("DataFrame[Lost]", "There is no 'Nowhere' in this notebook"),
    ],
)
def test_what_can_be_no_type_is_said_in_a_sentence(kind: Any, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        Shape(kind, {**NAMES, "ADA": ADA})
    assert told in str(caught.value)
    assert "nothing was sent." in str(caught.value)
    assert "\n" not in str(caught.value)


COLUMNS = (
    'pd.DataFrame["first name": str, n: int, m: int | None, f: float | None, b: bool, '
    "c: Optional[bool], d: date, w: datetime.datetime, x, l: list[int]]"
)


def test_a_table_has_the_dtypes_that_were_asked_for() -> None:
    shape = Shape(COLUMNS, NAMES)
    row = (
        '{"first name": "A", "n": 1, "m": null, "f": null, "b": true, "c": null, '
        '"d": "2026-01-31", "w": "2026-01-31T10:00:00Z", "x": 2, "l": [1]}'
    )
    dtypes = {
        "first name": "string",
        "n": "int64",
        "m": "Int64",
        "f": "float64",
        "b": "bool",
        "c": "boolean",
        "x": "Int64",
        "l": "object",
    }
    for text in (f'{{"rows": [{row}]}}', f"[{row}, {row}]", '{"rows": []}'):
        frame = shape.read(text)
        told = frame.dtypes.astype(str).to_dict()
        assert list(told) == ["first name", "n", "m", "f", "b", "c", "d", "w", "x", "l"]
        assert told.pop("d").startswith("datetime64[")
        assert told.pop("w").startswith("datetime64[")
        if len(frame):
            assert told == dtypes
    huge = Shape("DataFrame[n: int]", NAMES).read(f'[{{"n": {10**30}}}]')
    assert huge["n"].tolist() == [10**30]


@pytest.mark.parametrize(
    "text",
    [
        '{"columns": ["a", "b"], "rows": [[1, "x"], [2, "y"]]}',
        '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
        '{"a": [1, 2], "b": ["x", "y"]}',
        '{"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}',
    ],
)
def test_a_table_is_read_however_it_is_written(text: str) -> None:
    wanted = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    for kind in ("DataFrame", "DataFrame[a, b]", "DataFrame[a: int, b: str]", pd.DataFrame):
        frame = Shape(kind, NAMES).read(text)
        pd.testing.assert_frame_equal(frame, wanted, check_dtype=False)


def test_a_table_of_rows_of_a_model() -> None:
    frame = Shape("DataFrame[Person]", NAMES).read(f'{{"rows": [{JSON}]}}')
    assert frame.to_dict("records") == [{"name": "Ada", "age": 3}]
    assert frame.dtypes.astype(str).to_dict() == {"name": "string", "age": "int64"}
    assert Shape("DataFrame[Point]", NAMES).read('[{"x": 1}]').columns.tolist() == ["x", "tags"]


class Kept(BaseModel):
    kind: typing.ClassVar[str] = "row"
    day: datetime.date
    token: str = Field(exclude=True)
    who: Person
    _seen: int = PrivateAttr(3)

    @field_serializer("day")
    def written(self, day: datetime.date) -> str:
        return f"on {day}"

    @computed_field
    def longer(self) -> str:
        return self.token * 2


@dataclasses.dataclass
class Counted:
    start: dataclasses.InitVar[int]
    kind: typing.ClassVar[str] = "row"
    step: int = 1
    end: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, start: int) -> None:
        self.end = start + self.step


class Place(typing.NamedTuple):
    name: str
    height: typing.Annotated[int, Field(ge=0)] | None


Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("row", "answer", "values", "dtypes"),
    [
        (
            Kept,
            f'{{"day": "2026-01-31", "token": "t", "who": {JSON}}}',
            [pd.Timestamp("2026-01-31"), "t", {"name": "Ada", "age": 3}],
            {"day": "datetime64", "token": "string", "who": "object"},
        ),
        (Counted, '{"start": 4, "step": 2}', [2, 6], {"step": "int64", "end": "int64"}),
        (Place, '{"name": "a", "height": 3}', ["a", 3], {"name": "string", "height": "Int64"}),
        (Pair, '{"left": 1, "right": "x"}', [1, "x"], {"left": "Int64", "right": "string"}),
    ],
)
def test_a_row_has_the_fields_of_its_class_as_they_are(
    row: Any, answer: str, values: list[Any], dtypes: dict[str, str]
) -> None:
    frame = Shape("DataFrame[Row]", {"Row": row}).read(f'{{"rows": [{answer}]}}')
    told = {name: dtype.split("[")[0] for name, dtype in frame.dtypes.astype(str).items()}
    assert told == dtypes
    assert list(told) == list(dtypes)
    assert frame.iloc[0].tolist() == values
    empty = Shape("DataFrame[Row]", {"Row": row}).read('{"rows": []}')
    assert list(empty) == list(dtypes)


def test_a_name_that_is_no_class_is_that_of_a_column() -> None:
    names = NAMES | {"date": datetime.date}
    for column, name in (("Total", "Total"), ("'Colour'", "Colour"), ("date", "date")):
        assert list(Shape(f"DataFrame[{column}]", names).read("[]")) == [name]


class Partial(typing.TypedDict):
    name: str
    ok: typing.NotRequired[bool]
    n: typing.NotRequired[typing.Annotated[int, Field(ge=0)]]
    many: typing.NotRequired[typing.Annotated[int, Field(ge=0)] | None]


def test_what_a_row_leaves_out_is_missing_and_nothing_else() -> None:
    rows = '{"rows": [{"name": "a", "ok": false, "n": 1, "many": 2}, {"name": "b"}]}'
    frame = Shape("DataFrame[Partial]", {"Partial": Partial}).read(rows)
    assert frame.isna().sum().to_dict() == {"name": 0, "ok": 1, "n": 1, "many": 1}
    assert frame["ok"].tolist()[0] is False
    told = frame.dtypes.astype(str).to_dict()
    assert told == {"name": "string", "ok": "boolean", "n": "Int64", "many": "Int64"}


def test_a_module_called_like_a_type_does_not_hide_it() -> None:
    names = {"datetime": datetime}
    moment = datetime.datetime(2026, 1, 1)
    assert Shape("datetime", names).read('"2026-01-01T00:00:00"') == moment
    assert Shape("datetime.date", names).read('"2026-01-01"') == moment.date()
    said = '"2026-01-01T00:00:00"'
    assert Shape("list[datetime]", names).read(f"[{said}]") == [moment]
    assert Shape("datetime | None", names).read(said) == moment
    table = Shape("DataFrame[t: datetime, u: Optional[datetime], v: datetime.date]", names)
    row = f'{{"t": {said}, "u": null, "v": "2026-01-01"}}'
    assert table.read(f"[{row}]")["t"].tolist() == [pd.Timestamp(moment)]


@pytest.mark.parametrize(
    "expression",
    [
        "{'a': int}",
        "'my type'",
        "list[DataFrame]",
        "dict[str, DataFrame]",
        "DataFrame[x: 'int64']",
        "DataFrame[x: DataFrame]",
        "DataFrame[x: list[DataFrame]]",
    ],
)
def test_what_is_no_type_is_refused_in_one_sentence(expression: str) -> None:
    with pytest.raises(BadInput, match=r"nothing was sent\.") as refused:
        Shape(expression, {})
    assert "\n" not in str(refused.value)
    assert "rebuild" not in str(refused.value)


def test_a_table_whose_columns_share_a_name_is_none() -> None:
    with pytest.raises(Unfit, match="named twice"):
        Shape("DataFrame", {}).read('{"columns": ["a", "a"], "rows": [[1, 2]]}')


def test_a_table_without_rows_has_its_columns() -> None:
    empty = Shape("DataFrame", {}).read('{"columns": ["a", "b"], "rows": []}')
    assert list(empty) == ["a", "b"]
    assert len(empty) == 0


@pytest.mark.parametrize(
    "kind",
    [
        list[typing.Annotated[float, Field(ge=float("nan"))]],
        list[typing.Annotated[str, Field(description="half \ud800")]],
        typing.Annotated[int, Field(le=10**400)],
    ],
)
def test_what_the_runtime_would_never_answer_is_refused(kind: Any) -> None:
    with pytest.raises(BadInput, match=r"cannot be sent as JSON: .*; nothing was sent\."):
        Shape(kind, {})
