"""Where a session's turns begin: the prompts of the person, as the journal has them now.

A rewind takes events out of the journal, so a turn's number is good for as long as nothing is: what
lasts is the ID of its first event.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.journal import events_of, journal_path, open_journal


class Asked(NamedTuple):
    """A prompt, which begins a turn.

    Attributes
    ----------
    turn : int
        Its number, as in the column ``turn`` of `get_messages`.
    event : str
        The ID of its event; empty in a journal that does not say.
    message : str
        Under which ID it was sent, or an empty string.
    text : str
        What was typed.
    """

    turn: int
    event: str
    message: str
    text: str


def prompts_of(session: str, state: Path | None = None) -> list[Asked]:
    """Return the prompts of a session, in order.

    Parameters
    ----------
    session : str
        The session's ID.
    state : Path, optional
        The folder that holds one folder a session; the configured one where left out.

    Returns
    -------
    list of Asked
        Empty where there is no journal, or it cannot be read.
    """
    try:
        with open_journal(journal_path(session, state)) as file:
            blob = file.read()
    except OSError:
        return []
    found: list[Asked] = []
    seen: set[str] = set()
    for event in events_of(blob, "user.message"):
        payload = reading.payload_of(event)
        if not reading.is_prompt(event, payload) or event.id in seen:
            # What a damaged journal repeats begins no turn.
            continue
        if event.id:
            seen.add(event.id)
        text = reading.content_of(event.type, payload) or ""
        message = reading.message_of(payload) or ""
        found.append(Asked(len(found) + 1, event.id or "", message, text))
    return found


def messages_of(session: str) -> set[str]:
    """Return the IDs under which the prompts of a session were sent."""
    return {prompt.message for prompt in prompts_of(session) if prompt.message}
