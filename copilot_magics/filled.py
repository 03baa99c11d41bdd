"""The line of ``%copilot`` where IPython has put values into it: they are text, and nothing else.

A value may hold anybody's words. An option in it would be obeyed, and a mention would send along
what the user has not named; so both count only where they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from copilot_magics.errors import BadInput
from copilot_magics.mentions.finding import with_mentions_of
from copilot_magics.words import one_line

_FILLED = re.compile(r"copilot\b.*[{$]")
_VALUE = re.compile(r"\{([^\W\d]\w*)\}|\$([^\W\d]\w*)")
_WORD = re.compile(r"[\w./~+-]*")


def as_typed(options: str, text: str, cell: str, variables: Mapping[str, Any]) -> str:
    """Return the text of a line with the mentions that the user has typed.

    Parameters
    ----------
    options, text : str
        What stands in the line, with the values in it.
    cell : str
        The cell as it was typed.
    variables : mapping of str to object
        The values. A word or a number may be part of what is mentioned: ``@{name}``.

    Raises
    ------
    BadInput
        An option was not typed.
    """
    if not _FILLED.search(cell):
        return text

    def filled(found: re.Match[str]) -> str:
        value = variables.get(found[1] or found[2])
        word = str(value) if type(value) in (str, int) else ""
        return word if word and _WORD.fullmatch(word) else found[0]

    typed = _VALUE.sub(filled, cell)
    if options.strip() not in typed:
        raise BadInput(
            f"The line begins with options that were not typed, {one_line(options)!r}; nothing was "
            f"sent.",
            "Type options yourself, and a word before a text that is filled in: "
            "`%copilot Read: {text}`.",
        )
    return with_mentions_of(text, typed)
