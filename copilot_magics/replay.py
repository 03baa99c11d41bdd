"""A reply as the journal has it: what ``--rerun replay`` shows without asking again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from copilot_magics.records import Cell, answered_before, asked_here, digest_of, may_be_event
from copilot_magics.reply import Reply
from copilot_magics.transcripts.prompts import prompts_of

if TYPE_CHECKING:
    import pandas as pd


def saved_message(session: str, cell: Cell) -> str:
    """Return the ID of the prompt whose saved answer a cell shows again, or an empty string.

    Parameters
    ----------
    session : str
        The session's ID.
    cell : Cell
        Where the prompt comes from.
    """
    if before := answered_before(session, cell):
        return before.message
    if cell.cell and not may_be_event(cell.cell):
        return ""
    asked = [one for one in prompts_of(session) if digest_of(one.text) == cell.prompt]
    if cell.cell:
        # A notebook that was written from the session calls its cells by their prompts' events.
        asked = [one for one in asked if one.event == cell.cell]
        return asked[0].message if asked else ""
    # A program that runs it sends no IDs: there the order tells cells apart.
    ours = asked_here(session)
    asked = [one for one in asked if one.message not in ours]
    return asked[cell.nth].message if cell.nth < len(asked) else ""


def saved_reply(session: str, message_id: str) -> Reply | None:
    """Return the reply to a prompt that was answered earlier, or None where it is not kept.

    Parameters
    ----------
    session : str
        The session's ID.
    message_id : str
        The prompt's ID (``messageId`` of its ``user.message``).
    """
    from copilot_magics.transcripts import get_turn

    return reply_in(get_turn(session, message_id), session, message_id)


def reply_in(events: pd.DataFrame, session: str, message_id: str) -> Reply | None:
    """Return the reply that the events of a turn hold, or None; as `saved_reply`."""
    own = events[events["agent_id"].isna()]
    answers = own.loc[own["type"] == "assistant.message", "content"].dropna()
    text = "\n\n".join(answer for answer in answers if answer.strip())
    if not text:
        return None
    spoken = own.loc[own["type"].isin(["user.message", "assistant.message"]), "timestamp"]
    models = own["model"].dropna()
    return Reply(
        text,
        session=session,
        model=models.iloc[-1] if len(models) else "",
        usage=_usage(events),
        duration=(spoken.max() - spoken.min()).total_seconds(),
        outcome="answered",
        message_id=message_id,
    )


def _usage(events: pd.DataFrame) -> dict[str, float]:
    names = {
        "inputTokens": "input_tokens",
        "outputTokens": "output_tokens",
        "cacheReadTokens": "cache_read_tokens",
        "cost": "cost",
    }
    usage: dict[str, float] = {}
    for data in events.loc[events["type"] == "session.usage_record", "data"]:
        for name, value in json.loads(data).get("usage", {}).items():
            if name in names and value:
                usage[names[name]] = usage.get(names[name], 0) + value
    return usage
