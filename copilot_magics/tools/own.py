"""`copilot_tool`: a function of the notebook becomes a tool that the agent may call.

The function stays what it is. Its signature becomes the tool's schema and its docstring what the
model reads; both are read when it is decorated, so that what cannot be offered is said there.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar, overload

from copilot_magics.errors import BadInput, closest
from copilot_magics.texts import as_text
from copilot_magics.tools.docstrings import described
from copilot_magics.tools.naming import BUILT_IN, TITLES
from copilot_magics.tools.results import bounded
from copilot_magics.tools.signatures import Signature

F = TypeVar("F", bound=Callable[..., Any])

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

_SHOWN = 1_000
"""Bytes of a signature that stands for a docstring."""


@dataclass(frozen=True)
class Function:
    """A function as a tool; make it with `tool_of`.

    Attributes
    ----------
    name : str
        What the agent calls it by.
    description : str
        What the agent is told of it.
    function : callable
        The function.
    signature : Signature
        How it is called.
    """

    name: str
    description: str = field(compare=False)
    function: Callable[..., Any]
    signature: Signature = field(compare=False)


def tool_of(function: Callable[..., Any]) -> Function:
    """Return a function as a tool.

    Parameters
    ----------
    function : callable
        A function or a method, sync or async.

    Raises
    ------
    BadInput
        Its name, its signature or an annotation cannot be offered to an agent.
    """
    found = read_tool(function)
    if found.name in BUILT_IN or found.name in TITLES:
        raise BadInput(
            f"The agent has a tool {found.name!r} already.", "Give the function another name."
        )
    return found


def read_tool(function: Callable[..., Any]) -> Function:
    """Return a function as a tool, whatever other tools are called; see `tool_of`."""
    _check_bound(function)
    if not callable(function) or inspect.isclass(function):
        raise BadInput(
            f"{function!r} is no function, so it cannot become a tool.",
            "Put @copilot_tool above a `def`.",
        )
    name = getattr(function, "__name__", "")
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name or repr(function)!r} cannot be the name of a tool.",
            "Write a function with `def` whose name has at most 64 English letters, digits and _.",
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise BadInput(
            f"{name} yields its values one by one, and an agent takes one answer.",
            "Return a list of them instead.",
        )
    description, parameters = described(function.__doc__)
    return Function(
        name,
        as_text(description or f"A function of the user: {name}{_shown_signature(function)}."),
        function,
        Signature.read(function, parameters),
    )


def _check_bound(function: Any) -> None:
    """Refuse a method that is bound to nothing: nobody would give it its first argument."""
    named = str(getattr(function, "__qualname__", "")).rpartition("<locals>.")[2]
    owner, _, name = named.rpartition(".")
    first = "cls" if isinstance(function, classmethod) else ""
    with contextlib.suppress(TypeError, ValueError):
        first = first or next(iter(inspect.signature(function).parameters), "")
    if owner and first in ("self", "cls"):
        raise BadInput(
            f"{named} is a method, and an agent has nothing to give it as its {first!r}.",
            f"Offer it below the class: `copilot_tool({'obj' if first == 'self' else owner}.{name})"
            f"`.",
        )


def _shown_signature(function: Callable[..., Any]) -> str:
    # A default may be unable to say what it is, or say more than anybody wants to read.
    with contextlib.suppress(Exception):
        return bounded(str(inspect.signature(function)), _SHOWN)
    return "(…)"


class CopilotTool:
    """Make a function of this notebook a tool that the agent may call.

    ::

        @copilot_tool
        def sales(region: str, since: date | None = None) -> pd.DataFrame:
            '''Return the sales of a region, one row a day.'''

    The agent sees it from the next prompt on, in every session of this kernel. Its signature
    becomes the schema of its arguments and its docstring what the agent reads of it (NumPy's,
    Google's and Sphinx's styles are understood). An argument that JSON cannot express, such as a
    DataFrame, is given as the name of a variable. You are asked before each call, as the session's
    permissions say (`tool(sales)` is its pattern). A sync function runs in the main thread; an
    async one is awaited there. What it returns is told to the agent, bounded; so is its error.

    Defining the function again replaces it, `copilot_tool.remove("sales")` takes it away.

    Parameters
    ----------
    function : callable
        A function or a bound method, sync or async.

    Returns
    -------
    callable
        The function, as it is.

    Raises
    ------
    BadInput
        Its name, its signature or an annotation cannot be offered to an agent.
    """

    __name__ = "copilot_tool"

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}

    @overload
    def __call__(self, function: F) -> F: ...
    @overload
    def __call__(self) -> Self: ...
    def __call__(self, function: Any = inspect.Parameter.empty) -> Any:
        """Offer a function to the agent, as the class says."""
        if function is inspect.Parameter.empty:
            # Written with parentheses: ``@copilot_tool()``.
            return self
        tool = tool_of(function)
        self._functions[tool.name] = tool
        return function

    def remove(self, tool: str | Callable[..., Any]) -> None:
        """Offer a tool no more.

        Parameters
        ----------
        tool : str or callable
            The tool's name, or the function.

        Raises
        ------
        BadInput
            There is no such tool.
        """
        name = tool if isinstance(tool, str) else getattr(tool, "__name__", repr(tool))
        if self._functions.pop(name, None) is None:
            raise BadInput(
                f"There is no tool {name!r}.",
                closest(name, self._functions) or f"There is {self._told()}.",
            )

    @property
    def functions(self) -> tuple[Function, ...]:
        """What is offered, in the order in which it was first defined."""
        return tuple(self._functions.values())

    def __repr__(self) -> str:
        return f"<copilot_tool: {self._told()}>"

    def _told(self) -> str:
        return ", ".join(self._functions) or "none so far"


copilot_tool = CopilotTool()


def tools_of(functions: Iterable[Callable[..., Any]]) -> tuple[Function, ...]:
    """Return functions as tools.

    Raises
    ------
    BadInput
        One of them cannot be offered, or two have one name.
    """
    found: dict[str, Function] = {}
    for function in functions:
        tool = tool_of(function)
        if tool.name in found:
            raise BadInput(f"Two tools are called {tool.name!r}.", "Rename one of the functions.")
        found[tool.name] = tool
    return tuple(found.values())
