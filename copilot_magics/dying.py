"""What becomes of a turn whose runtime died: its prompt is in the journal, or it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from copilot_magics import records
from copilot_magics.failures import cut_off
from copilot_magics.runtime.process import runtime
from copilot_magics.transcripts import has_message

if TYPE_CHECKING:
    from copilot_magics.turn import Turn


def died(turn: Turn, reason: str) -> None:
    """End a turn, and say how the runtime ended.

    Parameters
    ----------
    turn : Turn
        The turn.
    reason : str
        How the runtime ended.
    """
    if turn.aborting:
        # It did not answer, and was ended for that.
        turn.end("aborted")
        return
    if turn.message_id:
        known = has_message(turn.session, turn.message_id)
    else:
        known = records.reached_journal(turn.session)
    what = runtime().obituary(reason, " while it worked")
    turn.end("failed" if known else "lost", cut_off(what, in_journal=known))
