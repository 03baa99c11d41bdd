"""A line of input that nobody has to type any more."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from copilot_magics.display.prompts import by_input, take_answer
from copilot_magics.pending import Pending, Question


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have `input` wait for a line that does not come; set once it waits."""
    reading, writing = os.pipe()
    waits = threading.Event()

    def no_line(_prompt: str) -> str:
        waits.set()
        return os.read(reading, 1).decode()

    monkeypatch.setattr("builtins.input", no_line)
    yield waits
    os.close(reading)
    os.close(writing)


def test_an_answer_given_elsewhere_ends_the_wait(
    asked: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    pending = Pending(Question("Which?", [], free=True))

    def answer() -> None:
        asked.wait()
        take_answer(pending, "elsewhere")

    thread = threading.Thread(target=answer)
    thread.start()
    before = signal.getsignal(signal.SIGINT)
    by_input(pending)
    thread.join()
    assert pending.answer.result() == "elsewhere"
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().out.endswith("Not waiting for a line any more.\n")


def test_the_end_of_its_turn_ends_the_wait(asked: threading.Event) -> None:
    pending = Pending(Question("Which?", [], free=True))

    def end() -> None:
        asked.wait()
        pending.answer.cancel()

    thread = threading.Thread(target=end)
    thread.start()
    by_input(pending)
    thread.join()
    assert pending.answer.cancelled()


def test_the_end_of_its_time_ends_the_wait_and_answers_nothing(asked: threading.Event) -> None:
    pending = Pending(Question("Which?", [], free=True))
    by_input(pending, 0.05)
    assert asked.is_set()
    assert not pending.answer.done()
