"""Schemas in the form that providers enforce, and what is answered to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from copilot_magics.answers.schemas import restored, strict


class Leaf(BaseModel):
    """A leaf."""

    size: int = 3
    colour: Literal["green", "red"] = "green"


class Tree(BaseModel, extra="allow"):
    leaf: Leaf = Field(description="The first one.")
    leaves: list[Leaf] = []
    below: Tree | None = None
    named: dict[str, Leaf] = {}
    grid: dict[str, dict[int, float]] = {}
    either: int | dict[str, int] | None = None
    pair: tuple[int, str] = (1, "x")
    unique: set[int] = set()
    free: Any = None


KINDS = [Tree, list[Tree], dict[str, Tree], dict, list, Any, dict[str, Any], tuple[int, ...]]
KNOWN = {
    "type",
    "enum",
    "const",
    "description",
    "items",
    "anyOf",
    "$ref",
    "minItems",
    "maxItems",
    "properties",
    "required",
    "additionalProperties",
}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Return all schemas in a schema."""
    yield schema
    inner = [*schema.get("$defs", {}).values(), *schema.get("properties", {}).values()]
    inner += schema.get("anyOf", [])
    inner += [schema["items"]] if "items" in schema else []
    for one in inner:
        yield from nodes(one)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_that_cannot_be_enforced(kind: Any) -> None:
    schema = strict(TypeAdapter(kind).json_schema())
    for node in nodes(schema):
        assert set(node) - {"$defs"} <= KNOWN
        if "$ref" in node:
            assert set(node) <= {"$ref", "$defs"}
            assert node["$ref"].removeprefix("#/$defs/") in schema["$defs"]
        elif "anyOf" not in node:
            assert "type" in node
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])


ENTRY = {"key": "a", "value": 1}


@pytest.mark.parametrize(
    ("kind", "answered", "means"),
    [
        (dict[str, int], [ENTRY], {"a": 1}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict[str, int], [], {}),
        (dict[str, int], [1], [1]),
        (dict[int, int], [{"key": 3, "value": 1}], {"3": 1}),
        (list[dict[str, int]], [[ENTRY], {"b": 2}], [{"a": 1}, {"b": 2}]),
        (dict[str, dict[str, int]], [{"key": "x", "value": [ENTRY]}], {"x": {"a": 1}}),
        (list[int], [], []),
        (Any, [], []),
        (Any, [{"key": "x", "value": [ENTRY, 2]}], {"x": [ENTRY, 2]}),
        (Any, {"x": [ENTRY]}, {"x": {"a": 1}}),
        (dict[str, int] | None, [ENTRY], {"a": 1}),
        (dict[str, int] | None, None, None),
        (int, {"strange": []}, {"strange": []}),
        (Leaf, [ENTRY], [ENTRY]),
    ],
)
def test_entries_are_a_mapping_again(kind: Any, answered: Any, means: Any) -> None:
    assert restored(answered, TypeAdapter(kind).json_schema()) == means


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["key", "value", "a"]), inner),
)


SCHEMAS = [TypeAdapter(kind).json_schema() for kind in KINDS]


@given(ANSWERS)
def test_no_answer_is_too_strange(answer: Any) -> None:
    for schema in SCHEMAS:
        restored(answer, schema)


class Loose(TypedDict, total=False):
    count: int
    maybe: int | None
    anything: Any


@dataclass
class Defaults:
    name: str
    age: int = 3
    kind: Literal["a", None] = "a"
    below: Defaults | None = None


def test_what_may_be_left_out_may_be_null_where_all_must_be_said() -> None:
    for kind, names in ((Loose, ["count"]), (Defaults, ["age"])):
        schema = TypeAdapter(kind).json_schema()
        root = strict(schema)
        root = root["$defs"][root["$ref"].removeprefix("#/$defs/")] if "$ref" in root else root
        for name in names:
            assert {"type": "null"} in root["properties"][name]["anyOf"]
    loose = TypeAdapter(Loose).json_schema()
    said = {"count": None, "maybe": None, "anything": None}
    assert restored(said, loose) == {"maybe": None, "anything": None}
    said = {"name": None, "age": None, "kind": None, "below": {"name": "x", "age": None}}
    found = restored(said, TypeAdapter(Defaults).json_schema())
    assert found == {"name": None, "kind": None, "below": {"name": "x"}}


def test_a_model_with_entries_of_its_own_keeps_them() -> None:
    class Entry(BaseModel):
        key: str
        value: int

    schema = TypeAdapter(list[Entry]).json_schema()
    assert restored([ENTRY], schema) == [ENTRY]
    assert json.dumps(strict(schema)).count('"key"') == 2
