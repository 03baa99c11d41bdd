"""What was said, read from the runtime's files: with no runtime and no lock, and read only.

`get_messages` is the history as a DataFrame, `export_transcripts` and `read_transcripts` keep it as
a dataset, the module `catalog` says what sessions there are, and `read_journal` gives the events
themselves.
"""

from copilot_magics.transcripts.catalog import SessionFacts, facts, find, known_ids, not_found
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts
from copilot_magics.transcripts.frame import get_messages, get_turn, has_message
from copilot_magics.transcripts.journal import Journal, journal_path, read_journal, session_folder
from copilot_magics.transcripts.salvage import Damage, Event

__all__ = [
    "Damage",
    "Event",
    "Journal",
    "SessionFacts",
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
