"""``--as``: an answer of a type. What is not of it is asked for again, at most twice, and said so.

The provider is given the schema, and most keep to it. One that takes no schema is asked again in
words; one that answers something else is told what is wrong with it. Each of these is a turn of its
own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from copilot_magics.answers.schemas import Unfit
from copilot_magics.answers.shapes import Shape
from copilot_magics.doors import stoppable
from copilot_magics.errors import Interrupted, InvalidAnswer, TurnError

if TYPE_CHECKING:
    from copilot_magics.reply import Reply
    from copilot_magics.turn import Turn

_MOST = 2
"""How often it is asked again."""


class Structured:
    """An answer of a type.

    Parameters
    ----------
    shape : Shape
        The type.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._again = 0
        self._enforced = True

    def prepare(self, turn: Turn) -> None:
        """Give the provider the schema."""
        if self._enforced:
            turn.schema = self._shape.schema

    def take(self, turn: Turn, reply: Reply) -> Turn | TurnError | None:
        """Validate the answer, or ask again."""
        if reply.outcome == "failed":
            return self._in_words(turn)
        try:
            self._read(reply)
        except Unfit as error:
            return self._mended(turn, reply, str(error))
        return None

    def take_saved(self, reply: Reply) -> bool:
        """Validate a saved answer."""
        try:
            self._read(reply)
        except Unfit:
            return False
        return True

    def _read(self, reply: Reply) -> None:
        from copilot_magics.answers.showing import drawn

        try:
            with stoppable():
                value = self._shape.read(reply.last_message)
                shown = drawn(value)
        except KeyboardInterrupt:
            told = f"Interrupted while the answer was validated as {self._shape.name}"
            reply.notes.append(f"{told}; its text is in the journal.")
            raise Interrupted(reply.notes[-1]) from None
        reply.value, reply.drawn = value, shown

    def _in_words(self, turn: Turn) -> Turn | None:
        """Ask a provider that refuses the schema without it, where that may be why it refuses."""
        if turn.schema is None or turn.failure is None or not turn.failure.invalid:
            return None
        self._enforced = False
        self._again += 1
        following = self._following(turn, turn.prompt)
        following.notice(
            "The provider refused the request, perhaps for the type of the answer; "
            f"asked again with the type in words ({self._again} of {_MOST})."
        )
        return following

    def _mended(self, turn: Turn, reply: Reply, why: str) -> Turn | TurnError:
        name = self._shape.name
        if self._again == _MOST:
            return InvalidAnswer(
                f"The answer is not a valid {name}, after {1 + _MOST} turns: {why}.",
                "Name another model with `--model`, or a simpler type; the error's `.reply.text` "
                "has the last answer.",
                reply=reply,
            )
        self._again += 1
        following = self._following(
            turn, f"Your answer is not a valid {name}: {why}. Answer again, with JSON alone."
        )
        following.notice(
            f"The answer was not a valid {name} ({why}); asked again ({self._again} of {_MOST})."
        )
        return following

    def _following(self, turn: Turn, prompt: str) -> Turn:
        following = turn.following(prompt)
        following.aside = _described(self._shape.schema)
        self.prepare(following)
        return following


def _described(schema: dict[str, Any]) -> str:
    return (
        "(Answer with JSON alone, no other text and no fence. It has to match this JSON schema:\n"
        f"{json.dumps(schema, ensure_ascii=False)})"
    )
