"""``--fix``: the cell that failed last, explained, and mended as a diff and as a new cell.

Its traceback goes along as with a mention of ``@error``. Its code stands in what the model is told
behind the prompt: whole, since what is mended must not end in the middle, and as it is, while the
runtime writes the ``<`` of an attachment as an entity, which would come back as one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from copilot_magics.answers.cells import AGAIN, cell_code, fences, is_python, put
from copilot_magics.attachments import attach_told
from copilot_magics.display.fences import Fence, blocks
from copilot_magics.display.inert import fenced, inert_markdown, plain
from copilot_magics.errors import BadInput
from copilot_magics.mentions.cells import Cell, last_error
from copilot_magics.mentions.resolving import Along
from copilot_magics.mentions.summary import Summary, both_ends
from copilot_magics.reply import Drawn

if TYPE_CHECKING:
    from copilot_magics.reply import Reply
    from copilot_magics.turn import Turn

PROMPT = "What went wrong in this cell, and how is it mended?"
"""What is asked where the user asks nothing more."""

_CODE = 24_000
"""Characters of a cell that can be mended: what comes back is as long again."""
_FAILED = 1_500
"""Tokens of a traceback, its beginning and its end."""

_MENDING = (
    "{marks}python\n{code}\n{marks}\n\n"
    "(This cell of the Jupyter notebook, [{number}], failed; its traceback is attached. Say in a "
    "few sentences what went wrong. Then give the whole mended cell, which the user will read and "
    "run, in one fenced block marked `python`. Do not write it to a file, and do not run it.)"
)


class Fix:
    """The cell that failed last, to be mended.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell which asks.

    Raises
    ------
    BadInput
        No cell has failed, or it is too long.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        failed = last_error(shell)
        if failed is None:
            raise BadInput(
                "No cell has failed in this kernel, so there is nothing to fix; nothing was sent.",
                "Run the cell that fails, then `%copilot --fix`.",
            )
        if len(failed.code) > _CODE:
            raise BadInput(
                f"Cell [{failed.number}], which failed, is too long to be mended as a whole "
                f"({len(failed.code):,} characters); nothing was sent.",
                "Ask about it with @error, or split it.",
            )
        self._cell: Cell = failed

    def prepare(self, turn: Turn) -> None:
        """Send the cell and its error along."""
        code, number = self._cell.code, self._cell.number
        marks = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        turn.aside = _MENDING.format(number=number, code=code, marks=marks)
        error = Summary("error", f"cell {number}", both_ends(self._cell.error, _FAILED))
        told = f"Cell [{number}] of the notebook:\n{code}\n\nIt failed:\n{error.text}"
        turn.along = turn.along or Along(turn.prompt)
        turn.along.summaries.insert(0, replace(error, text=told))
        turn.attachments = [*attach_told([error]), *turn.attachments]

    def take(self, turn: Turn, reply: Reply) -> None:
        """Show what is changed, and put the mended cell below."""
        if reply.outcome == "answered":
            mended = self._show(reply)
            if mended:
                reply.notes.append(put(self._shell, mended))

    def take_saved(self, reply: Reply) -> bool:
        """Show what was changed, and make no second cell."""
        if self._show(reply):
            reply.notes.append(AGAIN)
        return True

    def _show(self, reply: Reply) -> str:
        """Put the changes in the place of the mended cell, and return that, if it is another."""
        number = self._cell.number
        found = _mended(reply.text, self._cell.code)
        if found is None:
            reply.notes.append("The answer holds no mended cell: none was made.")
            return ""
        mended = _whole(cell_code(found), self._cell.code)
        changes = "\n".join(_changes(self._cell.code, mended, number))
        if not changes:
            reply.notes.append(f"The answer leaves cell {number} as it is: no cell was made.")
            return ""
        parts = [
            fenced(changes, "diff") if block == found else _inert(block)
            for block in blocks(reply.text)
        ]
        written = [
            f"\n{changes}\n" if block == found else _source(block) for block in blocks(reply.text)
        ]
        reply.drawn = Drawn(
            "\n\n".join(part for part in parts if part.strip()),
            "".join(written),
            printed=f"\n{changes}",
        )
        return mended


def _mended(text: str, code: str) -> Fence | None:
    """Return the Python block that is most like a cell; an answer may show others beside it."""
    lines = code.splitlines()

    def likeness(fence: Fence) -> float:
        return difflib.SequenceMatcher(None, lines, cell_code(fence).splitlines()).ratio()

    # What is no Python at the beginning of a cell is said by a magic.
    other = code.startswith("%%")
    found = [
        fence
        for fence in fences(text)
        if cell_code(fence) and (other or not fence.language or is_python(fence.language))
    ]
    return max(reversed(found), key=likeness, default=None)


def _whole(code: str, before: str) -> str:
    """Return a mended cell with the magic that it began with."""
    magic = before.partition("\n")[0]
    return f"{magic}\n{code}" if magic.startswith("%%") and code[:2] != "%%" else code


def _changes(before: str, after: str, number: int) -> Iterator[str]:
    return difflib.unified_diff(
        plain(before).rstrip().splitlines(),
        after.splitlines(),
        f"cell [{number}]",
        "mended",
        lineterm="",
    )


def _inert(block: str | Fence) -> str:
    return inert_markdown(_source(block)).strip("\n")


def _source(block: str | Fence) -> str:
    return block.source if isinstance(block, Fence) else block
