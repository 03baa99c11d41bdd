"""What waits for the user while a turn runs: a permission, or a question of the agent."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from copilot_magics.permissions import Ask

Permission = Literal["once", "until-stop", "deny"]


@dataclass
class Question:
    """A question of the agent (its tool ``ask_user``)."""

    text: str
    choices: list[str]
    free: bool


@dataclass
class Pending:
    """Something that waits for the user: a permission or a question.

    Attributes
    ----------
    about : Ask or Question
        What is asked.
    answer : concurrent.futures.Future
        Takes a `Permission` for an `Ask`, the answer's text for a `Question`; cancelled when the
        turn ends before somebody answers.
    """

    about: Ask | Question
    answer: Future[str] = field(default_factory=Future)
