"""Whether a journal has the whole answer to a prompt, where nobody lived to hear it."""

from __future__ import annotations

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.journal import read_journal

_BROKEN_OFF = frozenset({"abort", "session.error"})


def has_answer(session: str, message_id: str) -> bool:
    """Say whether a session's journal has a prompt, and its answer to the end.

    Parameters
    ----------
    session : str
        The session's ID.
    message_id : str
        Under which the prompt was sent.
    """
    found = said = ended = False
    for event in read_journal(session).events:
        if event.type == "user.message":
            payload = reading.payload_of(event)
            if reading.is_prompt(event, payload):
                if found and ended:
                    break
                found = found or reading.message_of(payload) == message_id
        elif not found or event.agent_id is not None:
            continue
        elif event.type == "assistant.message":
            told = reading.decoded(event.data)
            said = isinstance(told, dict) and bool(told.get("content"))
            said = said and not told.get("toolRequests")
        elif event.type == "assistant.turn_end":
            ended = said
        elif event.type == "assistant.turn_start" or event.type in _BROKEN_OFF:
            said = ended = False
    return found and ended
