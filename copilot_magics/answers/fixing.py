"""``--fix``: the cell that failed last, explained, and mended as a diff and as a new cell.

Where it failed in code of another cell, or in a script that it ran, that is what may have to be
mended; a mended script comes as a cell that writes it.
Its traceback goes along as with a mention of ``@error``. Its code stands in what the model is told
behind the prompt: whole, since what is mended must not end in the middle, and as it is, while the
runtime writes the ``<`` of an attachment as an entity, which would come back as one.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_magics.answers.cells import AGAIN, cell_code, fences, is_python, put
from copilot_magics.attachments import attach_told
from copilot_magics.display.fences import Fence, blocks
from copilot_magics.display.inert import fenced, inert_markdown, plain
from copilot_magics.errors import BadInput
from copilot_magics.mentions.cells import Cell, Script, cell, last_error
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

_CODE_OF = "{marks}python\n{code}\n{marks}\n\n"
_MENDING = (
    "(This cell of the Jupyter notebook, [{number}], failed; its traceback is attached. {called}"
    "Say in a few sentences what went wrong. Then give the whole mended cell{which}, which the "
    "user will read and run, in one fenced block marked `python`. Do not write it to a file, and "
    "do not run it.)"
)
_CALLED = "It had called code of what stands above it here, which is {names}. "
_WHICH = " or script, the one that has to be changed and no other"


class _Part(NamedTuple):
    """What may have to be mended: a cell, or a script that one ran."""

    name: str
    heading: str
    code: str
    magic: str = ""
    """The line that a cell with the mended code begins with."""

    @classmethod
    def of(cls, failed: Cell) -> _Part:
        return cls(f"cell {failed.number}", f"cell [{failed.number}]", failed.code)

    @classmethod
    def of_script(cls, script: Script) -> _Part:
        path = script.path.removeprefix(os.getcwd() + os.sep)
        return cls(path, path, script.code, f'%%writefile "{path}"\n')


class Fix:
    """The cell that failed last, to be mended.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell which asks.
    may_be_saved : bool
        Whether a saved answer may be shown instead: it is shown also where no cell has failed in
        this kernel, since the user has mended it.

    Raises
    ------
    BadInput
        No cell has failed, or it is too long, and it has to be asked about.
    """

    def __init__(self, shell: Any, *, may_be_saved: bool = False) -> None:
        self._shell = shell
        self._parts: list[_Part] = []
        self._missing: BadInput | None = None
        try:
            self._gather()
        except BadInput as error:
            if not may_be_saved:
                raise
            self._missing = error

    def _gather(self) -> None:
        shell = self._shell
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
        self._parts.append(_Part.of(failed))
        called = [cell(shell, n) for n in dict.fromkeys(one.number for one in failed.called)]
        others = [_Part.of(one) for one in called if one is not None]
        if failed.script is not None and _is_plain(failed.script.path):
            others.append(_Part.of_script(failed.script))
        room = _CODE - len(failed.code)
        for part in others:
            if len(part.code) <= room:
                self._parts.append(part)
                room -= len(part.code)

    def prepare(self, turn: Turn) -> None:
        """Send the cell and its error along, and the cells whose code it had called."""
        if self._missing is not None:
            raise self._missing
        number, shown = self._cell.number, self._parts[::-1]
        ticks = re.findall("`+", "\n".join(one.code for one in shown))
        marks = "`" * max(3, 1 + max(map(len, ticks), default=0))
        names = " and ".join(one.heading.removeprefix("cell ") for one in shown[:-1])
        turn.aside = "".join(_CODE_OF.format(marks=marks, code=one.code) for one in shown)
        turn.aside += _MENDING.format(
            number=number,
            called=_CALLED.format(names=names) if names else "",
            which=_WHICH if names else "",
        )
        error = Summary("error", f"cell {number}", both_ends(self._cell.error, _FAILED))
        codes = (f"Code of {one.heading}:\n{one.code}\n\n" for one in shown)
        told = f"{''.join(codes)}It failed:\n{error.text}"
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
        notes = list(reply.notes)
        reply.notes[:] = [*notes, AGAIN] if self._show(reply) else notes
        return True

    def _show(self, reply: Reply) -> str:
        """Put the changes in the place of the mended cell, and return that, if it is another."""
        answers = [_Mended.of(reply.text, part) for part in self._parts]
        # The first of two that are as like: the one that failed.
        best = max(filter(None, answers), key=lambda one: one.rank, default=None)
        if best is None:
            reply.notes.append("The answer holds no mended cell: none was made.")
            return ""
        part, found, changes = best.part, best.block, best.changes
        if not changes:
            reply.notes.append(f"The answer leaves {part.name} as it is: no cell was made.")
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
        return part.magic + best.code


@dataclass(frozen=True)
class _Mended:
    """What an answer makes of a cell or script: the block that is most like it, as a whole."""

    part: _Part
    block: Fence
    code: str
    changes: str
    likeness: float

    @classmethod
    def of(cls, text: str, part: _Part) -> _Mended | None:
        found = _mended(text, part.code)
        if found is None:
            return None
        code = _whole(cell_code(found), part.code)
        changes = "\n".join(_changes(part, code))
        return cls(part, found, code, changes, _likeness(part.code, found))

    @property
    def rank(self) -> tuple[bool, float]:
        # A block that leaves one cell as it is may show what calls the one that is mended.
        return bool(self.changes), self.likeness


def _is_plain(path: str) -> bool:
    """Whether a path can stand in a line of its own, between quotes."""
    return path.isprintable() and '"' not in path


def _likeness(code: str, fence: Fence) -> float:
    lines = code.splitlines()
    return difflib.SequenceMatcher(None, lines, cell_code(fence).splitlines()).ratio()


def _mended(text: str, code: str) -> Fence | None:
    """Return the Python block that is most like a cell; an answer may show others beside it."""
    # What is no Python at the beginning of a cell is said by a magic.
    other = code.startswith("%%")
    found = [
        fence
        for fence in fences(text)
        if cell_code(fence) and (other or not fence.language or is_python(fence.language))
    ]
    return max(reversed(found), key=lambda fence: _likeness(code, fence), default=None)


def _whole(code: str, before: str) -> str:
    """Return a mended cell with the magic that it began with."""
    magic = before.partition("\n")[0]
    return f"{magic}\n{code}" if magic.startswith("%%") and code[:2] != "%%" else code


def _changes(part: _Part, after: str) -> Iterator[str]:
    return difflib.unified_diff(
        plain(part.code).rstrip().splitlines(),
        after.splitlines(),
        part.heading,
        "mended",
        lineterm="",
    )


def _inert(block: str | Fence) -> str:
    return inert_markdown(_source(block)).strip("\n")


def _source(block: str | Fence) -> str:
    return block.source if isinstance(block, Fence) else block
