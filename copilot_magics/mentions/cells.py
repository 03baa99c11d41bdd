"""The cells of this notebook that were run, with what they showed.

They are known by their execution number, the ``3`` of ``[3]:``. A cell that runs at the moment is
none of them: it is the one that asks.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from copilot_magics.mentions.outputs import (
    ERROR,
    Line,
    as_printed,
    bundle_picture,
    bundle_text,
    picture_data,
    recorder,
)
from copilot_magics.mentions.summary import (
    MOST_TOKENS,
    Summary,
    both_ends,
    clean,
    ends,
    fitted,
    tokens,
)

_PROMPT = re.compile(r"\s*%%copilot(?!_magics)\b")
_OURS = re.compile(
    r"\s*(?:%copilot(?:_\w+)?\b|%(?:re)?load_ext copilot_magics|%config Copilot|#|$)"
)
_CODE, _SHOWN, _CALLED = 700, 600, 400
"""Tokens of a cell's code, of its outputs, and of the code of other cells in which its error
happened, in a summary; its error takes what is left."""
_FRAME = 30
"""Tokens of the words around them."""

_TEXT = 20_000
_SCRIPT = 100_000
"""Characters of a script that are read."""
_VALUES = 100
"""Values of one cell that are told, the newest; IPython may be set to show one for each line."""
_PLACE = re.compile(
    r"(?:Cell In\[(?P<cell>\d+)\], line |<ipython-input-(?P<input>\d+)-\w+>:)(?P<line>\d+)"
)
"""Where a traceback says that it goes through a cell, as kernels and other shells write it."""


class Called(NamedTuple):
    """Code of a cell in which another one's error happened: a function, with its cell's number."""

    number: int
    code: str


class Script(NamedTuple):
    """A script that a cell ran, as ``%run`` does, and in which its error happened.

    Attributes
    ----------
    path : str
        Where it lies.
    code : str
        What stands in it, its beginning where it is long.
    line : int
        The line that failed.
    """

    path: str
    code: str
    line: int


@dataclass(frozen=True)
class Cell:
    """One run of a cell.

    Attributes
    ----------
    number : int
        Its execution number.
    code : str
        What was run, as typed.
    outputs : str
        What it showed, as plain text, bounded; without its error.
    error : str
        The traceback it ended with or showed, as plain text, or an empty string.
    images : tuple of bytes
        The pictures it showed, PNG, where they are still kept.
    called : tuple of Called
        The code of other cells in which its error happened, innermost first.
    script : Script or None
        The script in which its error happened.
    """

    number: int
    code: str
    outputs: str
    error: str
    images: tuple[bytes, ...] = ()
    called: tuple[Called, ...] = ()
    script: Script | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether it speaks to the agent, which knows what was said there."""
        if _PROMPT.match(self.code):
            return True
        return all(_OURS.match(line) for line in self.code.splitlines())

    def summary(self, name: str) -> Summary:
        """Return what is told of it.

        Parameters
        ----------
        name : str
            What it was mentioned as.
        """
        parts = [f"Cell [{self.number}] of the notebook:\n{fitted(clean(self.code), _CODE)}"]
        if self.outputs:
            # What it failed with needs the room.
            room = _SHOWN // 2 if self.error else _SHOWN
            parts.append(f"It showed:\n{both_ends(clean(self.outputs), room)}")
        room = _CALLED
        if self.script:
            whole = tokens(self.script.code) <= room
            code = self.script.code if whole else _statement(self.script.code, self.script.line)
            told = fitted(clean(code), room)
            parts.append(f"It had run this code of {clean(self.script.path)}:\n{told}")
            room -= tokens(told)
        for called in self.called:
            if room > 0:
                told = fitted(clean(called.code), room)
                parts.append(f"It had called this code of cell [{called.number}]:\n{told}")
                room -= tokens(told)
        if self.error:
            left = MOST_TOKENS - sum(map(tokens, parts)) - _FRAME
            parts.append(f"It failed:\n{both_ends(clean(self.error), left)}")
        if not self.outputs and not self.error:
            parts.append("It showed nothing.")
        return Summary(name, "cell", "\n\n".join(parts), self.images)


