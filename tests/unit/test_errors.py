"""Errors are one sentence and a mend, shown without a traceback."""

from __future__ import annotations

import pytest

from copilot_magics import errors


def test_an_error_is_its_sentence_and_its_mend() -> None:
    error = errors.BadInput("This is wrong.", "Do that.")
    assert str(error) == "This is wrong. Do that."
    assert (error.what, error.mend) == ("This is wrong.", "Do that.")
    assert error._render_traceback_() == ["BadInput: This is wrong. Do that."]
    assert str(errors.CopilotError("This is wrong.")) == "This is wrong."


def test_an_interrupt_is_not_swallowed_as_an_exception() -> None:
    assert not issubclass(errors.TurnInterrupted, Exception)
    assert issubclass(errors.TurnInterrupted, KeyboardInterrupt)
    assert issubclass(errors.TurnTimedOut, TimeoutError)
    assert issubclass(errors.BadInput, ValueError)


@pytest.mark.parametrize(
    ("wanted", "known", "told"),
    [
        ("alpah", ["alpha", "beta"], "Did you mean 'alpha'?"),
        ("ALPHA", ["Alpha"], "Did you mean 'Alpha'?"),
        ("chat-1", ["chat-2", "chat-3"], "Did you mean 'chat-3' or 'chat-2'?"),
        ("chat", [f"chat-{n}" for n in range(9)], "Did you mean 'chat-8' or 'chat-7' or 'chat-6'?"),
        ("zebra", ["alpha", "beta"], ""),
        ("x", [], ""),
        ("", ["alpha"], ""),
    ],
)
def test_the_closest_names_are_told(wanted: str, known: list[str], told: str) -> None:
    assert errors.closest(wanted, known) == told
