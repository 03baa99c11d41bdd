"""`copilot_tool`: what becomes a tool, what does not, and what is said of it."""

from __future__ import annotations

import functools
import pydoc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from copilot_magics import Session
from copilot_magics.errors import BadInput
from copilot_magics.tools.naming import BUILT_IN
from copilot_magics.tools.own import CopilotTool, tool_of, tools_of


def sales(region: str) -> int:
    """Return the sales of a region.

    Parameters
    ----------
    region : str
        Which one.
    """
    return len(region)


async def later(n: int = 1) -> int:
    return n


def test_a_function_becomes_a_tool_and_stays_what_it_is() -> None:
    offers = CopilotTool()
    assert offers(sales) is sales
    assert offers(later) is later
    assert offers(sales) is sales
    told, undocumented = offers.functions
    assert (told.name, told.description) == ("sales", "Return the sales of a region.")
    assert told.signature.schema["properties"]["region"]["description"] == "Which one."
    named = "A function of the user: later(n: 'int' = 1) -> 'int'."
    assert undocumented.description == named
    assert repr(offers) == "<copilot_tool: sales, later>"
    offers.remove("sales")
    offers.remove(later)
    assert repr(offers) == "<copilot_tool: none so far>"
    for gone in ("sales", sales):
        with pytest.raises(BadInput, match="There is no tool 'sales'"):
            offers.remove(gone)


def test_tools_are_equal_where_their_functions_are() -> None:
    again = functools.wraps(sales)(lambda region: 0)
    assert tool_of(sales) == tool_of(sales)
    assert tool_of(again) != tool_of(sales)
    assert tool_of(again).name == "sales"


def test_what_is_told_of_a_function_can_be_sent() -> None:
    def half() -> None:
        "Read caf\udce9."

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

    def hostile(given: Any = Hostile()) -> None: ...  # noqa: B008

    def long(given: Any = "\ud800" * 10_000) -> None: ...

    assert tool_of(half).description == "Read caf\\udce9."
    assert tool_of(hostile).description == "A function of the user: hostile(…)."
    for function in (half, hostile, long):
        assert len(tool_of(function).description.encode()) < 1_100


def several() -> Iterator[int]:
    yield 1


async def several_later() -> AsyncIterator[int]:
    yield 1


def named(name: str) -> Any:
    def function() -> None: ...

    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (3, "3 is no function"),
        (int, "is no function"),
        (lambda: 0, "'<lambda>' cannot be the name of a tool"),
        (several, "several yields its values one by one"),
        (several_later, "several_later yields its values one by one"),
        (functools.partial(sales, "x"), "cannot be the name of a tool"),
        (named("größe"), "cannot be the name of a tool"),
        (named("n" * 65), "cannot be the name of a tool"),
        *((named(name), f"The agent has a tool '{name}' already.") for name in sorted(BUILT_IN)),
        (named("notebook_cells"), "The agent has a tool 'notebook_cells' already."),
    ],
)
def test_what_cannot_be_a_tool_is_said(function: Any, why: str) -> None:
    offers = CopilotTool()
    with pytest.raises(BadInput) as refused:
        offers(function)
    assert why in refused.value.what
    assert refused.value.mend
    assert offers.functions == ()


class Shop:
    """What has methods."""

    def sales(self, n: int) -> int:
        return n

    @classmethod
    def of(cls, n: int) -> int:
        return n

    @staticmethod
    def fixed(n: int) -> int:
        return n


def test_a_method_needs_its_object() -> None:
    offers = CopilotTool()
    below = "Offer it below the class: `copilot_tool({})`."
    for method, what, mend in (
        (Shop.sales, "Shop.sales is a method", "obj.sales"),
        (Shop.__dict__["of"], "Shop.of is a method", "Shop.of"),
        (Shop.__dict__["of"].__func__, "Shop.of is a method", "Shop.of"),
    ):
        with pytest.raises(BadInput) as refused:
            offers(method)
        assert what in refused.value.what
        assert refused.value.mend == below.format(mend)
    for method in (Shop().sales, Shop.of, Shop.fixed, Shop.__dict__["fixed"]):
        offers(method)
    for tool in offers.functions:
        bound = tool.signature.bind({"n": 3}, {})
        assert tool.function(*bound.args, **bound.kwargs) == 3
    assert repr(offers) == "<copilot_tool: sales, of, fixed>"


def test_the_decorator_may_have_parentheses() -> None:
    offers = CopilotTool()
    assert offers()(sales) is sales
    assert repr(offers) == "<copilot_tool: sales>"
    with pytest.raises(BadInput, match="None is no function"):
        offers(None)  # type: ignore[call-overload]


def test_help_says_how_it_is_called() -> None:
    told = pydoc.render_doc(CopilotTool())
    for section in ("Parameters\n", "Returns\n", "Raises\n"):
        assert section in told


def test_a_session_takes_each_name_once(home: object) -> None:
    assert [tool.name for tool in tools_of([sales, later])] == ["sales", "later"]
    with pytest.raises(BadInput, match="Two tools are called 'sales'"):
        Session("x", tools=[sales, named("sales")])
