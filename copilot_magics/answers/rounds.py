"""The turns in which one answer is had: one, or more where it has to be asked for again.

Each is a turn of its own, in the journal too, and all are shown in one place: what is drawn goes on
from what is there, and only the last one ends it. The doors are walked through by the caller::

    for turn in rounds:
        with rounds:
            reply = wait_for_turn(turn, session.send(turn), rounds)
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from copilot_magics.errors import TurnError, TurnFailed
from copilot_magics.reply import Reply

if TYPE_CHECKING:
    from copilot_magics.display.stream import View
    from copilot_magics.pending import Pending
    from copilot_magics.turn import Turn


class Wanted(Protocol):
    """What is to be made of an answer."""

    def prepare(self, turn: Turn) -> None:
        """Add to a turn what the model is to know of it."""

    def take(self, turn: Turn, reply: Reply) -> Turn | TurnError | None:
        """Make it of a turn that was answered, or failed, in the thread that waits for it.

        Returns
        -------
        Turn, TurnError or None
            What to ask now, what to raise, or None where this is the end.
        """

    def take_saved(self, reply: Reply) -> bool:
        """Make it of an answer that is shown again; False where it has to be asked for anew."""


class Rounds:
    """The turns of one answer, and the view (`copilot_magics.display.stream.View`) of them all.

    Parameters
    ----------
    turn : Turn
        The first.
    view : View
        Where they are shown.
    wanted : Wanted, optional
        What is to be made of the answer.

    Attributes
    ----------
    turn : Turn
        The one that is asked.
    """

    def __init__(self, turn: Turn, view: View, wanted: Wanted | None = None) -> None:
        self.turn = turn
        self._view = view
        self._wanted = wanted
        self._next: Turn | None = turn
        self._error: TurnError | None = None
        self._count = 0
        if wanted is not None:
            wanted.prepare(turn)

    def __iter__(self) -> Iterator[Turn]:
        while self._next is not None:
            self.turn, self._next = self._next, None
            self._count += 1
            yield self.turn

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None and self._error is not None:
            raise self._error
        if self._next is None:
            return False
        if error is not None and not isinstance(error, TurnFailed):
            # Interrupted between two turns: there is no other one to end what is shown.
            self._next = None
            self._view.finish(self.turn, Reply.of(self.turn))
        # What failed is asked again in another way.
        return isinstance(error, TurnFailed)

    @property
    def interval(self) -> float:
        """Seconds to leave between two drawings."""
        return self._view.interval

    def draw(self, turn: Turn) -> None:
        """Show how far the turn is."""
        self._view.draw(turn)

    def ask(self, pending: Pending) -> None:
        """Put a permission or a question to the user; may block."""
        self._view.ask(pending)

    def finish(self, turn: Turn, reply: Reply) -> None:
        """Make of the answer what is wanted, and show it unless it is asked for again."""
        reply.turns = self._count
        if self._wanted is not None and reply.outcome in ("answered", "failed"):
            try:
                taken = self._wanted.take(turn, reply)
            except BaseException:
                # Whatever it was must not cost the answer.
                self._view.finish(turn, reply)
                raise
            if isinstance(taken, TurnError):
                self._error = taken
            else:
                self._next = taken
        if self._next is None:
            self._view.finish(turn, reply)

    def clear(self) -> None:
        """Show nothing more: nothing was sent."""
        self._view.clear()
