"""What a journal says in outline: how many prompts, the first one, the model, the folder.

The journal of a long conversation has tens of megabytes, so it is searched for the few lines that
matter here, and only those are decoded.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.journal import events_of
from copilot_magics.transcripts.workspace import moment

TITLE_LENGTH = 80

_TELLING = ("user.message", "session.start", "session.resume", "session.model_change")


class Outline(msgspec.Struct, frozen=True, array_like=True):
    """What the few telling lines of a journal say.

    Attributes
    ----------
    turns : int
        How many prompts the person sent.
    first_prompt : str
        The first of them that says something, in one line, shortened.
    created : datetime or None
        When the session began, in UTC.
    model : str
        The model it was last set to.
    cwd : str
        The folder it was begun in.
    answered : bool
        Whether any prompt got an answer.
    """

    turns: int
    first_prompt: str
    created: datetime | None
    model: str
    cwd: str
    answered: bool


def outline(blob: bytes) -> Outline:
    """Return a journal in outline.

    Parameters
    ----------
    blob : bytes
        The whole journal.
    """
    turns = 0
    first = model = cwd = ""
    created: datetime | None = None
    seen: set[str] = set()
    for event in events_of(blob, *_TELLING):
        if event.agent_id or event.id in seen:
            # What a damaged journal repeats counts once.
            continue
        if event.id:
            seen.add(event.id)
        payload = reading.payload_of(event)
        if event.type == "user.message":
            if reading.is_prompt(event, payload):
                turns += 1
                first = first or reading.content_of(event.type, payload) or ""
            continue
        created = created or moment(event.timestamp)
        model = reading.model_of(payload) or model
        cwd = cwd or reading.cwd_of(payload) or ""
    answered = any(
        reading.content_of(event.type, reading.payload_of(event))
        for event in events_of(blob, "assistant.message")
        if not event.agent_id
    )
    return Outline(turns, shortened(first), created, model, cwd, answered)


def shortened(text: str) -> str:
    """Return a text as a title: one line of at most `TITLE_LENGTH` characters."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"
