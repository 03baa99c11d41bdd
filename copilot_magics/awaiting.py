"""``%%copilot`` cells become awaited cells.

ipykernel handles a widget's messages while a cell runs only if that cell awaits. So the line that
IPython makes of ``%%copilot`` at the top of a cell, ``get_ipython().run_cell_magic('copilot', …)``,
is rewritten to await the magic's async twin. Only there: inside a function, a loop or ``%%time`` an
``await`` is a syntax error or means something else, and what runs from within a running cell is not
ours to make async. Everything that is not rewritten goes through the blocking door.
"""

from __future__ import annotations

import re
from typing import Any

from copilot_magics.magics import TWIN

_CALL = re.compile(r"get_ipython\(\)\.run_(cell|line)_magic\('copilot',")


def can_await(shell: Any) -> bool:
    """Whether this shell dispatches a widget's messages to an awaited cell: ipykernel 7.4 on."""
    if not hasattr(shell, "kernel"):
        return False
    from ipykernel._version import version_info

    return tuple(version_info[:2]) >= (7, 4)


class Awaiting:
    """The rewriting, for one shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose cells are rewritten.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._running = 0

    def start(self) -> None:
        """Begin to rewrite, where this shell can await."""
        if can_await(self._shell):
            self._shell.input_transformers_post.append(self._rewrite)
            self._shell.events.register("pre_run_cell", self._enter)
            self._shell.events.register("post_run_cell", self._leave)
            # The cell that loads the extension has begun already, and will end.
            self._running = 1

    def stop(self) -> None:
        """Rewrite no more."""
        if self._rewrite in self._shell.input_transformers_post:
            self._shell.input_transformers_post.remove(self._rewrite)
            self._shell.events.unregister("pre_run_cell", self._enter)
            self._shell.events.unregister("post_run_cell", self._leave)

    def _enter(self, *_info: Any) -> None:
        self._running += 1

    def _leave(self, *_result: Any) -> None:
        self._running = max(0, self._running - 1)

    def _rewrite(self, lines: list[str]) -> list[str]:
        if self._running or not self._shell.autoawait or not lines:
            return lines
        found = _CALL.match(lines[0])
        if found is None or lines[0].rstrip().endswith(", '')"):
            # IPython itself has a word on a magic without a body, by the name that was typed.
            return lines
        call = f"await get_ipython().run_{found[1]}_magic({TWIN!r},"
        return [call + lines[0][found.end() :], *lines[1:]]
