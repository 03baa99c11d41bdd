"""The prompts of one session, one at a time.

What the turn at the head asks the user, the ones behind it ask too: a cell that waits for its turn
must not wait for an answer that nobody sees. A turn in the background may take long, or wait for a
click that comes only when no cell runs; so nothing but prompts waits behind one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from copilot_magics.errors import SessionInUse
from copilot_magics.noting import wait

if TYPE_CHECKING:
    from copilot_magics.turn import Turn


class Queue:
    """One session's queue; on the runtime's loop.

    Parameters
    ----------
    session : str
        The session's ID.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._lock = asyncio.Lock()
        self._head: Turn | None = None
        self._behind: list[Turn] = []

    @contextlib.asynccontextmanager
    async def place(self, turn: Turn) -> AsyncIterator[None]:
        """Have a turn at the head, once those before it have ended."""
        if self._lock.locked():
            wait(turn)
            turn.say(f"waiting for {self._before()}")
        with self.beside(turn):
            await self._lock.acquire()
        self._head, turn.behind = turn, self._behind
        try:
            yield
        finally:
            self._head = None
            self._lock.release()

    @contextlib.contextmanager
    def beside(self, turn: Turn) -> Iterator[None]:
        """Let a turn ask what the one at the head asks."""
        if self._head is not None:
            turn.overheard = self._head.open
        self._behind.append(turn)
        try:
            yield
        finally:
            self._behind.remove(turn)
            turn.overheard = []

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Do something between two prompts.

        Raises
        ------
        SessionInUse
            A turn is in the background, running or to be run.
        """
        self.check_free()
        async with self._lock:
            yield

    def check_free(self) -> None:
        """Refuse where a turn is in the background.

        Raises
        ------
        SessionInUse
            One is.
        """
        if any(turn.background for turn in (self._head, *self._behind) if turn is not None):
            raise SessionInUse(
                f"The session {self._session!r} works on a prompt in the background.",
                "`reply.wait()` waits for the answer, `reply.stop()` ends it.",
            )

    async def running(self) -> Turn | None:
        """Return the turn that can be sent into, once what is at the head is under way; or None."""
        head = self._head
        if head is None:
            return None
        await head.under_way.wait()
        return head if head.message_id and head.outcome is None and not head.aborting else None

    def _before(self) -> str:
        if self._head is not None and self._head.background and not self._behind:
            return "the turn in the background; `%%copilot --now` would send into it"
        return "the prompts before it"
