"""What there is in the notebook, in short: the user's own variables, and the cells that were run.

Sent along only where ``--context`` or its configuration says so. Each variable has a line; a text
whose name says that it is a secret is told by its length alone.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from copilot_magics.mentions.cells import Cell, cells
from copilot_magics.mentions.columns import plain_or_quoted
from copilot_magics.mentions.guarded import brief
from copilot_magics.mentions.naming import class_name, is_a, plain_kind
from copilot_magics.mentions.summary import (
    MOST_TOKENS,
    Summary,
    both_ends,
    clean,
    fitted,
    tokens,
)

_SECRET = re.compile(r"key|token|secret|passw|pwd|credential|auth", re.IGNORECASE)
_LINE = 100
_CELL = 350
"""Tokens of a cell in the overview."""


def own_names(shell: Any) -> list[str]:
    """Return the names of the user's own variables, in the order in which they were made.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """
    hidden = shell.user_ns_hidden
    return [
        name
        for name, value in list(shell.user_ns.items())
        if type(name) is str
        and not name.startswith("_")
        and name not in hidden
        and not issubclass(type(value), ModuleType)
    ]


def variable_line(name: str, value: object) -> str:
    """Return a variable in a line: its name, what it is, and its value where that is short.

    Parameters
    ----------
    name : str
        The name.
    value : object
        The value; none of its code is run.
    """
    if type(value) is str and _SECRET.search(name):
        return f"{name}: str of {len(value)} characters, not told because of its name"
    try:
        return f"{name}: {_told(value)}"
    except Exception:
        return f"{name}: {class_name(type(value))}"


def variables_summary(shell: Any) -> Summary:
    """Return the overview of variables."""
    lines = [variable_line(name, shell.user_ns[name]) for name in own_names(shell)]
    told = "\n".join(lines) or "There are none."
    return Summary("variables", "overview", fitted(clean(told)))


def cells_summary(shell: Any) -> Summary:
    """Return the overview of cells: the newest ones, as far as there is room."""
    parts: list[str] = []
    room = MOST_TOKENS - 20
    found = [one for one in cells(shell) if not one.is_prompt]
    for one in reversed(found):
        text = _short(one)
        room -= tokens(text) + 2
        if room < 0:
            parts.append(f"({len(found) - len(parts)} earlier cells are left out)")
            break
        parts.append(text)
    told = "\n\n".join(reversed(parts)) or "No cell was run."
    return Summary("cells", "overview", fitted(clean(told)))


def _short(one: Cell) -> str:
    text = one.summary("").text
    return text if tokens(text) <= _CELL else both_ends(text, _CELL)


def _told(value: Any) -> str:
    kind = class_name(type(value))
    for library, name in (("pandas", "DataFrame"), ("polars", "DataFrame")):
        if is_a(value, library, name):
            rows, width = value.shape
            names = [plain_or_quoted(str(column), 20) for column in list(value.columns)[:8]]
            more = ", …" if width > 8 else ""
            return f"{kind} of {rows:,} rows × {width:,} columns: {', '.join(names)}{more}"
    if is_a(value, "pandas", "Series"):
        return f"{kind} of {len(value):,} values, {value.dtype}"
    if is_a(value, "numpy", "ndarray"):
        return f"{kind} of shape {value.shape}, {str(value.dtype)[:60]}"
    length = f" of {len(value):,}" if plain_kind(value) in (list, tuple, dict, set) else ""
    return f"{kind}{length} {brief(value, _LINE)}"
