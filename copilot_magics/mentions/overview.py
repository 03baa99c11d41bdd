"""What there is in the notebook, in short: the user's own variables, and the cells that were run.

Sent along only where ``--context`` or its configuration says so. Each variable has a line; what has
a name that says it is a secret, or such a key in a dict, is told by its kind and length alone.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from copilot_magics.mentions.cells import Cell, cells
from copilot_magics.mentions.columns import label_text
from copilot_magics.mentions.functions import FUNCTIONS
from copilot_magics.mentions.guarded import brief
from copilot_magics.mentions.naming import class_name, is_a, is_class, loaded, plain_kind
from copilot_magics.mentions.pandas_frames import plain_table
from copilot_magics.mentions.summary import (
    MOST_TOKENS,
    Summary,
    both_ends,
    clean,
    fitted,
    tokens,
)

_SECRET = re.compile(
    r"""
    key | token | secret | passw | passphrase | passcode | pwd | bearer | credential
    | creds(?![a-z]) | auth | cookie | jwt | csrf | webhook | conn(ection)?_?str
    | (database|db|mongo|redis|postgres)_?ur[il]
    # Short ones are words of their own: no pattern, no sacred text.
    | (?<![a-z]) (cred|dsn|otp|pass|pat|pw) (?![a-z])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONG = (str, bytes, bytearray, list, tuple, dict, set)
_HARMLESS = (bool, int, float, complex, type(None), ModuleType, *FUNCTIONS)
"""What is no secret, whatever its name: ``tokens = 512``."""
_SHAPED = (
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("polars", "DataFrame"),
    ("numpy", "ndarray"),
)
"""Of these no value is told."""
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
    if _is_secret(name, value) and not any(is_a(value, *one) for one in _SHAPED):
        return f"{name}: {_kind(value)}, not told because of its name"
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


def _is_secret(name: object, value: object) -> bool:
    parts = name if type(name) is tuple else (name,)
    if not any(_SECRET.search(_text(part)) for part in parts):
        return False
    harmless = plain_kind(value) in _HARMLESS or is_a(value, "numpy", "number")
    return not harmless and not is_class(value)


def _text(name: Any) -> str:
    """Return a name, or what is a key in a dict, as a text; none of its code is run."""
    if issubclass(type(name), bytes):
        return bytes.decode(name, errors="replace")
    return str.__str__(name) if issubclass(type(name), str) else ""


def _kind(value: Any) -> str:
    kind = class_name(type(value))
    if plain_kind(value) not in _LONG:
        return kind
    unit = " characters" if type(value) is str else ""
    return f"{kind} of {len(value):,}{unit}"


def _told(value: Any) -> str:
    kind = class_name(type(value))
    # A subclass may have attributes of its own.
    is_polars = type(value) is loaded("polars", "DataFrame")
    table = value if is_polars else plain_table(value)
    if is_polars or is_a(table, "pandas", "DataFrame"):
        rows, width = table.shape
        names = [label_text(column) for column in list(table.columns)[:8]]
        more = ", …" if width > 8 else ""
        return f"{kind} of {rows:,} rows × {width:,} columns: {', '.join(names)}{more}"
    if table is not None:
        return f"{kind} of {len(table):,} values, {table.dtype}"
    if is_a(value, "numpy", "ndarray"):
        import numpy as np

        plain = np.asarray(value)
        return f"{kind} of shape {plain.shape}, {str(plain.dtype)[:60]}"
    counted = _kind(value) if plain_kind(value) in (list, tuple, dict, set) else kind
    return f"{counted} {brief(value, _LINE, _is_secret)}"
