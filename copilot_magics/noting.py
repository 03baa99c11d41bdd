"""A turn's beginning, the ID of its prompt and its end, noted where the next kernel finds them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from copilot_magics import records

if TYPE_CHECKING:
    from copilot_magics.turn import Turn


def wait(turn: Turn) -> None:
    """Note a turn whose prompt cannot be sent yet: a kernel that ends meanwhile loses it."""
    if not turn.record:
        turn.record = records.began(turn.session, turn.origin, waiting=True)
        turn.noted = partial(records.ended, turn.session, turn.record)


def begin(turn: Turn, into: Turn | None = None) -> Callable[[str], None]:
    """Begin a turn whose prompt is about to be sent.

    Parameters
    ----------
    turn : Turn
        The turn.
    into : Turn, optional
        The turn that its prompt is sent into.

    Returns
    -------
    callable
        Takes the ID that the runtime gave the prompt.
    """
    turn.begin()
    # Before it is sent: the kernel may end before it hears under which ID it was.
    other = into.record if into else ""
    if turn.record:
        records.sending(turn.session, turn.record, other)
    else:
        turn.record = records.began(turn.session, turn.origin, into=other)
        turn.noted = partial(records.ended, turn.session, turn.record)
    if turn.first:
        # Should this one be lost, the user's own prompt is not.
        records.sent(turn.session, turn.record, turn.first)

    def sent(message: str) -> None:
        records.sent(turn.session, turn.record, message)
        turn.sent(message)

    return sent
