"""The tools for the notebook itself: what there is in it, and code to run in its kernel.

Their docstrings and annotations are what the agent reads of them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions.cells import cell, numbers
from copilot_magics.mentions.finding import joined
from copilot_magics.mentions.naming import as_named
from copilot_magics.mentions.overview import own_names, variable_line
from copilot_magics.mentions.reaching import reach
from copilot_magics.mentions.variables import summarise
from copilot_magics.tools.capturing import current_capture
from copilot_magics.tools.own import Function, read_tool
from copilot_magics.tools.results import MOST, Told
from copilot_magics.tools.running import run_code

_EXPRESSION = re.compile(
    r"""(?P<name>[^\W\d]\w*)(?:\.[^\W\d]\w*|\[(?:'[^'\\]*'|"[^"\\]*"|-?\d+)\])*"""
)
_LISTED = 200
"""Variables that are listed."""

_CELLS = 5
"""Cells that are shown where nothing is said."""


class NotebookTools:
    """The tools of one shell, as functions that the agent may call.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._functions: tuple[Function, ...] | None = None

    def notebook_variables(self) -> Told:
        """List the variables of the user's notebook: name, type, and a few words on the value.

        They live in the notebook's kernel, where notebook_run runs code.
        """
        namespace, names = self._shell.user_ns, own_names(self._shell)
        lines = [variable_line(name, namespace[name]) for name in names[:_LISTED]]
        if len(names) > _LISTED:
            lines.append(f"… and {len(names) - _LISTED:,} more")
        return Told("\n".join(lines) or "There are no variables yet.")

    def notebook_inspect(self, name: str) -> Told:
        """Summarise one variable of the user's notebook.

        A table comes with its columns, types, missing values, some rows and statistics, an array
        with its shape, type and range, a function with its source, a figure as a picture.

        Parameters
        ----------
        name : str
            The variable's name, such as df; also df["a column"] or model.config. For what has to
            be computed use notebook_run.
        """
        namespace = self._shell.user_ns
        found = _EXPRESSION.fullmatch(joined(name))
        variable = as_named(name[: found.end("name")]) if found else ""
        if variable not in namespace:
            guess = closest(name, own_names(self._shell))
            return Told(f"There is no variable {name!r}. {guess}".strip(), failed=True)
        try:
            value = reach(namespace, name)
        except BadInput:
            told = f"{name} is not there, or has to be computed: look with notebook_run."
            return Told(told, failed=True)
        summary = summarise(value, name)
        return Told(summary.text, pictures=summary.images)

    def notebook_cells(self, first: int | None = None, last: int | None = None) -> Told:
        """Read cells that ran in the user's notebook, with their outputs and errors.

        Only what ran in this kernel is known; cells that did not run are in the notebook's file.

        Parameters
        ----------
        first, last : int
            Execution numbers, the 3 of [3]: the range to read. Left out: the newest five that are
            no prompts to you.
        """
        known = numbers(self._shell)
        if first is None and last is None:
            newest = (one for one in reversed(known) if not _is_prompt(self._shell, one))
            chosen = list(islice(newest, _CELLS))[::-1]
        else:
            start = last if first is None else first
            end = first if last is None else last
            chosen = [n for n in known if start <= n <= end]  # type: ignore[operator]
        if not chosen:
            there = f"There are [{known[0]}] to [{known[-1]}]." if known else "None ran so far."
            return Told(f"No such cell ran in this kernel. {there}", failed=True)
        told: list[str] = []
        pictures: list[bytes] = []
        left = MOST
        for number in reversed(chosen):
            found = cell(self._shell, number)
            if found is None:
                continue
            summary = found.summary(f"cell:{number}")
            left -= len(summary.text.encode(errors="replace"))
            if told and left < 0:
                told.append(f"[{chosen[0]}] to [{number}] are left out: ask for fewer cells.")
                break
            told.append(summary.text)
            pictures += summary.images
        return Told("\n\n".join(reversed(told)), pictures=tuple(pictures))

    async def notebook_run(self, code: str) -> Told:
        """Run Python in the kernel of the user's notebook, among the user's own variables.

        The user is asked first, and sees the code and all it shows. You get what it printed and
        displayed, the value of its last expression, and its error, each bounded: print what you
        need, and what processes say, which only the user sees. Variables, imports and changes stay.
        Top-level await works. Magics (%), commands (!) and prompts to yourself do not: use your
        shell tool for commands. Install nothing; where a package is missing, tell the user.

        Parameters
        ----------
        code : str
            The Python code.
        """
        capture = current_capture()
        assert capture is not None
        return await run_code(self._shell, code, capture)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The tools."""
        if self._functions is None:
            self._functions = (
                read_tool(self.notebook_variables),
                read_tool(self.notebook_inspect),
                read_tool(self.notebook_cells),
                read_tool(self.notebook_run),
            )
        return self._functions


def _is_prompt(shell: Any, number: int) -> bool:
    found = cell(shell, number)
    return found is not None and found.is_prompt
