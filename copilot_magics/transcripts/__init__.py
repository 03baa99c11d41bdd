"""What was said, read from the runtime's files: with no runtime and no lock, and read only.

`get_messages` is the history as a DataFrame, `export_transcripts` and `read_transcripts` keep it as
a dataset, the module `catalog` says what sessions there are, and `read_journal` gives the events
themselves. What is listed here is imported when first used: the processes that help reading start
with a few of these modules.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_magics.transcripts.catalog import SessionFacts, facts, find, known_ids, not_found
    from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts
    from copilot_magics.transcripts.frame import get_messages, get_turn, has_message
    from copilot_magics.transcripts.journal import (
        Journal,
        check_place,
        journal_path,
        read_journal,
        session_folder,
    )
    from copilot_magics.transcripts.salvage import Damage, Event

__all__ = [
    "Damage",
    "Event",
    "Journal",
    "SessionFacts",
    "check_place",
    "export_transcripts",
    "facts",
    "find",
    "get_messages",
    "get_turn",
    "has_message",
    "journal_path",
    "known_ids",
    "not_found",
    "read_journal",
    "read_transcripts",
    "session_folder",
]

_HOMES = {
    "Damage": "salvage",
    "Event": "salvage",
    "Journal": "journal",
    "SessionFacts": "catalog",
    "check_place": "journal",
    "export_transcripts": "dataset",
    "facts": "catalog",
    "find": "catalog",
    "get_messages": "frame",
    "get_turn": "frame",
    "has_message": "frame",
    "journal_path": "journal",
    "known_ids": "catalog",
    "not_found": "catalog",
    "read_journal": "journal",
    "read_transcripts": "dataset",
    "session_folder": "journal",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
