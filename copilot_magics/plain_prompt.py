"""A prompt that Python code asks, made ready: what `copilot_magics.prompting` is for a cell.

It is sent word for word: nothing in it is a mention, and nothing goes along but what is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copilot_magics.attachments import attach
from copilot_magics.binding import can_answer
from copilot_magics.config import CopilotMagics
from copilot_magics.doors import shell
from copilot_magics.errors import BadInput
from copilot_magics.exclusions import check_now
from copilot_magics.turn import Turn


def turn_for(
    session: str,
    prompt: str,
    model: str,
    timeout: float | None,
    attachments: str | Path | Sequence[str | Path],
    now: bool,
    schema: Any,
) -> Turn:
    """Return the turn of a prompt; the parameters are those of `Session.ask`.

    Raises
    ------
    BadInput
        Something cannot be sent; nothing was.
    """
    if not prompt.strip():
        raise BadInput("The prompt is empty.", "Say what you want to ask.")
    paths = [attachments] if isinstance(attachments, str | Path) else attachments
    check_now(now, model, timeout, schema)
    turn = Turn(
        prompt,
        attachments=attach(paths),
        model=model,
        timeout=CopilotMagics.instance().timeout if timeout is None else timeout,
        watched=can_answer(shell()),
    )
    turn.session, turn.now = session, now
    return turn
