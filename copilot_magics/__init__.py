"""GitHub Copilot inside Jupyter, with conversations that are named, persistent and analysable.

``%load_ext copilot_magics`` registers the magics and starts nothing; what is listed here is
imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_magics.display.picker import SessionPicker
    from copilot_magics.reply import Reply
    from copilot_magics.session import Session
    from copilot_magics.sessions import (
        delete_sessions,
        get_messages,
        list_sessions,
        prune_sessions,
    )
    from copilot_magics.tools.own import copilot_tool
    from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts

__version__ = "0.1.0"
__all__ = [
    "Reply",
    "Session",
    "SessionPicker",
    "copilot_tool",
    "delete_sessions",
    "export_transcripts",
    "get_messages",
    "list_sessions",
    "prune_sessions",
    "read_transcripts",
]

_HOMES = {
    "Reply": "reply",
    "Session": "session",
    "SessionPicker": "display.picker",
    "copilot_tool": "tools.own",
    "delete_sessions": "sessions",
    "export_transcripts": "transcripts.dataset",
    "get_messages": "sessions",
    "list_sessions": "sessions",
    "prune_sessions": "sessions",
    "read_transcripts": "transcripts.dataset",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Register the magics with a shell: ``%load_ext copilot_magics``."""
    from copilot_magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics out of a shell: ``%unload_ext copilot_magics``."""
    from copilot_magics.extension import unload

    unload(shell)