def cells(shell: Any) -> list[Cell]:
    """Return the cells that were run in this kernel, oldest first.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """
    return [_cell(shell, number) for number in numbers(shell)]


def numbers(shell: Any) -> list[int]:
    """Return the execution numbers of the cells that were run, oldest first."""
    codes = shell.history_manager.input_hist_raw
    listening = recorder(shell)
    running = len(codes) - 1 if listening is not None and listening.running else -1
    return [n for n, code in enumerate(codes) if n and code.strip() and n != running]


def cell(shell: Any, number: int) -> Cell | None:
    """Return the cell with an execution number, or None."""
    return _cell(shell, number) if number in numbers(shell) else None


def last_cell(shell: Any) -> Cell | None:
    """Return the cell that was run last, those left out that speak to the agent."""
    found = (_cell(shell, number) for number in reversed(numbers(shell)))
    return next((one for one in found if not one.is_prompt), None)


def last_error(shell: Any) -> Cell | None:
    """Return the cell that failed last, those left out that speak to the agent."""
    found = (_cell(shell, number) for number in reversed(numbers(shell)))
    return next((one for one in found if one.error and not one.is_prompt), None)


def _cell(shell: Any, number: int) -> Cell:
    history = shell.history_manager
    listening = recorder(shell)
    record = listening.of(number) if listening is not None else None
    texts, values, pictures = [], [], []
    for output in record.outputs if record is not None else ():
        texts.append(as_printed(output.text))
        pictures.append(output.picture)
    # What IPython itself keeps: the values, and where nobody listened yet what was printed.
    for kept in getattr(history, "outputs", {}).get(number, ())[-_VALUES:]:
        if kept.output_type == "execute_result":
            values.append(bundle_text(kept.bundle))
            pictures.append(bundle_picture(kept.bundle))
        elif record is None:
            printed = kept.bundle.get("stream")
            text = "".join(printed) if printed else bundle_text(kept.bundle)
            texts.append(as_printed(ends(text, _TEXT)))
    if not values:
        # After `%reset`, and in older ones.
        values.append(ends(history.output_hist_reprs.get(number, ""), _TEXT))
    texts += [f"Out[{number}]: {value}" for value in values if value]
    told = getattr(history, "exceptions", {}).get(number)
    # IPython keeps none of an exception that a magic showed, or that cannot say what it is.
    error = record.error if record else ""
    error = as_printed(error or ends("\n".join(told["traceback"]) if told else "", ERROR))
    return Cell(
        number,
        history.input_hist_raw[number].rstrip("\n"),
        "\n".join(text.rstrip("\r\n") for text in texts if text.strip()),
        error.strip("\n"),
        tuple(data for data in map(picture_data, filter(None, pictures)) if data),
        tuple(_called(shell, number, error)),
        _script(record.script) if record and record.script else None,
    )


def _script(place: Line) -> Script | None:
    """Return the script in which an error happened, where it can still be read."""
    code = "".join(linecache.getlines(place.path)).rstrip()
    return Script(place.path, ends(code, _SCRIPT), place.number) if code else None


def _called(shell: Any, number: int, error: str) -> Iterator[Called]:
    """Find the code of other cells that a traceback goes through, innermost first."""
    codes, seen = shell.history_manager.input_hist_raw, set()
    for found in reversed(list(_PLACE.finditer(error))):
        other = int(found["cell"] or found["input"])
        # Code that a cell has the shell run has the number of a cell that is still to come.
        if other < min(number, len(codes)):
            called = Called(other, _statement(codes[other], int(found["line"])))
            if called not in seen:
                seen.add(called)
                yield called


def _statement(code: str, line: int) -> str:
    """Return the function, or what else stands outside of all classes, that a line belongs to."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # It may begin with a magic.
        return code
    for node in body:
        lines = [node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]
        end = node.end_lineno or node.lineno
        if min(lines) <= line <= end:
            if isinstance(node, ast.ClassDef) and node.body[0].lineno <= line:
                body += node.body
                continue
            return "\n".join(code.splitlines()[min(lines) - 1 : end])
    return code
