"""The turns of one answer: shown in one place, ended once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot_magics.answers.rounds import Rounds
from copilot_magics.errors import InvalidAnswer, TurnError, TurnFailed
from copilot_magics.pending import Pending
from copilot_magics.reply import Reply
from copilot_magics.turn import Turn


class Seen:
    """A view that notes what it is told."""

    interval = 0.5

    def __init__(self) -> None:
        self.told: list[str] = []

    def draw(self, turn: Turn) -> None:
        self.told.append(f"draw {turn.prompt}")

    def ask(self, pending: Pending) -> None:
        self.told.append("ask")

    def finish(self, turn: Turn, reply: Reply) -> None:
        self.told.append(f"finish {turn.prompt} {reply.turns}")

    def clear(self) -> None:
        self.told.append("clear")


class Thrice:
    """Wants three turns, and then takes the answer as told."""

    def __init__(self, end: Callable[[], TurnError | None]) -> None:
        self._end = end
        self._count = 1

    def prepare(self, turn: Turn) -> None:
        turn.aside = "prepared"

    def take(self, turn: Turn, reply: Reply) -> Turn | TurnError | None:
        self._count += 1
        return turn.following(f"turn {self._count}") if self._count <= 3 else self._end()

    def take_saved(self, reply: Reply) -> bool:
        return True


def play(rounds: Rounds, outcome: str = "answered", error: BaseException | None = None) -> None:
    """Bring each turn to its end, as a door does."""
    for turn in rounds:
        with rounds:
            rounds.draw(turn)
            turn.end(outcome)  # type: ignore[arg-type]
            rounds.finish(turn, Reply.of(turn))
            if outcome != "answered":
                raise TurnFailed("It failed.")
            if error is not None:
                raise error


DRAWN = ["draw turn 1", "draw turn 2", "draw turn 3"]


def test_only_the_last_turn_ends_what_is_shown() -> None:
    view, first = Seen(), Turn("turn 1")
    first.notice("before")
    rounds = Rounds(first, view, Thrice(lambda: None))
    assert (first.aside, rounds.interval) == ("prepared", 0.5)
    play(rounds)
    assert view.told == [*DRAWN, "finish turn 3 3"]
    assert rounds.turn.notices == ["before"]
    assert list(rounds) == []


def test_a_failure_that_is_asked_in_another_way_is_none() -> None:
    view = Seen()
    with pytest.raises(TurnFailed):
        play(Rounds(Turn("turn 1"), view, Thrice(lambda: None)), "failed")
    assert view.told == [*DRAWN, "finish turn 3 3"]
    view = Seen()
    with pytest.raises(TurnFailed):
        play(Rounds(Turn("turn 1"), view, Thrice(lambda: None)), "aborted")
    assert view.told == ["draw turn 1", "finish turn 1 1"]


def test_an_interrupt_between_two_turns_ends_what_is_shown() -> None:
    view = Seen()
    rounds = Rounds(Turn("turn 1"), view, Thrice(lambda: None))
    with pytest.raises(KeyboardInterrupt):
        play(rounds, error=KeyboardInterrupt())
    assert view.told == ["draw turn 1", "finish turn 1 1"]
    assert list(rounds) == []


def test_what_cannot_be_had_is_raised_and_shown() -> None:
    view = Seen()
    with pytest.raises(InvalidAnswer):
        play(Rounds(Turn("turn 1"), view, Thrice(lambda: InvalidAnswer("It is not."))))
    assert view.told == [*DRAWN, "finish turn 3 3"]


def test_what_breaks_does_not_cost_the_answer() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    view = Seen()
    with pytest.raises(ZeroDivisionError):
        play(Rounds(Turn("turn 1"), view, Thrice(broken)))
    assert view.told == [*DRAWN, "finish turn 3 3"]


def test_most_answers_are_wanted_as_they_are() -> None:
    view = Seen()
    play(Rounds(Turn("turn 1"), view))
    assert view.told == ["draw turn 1", "finish turn 1 1"]
