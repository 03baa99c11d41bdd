"""The sessions that this kernel holds, and how one is taken up and released."""

from __future__ import annotations

import asyncio
import atexit
import os

from copilot_magics import leftovers
from copilot_magics.config import CopilotMagics
from copilot_magics.conversation import Conversation
from copilot_magics.entering import already_exists
from copilot_magics.errors import BadInput
from copilot_magics.runtime.loop import loop
from copilot_magics.settings import DEMANDS, How, Options

repository: dict[str, Conversation] = {}
"""The sessions that this kernel holds, by ID."""

_opening: dict[str, asyncio.Lock] = {}


@atexit.register
def _release_all() -> None:
    for held in repository.values():
        held.let_go()


def _forget() -> None:
    repository.clear()
    _opening.clear()


if hasattr(os, "register_at_fork"):
    # A forked child holds nothing: its parent does.
    os.register_at_fork(after_in_child=_forget)


async def opened(
    session: str, options: Options, config: CopilotMagics, how: How = "either"
) -> Conversation:
    """Return the conversation of a session, created or resumed where this kernel has it not.

    Raises
    ------
    SessionExists, SessionNotFound
        As ``how`` demands.
    BadInput
        There is no such demand.
    SessionInUse
        Somebody else holds it.
    """
    if how not in DEMANDS:
        raise BadInput(f"There is no demand how={how!r}.", f"They are {', '.join(DEMANDS)}.")
    async with _opening.setdefault(session, asyncio.Lock()):
        held = repository.get(session)
        if held is not None:
            if how == "new":
                raise already_exists(session)
            await held.change(options)
            return held
        conversation = Conversation(session, options, config)
        try:
            conversation.configure()
            await conversation.attach(how)
        except BaseException:
            conversation.let_go()
            raise
        repository[session] = conversation
        if len(repository) == 1:
            # Not before it: nobody has to wait for that.
            asyncio.get_running_loop().run_in_executor(None, leftovers.clear)
        return conversation


async def close(session: str) -> None:
    """Release a session that this kernel may hold, once its queued prompts are answered."""
    async with _opening.setdefault(session, asyncio.Lock()):
        if held := repository.get(session):
            try:
                await held.close()
            finally:
                # Where it was interrupted while prompts were queued, it is as it was.
                if held.closed:
                    repository.pop(session, None)


def abort(session: str) -> None:
    """End the turn that a session has running in this kernel, if any; from any thread."""
    held = repository.get(session)
    if held is not None and (turn := held.turn) is not None:
        loop().call_soon_threadsafe(turn.abort)
