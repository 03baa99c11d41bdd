"""What tab offers behind an ``@`` in a prompt: variables, cells, files and folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from copilot_magics.mentions import cells
from copilot_magics.mentions.finding import joined
from copilot_magics.mentions.overview import own_names
from copilot_magics.mentions.resolving import ERROR, LAST

_TYPED = re.compile(r"""(?<![\w@\\./)\]}`])@(?P<typed>"[^"\n]*|'[^'\n]*|[\w./~:+-]*)$""")
_PROMPT = re.compile(r"\s*%%copilot(?:[ \t][^\n]*)?\n")
_LINE = re.compile(r"\s*%copilot[ \t]")
_PLAIN = re.compile(r"[\w./~+-]+")
_FILES = 500
"""Entries of a folder that are offered."""


def typed_mention(text: str, line: str) -> str | None:
    """Return what was typed of a mention, or None where the cursor is in none.

    Parameters
    ----------
    text : str
        The cell until the cursor.
    line : str
        Its last line.
    """
    if not _PROMPT.match(text) and not _LINE.match(line):
        return None
    found = _TYPED.search(joined(line))
    return line[found.start("typed") :] if found else None


def mention_candidates(shell: Any, typed: str) -> dict[str, str]:
    """Return what may be mentioned, as it is typed behind the ``@``, each with what it is.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    typed : str
        What is there already.
    """
    offered = dict(_offered(shell, typed))
    return {one: kind for one, kind in offered.items() if one.startswith(typed) and one != typed}


def _offered(shell: Any, typed: str) -> Iterator[tuple[str, str]]:
    # The kinds are those that front ends know: they have an icon for each.
    if typed.startswith("cell:"):
        numbers = list(cells.numbers(shell))
        yield from ((f"cell:{number}", "statement") for number in reversed(numbers))
        return
    yield from ((path, "path") for path in _entries(typed))
    if typed[:1] not in ("'", '"', ".", "~", "/"):
        if "." in typed:
            yield from ((a, "property") for a in _attributes(shell, typed.rpartition(".")[0]))
        yield from ((name, "instance") for name in own_names(shell))
        yield from ((name, "statement") for name in (LAST, ERROR, "cell:"))


def _attributes(shell: Any, expression: str) -> Iterator[str]:
    from copilot_magics.errors import BadInput
    from copilot_magics.mentions.reaching import known_names, reach

    if not all(name.isidentifier() for name in expression.split(".")):
        return
    try:
        value = reach(shell.user_ns, expression)
    except (BadInput, KeyError):
        return
    yield from (f"{expression}.{name}" for name in known_names(value) if name.isidentifier())


def _entries(typed: str) -> Iterator[str]:
    """Offer files and folders; a name with a blank goes in quotes."""
    quote = typed[:1] if typed[:1] in ("'", '"') else ""
    folder = typed.removeprefix(quote).rpartition("/")
    where = folder[0] + folder[1]
    try:
        names = sorted(os.listdir(os.path.expanduser(where) or "."))
    except OSError:
        return
    for name in [one for one in names if not one.startswith(".") or folder[2][:1] == "."][:_FILES]:
        path = where + name + ("/" if os.path.isdir(os.path.expanduser(where + name)) else "")
        if quote or not _PLAIN.fullmatch(joined(path)):
            mark = quote or '"'
            if mark not in path and path.isprintable():
                yield f"{mark}{path}{mark}"
        else:
            yield path
