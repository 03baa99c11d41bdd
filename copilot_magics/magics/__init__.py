"""The words a user types: arguments and help of the magics, a module each.

Each magic parses its line, calls what does the work, and says in one line what was done. Nothing
slow is imported before it is needed: ``%load_ext`` must cost nothing.
"""

from __future__ import annotations

from typing import Any

from copilot_magics.magics.history import HistoryMagics
from copilot_magics.magics.prompt import PromptMagics
from copilot_magics.magics.session import SessionMagics
from copilot_magics.magics.sessions import SessionsMagics
from copilot_magics.notebook import Notebook

_ALL = (SessionMagics, PromptMagics, SessionsMagics, HistoryMagics)

TWIN = "_copilot_awaited"
"""Name of the async twin of ``%%copilot``; ``_`` keeps it out of completion."""

NAMES = (*(name for magics in _ALL for name in magics.magics["line"]), TWIN)
"""What `register` leaves in a shell."""


def magic_named(name: str) -> Any:
    """Return a magic as it is defined, with its parser and its help, or None."""
    return next((getattr(kind, name) for kind in _ALL if name in kind.magics["line"]), None)


def register(shell: Any, notebook: Notebook) -> None:
    """Register all magics with a shell, for the notebook that it runs."""
    for magics in _ALL:
        shell.register_magics(magics(shell, notebook))
    prompt = shell.magics_manager.registry[PromptMagics.__name__]
    shell.register_magic_function(prompt.copilot_awaited, "line_cell", TWIN)
